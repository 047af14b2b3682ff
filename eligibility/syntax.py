"""The rule's tree: frozen nodes, each with the characters of the text it came from.

Spans take no part in equality, so that a tree can be compared with the tree of its own printed text.
`&&` and `||` are n-ary here: CEL gives their order no meaning.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

Span = tuple[int, int]
Scalar = bool | int | Decimal | str | dt.date

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
ORDERINGS = ("<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Node:
    """Any part of a rule."""

    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def children(self) -> tuple[Node, ...]:
        """The parts directly below."""
        return ()


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A written value: bool, int, exact decimal, text, or a date (written `date("2020-01-25")`)."""

    value: Scalar

    def __eq__(self, other: object) -> bool:  # 1 == True in Python, never here
        return (
            isinstance(other, Literal) and type(self.value) is type(other.value) and self.value == other.value
        )

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Ref(Node):
    """A fact by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """A list in square brackets."""

    items: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.items


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`!x`"""

    operand: Node

    def children(self) -> tuple[Node, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Negate(Node):
    """`-x`"""

    operand: Node

    def children(self) -> tuple[Node, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class And(Node):
    """All of two or more conditions."""

    operands: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.operands


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Any of two or more conditions."""

    operands: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.operands


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`left op right` with op one of == != < <= > >=."""

    op: str
    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class In(Node):
    """`left in [a, b]`"""

    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Arith(Node):
    """`left op right` with op one of + - * /."""

    op: str
    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Cond(Node):
    """`test ? then : otherwise`"""

    test: Node
    then: Node
    otherwise: Node

    def children(self) -> tuple[Node, ...]:
        return (self.test, self.then, self.otherwise)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(args)`; the method form `x.startsWith(p)` has x as its first argument."""

    name: str
    args: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.args


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, parents first, without recursion."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children()))


def names(node: Node) -> frozenset[str]:
    """Every fact named in the tree."""
    return frozenset(n.name for n in walk(node) if isinstance(n, Ref))
