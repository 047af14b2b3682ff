"""What to do with verdicts: the question that settles most, and the best set of benefits that may be combined.

Exact: the conflicts of one enterprise are few, so each connected group of them is searched through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

from eligibility.vocabulary import Vocabulary


def next_question(missing: Iterable[Iterable[str]], vocabulary: Vocabulary) -> tuple[str, int] | None:
    """The fact that most open verdicts wait for, and how many do; ties by the order of the vocabulary."""
    waiting = Counter(name for names in missing for name in set(names))
    order = {name: at for at, name in enumerate(vocabulary.facts)}
    known = [name for name in waiting if name in order]
    if not known:
        return None
    best = min(known, key=lambda name: (-waiting[name], order[name]))
    return best, waiting[best]


def best_set(amounts: Mapping[str, Decimal], exclusions: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """The ids worth most together when some exclude each other (either one naming the other is enough).

    Ties go to the set that comes first in the order of `amounts`.
    """
    conflicts: dict[str, set[str]] = {name: set() for name in amounts}
    for name, others in exclusions.items():
        for other in others:
            if name in conflicts and other in conflicts and other != name:
                conflicts[name].add(other)
                conflicts[other].add(name)
    chosen: set[str] = set()
    seen: set[str] = set()
    for name in amounts:
        if name not in seen:
            group = _connected(name, conflicts)
            seen |= group
            chosen |= _best([n for n in amounts if n in group], amounts, conflicts)[1]
    return frozenset(chosen)


def _connected(start: str, conflicts: Mapping[str, set[str]]) -> set[str]:
    found, stack = {start}, [start]
    while stack:
        for other in conflicts[stack.pop()] - found:
            found.add(other)
            stack.append(other)
    return found


def _best(
    names: list[str], amounts: Mapping[str, Decimal], conflicts: Mapping[str, set[str]]
) -> tuple[Decimal, frozenset[str]]:
    if not names:
        return Decimal(0), frozenset()
    first, rest = names[0], names[1:]
    with_worth, with_set = _best([n for n in rest if n not in conflicts[first]], amounts, conflicts)
    with_worth += amounts[first]
    if not conflicts[first] & set(rest):
        return with_worth, with_set | {first}
    without_worth, without_set = _best(rest, amounts, conflicts)
    return (without_worth, without_set) if without_worth > with_worth else (with_worth, with_set | {first})
