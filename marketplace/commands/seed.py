"""`marketplace seed`: migrates, then fills the database with what it lacks of the shipped lists and the demo.

`serve` runs it as a process of its own, so that the memory it needs is given back before serving starts.
"""

import argparse
from dataclasses import replace

from marketplace import migrating
from marketplace.database_at_hand import database
from marketplace.seeding.run import seed
from marketplace.settings import Settings


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = subparsers.add_parser("seed", help="migrate, then add the shipped lists and the demo accounts")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when everything is there."""
    settings = Settings.from_env()
    with database(settings) as url:
        migrating.upgrade(url)
        seed(replace(settings, database_url=url))
    return 0
