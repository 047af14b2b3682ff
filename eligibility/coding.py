"""The codes of one fact's values, by which the arrays of an index are read: a mask of choices, or a rank among cuts.

A rank is how many cuts lie at or below a value, so that two values with no threshold between them are one and the same.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from eligibility.arrays import NONE
from eligibility.values import Cut, choices
from eligibility.vocabulary import Fact

LAST_DAY = dt.date.max.toordinal()


class Codes(dict[object, int]):
    """The code of each value of one fact: those the rules name at once, others as they are met, up to a bound."""

    MOST = 8192

    def __init__(self, fact: Fact, cuts: Sequence[Cut]) -> None:
        super().__init__()
        self.kind = fact.type
        self.amount = self.kind in ("money", "decimal")
        self.plain: list[Any] = [float(cut[0]) if self.amount else cut[0] for cut in cuts]
        self.cuts = [(in_decimals(value), side) for value, side in cuts]
        if self.kind in ("bool", "enum"):
            values = choices(fact)
            self.update({value: 1 << at for at, value in enumerate(values)})
            self[None] = 1 << (len(values) + 1)
            self.other = 1 << len(values)
            return
        self[None] = NONE
        for at, (value, side) in enumerate(self.cuts):
            key = dt.date.fromordinal(value) if self.kind == "date" and 0 < value < LAST_DAY else value
            if side == 0 or key not in self:
                self[key] = at + 1 - side
        self.room = self.MOST

    def __missing__(self, value: Any) -> int:
        kind = self.kind
        if self.amount:
            near = float(value)  # monotone: only where it meets a cut's own float does the exact value decide
            found = bisect_left(self.plain, near)
            if found < len(self.plain) and self.plain[found] == near:
                found = self.beyond(found, near, value)
        elif kind == "int":
            found = bisect_right(self.plain, Decimal(repr(value)) if isinstance(value, float) else value)
        elif kind == "code":
            found = bisect_right(self.plain, value)
        elif kind == "date":
            day = dt.date.fromisoformat(value) if isinstance(value, str) else value
            found = bisect_right(self.plain, day.toordinal())
        else:
            return self.other if kind == "enum" else 1 << bool(value)
        if self.room:
            self.room -= 1
            self[value] = found
        return found

    def beyond(self, at: int, near: float, value: int | float | Decimal | Fraction) -> int:
        """Among the cuts whose float is the value's, the first that lies beyond the value itself."""
        exact = Decimal(repr(value)) if isinstance(value, float) else value
        while at < len(self.plain) and self.plain[at] == near:
            cut, side = self.cuts[at]
            mine = Fraction(exact) if isinstance(cut, Fraction) else exact
            if mine < cut or (mine == cut and side):
                break
            at += 1
        return at


def in_decimals(value: int | Fraction | str) -> Any:
    """A fraction as a decimal where it is one, since those compare with each other ten times faster."""
    if not isinstance(value, Fraction):
        return value
    found = Decimal(value.numerator) / Decimal(value.denominator)
    return found if Fraction(found) == value else value
