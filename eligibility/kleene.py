"""Three-valued evaluation of one part at a time: true, false, or None for "not known yet".

Slow and obvious on purpose: this is what every faster machine is compared with. A fact known to be none makes every
comparison with it false; an unknown one makes it None, unless the derived fact's possible values all agree.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from eligibility.size_standard import INPUTS
from eligibility.syntax import (
    And,
    Arith,
    Call,
    Compare,
    Cond,
    In,
    ListOf,
    Literal,
    Negate,
    Node,
    Not,
    Or,
    Ref,
    Scalar,
)
from eligibility.vocabulary import Vocabulary


class Unknown:
    """The value of a fact nobody has stated."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class OneOf:
    """A derived fact whose value is one of several."""

    values: frozenset[str]


Number = int | Decimal | Fraction
Term = bool | Number | str | dt.date | None | Unknown | OneOf
Truth = bool | None

TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def truth(node: Node, facts: Mapping[str, object], vocabulary: Vocabulary) -> Truth:
    """True, False, or None when the known facts do not settle the condition by three-valued logic alone."""
    match node:
        case And(operands=operands):
            return all_of(truth(o, facts, vocabulary) for o in operands)
        case Or(operands=operands):
            return any_of(truth(o, facts, vocabulary) for o in operands)
        case Not(operand=operand):
            return negated(truth(operand, facts, vocabulary))
        case Compare(op=op, left=left, right=right):
            return compared(op, term(left, facts, vocabulary), term(right, facts, vocabulary))
        case In(left=left, right=ListOf(items=items)):
            return contained(term(left, facts, vocabulary), [literal(i) for i in items])
        case Ref() | Literal():
            return compared("==", term(node, facts, vocabulary), True)
        case Cond(test=test, then=then, otherwise=otherwise):
            chosen = truth(test, facts, vocabulary)
            a, b = truth(then, facts, vocabulary), truth(otherwise, facts, vocabulary)
            return (a if a == b else None) if chosen is None else (a if chosen else b)
        case Call(name="within", args=(code, ListOf(items=items))):
            return starts(term(code, facts, vocabulary), tuple(str(literal(i)) for i in items))
        case Call(name="startsWith", args=(code, prefix)):
            return starts(term(code, facts, vocabulary), (str(literal(prefix)),))
        case Call(name="at_least", args=(Literal(value=count), ListOf(items=conditions))):
            return at_least(count, [truth(c, facts, vocabulary) for c in conditions])
    raise TypeError(f"not a condition: {type(node).__name__}")


def literal(node: Node) -> Scalar:
    """The value of a written constant."""
    assert isinstance(node, Literal)  # the type checker lets nothing else stand here
    return node.value


def negated(value: Truth) -> Truth:
    return None if value is None else not value


def all_of(values: Iterable[Truth]) -> Truth:
    """False if any is false, else None if any is None, else True."""
    result: Truth = True
    for value in values:
        if value is False:
            return False
        if value is None:
            result = None
    return result


def any_of(values: Iterable[Truth]) -> Truth:
    """True if any is true, else None if any is None, else False."""
    return negated(all_of(negated(value) for value in values))


def agreed(values: Iterable[Truth]) -> Truth:
    """The common value, or None when they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def at_least(count: Scalar, found: list[Truth]) -> Truth:
    """Whether at least `count` of the conditions hold; the type checker has seen that it is a whole number."""
    assert isinstance(count, int)
    sure = sum(value is True for value in found)
    if sure >= count:
        return True
    return None if sure + sum(value is None for value in found) >= count else False


def compared(op: str, left: Term, right: Term) -> Truth:
    """`left op right`: false with a fact known to be none, None with an unknown one."""
    if left is None or right is None:
        return False
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    if isinstance(left, OneOf):
        return agreed(compared(op, v, right) for v in left.values)
    if isinstance(right, OneOf):
        return agreed(compared(op, left, v) for v in right.values)
    if isinstance(left, Fraction) or isinstance(right, Fraction):
        left, right = Fraction(left), Fraction(right)  # type: ignore[arg-type]
    return TESTS[op](left, right)


def contained(value: Term, items: list[Scalar]) -> Truth:
    """`value in items`."""
    if isinstance(value, OneOf):
        return agreed(v in items for v in value.values)
    return any_of(compared("==", value, item) for item in items)


def starts(value: Term, prefixes: tuple[str, ...]) -> Truth:
    if value is None:
        return False
    if isinstance(value, OneOf):
        return agreed(v.startswith(prefixes) for v in value.values)
    return None if isinstance(value, Unknown) else str(value).startswith(prefixes)


def fact_value(name: str, facts: Mapping[str, object], vocabulary: Vocabulary) -> Term:
    """The value of a fact: stated, or derived from stated ones over all values it can have."""
    fact = vocabulary.facts[name]
    if name in facts:
        return stated(facts[name], fact.type)
    if fact.computed == "size_class":
        known = {i: facts[i] for i in INPUTS if i in facts}
        sizes = vocabulary.size_standard.possible(known)  # type: ignore[arg-type]
        return next(iter(sizes)) if len(sizes) == 1 else OneOf(sizes)
    if fact.derived is not None:
        found = truth(fact.derived, facts, vocabulary)
        return UNKNOWN if found is None else found
    return UNKNOWN


def stated(value: Any, kind: str) -> Term:
    """A stated value in its own kind: money is a decimal even when somebody wrote a whole number."""
    if kind in ("money", "decimal") and type(value) in (int, float):
        return Decimal(repr(value))
    if kind == "int" and isinstance(value, float | Decimal) and value % 1 == 0:
        return int(value)
    return dt.date.fromisoformat(value) if kind == "date" and isinstance(value, str) else value


def term(node: Node, facts: Mapping[str, object], vocabulary: Vocabulary) -> Term:
    """The value of a part that is compared or computed with. Numbers are exact; division gives a Fraction."""
    match node:
        case Literal(value=value):
            return value
        case Ref(name=name):
            return fact_value(name, facts, vocabulary)
        case Negate(operand=operand):
            return computed("-", 0, term(operand, facts, vocabulary))
        case Arith(op=op, left=left, right=right):
            return computed(op, term(left, facts, vocabulary), term(right, facts, vocabulary))
        case Cond(test=test, then=then, otherwise=otherwise):
            chosen = truth(test, facts, vocabulary)
            a, b = term(then, facts, vocabulary), term(otherwise, facts, vocabulary)
            same = a == b and not isinstance(a, Unknown | OneOf)
            return (a if same else UNKNOWN) if chosen is None else (a if chosen else b)
        case Call(name="months_between", args=(start, end)):
            return months_between(term(start, facts, vocabulary), term(end, facts, vocabulary))
        case Call(name=("min" | "max") as name, args=args):
            return extreme(name, [term(a, facts, vocabulary) for a in args])
    found = truth(node, facts, vocabulary)
    return UNKNOWN if found is None else found


def computed(op: str, left: Term, right: Term) -> Term:
    """Exact arithmetic. CEL divides whole numbers towards zero; decimals divide exactly, as a Fraction."""
    if left is None or right is None:
        return None
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    if type(left) is int and type(right) is int:
        if op == "/":
            return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return {"+": left + right, "-": left - right, "*": left * right}[op]
    a, b = Fraction(left), Fraction(right)  # type: ignore[arg-type]
    return a / b if op == "/" else {"+": a + b, "-": a - b, "*": a * b}[op]


def months_between(start: Term, end: Term) -> Term:
    """Whole months from one day to another, as people count them: 31 January to 28 February is none yet."""
    if start is None or end is None:
        return None
    if not isinstance(start, dt.date) or not isinstance(end, dt.date):
        return UNKNOWN
    if end < start:
        back = months_between(end, start)
        return -back if isinstance(back, int) else back
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - 1 if end.day < start.day else months


def extreme(name: str, values: list[Term]) -> Term:
    if any(v is None for v in values):
        return None
    if any(isinstance(v, Unknown) for v in values):
        return UNKNOWN
    numbers = [v if type(v) is int else Fraction(v) for v in values]  # type: ignore[arg-type]
    return min(numbers) if name == "min" else max(numbers)
