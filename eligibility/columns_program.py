"""Rules as the kernel of `columns` reads them: literals of ranks, the most telling of an alternative first.

What three-valued logic over the alternatives does not settle exactly is named in `sized` and `doubts`; `columns_exact`
settles it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eligibility.by_industry import by_industry
from eligibility.compound import Compound
from eligibility.consensus import Terms, completed
from eligibility.rule import Rule
from eligibility.values import Chosen, Cut, Ranges, Set, choices

MOST_ALTERNATIVES = 64

Share = Callable[[str, tuple[Cut, ...]], npt.NDArray[np.float64]]
"""The share of rows of each rank of a fact, by its cuts."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """`tree`: whoever passes is judged by the reference; else whoever stays open where one of `facts` is unknown.

    With "" among them: one of the facts a size class follows from.
    """

    tree: bool
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sized:
    """The conditions that stand for a rule where the row of the size standard is open: see `ByIndustry`.

    Numbers of rules in the program, from and to; `short` by code.
    """

    unknown: tuple[int, int]
    short: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Program:
    """`blob` holds alternatives and literals (see the kernel), `rules` where each rule's alternatives begin in it.

    The first `count` rules are those given; `literals`: how many there are, from `begins` on where each begins.
    """

    blob: npt.NDArray[np.int32]
    rules: npt.NDArray[np.int64]
    count: int
    literals: int
    begins: int
    cuts: Mapping[str, tuple[Cut, ...]]
    doubts: Mapping[int, Doubt]
    sized: Mapping[int, Sized]


class Reading:
    """Rules as alternatives, with what is left to settle."""

    def __init__(self, rules: Iterable[Rule], normaliser: Compound) -> None:
        self.normaliser = normaliser
        self.found: list[Sequence[Terms]] = []
        self.doubts: dict[int, Doubt] = {}
        self.sized: dict[int, Sized] = {}
        apart = {}
        for number, rule in enumerate(rules):
            normal = normaliser.normal(rule)
            tied = normaliser.shared(rule, normal)
            exact = None if tied else completed(normal, normaliser, MOST_ALTERNATIVES)
            if exact is None and not tied and "" in normal.entangled:
                apart[number] = by_industry(rule, normaliser, MOST_ALTERNATIVES)
            if exact is None and apart.get(number) is None:
                self.doubts[number] = Doubt(normal.tree, normaliser.plain(normal.entangled) | tied)
                exact = tuple(dict(alternative) for alternative in normal.alternatives)
            self.found.append(exact or ())
        self.count = len(self.found)
        for number, by in apart.items():
            if by is not None:
                self.found[number] = by.known
                self.sized[number] = Sized(
                    self.more(by.unknown), {code: self.more(within) for code, within in by.short.items()}
                )

    def more(self, conditions: Iterable[Sequence[Terms]]) -> tuple[int, int]:
        """More rules at the end: their numbers, from and to."""
        first = len(self.found)
        self.found.extend(conditions)
        return first, len(self.found)


def program(rules: Iterable[Rule], normaliser: Compound, shares: Share, first: Sequence[str]) -> Program:
    """The rules laid out. `first`: facts the rows are sorted by, whose literals are cheap."""
    reading = Reading(rules, normaliser)
    return Layout(reading, shares, first).program()


class Layout:
    """Distinct sets of values numbered, each a literal of ranks."""

    def __init__(self, reading: Reading, shares: Share, first: Sequence[str]) -> None:
        self.reading, self.normaliser, self.first = reading, reading.normaliser, first
        used = dict.fromkeys(v for found in reading.found for a in found for v in a.values())
        ordered = sorted(
            used, key=lambda values: (values.fact not in first, values.fact)
        )  # neighbours in memory
        self.sets = {values: at for at, values in enumerate(ordered)}
        self.facts = self.normaliser.vocabulary.facts
        named = {values.fact for values in self.sets}
        cuts: dict[str, set[Cut]] = {name: set() for name in self.facts if name in named}
        for values in self.sets:
            if isinstance(values, Ranges):
                cuts[values.fact].update(values.cuts)
        self.cuts = {name: tuple(sorted(found)) for name, found in cuts.items()}
        self.slots = {name: at for at, name in enumerate(self.cuts)}
        self.rank = {name: {cut: at + 1 for at, cut in enumerate(found)} for name, found in self.cuts.items()}
        self.below = {
            name: np.concatenate([[0.0], np.cumsum(shares(name, found))]) for name, found in self.cuts.items()
        }

    def program(self) -> Program:
        """The literals first, then the alternatives."""
        telling = [self.telling(values) for values in self.sets]
        blob: list[int] = []
        begins = []
        for values in self.sets:
            begins.append(len(blob))
            blob += self.literal(values)
        rules: list[int] = []
        for alternatives in self.reading.found:
            rules.append(len(blob))
            for alternative in alternatives:
                numbers = sorted((self.sets[v] for v in alternative.values()), key=telling.__getitem__)
                blob += (len(numbers), *numbers)
        rules.append(len(blob))
        return Program(
            blob=np.array([*blob, *begins, 0], np.int32),
            rules=np.array(rules, np.int64),
            count=self.reading.count,
            literals=len(begins),
            begins=len(blob),
            cuts=self.cuts,
            doubts=self.reading.doubts,
            sized=self.reading.sized,
        )

    def telling(self, values: Set) -> tuple[bool, float]:
        """Sorts literals: those of the facts the rows are sorted by, then by the share of the rows they hold for."""
        below = self.below[values.fact]
        if isinstance(values, Chosen) and self.facts[values.fact].computed:
            inside = [at for at in range(len(below) - 1) if at & values.bits]
            return True, float(sum(below[at + 1] - below[at] for at in inside))
        start, ranks = self.turns(values)
        edges = ([0] if start else []) + [*ranks]
        edges += [len(below) - 1] if len(edges) % 2 else []
        share = sum(below[b] - below[a] for a, b in zip(edges[::2], edges[1::2], strict=True))
        return values.fact not in self.first, float(share)

    def literal(self, values: Set) -> list[int]:
        """A literal's record."""
        slot = self.slots[values.fact]
        if isinstance(values, Chosen) and self.facts[values.fact].computed:
            return [slot, values.bits & ((1 << len(choices(self.facts[values.fact]))) - 1)]
        start, ranks = self.turns(values)
        return [slot, int(start), self.normaliser.unknown(values), len(ranks), *ranks]

    def turns(self, values: Set) -> tuple[bool, list[int]]:
        """Whether the lowest rank is inside, and the ranks from which on it is the other way; none ranks highest."""
        if isinstance(values, Ranges):
            ranks = [self.rank[values.fact][cut] for cut in values.cuts]
            if values.none != (values.start ^ bool(len(ranks) % 2)):
                ranks.append(len(self.cuts[values.fact]) + 1)
            return values.start, ranks
        inside = [bool(values.bits >> at & 1) for at in range(len(choices(self.facts[values.fact])) + 2)]
        return inside[0], [at for at in range(1, len(inside)) if inside[at] != inside[at - 1]]
