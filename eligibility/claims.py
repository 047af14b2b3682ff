"""Claims that conflict with each other, and the best of them: of one group, exactly.

Up to MOST_ENUMERATED claims every subset is looked at, which is quicker than the solver (a pair takes a tenth of a
millisecond where z3 takes four); larger groups go to z3. Both give the same set.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from eligibility.lazily import lazily

if TYPE_CHECKING:
    import z3
else:
    z3 = lazily("z3")

MOST_ENUMERATED = 12
"""Claims in one group up to which every subset is looked at: 4,096 of them in 9 ms, where z3 takes 70."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A benefit to be had: yuan, and the number of hires or assets it is given for where somebody counted them."""

    id: str
    yuan: Decimal
    units: int | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two policies that exclude each other, and per what. `one` stands first in the pack's order.

    per: a scope of benefit.py, or "same" where one text carries out the other and what they give is one.
    """

    one: str
    other: str
    per: str = "enterprise"

    def names(self, id: str) -> bool:
        return id in (self.one, self.other)


Pick = tuple[Fraction, int, tuple[str, ...], Mapping[str, int]]
"""A group's solution: worth, order (higher: earlier claims), ids, units counted of those that share units."""


class Group:
    """Claims that conflict with each other, directly or through others."""

    def __init__(
        self, claims: Sequence[Claim], conflicts: Sequence[Conflict], available: Mapping[str, int | None]
    ) -> None:
        self.claims = claims
        self.apart = [c for c in conflicts if c.per not in ("hire", "asset")]
        self.shared = list(shared_units(conflicts, available))
        self.sharing = frozenset(id for ids, _ in self.shared for id in ids)
        self.order = {c.id: 1 << (len(claims) - 1 - at) for at, c in enumerate(claims)}
        self.kept: list[Pick] | None = None

    def best(self, *, having: str | None = None) -> Pick:
        """The best pick; with `having` among those with that claim. Of equal ones the one with earlier claims."""
        found = self.search(having, None)
        assert found is not None  # one claim alone is always possible
        return found

    def other(self, pick: Pick) -> Pick | None:
        """The best pick that has something else in it; None where nothing else is to be had."""
        return self.search(None, frozenset(pick[2]))

    def search(self, having: str | None, beyond: frozenset[str] | None) -> Pick | None:
        if len(self.claims) > MOST_ENUMERATED or not self.units_are_plain:
            return self.solved(having, beyond)
        if self.kept is None:
            self.kept = list(self.enumerated())
        allowed = (
            pick
            for pick in self.kept
            if (having is None or having in pick[2]) and (beyond is None or not beyond.issuperset(pick[2]))
        )
        return max(allowed, key=lambda pick: pick[:2], default=None)

    @property
    def units_are_plain(self) -> bool:
        """Whether no claim shares its units with two sets of others."""
        return sum(len(ids) for ids, _ in self.shared) == len(self.sharing)

    def enumerated(self) -> Iterator[Pick]:
        """Every set of claims that may be had together."""
        for size in range(len(self.claims) + 1):
            for some in itertools.combinations(self.claims, size):
                ids = frozenset(c.id for c in some)
                if any(c.one in ids and c.other in ids for c in self.apart):
                    continue
                counts = self.counts(some)
                if counts is not None:
                    yield self.pick(some, counts)

    def counts(self, some: Sequence[Claim]) -> dict[str, int] | None:
        """Units for each claim that shares them, the dearest first; None where there is not one for each."""
        found: dict[str, int] = {}
        for ids, most in self.shared:
            rivals = sorted((c for c in some if c.id in ids), key=lambda c: -unit_worth(c))
            left = most - len(rivals)
            if left < 0 or any(c.units == 0 for c in rivals):
                return None
            for claim in rivals:
                assert claim.units is not None
                more = min(left, claim.units - 1)
                found[claim.id] = 1 + more
                left -= more
        return found

    def pick(self, some: Sequence[Claim], counts: Mapping[str, int]) -> Pick:
        value = sum((worth_of(c, counts.get(c.id, c.units)) for c in some), Fraction(0))
        fewer = {c.id: counts[c.id] for c in some if c.id in counts and counts[c.id] != c.units}
        return value, sum(self.order[c.id] for c in some), tuple(c.id for c in some), fewer

    def solved(self, having: str | None, beyond: frozenset[str] | None) -> Pick | None:
        """The same by z3, in exact numbers."""
        solver = z3.Optimize()
        take = {c.id: z3.Bool(c.id) for c in self.claims}
        count = {c.id: z3.Int(f"units of {c.id}") for c in self.claims if c.id in self.sharing}
        for conflict in self.apart:
            solver.add(z3.Not(z3.And(take[conflict.one], take[conflict.other])))
        for ids, most in self.shared:
            solver.add(z3.Sum([count[id] for id in ids]) <= most)
        for claim in self.claims:
            if claim.id in count:
                solver.add(count[claim.id] >= 0, count[claim.id] <= claim.units)
                solver.add(take[claim.id] == (count[claim.id] > 0))
        if having is not None:
            solver.add(take[having])
        if beyond is not None:
            solver.add(z3.Or([take[c.id] for c in self.claims if c.id not in beyond]))
        solver.maximize(z3.Sum([self.value(c, take, count) for c in self.claims]))
        solver.maximize(z3.Sum([z3.If(take[c.id], self.order[c.id], 0) for c in self.claims]))
        if solver.check() != z3.sat:
            return None
        model = solver.model()
        some = [c for c in self.claims if z3.is_true(model.eval(take[c.id], model_completion=True))]
        counts = {c.id: model.eval(count[c.id]).as_long() for c in some if c.id in count}
        return self.pick(some, counts)

    @staticmethod
    def value(claim: Claim, take: Mapping[str, z3.BoolRef], count: Mapping[str, z3.ArithRef]) -> z3.ArithRef:
        if claim.id in count:
            each = unit_worth(claim)
            return z3.ToReal(count[claim.id]) * z3.Q(each.numerator, each.denominator)
        yuan = Fraction(claim.yuan)
        return z3.If(take[claim.id], z3.Q(yuan.numerator, yuan.denominator), z3.RealVal(0))


def shared_units(
    conflicts: Iterable[Conflict], available: Mapping[str, int | None]
) -> Iterator[tuple[frozenset[str], int]]:
    """Sets of claims of which no two may have the same hire or asset, and how many of those there are.

    Largest sets only. That many units can be shared out whenever the sums fit, unless five or more claims exclude each
    other in a ring and no other way (then the sums allow more than is possible); no pack has such a ring.
    """
    for scope in ("hire", "asset"):
        near: dict[str, set[str]] = {}
        for conflict in conflicts:
            if conflict.per == scope:
                near.setdefault(conflict.one, set()).add(conflict.other)
                near.setdefault(conflict.other, set()).add(conflict.one)
        most = available.get(scope)
        if most is not None:
            for ids in largest_cliques(near, frozenset(), frozenset(near), frozenset()):
                yield ids, most


def largest_cliques(
    near: Mapping[str, set[str]], taken: frozenset[str], open_: frozenset[str], done: frozenset[str]
) -> Iterator[frozenset[str]]:
    """Sets that exclude each other pair by pair and are part of no larger one. Bron and Kerbosch, CACM 16 (1973)."""
    if not open_ and not done:
        if taken:
            yield taken
        return
    for id in sorted(open_):
        yield from largest_cliques(near, taken | {id}, open_ & near[id], done & near[id])
        open_, done = open_ - {id}, done | {id}


def unit_worth(claim: Claim) -> Fraction:
    """Yuan for one hire or asset."""
    return Fraction(claim.yuan) / claim.units if claim.units else Fraction(0)


def worth_of(claim: Claim, units: int | None) -> Fraction:
    """Yuan for so many of a claim's hires or assets."""
    return Fraction(claim.yuan) if units is None or units == claim.units else unit_worth(claim) * units
