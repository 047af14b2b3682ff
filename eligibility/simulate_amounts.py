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

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Money:
    """fen: the sum over the `known` of `enterprises` whose amount can be worked out from what is stored."""

    enterprises: int = 0
    known: int = 0
    fen: int = 0

    def __add__(self, other: Money) -> Money:
        return Money(self.enterprises + other.enterprises, self.known + other.known, self.fen + other.fen)


def amounts(formula: Formula, columns: Columns, rows: Rows) -> Money:
    """The sum over some rows of the columns. A formula that gives no amount to an enterprise gives it 0."""
    if not len(rows):
        return Money()
    named = sorted(formula.stated_facts)
    if any(name not in columns.vocabulary.facts for name in named):
        return Money(len(rows))  # it waits for figures of its own, which nobody has stored
    by_name = {name: columns.column(name) for name in named}
    try:
        found = term(inline(formula.root, formula.vocabulary), by_name, rows)
        fen = in_fen(found, len(rows))
    except LeftError:
        return one_by_one(formula, columns, rows, named)
    none, open_ = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for column in by_name.values():
        if column.states is not None:
            none |= column.states[rows] == NONE
            open_ |= column.states[rows] == UNKNOWN
    whole = ~none & ~open_
    return Money(len(rows), int(np.count_nonzero(whole | none)), sum(fen[whole].tolist()))


def in_fen(found: Term, rows: int) -> Rows:
    """Yuan as whole fen, half a fen away from zero. Raises LeftError where that leaves 64 bits."""
    scale = Fraction(found.scale) * 100
    if 2 * found.most * scale.numerator + scale.denominator > MOST:
        raise LeftError
    units = np.broadcast_to(np.asarray(found.units, np.int64), (rows,))
    size = (2 * np.abs(units) * scale.numerator + scale.denominator) // (2 * scale.denominator)
    return np.where(units < 0, -size, size)


def one_by_one(formula: Formula, columns: Columns, rows: Rows, named: list[str]) -> Money:
    """The same by the reference, once for each different set of facts."""
    kinds = np.zeros(len(rows), np.int64)
    for name in named:
        part = columns.column(name).values(rows)
        kinds = np.unique(kinds * (int(part.max(initial=0)) + 1) + part, return_inverse=True)[1].reshape(-1)
    _, examples, counts = np.unique(kinds, return_index=True, return_counts=True)
    known = fen = 0
    for example, count in zip(rows[examples[:SETS]].tolist(), counts[:SETS].tolist(), strict=True):
        amount = compute(formula, columns.facts_at(example, named))
        if amount.exact is not None:
            fen += int(amount.exact * 100) * count
        if not amount.missing:
            known += count
    return Money(len(rows), known, fen)
