"""`marketplace apr FILE.yaml`: the annualised rate of one worked case, with the method that gave it.

Reads no database and no settings, so that a figure can be checked on any machine.
"""

import argparse
import json
import sys

from loans.apr_case import solve
from loans.apr_reading import CaseError
from marketplace.commands.documents import DocumentError, one_line, read_mapping

SUMMARY = 12
"""Figures shown without --json; the rest are one instalment each and only of use to a machine."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command: FILE holds one case in a shape of apr_cases.yaml ("-" reads standard input)."""
    parser = subparsers.add_parser("apr", help="annualised rate of one loan described in a YAML file")
    parser.add_argument("file", metavar="FILE.yaml", help="one case; - reads standard input")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit 0 with the figures on standard output, or 2 with one sentence on standard error."""
    try:
        figures = solve(read_mapping(args.file))
    except (DocumentError, CaseError) as error:
        print(f"marketplace apr: {args.file}: {one_line(str(error))}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        for name, value in list(figures.items())[:SUMMARY]:
            print(f"{name}: {value}")
    return 0
