"""`marketplace analyse`: what is wrong with the shipped policy pack, or with a pack in a file, with witnesses.

With `--against OLD.yaml` instead: whom each changed rule newly reaches, and whom it no longer does.


Reads no database. Exit 1 when something was found, so that a pack can be checked before it is shipped.
"""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import Progress

from eligibility import Rule, RuleError, Vocabulary, parse
from eligibility.analyse import Family, Finding, PackRule, analyse, differences
from marketplace.commands.documents import DocumentError, read_mapping
from marketplace.shipped import shipped_families, shipped_policies

NAMING = ("extends", "extended_by", "supersedes", "superseded_by", "stacks_on", "implements")


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command: FILE holds a pack like marketplace/data/policies.yaml."""
    parser = subparsers.add_parser(
        "analyse", help="contradictions, dead clauses and overlaps in a policy pack"
    )
    parser.add_argument("file", metavar="PACK.yaml", nargs="?", help="a pack; the shipped one when left out")
    parser.add_argument(
        "--against", metavar="OLD.yaml", help="tell whom the changed rules reach and lose since OLD"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit 0 with nothing found, 1 with findings on standard output, 2 with what is wrong on standard error."""
    try:
        entries = shipped_policies() if args.file is None else entries_of(read_mapping(args.file))
        pack = [pack_rule(entry) for entry in entries]
        families = [family_of(entry) for entry in families_of(args.file)]
        old = {} if args.against is None else {e["id"]: e for e in entries_of(read_mapping(args.against))}
        before = {name: pack_rule(entry).rule for name, entry in old.items()}
    except (DocumentError, RuleError) as error:
        print(f"marketplace analyse: {args.file or 'the shipped pack'}: {error}", file=sys.stderr)
        return 2
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("analysing", total=None)
        told = lambda done, total: bar.update(task, completed=done, total=total)  # noqa: E731
        found = changed(pack, before, told) if args.against else analyse(pack, told, families)
    if args.json:
        print(json.dumps({"findings": [finding.to_json() for finding in found]}, ensure_ascii=False))
    else:
        for finding in found:
            print(f"{finding.kind}: {finding.message}")
            if finding.witness:
                print("  " + ", ".join(f"{name}={value}" for name, value in finding.witness.items()))
        print(f"{len(found)} findings in {len(pack)} policies")
    return 1 if found else 0


def changed(
    pack: list[PackRule], before: Mapping[str, Rule], told: Callable[[int, int], None]
) -> list[Finding]:
    """Whom the rules that differ from those before reach and lose."""
    found: list[Finding] = []
    for done, one in enumerate(pack, 1):
        if one.id in before and before[one.id] != one.rule:
            found += differences(one.id, before[one.id], one.rule)
        told(done, len(pack))
    return found


def families_of(file: str | None) -> Sequence[Mapping[str, Any]]:
    """The families of a pack's file, or the shipped ones. Raises DocumentError."""
    if file is None:
        return shipped_families()
    found = read_mapping(file).get("families") or []
    if not isinstance(found, list) or not all(isinstance(f, dict) for f in found):
        raise DocumentError("`families` must be a list of entries")
    return found


def family_of(entry: Mapping[str, Any]) -> Family:
    """One declared family. Raises RuleError, DocumentError."""
    name = entry.get("id")
    lacking = [key for key in ("id", "members", "among", "from", "to") if not entry.get(key)]
    if lacking or not isinstance(entry["members"], list):
        raise DocumentError(f"the family {name or '?'} has no `{', '.join(lacking) or 'members'}`")
    starts, ends = _day({**entry, "id": name}, "from"), _day({**entry, "id": name}, "to")
    assert starts is not None
    assert ends is not None
    among = parse(str(entry["among"]), Vocabulary.shipped())
    return Family(str(name), tuple(map(str, entry["members"])), among, starts, ends)


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
