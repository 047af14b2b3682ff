"""The `marketplace` command: finds the subcommand, and turns foreseeable trouble into one sentence and a
status.

0 is success, 1 a finding or a mismatch, 2 wrong input, 130 an interrupt; data goes to standard output, words
about it to standard error. A subcommand's module is loaded when it is asked for: serving needs none of the
engine's start-up.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from marketplace.embedded_postgres import PostgresError
from marketplace.postgres_place import PlaceError
from marketplace.settings import SettingsError

COMMANDS = ("serve", "work", "migrate", "seed", "match", "classify", "apr", "analyse", "verify-pdf")
"""The subcommands, in the order the help shows them: `marketplace/commands/<name>.py` each."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the console script's entry point. Returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = parser(arguments[:1]).parse_args(arguments)
    try:
        return int(args.run(args))
    except KeyboardInterrupt:
        return 130
    except (SettingsError, PostgresError, PlaceError) as error:
        print(f"marketplace: {error}", file=sys.stderr)
        return 2


def parser(asked: Sequence[str]) -> argparse.ArgumentParser:
    """The parser: with one subcommand when the first word names it, with all of them otherwise (help, a
    typo).
    """
    names = [name for name in COMMANDS if name in asked] or COMMANDS
    whole = argparse.ArgumentParser(
        prog="marketplace", description="Policies and loans that fit a small enterprise."
    )
    subparsers = whole.add_subparsers(metavar="COMMAND", required=True)
    for name in names:
        importlib.import_module(f"marketplace.commands.{name.replace('-', '_')}").add(subparsers)
    return whole
