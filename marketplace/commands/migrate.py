"""`marketplace migrate`: brings the database to the newest revision, or to a given one.

Its own command so that an operator can migrate before the new release takes traffic.
"""

import argparse

from marketplace import migrating
from marketplace.database_at_hand import database, say
from marketplace.settings import Settings


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = subparsers.add_parser("migrate", help="bring the database to the newest revision")
    parser.add_argument("--check", action="store_true", help="only say whether tables and models differ")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when the database is at the newest revision and matches the models, 1 for a difference found by
    --check.
    """
    with database(Settings.from_env()) as url:
        if not args.check:
            migrating.upgrade(url)
            say(f"the database is at revision {migrating.head()}")
            return 0
        differences = migrating.drift(url)
    for difference in differences:
        print(difference)
    say("tables and models differ" if differences else "tables and models agree")
    return 1 if differences else 0
