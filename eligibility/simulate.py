"""What changing a rule does to a population: who gains, who loses, who becomes open, by group, and for how much money.

A population comes in pieces, each counted for itself; tallies add up. Small pieces are judged by the reference, large
ones by `columns`; what is counted is the same, and tells of nobody.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from eligibility.benefit import Formula
from eligibility.column import KNOWN, Column
from eligibility.derive import possible_sizes
from eligibility.evaluate import Status, evaluate
from eligibility.rule import Rule
from eligibility.simulate_amounts import Money, amounts
from eligibility.simulate_bands import Bands, Profile
from eligibility.size_standard import INPUTS
from eligibility.vocabulary import Vocabulary

if TYPE_CHECKING:
    from eligibility.columns import Columns

VERDICTS = (Status.ELIGIBLE, Status.UNDETERMINED, Status.INELIGIBLE)
GAIN, LOSE, OPEN, SHUT, SAME = "gain", "lose", "open", "shut", "same"
MOVES = (SAME, OPEN, LOSE, GAIN, SAME, SHUT, GAIN, OPEN, SAME)
"""What each pair of verdicts is called, before times three plus after, in the order of VERDICTS.

gain: eligible now. lose: was eligible and is not. open: was decided and is not any more. shut: was open and is out.
"""
MOVED = (GAIN, LOSE, OPEN, SHUT)
KEPT_BEFORE, KEPT_AFTER = "kept_before", "kept_after"
REGION, INDUSTRY, SIZE = "region", "industry", "size"
GROUPS = (REGION, INDUSTRY, SIZE)
GROUPED_BY = ("province_code", "city_code", *INPUTS)
FEW = 500
"""Rows up to which the reference judges: the compiled loops take a second and 170 MB before their first answer."""
MOST_PROFILES = 20_000

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Text:
    """A version as it holds on a day: its rule, and what it gives where a formula says so."""

    rule: Rule
    amount: Formula | None = None


@dataclass(frozen=True)
class Change:
    """`before` and `after` on a day; None where no version holds: then nobody qualifies."""

    day: dt.date
    before: Text | None
    after: Text | None

    @property
    def texts(self) -> tuple[Text, ...]:
        """Those of the two that hold."""
        return tuple(text for text in (self.before, self.after) if text is not None)

    @cached_property
    def facts(self) -> frozenset[str]:
        """Every stated fact that counting needs."""
        found = set(GROUPED_BY)
        for text in self.texts:
            vocabulary = text.rule.vocabulary
            found |= text.rule.stated_facts
            found |= text.amount.stated_facts if text.amount else frozenset()
            found = {n for n in found if n in vocabulary.facts}
        words = Vocabulary.shipped() if not self.texts else self.texts[0].rule.vocabulary
        return frozenset(n for n in found if not (words.facts[n].is_derived or words.facts[n].context))

    @cached_property
    def bands(self) -> Bands:
        """How examples are told without telling of anybody."""
        return Bands([text.rule for text in self.texts])


@dataclass
class Tally:
    """Counts of a piece of a population, or of all of it.

    pairs: nine counts, before times three plus after. groups: the same by group ("" where it is not known); a region is
    a city, or a province where the city is not known; an industry is a division. money: given to those who gain,
    was to those who lose, and both to those who keep an amount that changes; spread: the first two by group. alike: how
    many of each move share a profile (simulate_bands.py).
    """

    rows: int = 0
    pairs: Numbers = field(default_factory=lambda: np.zeros(9, np.int64))
    groups: dict[str, dict[str, Numbers]] = field(default_factory=lambda: {name: {} for name in GROUPS})
    money: dict[str, Money] = field(default_factory=dict)
    spread: dict[str, dict[str, dict[str, Money]]] = field(default_factory=dict)
    alike: dict[str, Counter[Profile]] = field(default_factory=lambda: {move: Counter() for move in MOVED})

    def add(self, other: Tally) -> None:
        """Count another piece in."""
        self.rows += other.rows
        self.pairs = self.pairs + other.pairs
        for name, groups in other.groups.items():
            mine = self.groups[name]
            for key, pairs in groups.items():
                mine[key] = mine[key] + pairs if key in mine else pairs
        for name, money in other.money.items():
            self.money[name] = self.money.get(name, Money()) + money
        for name, kinds in other.spread.items():
            for kind, by_label in kinds.items():
                sums = self.spread.setdefault(name, {}).setdefault(kind, {})
                for label, money in by_label.items():
                    sums[label] = sums.get(label, Money()) + money
        for move, profiles in other.alike.items():
            kept = self.alike[move]
            for profile, count in profiles.items():
                if profile in kept or len(kept) < MOST_PROFILES:
                    kept[profile] += count


def moves(pairs: Sequence[int] | Numbers) -> dict[str, int]:
    """Nine counts of pairs of verdicts as counts of moves."""
    found = dict.fromkeys((*MOVED, SAME), 0)
    for move, count in zip(MOVES, pairs, strict=True):
        found[move] += int(count)
    return found


def tally(columns: Columns, change: Change, *, few: int = FEW) -> Tally:
    """One piece of the population counted. `few`: rows up to which the reference judges."""
    seen = columns.on(change.day)
    before, after = verdicts(seen, change, few)
    pairs = before * 3 + after
    found = Tally(rows=seen.rows, pairs=np.bincount(pairs, minlength=9))
    groups = grouped(seen, few)
    for name, (labels, number) in groups.items():
        table = np.bincount(number * 9 + pairs, minlength=9 * len(labels)).reshape(-1, 9)
        found.groups[name] = {label: row for label, row in zip(labels, table, strict=True) if row.any()}
    rows_of = {move: np.flatnonzero(np.array([m == move for m in MOVES])[pairs]) for move in MOVED}
    for name, formula, rows in given(change, rows_of, np.flatnonzero(pairs == 0)):
        each = amounts(formula, seen, rows)
        found.money[name] = each.total()
        if name in rows_of:
            found.spread[name] = {
                kind: dict(zip(labels, each.by_group(number[rows], len(labels)), strict=True))
                for kind, (labels, number) in groups.items()
            }
    sizes = size_numbers(seen, few) if change.bands.sized else None
    found.alike = {move: change.bands.profiles(seen, rows, sizes) for move, rows in rows_of.items()}
    return found


def verdicts(columns: Columns, change: Change, few: int) -> list[Numbers]:
    """The verdicts before and after of every row, as their place in VERDICTS."""
    rules = {name: text.rule for name, text in (("before", change.before), ("after", change.after)) if text}
    fast = columns.coded(rules, workers=1) if rules and columns.rows > few else None
    found = []
    for name in ("before", "after"):
        judged = np.full(columns.rows, 2, np.int64)
        if name in rules and fast is not None:
            sure, open_ = fast.settled(fast.numbers[name])
            judged[open_], judged[sure] = 1, 0
        elif name in rules:
            rule = rules[name]
            named = sorted(rule.stated_facts)
            for row in range(columns.rows):
                judged[row] = VERDICTS.index(evaluate(rule, columns.facts_at(row, named)).status)
        found.append(judged)
    return found


def grouped(columns: Columns, few: int) -> Mapping[str, tuple[list[str], Numbers]]:
    """By kind of group: what the groups are called, and which one each row is in."""
    cities, provinces = labelled(columns.column("city_code"), 6), labelled(columns.column("province_code"), 6)
    number = np.where(
        cities[1] > 0, cities[1], np.where(provinces[1] > 0, provinces[1] + len(cities[0]) - 1, 0)
    )
    sizes = [*columns.vocabulary.facts[size_fact(columns.vocabulary)].allowed, ""]
    return {
        REGION: ([*cities[0], *provinces[0][1:]], number),
        INDUSTRY: labelled(columns.column("industry_code"), 2),
        SIZE: (sizes, size_numbers(columns, few)),
    }


def labelled(column: Column, digits: int) -> tuple[list[str], Numbers]:
    """The first digits of a column of codes: "" where they are not known, and the distinct ones; which each row has."""
    assert column.words is not None
    labels = ["", *sorted({str(word)[:digits] for word in column.words} - {""})]
    place = {label: at for at, label in enumerate(labels)}
    number = np.array([place[str(word)[:digits]] for word in column.words], np.int64)[column.units]
    if column.states is not None:
        number[column.states != KNOWN] = 0
    return labels, number


def size_fact(vocabulary: Vocabulary) -> str:
    """The fact that holds the size class."""
    return next(fact.name for fact in vocabulary.facts.values() if fact.computed)


def size_numbers(columns: Columns, few: int) -> Numbers:
    """The place of each row's size class among the fact's values; behind them where it can be several."""
    allowed = columns.vocabulary.facts[size_fact(columns.vocabulary)].allowed
    if columns.rows > few:
        single: Numbers = np.full(1 << len(allowed), len(allowed), np.int64)
        for at in range(len(allowed)):
            single[1 << at] = at
        return single[columns.sizes.masks]
    found = np.full(columns.rows, len(allowed), np.int64)
    for row in range(columns.rows):
        sizes = possible_sizes(columns.facts_at(row, INPUTS), columns.vocabulary)
        if len(sizes) == 1:
            found[row] = allowed.index(next(iter(sizes)))
    return found


def given(
    change: Change, rows_of: Mapping[str, Numbers], kept: Numbers
) -> list[tuple[str, Formula, Numbers]]:
    """Whose amounts are summed: of those who gain the new one, of those who lose the old one, and both of those who
    keep what they have where the two differ.
    """
    before = change.before.amount if change.before else None
    after = change.after.amount if change.after else None
    found = [(GAIN, after, rows_of[GAIN]), (LOSE, before, rows_of[LOSE])]
    if before is not None and after is not None and before.root != after.root:
        found += [(KEPT_BEFORE, before, kept), (KEPT_AFTER, after, kept)]
    return [(name, formula, rows) for name, formula, rows in found if formula is not None and len(rows)]
