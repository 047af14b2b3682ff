"""`marketplace analyse`: what is wrong with the shipped policy pack, or with a pack in a file, with witnesses.

Reads no database. Exit 1 when something was found, so that a pack can be checked before it is shipped.
"""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import Progress

from eligibility import RuleError, Vocabulary, parse
from eligibility.analyse import PackRule, analyse
from marketplace.commands.documents import DocumentError, read_mapping
from marketplace.shipped import shipped_policies

NAMING = ("extends", "extended_by", "supersedes", "superseded_by", "stacks_on", "implements")


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command: FILE holds a pack like marketplace/data/policies.yaml."""
    parser = subparsers.add_parser(
        "analyse", help="contradictions, dead clauses and overlaps in a policy pack"
    )
    parser.add_argument("file", metavar="PACK.yaml", nargs="?", help="a pack; the shipped one when left out")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit 0 with nothing found, 1 with findings on standard output, 2 with what is wrong on standard error."""
    try:
        entries = shipped_policies() if args.file is None else entries_of(read_mapping(args.file))
        pack = [pack_rule(entry) for entry in entries]
    except (DocumentError, RuleError) as error:
        print(f"marketplace analyse: {args.file or 'the shipped pack'}: {error}", file=sys.stderr)
        return 2
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("analysing", total=None)
        found = analyse(pack, lambda done, total: bar.update(task, completed=done, total=total))
    if args.json:
        print(json.dumps({"findings": [finding.to_json() for finding in found]}, ensure_ascii=False))
    else:
        for finding in found:
            print(f"{finding.kind}: {finding.message}")
            if finding.witness:
                print("  " + ", ".join(f"{name}={value}" for name, value in finding.witness.items()))
        print(f"{len(found)} findings in {len(pack)} policies")
    return 1 if found else 0


def entries_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The policies of a pack file. Raises DocumentError naming the entry that lacks something."""
    entries = document.get("policies")
    if not isinstance(entries, list):
        raise DocumentError("the list `policies` is missing")
    for at, entry in enumerate(entries, 1):
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("id"), str)
            or not isinstance(entry.get("rule"), str)
        ):
            raise DocumentError(f"policy {at} has no `id` or no `rule`")
    return entries


def pack_rule(entry: Mapping[str, Any]) -> PackRule:
    """One entry of a pack. A missing date counts as open. Raises RuleError, DocumentError."""
    terms = (entry.get("benefit") or {}).get("terms") or {}
    named = [other for name in NAMING for other in entry.get(name) or ()]
    return PackRule(
        id=entry["id"],
        rule=parse(entry["rule"], Vocabulary.shipped()),
        starts=_day(entry, "effective_from") or dt.date.min,
        ends=_day(entry, "effective_to"),
        subject=terms.get("tax") or terms.get("fee"),
        excludes=frozenset(entry.get("exclusions") or ()),
        related=frozenset([*named, *(entry.get("exclusions") or ())]),
    )


def _day(entry: Mapping[str, Any], name: str) -> dt.date | None:
    value = entry.get(name)
    try:
        return dt.date.fromisoformat(str(value)) if value else None
    except ValueError as error:
        raise DocumentError(f"{entry['id']}: `{name}` is no date: {value}") from error
