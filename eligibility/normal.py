"""A rule as machines read it: a bounded "any of all of", one set of values per fact in each alternative.

Merging what an alternative says of one fact into one set makes its contradictions visible, so that three-valued
logic over the sets is exact within an alternative. What does not fit (comparisons between facts, too many
alternatives) leaves a weaker condition and the mark `tree`: whoever passes it is judged by the reference evaluator.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from eligibility.cells import NoCellsError, bounds, thresholds
from eligibility.kleene import truth
from eligibility.residual import Problem
from eligibility.rule import Rule
from eligibility.size_standard import INPUTS
from eligibility.syntax import And, Call, Compare, Cond, In, ListOf, Literal, Node, Not, Or, Ref, names
from eligibility.vocabulary import Fact, Vocabulary, all_codes

MOST_ALTERNATIVES = 24
"""Beyond so many a rule is judged by its tree."""
MOST_VALUES = 60
"""Values an enumeration may have to fit a machine word with room for "another value" and none."""
MOST_KEPT = 20_000
"""Comparisons whose meaning is remembered from one rule to the next."""
OTHER = "\U0010ffff"
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
Alternative = Mapping[str, Set]


@dataclass(frozen=True, slots=True)
class Normal:
    """`tree`: passing an alternative is necessary, not enough.

    `entangled`: facts over which alternatives together can cover every value, so that three-valued logic may leave the
    rule open where the exact answer is decided; with "" for the size class together with one of its inputs.
    """

    alternatives: tuple[Alternative, ...]
    tree: bool
    entangled: frozenset[str]


class TooManyError(Exception):
    """More alternatives than MOST_ALTERNATIVES; caught where the rule is normalised."""


class Normaliser:
    """Rules of one vocabulary; what a comparison means is worked out once for all rules."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.problem = Problem(vocabulary, {})
        self.kept: dict[tuple[Node, bool], Set | bool | None] = {}
        self.opaque = False

    def normal(self, rule: Rule) -> Normal:
        """The normal form of a rule."""
        self.opaque = False
        root = rule.inlined
        found: list[dict[str, Set]] = [{}]
        for part in root.operands if isinstance(root, And) else (root,):
            try:
                more = self.alternatives(part, True)
                found = self.product(found, more) if found != [{}] else more
            except TooManyError:
                self.opaque = True
        return Normal(tuple(found), self.opaque, self.entangled(found))

    def alternatives(self, node: Node, positive: bool) -> list[dict[str, Set]]:
        """The condition (or its negation) as alternatives. Raises TooManyError."""
        match node:
            case Not(operand=part):
                return self.alternatives(part, not positive)
            case And(operands=parts) | Or(operands=parts):
                if isinstance(node, And) == positive:
                    return self.all_of(parts, positive)
                return bounded(self.any_of(a for part in parts for a in self.alternatives(part, positive)))
            case Call(name="at_least", args=(Literal(value=int(count)), ListOf(items=items))):
                needed = count if positive else len(items) - count + 1
                if needed <= 0 or needed > len(items):
                    return [{}] if needed <= 0 else []
                chosen = itertools.combinations(items, needed)
                return bounded(a for some in chosen for a in self.all_of(some, positive))
            case Cond(test=test, then=then, otherwise=otherwise):
                yes, no = And((test, then)), And((Not(test), otherwise))
                return self.alternatives(Or((yes, no)), positive)
        found = self.meaning(node, positive)
        if found is None:
            self.opaque = True
            return [{}]
        return ([{}] if found else []) if isinstance(found, bool) else [{found.fact: found}]

    def all_of(self, parts: Iterable[Node], positive: bool) -> list[dict[str, Set]]:
        found: list[dict[str, Set]] = [{}]
        for part in parts:
            found = self.product(found, self.alternatives(part, positive))
        return found

    def any_of(self, found: Iterable[dict[str, Set]]) -> list[dict[str, Set]]:
        """Alternatives, those that speak of one and the same fact only put together."""
        kept: list[dict[str, Set]] = []
        alone: dict[str, int] = {}
        for alternative in found:
            if len(alternative) == 1:
                ((name, values),) = alternative.items()
                if name in alone:
                    at = alone[name]
                    kept[at] = {name: kept[at][name].either(values)}  # type: ignore[arg-type]
                    continue
                alone[name] = len(kept)
            kept.append(alternative)
        whole = any(len(a) == 1 and self.is_everything(*a.values()) for a in kept)
        return [{}] if whole else kept

    def is_everything(self, values: Set) -> bool:
        """Whether every value is in the set, none included."""
        if isinstance(values, Chosen):
            return values.bits == all_bits(self.vocabulary.facts[values.fact])
        return values.start and not values.cuts and values.none

    def product(self, left: list[dict[str, Set]], right: list[dict[str, Set]]) -> list[dict[str, Set]]:
        return bounded(both for a in left for b in right if (both := self.merged(a, b)) is not None)

    def merged(self, a: dict[str, Set], b: dict[str, Set]) -> dict[str, Set] | None:
        """Both alternatives at once; None where no value of some fact is left."""
        found = dict(a)
        for name, values in b.items():
            mine = found.get(name)
            both = values if mine is None else mine.both(values)  # type: ignore[arg-type]
            if is_nothing(both):
                return None
            found[name] = both
        return found

    def meaning(self, leaf: Node, positive: bool) -> Set | bool | None:
        """The values for which a comparison holds (or does not); True or False where all do; None for several facts."""
        if len(self.kept) > MOST_KEPT:
            self.kept.clear()
        key = (leaf, positive)
        if key in self.kept:
            return self.kept[key]
        found = self.read(leaf)
        if not positive and found is not None:
            found = not found if isinstance(found, bool) else self.complement(found)
        self.kept[key] = found
        return found

    def complement(self, values: Set) -> Set:
        if isinstance(values, Ranges):
            return values.negated()
        return Chosen(values.fact, values.bits ^ all_bits(self.vocabulary.facts[values.fact]))

    def read(self, leaf: Node) -> Set | bool | None:
        """A comparison of one fact as the set of values it holds for."""
        if (
            isinstance(leaf, Compare | In | Call)
            and (fast := plain_ranges(self.vocabulary, leaf)) is not None
        ):
            return fast
        used = names(leaf)
        if not used:
            found = truth(leaf, {}, self.vocabulary)
            assert found is not None
            return found
        if len(used) > 1:
            return None
        fact = self.vocabulary.facts[next(iter(used))]
        if fact.type in ("bool", "enum"):
            return self.chosen(fact, leaf)
        return self.linear(fact, leaf)

    def chosen(self, fact: Fact, leaf: Node) -> Set | bool | None:
        values = choices(fact)
        if len(values) > MOST_VALUES:
            return None
        bits = 0
        for at, value in enumerate((*values, OTHER, None)):
            if truth(leaf, {fact.name: value}, self.vocabulary) is True:
                bits |= 1 << at
        if fact.type == "bool":
            bits &= ~(1 << len(values))  # there is no other truth value
        return bits == all_bits(fact) if bits in (0, all_bits(fact)) else Chosen(fact.name, bits)

    def linear(self, fact: Fact, leaf: Node) -> Ranges | None:
        """Arithmetic on one number: evaluated by the reference on each side of each threshold."""
        try:
            lines = thresholds(fact, leaf, self.problem)
        except NoCellsError:
            return None
        pieces = linear_pieces(fact, lines)
        outcomes = [truth(leaf, {fact.name: value}, self.vocabulary) for _, value in pieces]
        none = truth(leaf, {fact.name: None}, self.vocabulary)
        if None in outcomes or none is None:
            return None
        cuts = [
            pieces[at][0]
            for before, at in itertools.pairwise(range(len(pieces)))
            if outcomes[before] != outcomes[at]
        ]
        return Ranges(fact.name, bool(outcomes[0]), tuple(cuts), none)

    def entangled(self, found: list[dict[str, Set]]) -> frozenset[str]:
        """Facts over which several alternatives cover every completion, and "" for a size class with its inputs."""
        used = {name for alternative in found for name in alternative}
        sized = any(self.vocabulary.facts[name].computed for name in used) and not used.isdisjoint(INPUTS)
        if len(found) < 2:
            return frozenset(("",)) if sized else frozenset()
        together: dict[str, Set] = {}
        for name, values in (item for alternative in found for item in alternative.items()):
            if self.unknown(values) != 2:  # what every completion satisfies is settled without the others
                mine = together.get(name)
                together[name] = values if mine is None else mine.either(values)  # type: ignore[arg-type]
        covered = {name for name, values in together.items() if self.unknown(values) == 2}
        for name in together:  # a size class can be partly known, and fewer values cover what is left of it
            if self.vocabulary.facts[name].computed and sum(name in alternative for alternative in found) > 1:
                covered.add(name)
        return frozenset(covered | ({""} if sized else set()))

    def unknown(self, values: Set) -> int:
        """What a set says of an unknown fact: 2 all completions are in it, 0 none is, 1 some are."""
        fact = self.vocabulary.facts[values.fact]
        if isinstance(values, Chosen):
            possible = completion_bits(fact)
            inside = values.bits & possible
            return 2 if inside == possible else 1 if inside else 0
        inside_, outside = sides(values, fact)
        if fact.nullable:
            inside_, outside = inside_ or values.none, outside or not values.none
        return 1 if inside_ and outside else 2 if inside_ else 0


def bounded(found: Iterable[dict[str, Set]]) -> list[dict[str, Set]]:
    """The alternatives, if there are not too many. Raises TooManyError."""
    kept = list(itertools.islice(found, MOST_ALTERNATIVES + 1))
    if len(kept) > MOST_ALTERNATIVES:
        raise TooManyError
    return kept


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
