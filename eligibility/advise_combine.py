"""The policies worth most together when some exclude each other, the next best set, and what each choice gives up.

Exact: policies that conflict fall into small groups, and each group is solved on its own (claims.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from eligibility.advise import Candidate, worth
from eligibility.benefit import to_fen
from eligibility.benefit_range import Range
from eligibility.claims import Claim, Conflict, Group, Pick
from eligibility.evaluate import Status

UNITS = {"hire": "insured_employees"}
"""Scope -> the fact that says how many there are at most; of assets nobody states a number."""


WIDEST = ("enterprise", "same")
"""Scopes that any other one narrows."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A claim outside the best set: with which chosen ones it conflicts, and what taking it instead would cost."""

    id: str
    because: tuple[Conflict, ...]
    gives_up: Decimal


@dataclass(frozen=True, slots=True)
class Combination:
    """`chosen` is worth most together; `runner_up` is the next best set that has something else in it.

    `counted`: for how many hires a chosen claim counts, where it is fewer than its own. `cautions`: chosen pairs that
    may not be had for the same hire or asset.
    """

    chosen: tuple[str, ...]
    yuan: Decimal
    runner_up: tuple[str, ...] | None = None
    runner_up_yuan: Decimal | None = None
    left_out: tuple[LeftOut, ...] = ()
    counted: Mapping[str, int] = field(default_factory=dict)
    cautions: tuple[Conflict, ...] = ()


def conflicts_of(candidates: Iterable[Candidate]) -> tuple[Conflict, ...]:
    """Every pair that excludes each other, whichever of the two says so; the narrower scope where they differ.

    A text that says "not for the same hire" explains one that only says "not together". A text and the one it carries
    out give the same thing once.
    """
    every = list(candidates)
    order = {candidate.id: at for at, candidate in enumerate(every)}
    found: dict[tuple[str, ...], str] = {}
    for candidate in every:
        named = [(e.other, e.per) for e in candidate.exclusions]
        for other, per in [*named, *((other, "same") for other in candidate.carries_out)]:
            if other in order and other != candidate.id:
                pair = tuple(sorted((candidate.id, other), key=order.__getitem__))
                if pair not in found or (found[pair] in WIDEST and per not in WIDEST):
                    found[pair] = per
    return tuple(Conflict(one, other, per) for (one, other), per in found.items())


def combine(
    claims: Sequence[Claim], conflicts: Iterable[Conflict], available: Mapping[str, int | None] | None = None
) -> Combination:
    """The claims worth most together. `available`: scope -> how many hires (assets) there are, None: nobody knows.

    Of two sets worth the same, the one with the earlier claims. A conflict per hire or asset leaves both claims where
    there are, or may be, enough hires for both.
    """
    named = list(conflicts)
    there = {scope: at_hand(scope, most, claims, named) for scope, most in (available or {}).items()}
    binding, cautions = binding_conflicts(claims, named, there)
    groups = [
        Group([c for c in claims if c.id in ids], [c for c in binding if c.one in ids], there)
        for ids in connected([c.id for c in claims], binding)
    ]
    picks = [group.best() for group in groups]
    chosen = {id for pick in picks for id in pick[2]}
    total = sum((pick[0] for pick in picks), Fraction(0))
    second = runner_up(groups, picks, [c.id for c in claims])
    left_out = tuple(
        LeftOut(
            claim.id,
            tuple(c for c in binding if c.names(claim.id) and (c.one in chosen or c.other in chosen)),
            to_fen(pick[0] - group.best(having=claim.id)[0]),
        )
        for group, pick in zip(groups, picks, strict=True)
        for claim in group.claims
        if claim.id not in chosen
    )
    return Combination(
        tuple(c.id for c in claims if c.id in chosen),
        to_fen(total),
        None if second is None else second[1],
        None if second is None else to_fen(total - second[0]),
        left_out,
        {id: n for pick in picks for id, n in pick[3].items()},
        tuple(c for c in cautions if c.one in chosen and c.other in chosen),
    )


def at_hand(
    scope: str, most: int | None, claims: Sequence[Claim], conflicts: Sequence[Conflict]
) -> int | None:
    """How many hires (assets) there are: as stated, but no fewer than one claim alone counts."""
    if most is None:
        return None
    named = {id for c in conflicts if c.per == scope for id in (c.one, c.other)}
    return max([most, *(c.units for c in claims if c.id in named and c.units is not None)])


def binding_conflicts(
    claims: Sequence[Claim], conflicts: Sequence[Conflict], available: Mapping[str, int | None]
) -> tuple[list[Conflict], list[Conflict]]:
    """The conflicts that keep claims apart, and those that are only a caution: there may be a hire for each."""
    units = {c.id: c.units for c in claims}
    binding, cautions = [], []
    for conflict in conflicts:
        if conflict.one not in units or conflict.other not in units:
            continue
        if conflict.per in ("hire", "asset"):
            cautions.append(conflict)
            a, b, most = units[conflict.one], units[conflict.other], available.get(conflict.per)
            if most is None or a is None or b is None or a + b <= most:
                continue
        binding.append(conflict)
    return binding, cautions


def connected(ids: Sequence[str], conflicts: Iterable[Conflict]) -> list[set[str]]:
    """The ids in groups between which nothing conflicts, in their order."""
    near: dict[str, set[str]] = {id: set() for id in ids}
    for conflict in conflicts:
        near[conflict.one].add(conflict.other)
        near[conflict.other].add(conflict.one)
    found: list[set[str]] = []
    seen: set[str] = set()
    for id in ids:
        if id not in seen:
            group, stack = {id}, [id]
            while stack:
                new = near[stack.pop()] - group
                group |= new
                stack.extend(new)
            seen |= group
            found.append(group)
    return found


def runner_up(
    groups: Sequence[Group], picks: Sequence[Pick], order: Sequence[str]
) -> tuple[Fraction, tuple[str, ...]] | None:
    """What the next best set loses, and its ids: one group changed, where that costs least."""
    best: tuple[Fraction, int] | None = None
    others = [group.other(pick) for group, pick in zip(groups, picks, strict=True)]
    for at, (pick, other) in enumerate(zip(picks, others, strict=True)):
        if other is not None and (best is None or pick[0] - other[0] < best[0]):
            best = pick[0] - other[0], at
    if best is None:
        return None
    changed = [
        other if at == best[1] else pick for at, (pick, other) in enumerate(zip(picks, others, strict=True))
    ]
    ids = {id for pick in changed if pick is not None for id in pick[2]}
    return best[0], tuple(id for id in order if id in ids)


@dataclass(frozen=True, slots=True)
class Total:
    """What everything together is worth: at least (of what applies for certain) and at most (with what is open).

    most: None without end; `unbounded` names the facts that leave it open.
    """

    least: Decimal
    most: Decimal | None
    unbounded: tuple[str, ...]
    surely: Combination
    perhaps: Combination | None


def claims_of(
    ranges: Mapping[str, Range],
    candidates: Mapping[str, Candidate],
    facts: Mapping[str, object],
    *,
    most: bool,
) -> list[Claim]:
    """Claims from ranges, at their least or at their most. What is worth nothing is left out."""
    found = []
    for id, range_ in ranges.items():
        yuan = range_.most if most else range_.least
        if yuan is not None and yuan > 0:
            found.append(Claim(id, yuan, counted(candidates[id], facts)))
    return found


def counted(candidate: Candidate, facts: Mapping[str, object]) -> int | None:
    """For how many hires or assets a candidate's benefit is given, where that is known."""
    name = candidate.benefit.counts if candidate.benefit else None
    value = facts.get(name) if name else None
    return value if isinstance(value, int) else None


def available_units(facts: Mapping[str, object]) -> dict[str, int | None]:
    """How many hires there can be."""
    found = {scope: facts.get(name) for scope, name in UNITS.items()}
    return {scope: value if isinstance(value, int) else None for scope, value in found.items()}


def total_worth(judged: Iterable[tuple[Candidate, Status]], facts: Mapping[str, object]) -> Total:
    """The sum over the best compatible set, least and most.

    Both ends are sums of sets that are best for the ends of the single ranges: no completion gives less or more.
    """
    pairs = [(candidate, status) for candidate, status in judged if status is not Status.INELIGIBLE]
    candidates = {candidate.id: candidate for candidate, _ in pairs}
    ranges = {candidate.id: worth(candidate, facts, status) for candidate, status in pairs}
    known = {id: range_ for id, range_ in ranges.items() if range_ is not None}
    conflicts, available = conflicts_of(candidates.values()), available_units(facts)
    surely = combine(claims_of(known, candidates, facts, most=False), conflicts, available)
    endless = [range_ for range_ in known.values() if range_.most is None]
    if endless:
        names = sorted({name for range_ in endless for name in range_.unbounded})
        return Total(surely.yuan, None, tuple(names), surely, None)
    perhaps = combine(claims_of(known, candidates, facts, most=True), conflicts, available)
    return Total(surely.yuan, perhaps.yuan, (), surely, perhaps)
