"""A rule's tree as rows: groups of conditions, each a fact, an operator and values; and the way back to a tree.

What rows cannot show (arithmetic, a fact against a fact, very deep nesting) stays as a row of CEL, so nothing is lost.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from eligibility import Fact, RuleError, Vocabulary
from eligibility.parser import read
from eligibility.syntax import (
    COMPARISONS,
    And,
    Call,
    Compare,
    Cond,
    In,
    ListOf,
    Literal,
    Node,
    Not,
    Or,
    Ref,
    Scalar,
)
from eligibility.unparse import scalar, to_cel
from marketplace.web.numbers import number_of

DAY = "as_of_date"
DEEPEST = 6
"""Groups within groups that are shown as such; what lies deeper is a row of CEL."""
MOST = 120
"""Conditions that are shown as rows; a longer rule is one row of CEL."""
KINDS = ("all", "any", "at_least")
LISTS = ("in", "within")
PREFIXES = ("within", "startsWith")


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the builder. nots: how many times it is negated. cited: where the law says so, in zh and en."""

    nots: int = field(default=0, kw_only=True)
    cited: tuple[str, str] = field(default=("", ""), kw_only=True)


@dataclass(frozen=True, slots=True)
class Row(Part):
    """`fact op values` as they are typed; a number may be compared with another one, by its name.

    later: (day, value), from which day the value is another.
    """

    fact: str = ""
    op: str = ""
    values: tuple[str, ...] = ()
    later: tuple[tuple[str, str], ...] = ()

    @property
    def blank(self) -> bool:
        """Whether nothing was said yet."""
        return not (self.fact or any(self.values) or any(day or value for day, value in self.later))


@dataclass(frozen=True, slots=True)
class Cel(Part):
    """A condition in CEL."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Group(Part):
    """All, any, or at least `count` of its parts."""

    kind: str = "all"
    parts: tuple[Part, ...] = ()
    count: str = "1"


def group_of(root: Node, vocabulary: Vocabulary) -> Group:
    """A rule's tree as the outermost group of rows."""
    part = part_of(root, vocabulary, DEEPEST)
    if size(part) > MOST:
        part = Cel(to_cel(root))
    return part if isinstance(part, Group) and not part.nots else Group("all", (part,))


def size(part: Part) -> int:
    """How many lines a part takes."""
    return 1 + sum(map(size, part.parts)) if isinstance(part, Group) else 1


def part_of(node: Node, vocabulary: Vocabulary, deeper: int) -> Part:
    """A condition as a row or a group; `deeper` more levels of groups are shown as such."""
    if isinstance(node, Not):
        inner = part_of(node.operand, vocabulary, deeper)
        return replace(inner, nots=inner.nots + 1)
    if deeper:
        match node:
            case And(operands=operands) | Or(operands=operands):
                kind = "all" if isinstance(node, And) else "any"
                return Group(kind, tuple(part_of(one, vocabulary, deeper - 1) for one in operands))
            case Call(name="at_least", args=(Literal(value=count), ListOf(items=items))) if _whole(count):
                parts = tuple(part_of(one, vocabulary, deeper - 1) for one in items)
                return Group("at_least", parts, str(count))
    return _row(node, vocabulary) or Cel(to_cel(node))


def _row(node: Node, vocabulary: Vocabulary) -> Row | None:
    match node:
        case Ref(name=name) if _type(name, vocabulary) == "bool":
            return Row(name, "is")
        case Compare(op=op, left=Ref(name=name), right=Literal() as value):
            return _valued(name, op, (value,), vocabulary)
        case Compare(op=op, left=Ref(name=name), right=Ref(name=other)) if _numbers(name, other, vocabulary):
            return Row(name, op, (other,))
        case In(left=Ref(name=name), right=ListOf(items=items)):
            return _valued(name, "in", items, vocabulary)
        case Call(name="within", args=(Ref(name=name), ListOf(items=items))):
            return _valued(name, "within", items, vocabulary)
        case Call(name="startsWith", args=(Ref(name=name), prefix)):
            return _valued(name, "startsWith", (prefix,), vocabulary)
        case Cond():
            return _dated(node, vocabulary)
    return None


def _valued(name: str, op: str, items: Sequence[Node], vocabulary: Vocabulary) -> Row | None:
    fact = vocabulary.facts.get(name)
    if fact is None or not items or not all(isinstance(one, Literal) and _fits(fact, one) for one in items):
        return None
    return Row(name, op, tuple(typed(one.value) for one in items if isinstance(one, Literal)))


def _dated(node: Cond, vocabulary: Vocabulary) -> Row | None:
    """A value that changes by the day: each `as_of_date < day` chooses between two comparisons of one kind."""
    match node:
        case Cond(
            test=Compare(op="<", left=Ref(name=day), right=Literal(value=dt.date() as until)),
            then=then,
            otherwise=otherwise,
        ) if day == DAY:
            first, rest = _row(then, vocabulary), _row(otherwise, vocabulary)
        case _:
            return None
    if first is None or rest is None or first.later or first.op not in COMPARISONS:
        return None
    if (first.fact, first.op) != (rest.fact, rest.op) or first.fact == DAY:
        return None
    if rest.later and rest.later[0][0] <= until.isoformat():
        return None
    return replace(first, later=((until.isoformat(), rest.values[0]), *rest.later))


def _fits(fact: Fact, literal: Literal) -> bool:
    kinds: Mapping[str, type | tuple[type, ...]] = {"bool": bool, "date": dt.date, "enum": str, "code": str}
    if fact.is_number:
        return isinstance(literal.value, int | Decimal) and not isinstance(literal.value, bool)
    return isinstance(literal.value, kinds[fact.type])


def _numbers(one: str, other: str, vocabulary: Vocabulary) -> bool:
    facts = [vocabulary.facts.get(name) for name in (one, other)]
    return all(fact is not None and fact.is_number for fact in facts)


def _type(name: str, vocabulary: Vocabulary) -> str | None:
    fact = vocabulary.facts.get(name)
    return fact.type if fact else None


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def typed(value: Scalar) -> str:
    """A written value as its field shows it."""
    if isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, dt.date) else scalar(value)


class UnreadableValueError(ValueError):
    """A field that says no value; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def scalar_of(fact: Fact, text: str) -> Scalar:
    """What a field says, in the fact's own kind. Raises UnreadableValueError."""
    match fact.type:
        case "bool":
            return text == "true"
        case "date":
            return _day(text)
        case "enum":
            return text
        case "code":
            if not re.fullmatch(r"[0-9A-Za-z]{1,18}", text):
                raise UnreadableValueError("code")
            return text
    return _number(text, fact.unit == "ratio 0-1")


def _number(text: str, ratio: bool) -> Scalar:
    """A number as CEL writes it, or as people do: 30万, 1,200,000, and 15% for a ratio."""
    if re.fullmatch(r"-?[0-9]{1,25}", text):
        return int(text)
    if re.fullmatch(r"-?[0-9]{1,25}\.[0-9]{1,12}", text):
        return Decimal(text)
    try:
        number = number_of(text)
    except ValueError:
        raise UnreadableValueError("number") from None
    if ratio and text.rstrip().endswith(("%", "\uff05")):
        number = (number / 100).normalize()
    return int(number) if number == number.to_integral_value() else number


def _day(text: str) -> dt.date:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass  # told just below
    raise UnreadableValueError("day")


@dataclass
class Assembly:
    """Rows -> tree. What cannot be used yet is left out of the tree and named in `problems`, by field."""

    vocabulary: Vocabulary
    problems: dict[str, str] = field(default_factory=dict)

    def node(self, part: Part, path: str) -> Node | None:
        """The condition a part states; None while it states none."""
        match part:
            case Group():
                found = self.group(part, path)
            case Row():
                found = None if part.blank else self.row(part, path)
            case Cel(text=text):
                found = self.cel(text, path)
            case _:
                raise TypeError(f"no condition of {type(part).__name__}")
        for _ in range(part.nots):
            found = None if found is None else Not(found)
        return found

    def group(self, group: Group, path: str) -> Node | None:
        stated = [self.node(one, f"{path}.{at}") for at, one in enumerate(group.parts)]
        parts = [one for one in stated if one is not None]
        if group.kind == "at_least":
            if not re.fullmatch(r"[0-9]{1,4}", group.count):
                self.problems[f"{path}.count"] = "count"
                return None
            return Call("at_least", (Literal(int(group.count)), ListOf(tuple(parts)))) if parts else None
        kind = And if group.kind == "all" else Or
        flat = tuple(_flat(parts, kind))
        return kind(flat) if len(flat) > 1 else next(iter(flat), None)

    def row(self, row: Row, path: str) -> Node | None:
        fact = self.vocabulary.facts.get(row.fact)
        if fact is None:
            self.problems[f"{path}.fact"] = "fact" if row.fact else "fact_missing"
            return None
        if row.op == "is":
            return Ref(fact.name)
        values = [self.value(fact, text, f"{path}.v{at}") for at, text in enumerate(row.values) if text]
        if not values:
            self.problems[f"{path}.v0"] = "value_missing"
        if not values or None in values:
            return None
        operands = tuple(one for one in values if one is not None)
        if row.op in LISTS:
            several = ListOf(operands)
            return (
                In(Ref(fact.name), several) if row.op == "in" else Call("within", (Ref(fact.name), several))
            )
        if row.op == "startsWith":
            return Call("startsWith", (Ref(fact.name), operands[0]))
        return self.by_day(row, fact, Compare(row.op, Ref(fact.name), operands[0]), path)

    def by_day(self, row: Row, fact: Fact, first: Compare, path: str) -> Node | None:
        """The comparison, or one for each stretch of days."""
        found: list[tuple[dt.date, Node]] = []
        for at, (written, text) in enumerate(row.later, 1):
            if not (written or text):
                continue
            until = self.value(self.vocabulary.facts[DAY], written, f"{path}.d{at}", "day")
            value = self.value(fact, text, f"{path}.w{at}", "value_missing")
            if until is None or value is None:
                return None
            assert isinstance(until, Literal)
            assert isinstance(until.value, dt.date)
            if found and until.value <= found[-1][0]:
                self.problems[f"{path}.d{at}"] = "day_order"
                return None
            found.append((until.value, Compare(row.op, Ref(fact.name), value)))
        stretches = [first, *(one for _, one in found)]
        node: Node = stretches[-1]
        for (day, _), before in zip(reversed(found), reversed(stretches[:-1]), strict=True):
            node = Cond(Compare("<", Ref(DAY), Literal(day)), before, node)
        return node

    def value(self, fact: Fact, text: str, name: str, missing: str = "value_missing") -> Node | None:
        """What a field says: a written value, or another number the first is compared with."""
        if not text:
            self.problems[name] = missing
            return None
        if fact.is_number and text in self.vocabulary.facts:
            return Ref(text)
        try:
            return Literal(scalar_of(fact, text))
        except UnreadableValueError as error:
            self.problems[name] = error.code
            return None

    def cel(self, text: str, path: str) -> Node | None:
        if not text.strip():
            return None
        try:
            return read(text)
        except RuleError:
            self.problems[f"{path}.cel"] = "cel"
            return None


def _flat(parts: Sequence[Node], kind: type[And] | type[Or]) -> Iterator[Node]:
    """The parts with those of the same kind written out: CEL gives their order no brackets."""
    for one in parts:
        if isinstance(one, kind):
            yield from one.children()
        else:
            yield one
