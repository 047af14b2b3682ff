"""What a benefit comes to while facts are missing: the least and the most over every completion.

The domain is cut on demand: a condition, `min` or `max` that comes out both ways splits the fact it hangs on, until
what is left is a sum of products, whose ends lie in the corners of its box. Where that cannot be done (conditions
over several unknown facts) both ways are taken together: bounds that hold, though nobody may reach them.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from eligibility.bands import Band, as_number, as_value, split, whole
from eligibility.benefit import Formula, to_fen
from eligibility.boxes import Box, Conditions, SplitError, representative
from eligibility.completions import leaf_needs_of_terms, settle
from eligibility.kleene import months_between, term
from eligibility.polynomial import Poly, Reach, either, fixed, lesser, negative, product_of, reach, sum_of
from eligibility.residual import Problem, inline, leaf_facts, leaf_names, leaves, simplify
from eligibility.rule import Rule
from eligibility.syntax import Arith, Call, Cond, Literal, Negate, Node, Or, Ref, Scalar, walk

MOST_BOXES = 2_000
"""Pieces of the domain looked at; past it nothing is said of the rest, which holds but is not tight."""


@dataclass(frozen=True, slots=True)
class Range:
    """Yuan to the fen. least, most: None without end, then `unbounded` names the facts that leave it open.

    `exact`: some completion gives the least and some the most. `missing`: the unknown facts the amount waits for.
    A formula that gives no amount (a fact is known to be none), or whose rule cannot hold, counts as 0 yuan.
    """

    least: Decimal | None
    most: Decimal | None
    exact: bool = True
    missing: tuple[str, ...] = ()
    unbounded: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether it is one amount."""
        return self.least is not None and self.least == self.most


NOTHING = Range(Decimal(0), Decimal(0))


def amount_range(formula: Formula, facts: Mapping[str, object], rule: Rule | None = None) -> Range:
    """The least and most the formula gives over all completions; with `rule`, over those in which it holds."""
    used = formula.stated_facts | (rule.stated_facts if rule else frozenset())
    return explored(formula, rule, tuple((name, facts[name]) for name in sorted(used) if name in facts))


@functools.lru_cache(maxsize=8192)
def explored(formula: Formula, rule: Rule | None, known: tuple[tuple[str, object], ...]) -> Range:
    """The same on the facts it depends on. Remembered: many enterprises are alike in those few."""
    facts, vocabulary = dict(known), formula.vocabulary
    tree = inline(formula.root, vocabulary)
    holds: Node | None = None
    if rule is not None:
        open_part = simplify(rule.inlined, Problem(vocabulary, dict(facts)))
        if open_part is False:
            return NOTHING
        holds = None if open_part is True else open_part
    return Explorer(formula, tree, holds, leaf_needs_of_terms(tree, facts, vocabulary)).range(facts)


class NothingError(Exception):
    """A fact known to be none leaves no amount; caught where a part's reach is asked for."""


Part = tuple[Poly | Reach, bool | None]
"""A part of a formula in a box, and whether it is a whole number to CEL, whose division cuts; None: either."""


class Explorer(Conditions):
    """One formula on one enterprise."""

    def __init__(self, formula: Formula, tree: Node, holds: Node | None, missing: tuple[str, ...]) -> None:
        self.vocabulary = formula.vocabulary
        self.tree, self.holds, self.missing = tree, holds, missing
        tests = (node.test for node in walk(tree) if isinstance(node, Cond))
        self.together = Or((*tests, holds or Literal(False), Literal(False)))
        self.mixed = False

    def range(self, known: dict[str, object]) -> Range:
        """Every box explored, the ends of all together."""
        stack, found = [Box(known, {})], list[Reach]()
        spent = 0
        while stack:
            box = stack.pop()
            spent += 1
            try:
                if self.may_hold(box):
                    found.append(self.reach(self.tree, box))
            except SplitError as split_:
                if spent > MOST_BOXES:
                    found.append(self.anything())
                else:
                    stack.extend(self.cut(box, split_.name, part) for part in split_.parts)
        return self.summed_up(found)

    def cut(self, box: Box, name: str, part: object) -> Box:
        """The box with one piece of a fact's values; a band of one value is that value."""
        if isinstance(part, Band) and (part.low is None or part.low != part.high):
            return Box(box.known, {**box.bands, name: part})
        value = representative(self.vocabulary.facts[name], part)
        return Box({**box.known, name: value}, {n: b for n, b in box.bands.items() if n != name})

    def anything(self) -> Reach:
        """Bounds of a box too intricate to explore."""
        names = frozenset(self.missing)
        return Reach(None, None, names, False, names, names)

    def summed_up(self, found: Iterable[Reach]) -> Range:
        every = list(found)
        if not every:
            return NOTHING
        lows = [r.low for r in every]
        highs = [r.high for r in every]
        low = None if None in lows else min(v for v in lows if v is not None)
        high = None if None in highs else max(v for v in highs if v is not None)
        tight = any(r.tight and r.low == low for r in every) and any(
            r.tight and r.high == high for r in every
        )
        open_ = {n for r in every for n in (*r.below, *r.above)}
        return Range(
            None if low is None else to_fen(low),
            None if high is None else to_fen(high),
            tight and not self.mixed,
            self.missing,
            tuple(sorted(open_)),
        )

    # whether the rule can hold somewhere in a box

    def may_hold(self, box: Box) -> bool:
        """Whether the rule holds for some completion with the box's values. Raises SplitError on facts of the formula.

        A comparison of two unknown facts is taken to come out either way; the ends are then not called exact.
        """
        if self.holds is None:
            return True
        known = dict(box.known)
        problem = Problem(self.vocabulary, known)
        rest = simplify(self.holds, problem)
        if isinstance(rest, bool):
            return rest
        mixed: set[str] = set()
        for leaf in leaves(rest):
            used = leaf_facts(leaf, problem)
            own = [name for name in used if name in self.missing]
            if own and (len(own) < len(used) or not self.uniform(leaf, own, box)):
                mixed.update(own)
            self.mixed = self.mixed or (len(used) > 1 and not leaf_names(leaf, problem)[1])
        self.mixed = self.mixed or bool(mixed)
        for name, band in box.bands.items():
            if name not in mixed and name not in known:
                known[name] = as_value(self.vocabulary.facts[name], band.inside)
        return settle(rest, known, self.vocabulary).status is not False

    # the formula in a box

    def reach(self, node: Node, box: Box) -> Reach:
        """How far a part reaches; a part that gives nothing counts as 0. Raises SplitError."""
        try:
            return reached(self.value(node, box)[0], box)
        except NothingError:
            return fixed(Fraction(0))

    def value(self, node: Node, box: Box) -> Part:
        """A part as a sum of products, or how far it reaches where it is none. Raises NothingError, SplitError."""
        known = term(node, box.known, self.vocabulary)
        if known is None:
            raise NothingError
        if isinstance(known, int | Decimal | Fraction):
            return Poly.constant(Fraction(known)), type(known) is int
        match node:
            case Ref(name=name):
                return self.number(name, box), self.vocabulary.facts[name].type == "int"
            case Negate(operand=part):
                return self.arithmetic("-", (Poly.constant(0), True), self.value(part, box), box)
            case Arith(op="/", left=left, right=Literal(value=divisor)):
                return self.divided(self.value(left, box), divisor, box)
            case Arith(op=op, left=left, right=right):
                return self.arithmetic(op, self.value(left, box), self.value(right, box), box)
            case Cond(test=test, then=then, otherwise=otherwise):
                chosen = self.decide(test, box)
                if chosen is None:
                    return either(self.reach(then, box), self.reach(otherwise, box)), None
                return self.value(then if chosen else otherwise, box)
            case Call(name=("min" | "max") as name, args=args):
                found = self.value(args[0], box)
                for arg in args[1:]:
                    found = self.extreme(name, found, self.value(arg, box), box)
                return found
            case Call(name="months_between", args=(start, end)):
                return self.months(start, end, box), True
        raise TypeError(f"not a number: {type(node).__name__}")

    def number(self, name: str, box: Box) -> Poly:
        """An unknown number; one that may be none is split into none and the rest first."""
        if name not in box.bands:
            fact = self.vocabulary.facts[name]
            if fact.nullable:
                raise SplitError(name, (None, whole(fact)))
            box.bands[name] = whole(fact)
        return Poly.of(name)

    def arithmetic(self, op: str, left: Part, right: Part, box: Box) -> Part:
        (a, whole_a), (b, whole_b) = left, right
        kept = None if None in (whole_a, whole_b) else whole_a and whole_b
        if isinstance(a, Poly) and isinstance(b, Poly):
            return (a.times(b) if op == "*" else a.plus(b, 1 if op == "+" else -1)), kept
        one, other = reached(a, box), reached(b, box)
        if op == "*":
            return product_of(one, other), kept
        return sum_of(one, other if op == "+" else negative(other)), kept

    def divided(self, left: Part, divisor: Scalar, box: Box) -> Part:
        """By a written number; whole numbers by whole numbers are cut towards zero, which keeps their order."""
        is_int = left[1]
        exact, _ = self.arithmetic("*", left, (Poly.constant(1 / as_number(divisor)), False), box)
        if is_int is False or type(divisor) is not int:
            return exact, False
        cut = cut_to_whole(reached(exact, box))
        return (cut, True) if is_int else (either(cut, reached(exact, box)), None)

    def extreme(self, name: str, left: Part, right: Part, box: Box) -> Part:
        """min or max of two parts; where one number decides which is smaller, its band is split there."""
        (a, whole_a), (b, whole_b) = left, right
        if isinstance(a, Poly) and isinstance(b, Poly):
            gap = a.plus(b, -1)
            by = reach(gap, box.bands)
            if by.high is not None and (by.high < 0 or (by.high == 0 and whole_a == whole_b)):
                return left if name == "min" else right
            if by.low is not None and (by.low > 0 or (by.low == 0 and whole_a == whole_b)):
                return right if name == "min" else left
            crossing = gap.root()
            if crossing is not None:
                at, zero = crossing
                parts = split(self.vocabulary.facts[at], box.bands[at], (zero,))
                if len(parts) > 1:
                    raise SplitError(at, parts)
        one, other = reached(a, box), reached(b, box)
        kept = whole_a if whole_a == whole_b else None
        if name == "min":
            return lesser(one, other), kept
        return negative(lesser(negative(one), negative(other))), kept

    def months(self, start: Node, end: Node, box: Box) -> Reach:
        """Whole months between days that are not both known: most from the first day to the last."""
        first, last = self.days(start, box), self.days(end, box)
        names = frozenset(
            leaf_needs_of_terms(Call("months_between", (start, end)), box.known, self.vocabulary)
        )
        low, high = months_from(first[1], last[0]), months_from(first[0], last[1])
        tight = start != end and all(isinstance(n, Ref | Literal) for n in (start, end))
        none: frozenset[str] = frozenset()
        return Reach(
            low, high, names, tight, none if low is not None else names, none if high is not None else names
        )

    def days(self, node: Node, box: Box) -> tuple[dt.date | None, dt.date | None]:
        """The first and the last day a part can be. Raises NothingError, SplitError."""
        known = term(node, box.known, self.vocabulary)
        if known is None:
            raise NothingError
        if isinstance(known, dt.date):
            return known, known
        if isinstance(node, Cond):
            chosen = self.decide(node.test, box)
            if chosen is not None:
                return self.days(node.then if chosen else node.otherwise, box)
            self.mixed = True
            return None, None
        assert isinstance(node, Ref)
        self.number(node.name, box)
        fact, band = self.vocabulary.facts[node.name], box.bands[node.name]
        first, last = (None if e is None else as_value(fact, e) for e in (band.low, band.high))
        assert not isinstance(first, int | Decimal)
        assert not isinstance(last, int | Decimal)
        return first, last


def reached(found: Poly | Reach, box: Box) -> Reach:
    """How far a part reaches in a box."""
    return reach(found, box.bands) if isinstance(found, Poly) else found


def cut_to_whole(found: Reach) -> Reach:
    """A reach cut towards zero at both ends."""
    low, high = (None if v is None else Fraction(int(v)) for v in (found.low, found.high))
    return Reach(low, high, found.names, found.tight, found.below, found.above)


def months_from(start: dt.date | None, end: dt.date | None) -> Fraction | None:
    """Whole months; None, without end, where a day is open."""
    if start is None or end is None:
        return None
    found = months_between(start, end)
    assert isinstance(found, int)
    return Fraction(found)
