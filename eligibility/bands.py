"""Bands: the unbroken stretches into which thresholds cut a number's or a day's possible values.

Values stand on the grid that facts are checked for (fen, a millionth, a person, a day), so that both ends of a band
belong to it and "above 3,000,000 yuan" begins at a value somebody can have.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from eligibility.cells import bounds
from eligibility.vocabulary import Fact

STEPS = {
    "int": Fraction(1),
    "date": Fraction(1),
    "money": Fraction(1, 100),
    "decimal": Fraction(1, 1_000_000),
}
"""How far apart the values of a kind are; facts.py refuses finer ones. Days are ordinals."""


@dataclass(frozen=True, slots=True)
class Band:
    """Values from `low` to `high`, both included; None: no end. Days are ordinals."""

    low: Fraction | None
    high: Fraction | None

    @property
    def inside(self) -> Fraction:
        """A value of the band."""
        if self.low is not None:
            return self.low
        return self.high if self.high is not None else Fraction(0)

    def __contains__(self, value: object) -> bool:
        return (
            isinstance(value, int | Fraction)
            and (self.low is None or self.low <= value)
            and (self.high is None or value <= self.high)
        )

    def nearest(self, value: Fraction) -> Fraction:
        """The value of the band nearest to another one."""
        if self.low is not None and value < self.low:
            return self.low
        return self.high if self.high is not None and value > self.high else value


def is_numeric(fact: Fact) -> bool:
    """Whether the fact's values lie on a line: numbers and days."""
    return fact.type in STEPS


def whole(fact: Fact) -> Band:
    """Every value the vocabulary lets a number or day have."""
    low, high = bounds(fact)
    return Band(low, high)


def split(fact: Fact, band: Band, cuts: Iterable[Fraction]) -> tuple[Band, ...]:
    """The band cut below and above each threshold, lowest first."""
    step = STEPS[fact.type]
    starts: set[Fraction] = set()
    for cut in cuts:
        starts.add(math.ceil(cut / step) * step)
        starts.add((math.floor(cut / step) + 1) * step)
    inner = sorted(s for s in starts if s in band and s != band.low and s - step in band)
    lows = [band.low, *inner]
    return tuple(
        Band(low, band.high if at == len(inner) else inner[at] - step) for at, low in enumerate(lows)
    )


def as_number(value: object) -> Fraction:
    """A fact's number or day as it stands on its line."""
    if isinstance(value, dt.date):
        return Fraction(value.toordinal())
    assert isinstance(value, int | Decimal | Fraction)
    return Fraction(value)


def as_value(fact: Fact, number: Fraction) -> int | Decimal | dt.date:
    """A place on the line as the fact has it."""
    if fact.type == "date":
        return dt.date.fromordinal(min(max(int(number), 1), dt.date.max.toordinal()))
    if number.denominator == 1:
        return int(number) if fact.type == "int" else Decimal(number.numerator)
    return Decimal(int(number * 1_000_000)).scaleb(-6).normalize()
