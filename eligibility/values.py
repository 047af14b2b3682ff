"""Sets of values of one fact: choices as bits, ranges of numbers, days and codes; and comparisons read as such sets.

What an index, columns and SQL are made of. One meaning for all of them is held to the reference by properties.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from eligibility.cells import bounds
from eligibility.syntax import Call, Compare, In, ListOf, Literal, Node, Ref
from eligibility.vocabulary import Fact, Vocabulary, all_codes

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

Cut = tuple[int | Fraction | str, int]
"""From here on: (value, 0) includes the value, (value, 1) begins right after it. Days are ordinals."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The values of an enumeration or yes-or-no fact as bits; the two highest are "another value" and none."""

    fact: str
    bits: int

    def both(self, other: Chosen) -> Chosen:
        return Chosen(self.fact, self.bits & other.bits)

    def either(self, other: Chosen) -> Chosen:
        return Chosen(self.fact, self.bits | other.bits)


@dataclass(frozen=True, slots=True)
class Ranges:
    """Values of a number, day or code: in or out from below everything (`start`), changing at each cut; and none."""

    fact: str
    start: bool
    cuts: tuple[Cut, ...]
    none: bool

    def both(self, other: Ranges) -> Ranges:
        return self.merged(other, True)

    def either(self, other: Ranges) -> Ranges:
        return self.merged(other, False)

    def merged(self, other: Ranges, both: bool) -> Ranges:
        """The values in both, or in either."""
        a, b = self.start, other.start
        start = now = (a and b) if both else (a or b)
        found: list[Cut] = []
        ours, theirs = set(self.cuts), set(other.cuts)
        for cut in sorted(ours | theirs):
            a, b = a ^ (cut in ours), b ^ (cut in theirs)
            after = (a and b) if both else (a or b)
            if after != now:
                found.append(cut)
                now = after
        none = (self.none and other.none) if both else (self.none or other.none)
        return Ranges(self.fact, start, tuple(found), none)

    def negated(self) -> Ranges:
        return Ranges(self.fact, not self.start, self.cuts, not self.none)


Set = Chosen | Ranges


def is_nothing(values: Set) -> bool:
    """Whether no value at all is in the set, none included."""
    if isinstance(values, Chosen):
        return values.bits == 0
    return not (values.start or values.cuts or values.none)


def choices(fact: Fact) -> tuple[object, ...]:
    """The values of an enumeration or of a yes-or-no fact, in the order of their bits."""
    return (False, True) if fact.type == "bool" else fact.allowed


def all_bits(fact: Fact) -> int:
    """Every value, another value where there can be one, and none."""
    count = len(choices(fact))
    return (1 << (count + 2)) - 1 - ((1 << count) if fact.type == "bool" else 0)


def completion_bits(fact: Fact) -> int:
    """The values an unknown fact can turn out to have."""
    count = len(choices(fact))
    return (1 << count) - 1 | ((1 << (count + 1)) if fact.nullable else 0)


def sides(values: Ranges, fact: Fact) -> tuple[bool, bool]:
    """Whether some value of the fact is inside, and whether some is outside: by its list of codes or its bounds."""
    listed = all_codes(fact.codes) if fact.type == "code" else ()
    least, most = bounds(fact)
    inside, at, seen = values.start, 0, [False, False]
    lower: Cut | None = None
    for cut in (*values.cuts, None):
        if listed:
            end = len(listed) if cut is None else bisect_left(listed, str(cut[0]))
            there, at = end > at, end
        else:
            there = most is None or lower is None or lower < (most, 1)
            there = there and (least is None or cut is None or cut > (least, 0))
            lower = cut
        seen[inside] = seen[inside] or there
        if seen[0] and seen[1]:
            break
        inside = not inside
    return seen[1], seen[0]


def plain_ranges(vocabulary: Vocabulary, leaf: Node) -> Ranges | None:
    """A number, day or code compared with written values, read straight off; None for anything else."""
    values: list[object]
    match leaf:
        case Compare(op=op, left=Ref(name=name), right=Literal(value=value)):
            values = [value]
        case Compare(op=op, left=Literal(value=value), right=Ref(name=name)):
            op, values = MIRRORED[op], [value]
        case In(left=Ref(name=name), right=ListOf(items=items)):
            op, values = "in", [i.value for i in items if isinstance(i, Literal)]
        case Call(name=("within" | "startsWith"), args=(Ref(name=name), prefixes)):
            parts = prefixes.items if isinstance(prefixes, ListOf) else (prefixes,)
            op, values = "starts", [str(p.value) for p in parts if isinstance(p, Literal)]
        case _:
            return None
    fact = vocabulary.facts[name]
    if fact.type in ("bool", "enum"):
        return None
    if op == "starts":
        return one_of(fact, [prefixed(str(text)) for text in values])
    return one_of(fact, [cuts_of(fact, v) for v in values]) if op == "in" else one_range(fact, op, values[0])


@functools.lru_cache(maxsize=8192)
def prefixed(text: str) -> tuple[Cut, Cut]:
    """From where to where texts start with `text`; one object for all rules, which name the same few codes."""
    return (text, 0), (after(text), 0)


def one_of(fact: Fact, pieces: list[tuple[Cut, Cut]]) -> Ranges:
    """Everything from some cuts to others."""
    cuts: list[Cut] = []
    for begin, end in sorted(piece for piece in pieces if piece[0] != piece[1]):
        if cuts and begin <= cuts[-1]:
            cuts[-1] = max(cuts[-1], end)
        else:
            cuts += (begin, end)
    return Ranges(fact.name, False, tuple(cuts), False)


def one_range(fact: Fact, op: str, value: object) -> Ranges:
    at, behind = cuts_of(fact, value)
    if op in ("==", "!="):
        cuts = (at, behind) if at != behind else ()
        return Ranges(fact.name, op == "!=", cuts, False)
    return Ranges(fact.name, op in ("<", "<="), (at if op in ("<", ">=") else behind,), False)


def cuts_of(fact: Fact, value: object) -> tuple[Cut, Cut]:
    """Where "at least the value" and "more than the value" begin."""
    if isinstance(value, str):
        return (value, 0), (value + "\0", 0)
    number = exact_number(value)
    if fact.type in ("int", "date"):
        return (-(-number.numerator // number.denominator), 0), (
            number.numerator // number.denominator + 1,
            0,
        )
    return (number, 0), (number, 1)


def exact_number(value: object) -> int | Fraction:
    """A number, or a day as its ordinal."""
    if isinstance(value, dt.date):
        return value.toordinal()
    if isinstance(value, int):
        return value
    assert isinstance(value, Decimal | Fraction)
    found = Fraction(value)
    return found.numerator if found.denominator == 1 else found


def linear_pieces(fact: Fact, lines: list[Fraction]) -> list[tuple[Cut, object]]:
    """Where each piece of a number's values begins when something may change on each line, with a value in it."""
    if fact.type in ("int", "date"):
        whole = sorted(
            {n for line in lines for n in (math.floor(line), math.ceil(line), math.floor(line) + 1)}
        )
        values = [whole[0] - 1, *whole] if whole else [730_000]
        if fact.type == "int":
            return [((value, 0), value) for value in values]
        return [((value, 0), dt.date.fromordinal(max(1, min(value, 3_652_059)))) for value in values]
    found: list[tuple[Cut, object]] = [((0, 0), lines[0] - 1 if lines else Fraction(0))]
    for line, beyond in zip(lines, [*lines[1:], None], strict=True):
        cut = exact_number(line)
        found.append(((cut, 0), line))
        found.append(((cut, 1), line + 1 if beyond is None else (line + beyond) / 2))
    return found


def after(prefix: str) -> str:
    """The first text behind everything that starts with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
