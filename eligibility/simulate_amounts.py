"""What a formula comes to over many enterprises: exact to the fen, and how many enterprises the sum is of.

Plain arithmetic is done over whole columns in integers. Formulas with conditions are computed once for each different
set of facts, for so many sets and no more; whoever is left out is not counted as known.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from eligibility.benefit import Formula, compute
from eligibility.column import NONE, UNKNOWN
from eligibility.columns_terms import MOST, LeftError, Term, term
from eligibility.residual import inline

if TYPE_CHECKING:
    from eligibility.columns import Columns

SETS = 1_000
"""Different sets of facts a formula is computed on in one piece of the population."""

HALF = 10**9

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Money:
    """fen: the sum over the `known` of `enterprises` whose amount can be worked out from what is stored."""

    enterprises: int = 0
    known: int = 0
    fen: int = 0

    def __add__(self, other: Money) -> Money:
        return Money(self.enterprises + other.enterprises, self.known + other.known, self.fen + other.fen)


@dataclass(frozen=True, slots=True)
class Amounts:
    """What each of some enterprises is given: whether that is known, and how many fen (0 where it is not)."""

    known: npt.NDArray[np.bool_]
    fen: Rows

    def total(self) -> Money:
        """The sum over all."""
        return self.by_group(np.zeros(len(self.fen), np.int64), 1)[0]

    def by_group(self, number: Rows, groups: int) -> list[Money]:
        """The sums over the groups the enterprises are in, by number. Exact: halves of a fen's digits fit a float."""
        high, low = np.divmod(self.fen, HALF)
        everybody = np.bincount(number, minlength=groups)
        known = np.bincount(number, weights=self.known, minlength=groups)
        highs, lows = (np.bincount(number, weights=part, minlength=groups) for part in (high, low))
        sums = zip(everybody.tolist(), known.tolist(), highs.tolist(), lows.tolist(), strict=True)
        return [Money(all_, int(k), int(h) * HALF + int(part)) for all_, k, h, part in sums]


def amounts(formula: Formula, columns: Columns, rows: Rows) -> Amounts:
    """What some rows of the columns are given. A formula that gives an enterprise no amount gives it 0."""
    named = sorted(formula.stated_facts)
    unknown = Amounts(np.zeros(len(rows), bool), np.zeros(len(rows), np.int64))
    if not len(rows) or any(name not in columns.vocabulary.facts for name in named):
        return unknown  # it waits for figures of its own, which nobody has stored
    by_name = {name: columns.column(name) for name in named}
    try:
        fen = in_fen(term(inline(formula.root, formula.vocabulary), by_name, rows), len(rows))
    except LeftError:
        return one_by_one(formula, columns, rows, named)
    none, open_ = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for column in by_name.values():
        if column.states is not None:
            none |= column.states[rows] == NONE
            open_ |= column.states[rows] == UNKNOWN
    return Amounts(none | ~open_, np.where(none | open_, 0, fen))


def in_fen(found: Term, rows: int) -> Rows:
    """Yuan as whole fen, half a fen away from zero. Raises LeftError where that leaves 64 bits."""
    scale = Fraction(found.scale) * 100
    if 2 * found.most * scale.numerator + scale.denominator > MOST:
        raise LeftError
    units = np.broadcast_to(np.asarray(found.units, np.int64), (rows,))
    size = (2 * np.abs(units) * scale.numerator + scale.denominator) // (2 * scale.denominator)
    return np.where(units < 0, -size, size)


def one_by_one(formula: Formula, columns: Columns, rows: Rows, named: list[str]) -> Amounts:
    """The same by the reference, once for each different set of facts; the commonest sets where there are too many."""
    kinds = np.zeros(len(rows), np.int64)
    for name in named:
        part = columns.column(name).values(rows)
        kinds = np.unique(kinds * (int(part.max(initial=0)) + 1) + part, return_inverse=True)[1].reshape(-1)
    _, examples, counts = np.unique(kinds, return_index=True, return_counts=True)
    known, fen = np.zeros(len(counts), bool), np.zeros(len(counts), np.int64)
    for kind in np.argsort(-counts, kind="stable")[:SETS].tolist():
        amount = compute(formula, columns.facts_at(int(rows[examples[kind]]), named))
        units = 0 if amount.exact is None else int(amount.exact * 100)
        if not amount.missing and abs(units) < MOST:
            known[kind], fen[kind] = True, units
    return Amounts(known[kinds], fen[kinds])
