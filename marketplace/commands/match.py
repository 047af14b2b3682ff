"""`marketplace match FILE.yaml`: which policies of the shipped pack apply to the facts in a file.

Reads no database, so that an answer can be checked on any machine.
"""

import argparse
import datetime as dt
import json
import sys
from typing import Any

from eligibility import Facts, FactsError, Status, Vocabulary, evaluate, parse
from marketplace.commands.documents import DocumentError, day, read_mapping, refused, say
from marketplace.settings import Settings
from marketplace.shipped import in_force, shipped_policies


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command: FILE holds facts by name; null = known to be none, absent = unknown."""
    parser = subparsers.add_parser("match", help="policies of the shipped pack that apply to facts in a file")
    parser.add_argument(
        "file", metavar="FILE.yaml", help="facts by name, alone or under `facts`; - reads standard input"
    )
    parser.add_argument("--as-of", type=day, help="the day to judge on, YYYY-MM-DD")
    parser.add_argument("--json", action="store_true", help="print the three lists as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit 0 with the verdicts on standard output, or 2 with what is wrong on standard error."""
    as_of: dt.date = args.as_of or Settings.from_env().as_of
    try:
        verdicts = judge(facts_of(read_mapping(args.file)), as_of)
    except (DocumentError, FactsError) as error:
        print(f"marketplace match: {args.file}: {refused(error)}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps(verdicts, ensure_ascii=False))
        return 0
    print(say("apply", day=as_of.isoformat(), n=len(verdicts["eligible"])))
    for name in verdicts["eligible"]:
        print(f"  {name}")
    print(say("open", n=len(verdicts["undetermined"])))
    for name, missing in verdicts["undetermined"].items():
        print(f"  {name}: {', '.join(missing)}")
    print(say("not_now", n=len(verdicts["ineligible"])))
    return 0


def facts_of(document: dict[str, Any]) -> Facts:
    """The facts of a file, alone or under `facts`, checked. Raises DocumentError or FactsError."""
    facts = document.get("facts", document)
    if not isinstance(facts, dict):
        raise DocumentError(say("facts_mapping"))
    return Facts.from_json(facts)


def judge(facts: Facts, day: dt.date) -> dict[str, Any]:
    """`{eligible: [id], undetermined: {id: [missing]}, ineligible: [id]}` over what is in force on `day`."""
    vocabulary = Vocabulary.shipped()
    known = facts.on(day, vocabulary)
    found: dict[str, Any] = {"eligible": [], "undetermined": {}, "ineligible": []}
    for policy in shipped_policies():
        if not in_force(policy, day):
            continue
        verdict = evaluate(parse(policy["rule"], vocabulary), known)
        if verdict.status is Status.UNDETERMINED:
            found["undetermined"][policy["id"]] = list(verdict.missing)
        else:
            found[verdict.status.value].append(policy["id"])
    return found
