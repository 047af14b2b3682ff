"""`marketplace apr FILE.yaml`: the annualised rate of one worked case, with the method that gave it.

Reads no database and no settings, so that a figure can be checked on any machine.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from loans.apr_case import solve
from loans.apr_reading import CaseError

MAX_BYTES = 1_000_000
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
        figures = solve(_document(args.file))
    except CaseError as error:
        print(f"marketplace apr: {args.file}: {error}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        for name, value in list(figures.items())[:SUMMARY]:
            print(f"{name}: {value}")
    return 0


def _document(file: str) -> Any:
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else _bytes(Path(file))
    except OSError as error:
        raise CaseError(f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise CaseError(f"larger than {MAX_BYTES} bytes")
    try:
        return yaml.load(data, Loader=_NoDuplicates)  # noqa: S506  (a SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError, UnicodeDecodeError) as error:
        problem = str(error).splitlines()
        raise CaseError(f"not readable as YAML: {problem[0] if problem else type(error).__name__}") from error


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


class _NoDuplicates(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, because which of two amounts counts is not ours to
    guess."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if not isinstance(key, (str, int, float)):
                raise CaseError("keys must be plain text")
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise CaseError(f"key `{twice}` is given twice")
        return super().construct_mapping(node, deep)
