"""How often the three machines decide what is certain: plain three-valued logic, the reference, and z3's exact answer.

Over the shipped pack, with facts left out at random. A verdict that contradicts z3 would be a defect and stops the run;
one that stays open where all completions agree is counted.
"""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import yaml

from eligibility import Facts, Status, Vocabulary, evaluate, parse
from eligibility.kleene import truth
from eligibility.smt import UndecidedError, certain
from marketplace.shipped import in_force, shipped_policies

TITLE = "Certain answers"
DAY = dt.date(2020, 4, 15)
CASES = Path(__file__).parents[1] / "tests" / "fixtures" / "cases" / "enterprises.yaml"
SHARES = (0.05, 0.15, 0.3, 0.5, 0.8)
STATUS = {True: Status.ELIGIBLE, False: Status.INELIGIBLE, None: Status.UNDETERMINED}


def measure(rounds: int = 1) -> str:
    """A Markdown table: of the verdicts that are certain, the share each machine gives."""
    words, draw = Vocabulary.shipped(), random.Random(5)
    rules = [parse(p["rule"], words) for p in shipped_policies() if in_force(p, DAY)]
    data = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    whole = [Facts.from_json(case["facts"]) for case in data["enterprises"]]
    lines = [
        "| facts left out | verdicts certain | three-valued logic | the reference | asked |",
        "|---:|---:|---:|---:|---:|",
    ]
    for share in SHARES:
        sure = plain = exact = asked = 0
        for facts in whole * rounds:
            known = facts.without(*(name for name in facts if draw.random() < share)).on(DAY)
            for rule in rules:
                found = evaluate(rule, known).status
                kleene: Status = STATUS[truth(rule.root, known, words)]
                truly: Status
                if kleene is not Status.UNDETERMINED:  # then the reference says the same, and it is sound
                    truly = kleene
                else:
                    try:
                        truly = STATUS[certain(rule.root, known, words)]
                    except UndecidedError:
                        continue
                assert found in (truly, Status.UNDETERMINED), (rule.text, dict(known))
                asked += 1
                sure += truly is not Status.UNDETERMINED
                plain += truly is not Status.UNDETERMINED and kleene is truly
                exact += truly is not Status.UNDETERMINED and found is truly
        lines.append(f"| {share:.0%} | {sure:,} | {plain / sure:.2%} | {exact / sure:.2%} | {asked:,} |")
    return "\n".join(
        [f"## {TITLE}", "", f"{len(rules)} policies in force on {DAY}, {len(whole)} enterprises.", "", *lines]
    )
