"""The few rows of a population that only the reference evaluator can judge, each kind of row once.

Rows a rule cannot tell apart get one verdict: of a number or code only which side of the rule's constants it lies on
counts; the values themselves count only where facts are compared with each other and one of them is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from eligibility.column import UNKNOWN, Column
from eligibility.columns_program import Doubt
from eligibility.columns_terms import LEFT, NO, YES, compared
from eligibility.completions import leaf_outcomes
from eligibility.compound import Compound, comparisons
from eligibility.evaluate import Status, evaluate
from eligibility.facts import Facts
from eligibility.kleene import truth
from eligibility.residual import Problem
from eligibility.rule import Rule
from eligibility.size_standard import INPUTS
from eligibility.syntax import Node, names
from eligibility.values import Cut, Ranges
from eligibility.vocabulary import Fact, Vocabulary

if TYPE_CHECKING:
    from eligibility.columns import Columns

Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
WIDEST = 1 << 62


class Exact:
    """One rule on one population."""

    def __init__(self, columns: Columns, normaliser: Compound, rule: Rule, doubt: Doubt) -> None:
        self.columns, self.normaliser, self.rule, self.doubt = columns, normaliser, rule, doubt
        self.facts = columns.vocabulary.facts

    def settle(self, sure: Flags, possible: Flags) -> tuple[Flags, Flags]:
        """Matching and undetermined rows, from what three-valued logic over the alternatives says."""
        doubtful = possible if self.doubt.tree else possible & ~sure & self.open_rows()
        rows = np.flatnonzero(doubtful)
        verdicts = self.verdicts(rows)
        matching, undetermined = sure & ~doubtful, possible & ~sure & ~doubtful
        matching[rows] = verdicts == 1
        undetermined[rows] = verdicts == 2
        return matching, undetermined

    def open_rows(self) -> Flags:
        """Where a fact is unknown over which alternatives may cover everything together."""
        found = np.zeros(self.columns.rows, bool)
        for name in self.doubt.facts:
            sized = name == "" or self.facts[name].computed
            for one in INPUTS if sized else (name,):
                states = self.columns.column(one).states
                if states is not None:
                    found |= states == UNKNOWN
            if sized:
                found |= self.columns.sizes.several
        return found

    def verdicts(self, rows: Rows) -> npt.NDArray[np.uint8]:
        """1 eligible, 2 undetermined, 0 neither, of some rows."""
        number = {Status.ELIGIBLE: 1, Status.UNDETERMINED: 2, Status.INELIGIBLE: 0}
        _, examples, kind = np.unique(self.kinds(rows), return_index=True, return_inverse=True)
        named = sorted(self.rule.stated_facts)
        found = [
            number[evaluate(self.rule, self.columns.facts_at(int(row), named)).status]
            for row in rows[examples]
        ]
        return np.array(found, np.uint8)[kind.reshape(-1)]

    def kinds(self, rows: Rows) -> Rows:
        """A number a row, equal only for rows the rule cannot tell apart."""
        found, size = np.zeros(len(rows), np.int64), 1
        for part in self.parts(rows):
            width = int(part.max(initial=0)) + 1
            if size * width > WIDEST:
                found = np.unique(found, return_inverse=True)[1].reshape(-1)
                size = int(found.max(initial=0)) + 1
            found, size = found * width + part, size * width
        return found

    def parts(self, rows: Rows) -> Iterator[Rows]:
        """Numbers that together tell rows apart."""
        cuts: dict[str, set[Cut]] = {
            name: set() for name in self.rule.stated_facts if not self.facts[name].is_derived
        }
        sized = False
        for leaf in comparisons(self.rule.inlined):
            sized = sized or any(self.facts[name].computed for name in names(leaf))
            values = self.normaliser.meaning(leaf, True)
            if leaf in self.normaliser.names:
                yield from self.of_several(leaf, rows)
            elif isinstance(values, Ranges):
                cuts[values.fact].update(values.cuts)
        for name, found in cuts.items():
            yield self.columns.column(name).codes(sorted(found), rows)
        if sized:
            yield from self.of_size(rows)

    def of_several(self, leaf: Node, rows: Rows) -> Iterator[Rows]:
        """A comparison of several facts: how it comes out where all are known, else the values that are."""
        columns = {
            name: self.columns.column(name) for name in sorted(names(leaf)) if not self.facts[name].computed
        }
        outcome = compared(leaf, columns, rows)
        for column in columns.values():
            part = column.values(rows)
            part[outcome > 0] = 0
            yield np.unique(part, return_inverse=True)[1].reshape(-1)
        yield outcome

    def of_size(self, rows: Rows) -> Iterator[Rows]:
        """What the size class follows from: rows of the standard, bands, and a code that leaves the row open."""
        found = self.columns.sizes
        yield found.groups[rows].astype(np.int64)
        for bands in found.bands:
            yield bands[rows].astype(np.int64)
        industry = self.columns.column(INPUTS[0])
        codes = industry.values(rows)
        codes[~found.several[rows]] = 0
        yield codes


def truths(leaf: Node, columns: Columns, fact: Fact) -> Column:
    """A comparison of several facts as a column: unknown only where completions of its own facts say both."""
    of = {
        name: columns.column(name)
        for name in sorted(names(leaf))
        if not columns.vocabulary.facts[name].is_derived
    }
    rows = np.arange(columns.rows)
    units = compared(leaf, of, rows)
    left = np.flatnonzero(units == LEFT)
    kinds = np.zeros(len(left), np.int64)
    for column in of.values():
        part = column.values(left)
        kinds = np.unique(kinds * (int(part.max(initial=0)) + 1) + part, return_inverse=True)[1].reshape(-1)
    _, examples, kind = np.unique(kinds, return_index=True, return_inverse=True)
    found = [outcome(leaf, columns.facts_at(int(row), of), columns.vocabulary) for row in left[examples]]
    units[left] = np.array(found, np.int64)[kind.reshape(-1)] if found else 0
    states = np.where(units == LEFT, np.uint8(UNKNOWN), np.uint8(0))
    return Column(fact, (units == YES).astype(np.int32), states, 0, (False, True))


def outcome(leaf: Node, facts: Facts, vocabulary: Vocabulary) -> int:
    """YES or NO where every completion says so, else LEFT."""
    found = truth(leaf, facts, vocabulary)
    if found is None:
        outcomes = leaf_outcomes(leaf, Problem(vocabulary, dict(facts)))
        found = None if len(outcomes) > 1 else next(iter(outcomes))
    return LEFT if found is None else YES if found else NO
