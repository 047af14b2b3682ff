"""Two rules condition by condition: what stayed, what came, what went, and what says something else of the same facts.

Conditions are matched wherever they stand in their group, since "all" and "any" have no order; a group that differs is
opened, so that a long rule shows the one number that changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal as OneOf

from eligibility.syntax import And, Node, Or, Ref, walk

Kind = OneOf["same", "added", "removed", "changed", "all", "any"]


@dataclass(frozen=True, slots=True)
class Line:
    """One condition on both sides, or the heading of a group (`all`, `any`) that the deeper lines after it are in."""

    kind: Kind
    depth: int
    old: Node | None = None
    new: Node | None = None


def lines(old: Node, new: Node, depth: int = 0) -> Iterator[Line]:
    """Both rules from the top. A condition that stands alone counts as a group of one."""
    group = next((kind for kind in (And, Or) if isinstance(old, kind) or isinstance(new, kind)), None)
    if old == new and (depth or group is None):
        yield Line("same", depth, old, new)
    elif group is None:
        yield from _leaf(old, new, depth)
    else:
        yield Line("all" if group is And else "any", depth)
        yield from _group(_operands(old, group), _operands(new, group), depth + 1)


def _operands(node: Node, group: type[And | Or]) -> Sequence[Node]:
    return node.operands if isinstance(node, group) else (node,)


def _leaf(old: Node, new: Node, depth: int) -> Iterator[Line]:
    if _facts(old) & _facts(new):
        yield Line("changed", depth, old, new)
    else:
        yield Line("removed", depth, old, None)
        yield Line("added", depth, None, new)


def _group(old: Sequence[Node], new: Sequence[Node], depth: int) -> Iterator[Line]:
    """The old conditions in their order, each beside what it became; then the new ones."""
    left = list(new)
    kept = [one for one in old if one in new]
    for one in kept:
        if one in left:
            left.remove(one)
    for one in old:
        if one in kept:
            yield Line("same", depth, one, one)
            continue
        became = _likest(one, left)
        if became is None:
            yield Line("removed", depth, one, None)
        else:
            left.remove(became)
            yield from lines(one, became, depth)
    for one in left:
        yield Line("added", depth, None, one)


def _likest(one: Node, others: Sequence[Node]) -> Node | None:
    """The condition about the same facts that is likest to one; None where none shares a fact with it."""

    def alike(other: Node) -> float:
        mine, theirs = _facts(one), _facts(other)
        return len(mine & theirs) / (len(mine | theirs) or 1) + (type(one) is type(other)) / 10

    found = [other for other in others if _facts(one) & _facts(other)]
    return max(found, key=alike, default=None)


def _facts(node: Node) -> frozenset[str]:
    return frozenset(part.name for part in walk(node) if isinstance(part, Ref))
