"""A rule over a size class and the facts it follows from, written out for each group of industries.

Within one row of the size standard a size class is a condition on staff, revenue and assets like any other, so that
there the rule is one of plain facts and three-valued logic exact. Only where the industry is unknown, or its code too
short to say the row, several of these must agree.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eligibility.compound import Compound
from eligibility.consensus import Terms, completed
from eligibility.residual import rebuilt
from eligibility.rule import Rule
from eligibility.size_standard import CLASSES, INPUTS, NOT_COVERED, SizeGroup, SizeStandard
from eligibility.syntax import And, Call, Compare, Cond, Literal, Node, Not, Or, Ref, names
from eligibility.values import Chosen, Cut, Ranges, Set, after, choices
from eligibility.vocabulary import all_codes

INDUSTRY = INPUTS[0]
Alternatives = tuple[Terms, ...]


@dataclass(frozen=True)
class ByIndustry:
    """`known`: exact where the industry is known and says the row, and for what is possible where it is unknown.

    `unknown`: conditions that must all be sure where the industry is unknown. `short`: for each code too short, the
    condition in each row it can still come to: sure where all are, possible where any is.
    """

    known: Alternatives
    unknown: tuple[Alternatives, ...]
    short: Mapping[str, tuple[Alternatives, ...]]


class NotPlainError(Exception):
    """The rule is not one of plain facts even within a row of the standard; caught where it was tried."""


def by_industry(rule: Rule, normaliser: Compound, most: int) -> ByIndustry | None:
    """The rule written out; None where some row's rule is not exact within `most` alternatives."""
    standard = normaliser.vocabulary.size_standard
    codes = standard.long_enough(all_codes(normaliser.vocabulary.facts[INDUSTRY].codes))
    if not codes:
        return None
    within: dict[str, Alternatives] = {}
    try:
        for group in (*standard.groups, None):
            found = Rule(sized(rule.inlined, group, normaliser), rule.vocabulary, "")
            normal = normaliser.normal(found)
            exact = None if normaliser.shared(found, normal) else completed(normal, normaliser, most)
            if exact is None:
                return None
            within[name_of(group)] = exact
    except NotPlainError:
        return None
    pieces = rows_by_code(standard)
    known = []
    for group_name, alternatives in within.items():
        where: Terms = {INDUSTRY: codes_of(group_name, pieces)}
        both = (normaliser.merged(where, alternative) for alternative in alternatives)
        known += [alternative for alternative in both if alternative is not None]
    short = {
        code: tuple(at_code(within[name], code) for name in groups)
        for code, _, groups in pieces
        if len(groups) > 1
    }
    return ByIndustry(tuple(known), agreeing(known, codes), short)


def name_of(group: SizeGroup | None) -> str:
    return "" if group is None else group.id


def sized(node: Node, group: SizeGroup | None, normaliser: Compound) -> Node:
    """The condition as it reads for enterprises under one row of the standard, or under none."""
    match node:
        case And() | Or() | Not() | Cond() | Call(name="at_least"):
            return rebuilt(node, lambda part: sized(part, group, normaliser))
    facts = normaliser.vocabulary.facts
    if not any(facts[name].computed for name in names(node)):
        return node
    values = normaliser.meaning(node, True)
    if isinstance(values, bool):
        return Literal(values)
    if not isinstance(values, Chosen) or not facts[values.fact].computed:
        raise NotPlainError
    chosen = {word for at, word in enumerate(choices(facts[values.fact])) if values.bits >> at & 1}
    return Literal(NOT_COVERED in chosen) if group is None else classes(group, chosen)


def classes(group: SizeGroup, chosen: Iterable[object]) -> Node:
    """The class lies in `chosen`: one range of ranks at a time, each "meets these floors and not those"."""
    ranks = [rank for rank, name in enumerate(CLASSES) if name in set(chosen)]
    found: list[Node] = []
    for best in (rank for rank in ranks if rank - 1 not in ranks):
        worst = best
        while worst + 1 in ranks:
            worst += 1
        found.append(And((meets(group, worst), Not(meets(group, best - 1)))))
    return Or(tuple(found)) if len(found) > 1 else found[0] if found else Literal(False)


def meets(group: SizeGroup, rank: int) -> Node:
    """Every floor of the class of that rank is met; always for the last, never above the first."""
    if rank < 0 or rank == len(CLASSES) - 1:
        return Literal(rank >= 0)
    parts = tuple(Compare(">=", Ref(d), Literal(floors[rank])) for d, floors in group.floors.items())
    return And(parts) if len(parts) > 1 else parts[0]


def rows_by_code(standard: SizeStandard) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """Codes in order, in pieces (first, first behind, rows of the standard that can cover each of them)."""
    prefixes = [prefix for group in standard.groups for prefix in group.prefixes]
    edges = {"", *prefixes, *map(after, prefixes)}
    for short in {prefix[:n] for prefix in prefixes for n in range(len(prefix))}:
        edges |= {short, short + "\0"}
    ordered = sorted(edges)
    return [
        (first, behind, tuple(dict.fromkeys(name_of(group) for group in standard.possible_groups(first))))
        for first, behind in zip(ordered, [*ordered[1:], None], strict=True)
    ]


def codes_of(group: str, pieces: Iterable[tuple[str, str | None, tuple[str, ...]]]) -> Ranges:
    """The codes that come under one row of the standard and no other; known to be none comes under none."""
    start, inside = False, False
    cuts: list[Cut] = []
    for first, _, groups in pieces:
        now = groups == (group,)
        if not first:
            start = inside = now
        elif now != inside:
            cuts.append((first, 0))
            inside = now
    return Ranges(INDUSTRY, start, tuple(cuts), group == "")


def holds(values: Set, code: str) -> bool:
    """Whether a code is in a set of codes."""
    assert isinstance(values, Ranges)
    return values.start ^ bool(bisect_right(values.cuts, (code, 0)) % 2)


def at_code(alternatives: Iterable[Terms], code: str) -> Alternatives:
    """What is left of alternatives for enterprises with that code."""
    found = (a for a in alternatives if INDUSTRY not in a or holds(a[INDUSTRY], code))
    return tuple({name: values for name, values in a.items() if name != INDUSTRY} for a in found)


def agreeing(known: list[Terms], codes: tuple[str, ...]) -> tuple[Alternatives, ...]:
    """The different conditions that codes leave; only the empty one where some code leaves none."""
    cuts = {str(cut[0]) for a in known for cut in a[INDUSTRY].cuts}  # type: ignore[union-attr]  # codes are ranges
    found: dict[tuple[int, ...], Alternatives] = {}
    for first in sorted({0, *(bisect_left(codes, text) for text in cuts)} - {len(codes)}):
        kept = tuple(at for at, a in enumerate(known) if holds(a[INDUSTRY], codes[first]))
        if not kept:
            return ((),)
        if kept not in found:
            found[kept] = at_code((known[at] for at in kept), codes[first])
    return tuple(found.values())
