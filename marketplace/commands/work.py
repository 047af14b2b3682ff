"""`marketplace work`: the worker that tells people; `serve` keeps one running beside the servers.

By itself it is for installations that serve from several machines and want the worker on one of them.
"""

import argparse
import logging
from dataclasses import replace
from datetime import UTC, datetime

from marketplace.database_at_hand import database
from marketplace.jobs.nursery import Nursery
from marketplace.jobs.worker import work
from marketplace.process import end_with_parent
from marketplace.settings import Settings


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = subparsers.add_parser("work", help="tell people what is new for them, until interrupted")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started it does"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 after being told to stop."""
    if args.with_parent:
        end_with_parent()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    settings = Settings.from_env()
    with database(settings) as url:
        mine = replace(settings, database_url=url)
        Nursery(lambda: work(mine, lambda: datetime.now(UTC))).keep()
    return 0
