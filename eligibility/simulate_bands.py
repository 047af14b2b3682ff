"""Examples that tell of nobody: the facts two rules look at, each only as far as the rules tell values apart.

A number or day becomes the band between two thresholds of the rules, a place its province, a trade its division. What
is told of a change is how many enterprises share such a profile.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from eligibility.column import KNOWN, NONE
from eligibility.compound import Compound, comparisons
from eligibility.rule import Rule
from eligibility.syntax import names
from eligibility.values import Cut, Ranges, choices
from eligibility.vocabulary import Fact

if TYPE_CHECKING:
    from eligibility.columns import Columns

UNKNOWN_CODE, NONE_CODE, FIRST = 0, 1, 2
DIGITS: Mapping[str, int] = {"industries": 2}
"""Digits of a code that are told: a division of a trade, else the two digits of a province."""
TENS = tuple((Fraction(10**n), 0) for n in range(15))
"""The bands of a number that no rule cuts: its order of magnitude."""

Profile = tuple[int, ...]
Numbers = npt.NDArray[np.int64]


class Bands:
    """The profiles of two rules. `names`: the facts in them, in order; `sized`: whether the size class is one."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        cuts: dict[str, set[Cut]] = {}
        facts: dict[str, Fact] = {}
        for rule in rules:
            normaliser = Compound(rule.vocabulary)
            for leaf in comparisons(rule.inlined):
                for name in names(leaf):
                    if not rule.vocabulary.facts[name].context:
                        facts[name] = rule.vocabulary.facts[name]
                        cuts.setdefault(name, set())
                values = normaliser.meaning(leaf, True)
                if isinstance(values, Ranges) and values.fact in cuts:
                    cuts[values.fact].update(values.cuts)
        self.facts = dict(sorted(facts.items()))
        self.names = tuple(self.facts)
        self.sized = any(fact.computed for fact in facts.values())
        self.cuts: dict[str, list[Cut]] = {
            name: sorted(found) or list(TENS if facts[name].type != "date" else ())
            for name, found in cuts.items()
        }

    def profiles(self, columns: Columns, rows: Numbers, sizes: Numbers | None) -> Counter[Profile]:
        """How many of some rows share each profile. `sizes`: the place of each row's size class."""
        if not len(rows) or not self.names:
            return Counter()
        parts = np.stack([self.codes(columns, fact, rows, sizes) for fact in self.facts.values()], axis=1)
        kinds, counts = np.unique(parts.astype(np.int32), axis=0, return_counts=True)
        return Counter(dict(zip(map(tuple, kinds.tolist()), counts.tolist(), strict=True)))

    def codes(self, columns: Columns, fact: Fact, rows: Numbers, sizes: Numbers | None) -> Numbers:
        """0 unknown, 1 none, else 2 and the number of the band."""
        if fact.computed:
            assert sizes is not None
            found = sizes[rows] + FIRST
            return np.where(found == FIRST + len(fact.allowed), UNKNOWN_CODE, found)
        column = columns.column(fact.name)
        if fact.type != "code":
            return column.codes(self.cuts[fact.name] if fact.type not in ("bool", "enum") else (), rows)
        digits = DIGITS.get(fact.codes or "", 2)
        assert column.words is not None
        prefix = [int(str(word)[:digits] or 0) + FIRST for word in column.words]
        found = np.array(prefix, np.int64)[column.units[rows]]
        if column.states is not None:
            states = column.states[rows]
            found[states != KNOWN] = np.where(states[states != KNOWN] == NONE, NONE_CODE, UNKNOWN_CODE)
        return found

    def told(self, profile: Profile) -> list[dict[str, Any]]:
        """A profile as data: each fact with `is` unknown, none, value, code (first digits) or band (low, high)."""
        return [
            {"fact": fact.name, **self.one(fact, code)}
            for fact, code in zip(self.facts.values(), profile, strict=True)
        ]

    def one(self, fact: Fact, code: int) -> dict[str, Any]:
        """What a fact's number in a profile stands for."""
        if code < FIRST:
            return {"is": "none" if code == NONE_CODE else "unknown"}
        at = code - FIRST
        if fact.computed or fact.type in ("bool", "enum"):
            return {"is": "value", "value": choices(fact)[at]}
        if fact.type == "code":
            return {"is": "code", "value": f"{at:02d}"}
        cuts = self.cuts[fact.name]
        low, high = cuts[at - 1] if at else None, cuts[at] if at < len(cuts) else None
        return {"is": "band", "low": end(fact, low, True), "high": end(fact, high, False)}


def end(fact: Fact, cut: Cut | None, low: bool) -> dict[str, Any] | None:
    """One end of a band; `within`: whether the value itself belongs to it. None where the band has no end."""
    if cut is None:
        return None
    value, side = cut
    assert not isinstance(value, str)
    if fact.type in ("int", "date"):  # whole steps: the ends that belong to it are the plainest
        whole = (
            -(-value.numerator // value.denominator)
            if side == 0
            else value.numerator // value.denominator + 1
        )
        whole = whole if low else whole - 1
        return {
            "value": dt.date.fromordinal(whole).isoformat() if fact.type == "date" else whole,
            "within": True,
        }
    exact = Fraction(value)
    text = f"{float(exact):.15g}" if exact.denominator != 1 else str(exact.numerator)
    return {"value": text, "within": (side == 0) == low}
