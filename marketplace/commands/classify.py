"""`marketplace classify FILE.yaml`: the size class of an enterprise, or the classes it can still have.

By 中小企业划型标准规定 (工信部联企业〔2011〕300号). Reads no database.
"""

import argparse
import json
import sys
from typing import Any

from eligibility import Facts, FactsError, Vocabulary
from eligibility.derive import missing_for_size, possible_sizes
from eligibility.size_standard import ALL_SIZES, INPUTS
from marketplace.commands.documents import DocumentError, read_mapping, refused, say

ORDER = ("micro", "small", "medium", "large", "not_covered")


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command: FILE holds industry_code, employees_end, ... at the top or under `facts`."""
    parser = subparsers.add_parser("classify", help="size class of an enterprise described in a file")
    parser.add_argument(
        "file", metavar="FILE.yaml", help="facts by name, alone or under `facts`; - reads standard input"
    )
    parser.add_argument("--json", action="store_true", help='print {"size"} or {"possible"} as JSON')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit 0 with the class on standard output, or 2 with what is wrong on standard error."""
    try:
        facts = size_facts(read_mapping(args.file))
    except (DocumentError, FactsError) as error:
        print(f"marketplace classify: {args.file}: {refused(error)}", file=sys.stderr)
        return 2
    sizes = [size for size in ORDER if size in possible_sizes(facts) & ALL_SIZES]
    if args.json:
        print(json.dumps({"size": sizes[0]} if len(sizes) == 1 else {"possible": sizes}))
    elif len(sizes) == 1:
        print(sizes[0])
    else:
        wanted = (say("more_digits", name=n) if n in facts else n for n in missing_for_size(facts))
        print(say("sizes", sizes=" / ".join(sizes), wanted=", ".join(wanted)))
    return 0


def size_facts(document: dict[str, Any]) -> Facts:
    """The inputs of the size standard in a file. Raises DocumentError or FactsError.

    Under `facts` every fact is checked; at the top those the vocabulary knows are taken, whatever stands beside them.
    """
    if "facts" in document:
        if not isinstance(document["facts"], dict):
            raise DocumentError(say("facts_mapping"))
        return Facts.from_json(document["facts"])
    known = {fact.name for fact in Vocabulary.shipped().given}
    found = {name: value for name, value in document.items() if name in known}
    if not found:
        raise DocumentError(say("no_inputs", names=", ".join(INPUTS)))
    return Facts.from_json(found)
