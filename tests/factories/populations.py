"""Random populations for comparing machines: thousands of enterprises from a seed, and what the reference says of them.

Drawn from the same grids as single enterprises, but without Hypothesis: it shrinks the rules and the seed, a failure
names the enterprise.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from eligibility import Facts, Rule, Status, Vocabulary, evaluate
from eligibility.completions import settle
from eligibility.nesting import contradictions

VOCABULARY = Vocabulary.shipped()
CODES = {Status.INELIGIBLE: 0, Status.ELIGIBLE: 1, Status.UNDETERMINED: 2}
ARROW = {
    "enum": pa.string(),
    "code": pa.string(),
    "int": pa.int64(),
    "money": pa.decimal128(18, 2),
    "decimal": pa.decimal128(22, 6),
    "bool": pa.bool_(),
    "date": pa.date32(),
}


def population(
    rows: int, seed: int, grid: Mapping[str, Sequence[object]], unknown: float = 0.5
) -> list[Facts]:
    """Enterprises of the grid, a third of them complete, a third with up to that share of their facts unknown."""
    draw = random.Random(seed)
    found = []
    for _ in range(rows):
        left_out = draw.choice((0.0, unknown / 2, unknown))
        values = {name: draw.choice(values) for name, values in grid.items() if draw.random() >= left_out}
        apart = [problem.fact for problem in contradictions(values, VOCABULARY)]
        found.append(Facts(values).without(*apart))
    return found


def arrow(enterprises: Sequence[Facts], names: Sequence[str]) -> pa.Table:
    """The same as typed columns: NULL unknown, `<fact>__none` known to be none."""
    columns: dict[str, Any] = {}
    for name in names:
        kind = ARROW[VOCABULARY.facts[name].type]
        columns[name] = pa.array([facts.get(name) for facts in enterprises], kind)
        columns[f"{name}__none"] = pa.array([name in facts and facts[name] is None for facts in enterprises])
    return pa.table(columns)


def reference(rule: Rule, enterprises: Sequence[Facts]) -> npt.NDArray[np.uint8]:
    """0 not matching, 1 matching, 2 undetermined for each; enterprises alike in the rule's facts are judged once."""
    names = sorted(rule.stated_facts)
    known: dict[tuple[object, ...], int] = {}
    found = np.empty(len(enterprises), np.uint8)
    for row, facts in enumerate(enterprises):
        key = tuple(facts.get(name, "unknown") for name in names)
        if key not in known:
            known[key] = CODES[evaluate(rule, facts).status]
        found[row] = known[key]
    return found


def assert_same(
    rule: Rule,
    enterprises: Sequence[Facts],
    found: npt.NDArray[np.uint8],
    expected: npt.NDArray[np.uint8],
    *,
    may_be_open: bool = False,
) -> None:
    """A machine's verdicts are the reference's. `may_be_open`: it may leave open what the reference decides.

    Past its bound of work the reference leaves open what a machine may decide, and says that it did.
    """
    for row in np.flatnonzero(found != expected).tolist():
        if may_be_open and found[row] == 2:
            continue
        facts = enterprises[row]
        if expected[row] == 2 and not settle(rule.inlined, dict(facts), rule.vocabulary).exact:
            continue
        raise AssertionError(
            f"{rule.text}\n{dict(facts)}\nthe machine {found[row]}, the reference {expected[row]}"
        )
