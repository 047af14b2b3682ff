"""Sets of values as SQL comparisons of one column: NULL where the column is, never rounding, ready for an index."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from eligibility.sql_terms import Parameters, has_end
from eligibility.values import Cut
from eligibility.vocabulary import Fact

LIMITS = {"int": (-(1 << 63), (1 << 63) - 1), "date": (1, dt.date.max.toordinal())}
"""What a column can hold at all."""

Piece = tuple[Cut | None, Cut | None]
"""From a cut to before another; None is without an end."""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """One fact's column."""

    fact: Fact
    column: str
    parameters: Parameters

    def ranges(self, start: bool, cuts: Sequence[Cut]) -> str:
        """Whether a value lies between cuts, changing at each: "TRUE" or "FALSE" where every or no value does."""
        found = self.pieces(start, cuts)
        if not found or found == [(None, None)]:
            return "TRUE" if found else "FALSE"
        if len(found) > 1 and found[0][0] is None and found[-1][1] is None:
            return self.any_of([(a[1], b[0]) for a, b in pairwise(found)], inverted=True)
        return self.any_of(found, inverted=False)

    def pieces(self, start: bool, cuts: Sequence[Cut]) -> list[Piece]:
        """The parts that some value can lie in."""
        ends: list[Cut | None] = [*([None] if start else []), *cuts]
        ends += [None] if len(ends) % 2 else []
        found = zip(ends[::2], ends[1::2], strict=True)
        return [piece for first, end in found if (piece := self.within_limits(first, end)) is not None]

    def within_limits(self, first: Cut | None, end: Cut | None) -> Piece | None:
        if self.fact.type == "code":
            return (None if first == ("", 0) else first), end
        if self.fact.type not in LIMITS:
            return first, end
        least, most = LIMITS[self.fact.type]
        low = least if first is None else first[0]
        high = most + 1 if end is None else end[0]
        assert isinstance(low, int)
        assert isinstance(high, int)
        if low > most or high <= least:
            return None
        return (None if low <= least else first), (None if high > most else end)

    def any_of(self, found: Iterable[Piece], *, inverted: bool) -> str:
        """Pieces joined by "or", single values as a list."""
        single, parts = [], []
        for first, end in found:
            if self.is_single(first, end):
                assert first is not None
                single.append(self.value(first))
            else:
                parts.append(self.between(first, end))
        if len(single) == 1:
            parts.append(f"{self.column} {'<>' if inverted and not parts else '='} {single[0]}")
        elif single:
            parts.append(
                f"{self.column} {'NOT IN' if inverted and not parts else 'IN'} ({', '.join(single)})"
            )
        if inverted and single and len(parts) == 1:
            return parts[0]
        text = parts[0] if len(parts) == 1 else "(" + " OR ".join(parts) + ")"
        return f"(NOT {text})" if inverted else text

    def is_single(self, first: Cut | None, end: Cut | None) -> bool:
        """Whether only one value lies between."""
        if first is None or end is None:
            return False
        (low, side), (high, end_side) = first, end
        if isinstance(low, str) or isinstance(high, str):
            return high == f"{low}\0"
        if self.fact.type in LIMITS:
            return high == low + 1
        return low == high and (side, end_side) == (0, 1) and has_end(low)

    def between(self, first: Cut | None, end: Cut | None) -> str:
        """The two comparisons a piece is."""
        both = ([self.edge(first, ">=", ">")] if first else []) + ([self.edge(end, "<", "<=")] if end else [])
        return both[0] if len(both) == 1 else "(" + " AND ".join(both) + ")"

    def edge(self, cut: Cut, at: str, behind: str) -> str:
        """The column compared with a cut that lies at a value or right behind it."""
        value, side = cut
        if isinstance(value, str):
            side = int(value.endswith("\0"))
            return f"{self.column} {behind if side else at} {self.value((value[: len(value) - side], 0))}"
        if self.fact.type in LIMITS and at == "<":
            return f"{self.column} <= {self.value((value - 1, 0))}"
        sign = behind if side else at
        if self.fact.type in LIMITS or has_end(value):
            return f"{self.column} {sign} {self.value(cut)}"
        exact = Fraction(value)
        by, other = self.parameters.number_of(exact.denominator), self.parameters.number_of(exact.numerator)
        return f"({self.column} * {by}) {sign} {other}"

    def value(self, cut: Cut) -> str:
        """The value of a cut as a parameter of the column's own type."""
        value = cut[0]
        if isinstance(value, str):
            return self.parameters.typed(value, "text")
        if self.fact.type == "int":
            return self.parameters.typed(int(value), "bigint")
        if self.fact.type == "date":
            return self.parameters.typed(dt.date.fromordinal(int(value)), "date")
        return self.parameters.number_of(value)
