"""Alternatives that follow from a rule's others, so that three-valued logic over all of them is the exact answer.

`paid monthly && sales <= 10 || paid quarterly && sales <= 30` holds for sales of 5 whichever way is paid, and neither
half says so. Their consensus does: `sales <= 10`. With every such alternative added, a rule holds for all completions
only where one alternative does (Quine 1955; for facts of many values Su and Cheung 1972).
"""

from __future__ import annotations

from collections.abc import Iterable

from eligibility.normal import Normal, Normaliser
from eligibility.values import Set

MOST_MERGES = 4_000
"""Pairs looked at for one rule; past it the answer is None, as with too many alternatives."""

Terms = dict[str, Set]


def completed(normal: Normal, normaliser: Normaliser, most: int) -> tuple[Terms, ...] | None:
    """The alternatives with all that follow from them, where three-valued logic over them is exact.

    None for a rule that needs its tree, for a size class beside one of the facts it follows from, and where more than
    `most` alternatives would be needed.
    """
    if normal.tree or "" in normal.entangled:
        return None
    found = shortest(dict(a) for a in normal.alternatives)
    facts = normal.entangled | partly_known(found, normaliser)
    if not facts:
        return tuple(found)
    merges, at = 0, 1
    while at < len(found):
        for before in list(found[:at]):
            for name in facts & before.keys() & found[at].keys():
                merges += 1
                new = consensus(before, found[at], name, normaliser)
                if new is not None and not any(within(new, kept) for kept in found):
                    found.append(new)
            if len(found) > 4 * most or merges > MOST_MERGES:
                return None
        at += 1
    found = shortest(found)
    return tuple(found) if len(found) <= most else None


def partly_known(alternatives: Iterable[Terms], normaliser: Normaliser) -> frozenset[str]:
    """Computed facts: what is possible may be any few of their values, not only all."""
    facts = normaliser.vocabulary.facts
    return frozenset(name for a in alternatives for name in a if facts[name].computed)


def consensus(a: Terms, b: Terms, name: str, normaliser: Normaliser) -> Terms | None:
    """What holds whichever of two alternatives a fact's value chooses; None where that is nothing new."""
    either = a[name].either(b[name])  # type: ignore[arg-type]  # one fact's sets are of one kind
    if either in (a[name], b[name]):
        return None
    rest = normaliser.merged(
        {n: v for n, v in a.items() if n != name}, {n: v for n, v in b.items() if n != name}
    )
    if rest is None:
        return None
    return rest if normaliser.is_everything(either) else {**rest, name: either}


def within(narrow: Terms, wide: Terms) -> bool:
    """Whether whatever satisfies the one alternative satisfies the other."""
    return all(
        name in narrow and narrow[name].both(values) == narrow[name]  # type: ignore[arg-type]
        for name, values in wide.items()
    )


def shortest(alternatives: Iterable[Terms]) -> list[Terms]:
    """The alternatives without those that lie within another."""
    kept: list[Terms] = []
    for new in alternatives:
        if not any(within(new, old) for old in kept):
            kept = [old for old in kept if not within(old, new)] + [new]
    return kept
