"""How long one enterprise takes over the policies in force: the reference engine beside a compiled function.

The engine's figure is from a mapping of facts to verdicts with the missing facts, everything included but parsing.
"""

import datetime as dt
import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import yaml

from bench.rivals import compiled
from eligibility import Facts, Status, Vocabulary, evaluate, explain, parse
from eligibility.derive import possible_sizes
from marketplace.shipped import in_force, shipped_policies

TITLE = "One enterprise over the pack"
DAY = dt.date(2020, 4, 15)
ROUNDS = 60
CASES = Path(__file__).parents[1] / "tests" / "fixtures" / "cases" / "enterprises.yaml"


def measure() -> str:
    """A Markdown table. Raises AssertionError when the engine and the rival disagree on a complete enterprise."""
    vocabulary = Vocabulary.shipped()
    pack = [policy for policy in shipped_policies() if in_force(policy, DAY)]
    rules = {policy["id"]: parse(policy["rule"], vocabulary) for policy in pack}
    data = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    full = [Facts.from_json(case["facts"]).on(DAY) for case in data["enterprises"]]
    partial = [Facts.from_json(case["facts"]).on(DAY) for case in data["partial_enterprises"]]
    rival = compiled(rules)
    complete = [{**facts, "sme_size": next(iter(possible_sizes(facts)))} for facts in full]
    for facts, known in zip(full, complete, strict=True):
        ours = [evaluate(rule, facts).status is Status.ELIGIBLE for rule in rules.values()]
        assert ours == rival(known), "the engine and the compiled rival disagree"
    rows = [
        ("complete facts: verdicts", timed(lambda f: [evaluate(r, f) for r in rules.values()], full)),
        (
            "a few facts unknown: verdicts and what is missing",
            timed(lambda f: [evaluate(r, f) for r in rules.values()], partial),
        ),
        (
            "nothing known: the same, remembered after the first time",
            timed(lambda f: [evaluate(r, f) for r in rules.values()], [Facts().on(DAY)]),
        ),
        (
            "complete facts: verdicts with every trace",
            timed(lambda f: [explain(r, f) for r in rules.values()], full),
        ),
        ("rival: one compiled Python function, complete facts only", timed(rival, complete)),
    ]
    floor = rows[-1][1][0]
    lines = [
        f"## {TITLE}",
        f"{len(rules)} policies in force on {DAY}, {len(full)} complete and {len(partial)} partly known enterprises. "
        "The rival knows no unknown facts and gives no reasons; it is the floor for plain Python.",
        "| what | p50 ms | p95 ms | against the rival |",
        "|---|---:|---:|---:|",
    ]
    table = [f"| {name} | {p50:.3f} | {p95:.3f} | {p50 / floor:.1f} x |" for name, (p50, p95) in rows]
    return "\n".join([lines[0], "", lines[1], "", *lines[2:], *table])


def timed(
    judge: Callable[[Mapping[str, object]], object], inputs: Sequence[Mapping[str, object]]
) -> tuple[float, float]:
    """p50 and p95 in milliseconds over ROUNDS passes of `inputs`, garbage collection off while timing."""
    for facts in inputs:
        judge(facts)
    found = []
    gc.disable()
    try:
        for _ in range(ROUNDS):
            for facts in inputs:
                start = time.perf_counter()
                judge(facts)
                found.append((time.perf_counter() - start) * 1000)
    finally:
        gc.enable()
    return statistics.median(found), sorted(found)[int(len(found) * 0.95)]
