"""Exact sums of products of unknown numbers, and how far they reach when each number lies in a band.

A formula whose conditions are settled is such a sum. Where no number is multiplied by itself it is at its least and
most in a corner of the box the bands span, so the reach is exact; otherwise it is bounded part by part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from eligibility.bands import Band

Monomial = tuple[str, ...]
MOST_CORNERS = 10
"""Numbers in one sum up to which every corner is looked at."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a part's value can lie. low, high: None without end, then `below` or `above` name the numbers that leave
    it open. `tight`: both ends are taken by some values. `names`: the unknown numbers it depends on."""

    low: Fraction | None
    high: Fraction | None
    names: frozenset[str] = frozenset()
    tight: bool = True
    below: frozenset[str] = frozenset()
    above: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Poly:
    """`terms`: product of numbers (sorted names) -> coefficient; the empty product is the constant."""

    terms: Mapping[Monomial, Fraction]

    @classmethod
    def constant(cls, value: Fraction | int) -> Poly:
        """A known number."""
        return cls({(): Fraction(value)} if value else {})

    @classmethod
    def of(cls, name: str) -> Poly:
        """An unknown number."""
        return cls({(name,): Fraction(1)})

    @property
    def names(self) -> frozenset[str]:
        """The numbers in it."""
        return frozenset(name for monomial in self.terms for name in monomial)

    def plus(self, other: Poly, sign: int = 1) -> Poly:
        found = dict(self.terms)
        for monomial, factor in other.terms.items():
            found[monomial] = found.get(monomial, Fraction(0)) + sign * factor
        return Poly({m: f for m, f in found.items() if f})

    def times(self, other: Poly) -> Poly:
        found: dict[Monomial, Fraction] = {}
        for a, f in self.terms.items():
            for b, g in other.terms.items():
                monomial = tuple(sorted(a + b))
                found[monomial] = found.get(monomial, Fraction(0)) + f * g
        return Poly({m: f for m, f in found.items() if f})

    def root(self) -> tuple[str, Fraction] | None:
        """Where a line in one number crosses zero; None where it is not such a line."""
        if len(self.names) != 1:
            return None
        (name,) = self.names
        if any(len(monomial) > 1 for monomial in self.terms):
            return None
        return name, -self.terms.get((), Fraction(0)) / self.terms[(name,)]

    def around(self, name: str) -> tuple[Poly, Poly]:
        """`factor` and `rest` with self = factor * name + rest, for a number in no monomial twice."""
        factor = {tuple(n for n in m if n != name): f for m, f in self.terms.items() if name in m}
        return Poly(factor), Poly({m: f for m, f in self.terms.items() if name not in m})


def reach(poly: Poly, bands: Mapping[str, Band]) -> Reach:
    """How far a sum reaches with each of its numbers in its band."""
    names = poly.names
    once = all(len(set(monomial)) == len(monomial) for monomial in poly.terms)
    if not once or len(names) > MOST_CORNERS:
        return part_by_part(poly, bands)
    high, above = most(poly, bands)
    low, below = most(Poly({m: -f for m, f in poly.terms.items()}), bands)
    return Reach(None if low is None else -low, high, names, True, below, above)


def most(poly: Poly, bands: Mapping[str, Band]) -> tuple[Fraction | None, frozenset[str]]:
    """The most a sum without squares comes to, or None and the numbers that let it grow without end."""
    name = min(poly.names, default=None)
    if name is None:
        return poly.terms.get((), Fraction(0)), frozenset()
    endless = frozenset(n for n in poly.names if grows(poly, n, bands))
    if endless:
        return None, endless
    factor, rest = poly.around(name)
    band = bands[name]
    ends = [end for end in (band.low, band.high) if end is not None] or [Fraction(0)]
    found = [most(rest.plus(factor.times(Poly.constant(end))), bands) for end in ends]
    open_ = frozenset().union(*(names for value, names in found if value is None))
    values = [value for value, _ in found if value is not None]
    return (None, open_) if open_ else (max(values), frozenset())


def grows(poly: Poly, name: str, bands: Mapping[str, Band]) -> bool:
    """Whether the sum grows without end along an open end of one number's band."""
    band = bands[name]
    if band.low is not None and band.high is not None:
        return False
    factor, _ = poly.around(name)
    if band.high is None:
        up, _ = most(factor, bands)
        if up is None or up > 0:
            return True
    if band.low is None:
        down, _ = most(Poly({m: -f for m, f in factor.terms.items()}), bands)
        if down is None or down > 0:
            return True
    return False


def part_by_part(poly: Poly, bands: Mapping[str, Band]) -> Reach:
    """Bounds of a sum from the bounds of its products: sound, seldom tight."""
    total = fixed(Fraction(0))
    for monomial, factor in poly.terms.items():
        product = fixed(factor)
        for name in monomial:
            product = product_of(product, reach(Poly.of(name), bands))
        total = sum_of(total, product)
    return Reach(total.low, total.high, poly.names, False, total.below, total.above)


def fixed(value: Fraction) -> Reach:
    """A known number."""
    return Reach(value, value)


def sum_of(a: Reach, b: Reach) -> Reach:
    """The reach of a + b."""
    return Reach(
        None if a.low is None or b.low is None else a.low + b.low,
        None if a.high is None or b.high is None else a.high + b.high,
        a.names | b.names,
        a.tight and b.tight and not a.names & b.names,
        a.below | b.below,
        a.above | b.above,
    )


def negative(a: Reach) -> Reach:
    """The reach of -a."""
    return Reach(
        None if a.high is None else -a.high,
        None if a.low is None else -a.low,
        a.names,
        a.tight,
        a.above,
        a.below,
    )


def product_of(a: Reach, b: Reach) -> Reach:
    """The reach of a * b: from the products of the ends, where an end without end times zero is zero."""
    ends = [times(x, y) for x in ends_of(a) for y in ends_of(b)]
    low, high = min(ends), max(ends)
    open_ = a.below | a.above | b.below | b.above
    return Reach(
        None if low[0] else low[1],
        None if high[0] else high[1],
        a.names | b.names,
        a.tight and b.tight and not a.names & b.names,
        open_ if low[0] else frozenset(),
        open_ if high[0] else frozenset(),
    )


End = tuple[int, Fraction]
"""-1, 0 or 1 for minus infinity, a number, infinity; and the number."""


def ends_of(a: Reach) -> tuple[End, End]:
    low = (-1, Fraction(0)) if a.low is None else (0, a.low)
    return low, (1, Fraction(0)) if a.high is None else (0, a.high)


def times(a: End, b: End) -> End:
    signs = [end[0] or (end[1] > 0) - (end[1] < 0) for end in (a, b)]
    if a[0] or b[0]:
        return (signs[0] * signs[1], Fraction(0))
    return (0, a[1] * b[1])


def lesser(a: Reach, b: Reach) -> Reach:
    """The reach of min(a, b)."""
    lows = [r.low for r in (a, b) if r.low is not None]
    highs = [r.high for r in (a, b) if r.high is not None]
    open_low, open_high = len(lows) < 2, not highs
    return Reach(
        None if open_low else min(lows),
        None if open_high else min(highs),
        a.names | b.names,
        a.tight and b.tight and not a.names & b.names,
        frozenset().union(*(r.below for r in (a, b) if r.low is None)),
        a.above | b.above if open_high else frozenset(),
    )


def either(a: Reach, b: Reach) -> Reach:
    """Everything either of two parts can come to, where nobody knows which counts."""
    lows = [r.low for r in (a, b) if r.low is not None]
    highs = [r.high for r in (a, b) if r.high is not None]
    return Reach(
        None if len(lows) < 2 else min(lows),
        None if len(highs) < 2 else max(highs),
        a.names | b.names,
        False,
        a.below | b.below,
        a.above | b.above,
    )
