"""Does a tree speak of known facts in their own kinds and units? If not: every complaint, with its place.

Follows CEL's rules on types; tighter where a policy admin would only be mistaken: no order among words,
no comparison of yuan with persons, no value outside an enumeration, no code of the wrong length.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from eligibility.errors import Diagnostic
from eligibility.parser import MAX_DEPTH
from eligibility.syntax import (
    ORDERINGS,
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
    Span,
)
from eligibility.unparse import to_cel
from eligibility.vocabulary import Fact, Vocabulary, is_code

FUNCTIONS = ("within", "startsWith", "date", "at_least", "months_between", "min", "max")


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of a part: base is bool, int, decimal, text, date, list or any; the unit and the fact behind it."""

    base: str
    unit: str | None = None
    fact: Fact | None = None

    @property
    def is_number(self) -> bool:
        return self.base in ("int", "decimal", "any")


Side = tuple[Kind, Node]
ANY = Kind("any")
BOOL = Kind("bool")


def check(root: Node, vocabulary: Vocabulary, *, wants: str = "condition") -> tuple[Diagnostic, ...]:
    """Every complaint about a tree, in the order of the text. `wants`: "condition" or "money"."""
    checker = Checker(vocabulary)
    try:
        kind = checker.kind(root)
    except RecursionError:  # the caller left less of the stack than 64 levels take
        return (Diagnostic("too_deep", *root.span, {"limit": MAX_DEPTH}),)
    if wants == "condition" and kind.base not in ("bool", "any"):
        checker.complain("not_a_condition", root.span, text=brief(root))
    if wants == "money" and not kind.is_number:
        checker.complain("not_money", root.span, text=brief(root))
    return tuple(sorted(checker.found, key=lambda d: (d.start, d.end)))


def brief(node: Node) -> str:
    """The part as text, short enough for a message."""
    text = to_cel(node)
    return text if len(text) <= 60 else text[:57] + "..."


class Checker:
    """One walk over a tree; `found` collects the complaints."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.found: list[Diagnostic] = []
        self.rules: Mapping[type[Node], Callable[[Node], Kind]] = {
            Literal: self.literal,
            Ref: self.ref,
            Not: self.negation,
            And: self.logic,
            Or: self.logic,
            Compare: self.compare,
            In: self.membership,
            Arith: self.arith,
            Negate: self.minus,
            Cond: self.cond,
            Call: self.call,
            ListOf: self.list_of,
        }

    def complain(self, code: str, span: Span, suggestion: str | None = None, **params: object) -> None:
        self.found.append(Diagnostic(code, *span, params, suggestion))

    def kind(self, node: Node) -> Kind:
        return self.rules[type(node)](node)

    def condition(self, node: Node) -> None:
        if self.kind(node).base not in ("bool", "any"):
            self.complain("not_a_condition", node.span, text=brief(node))

    def number(self, node: Node) -> Kind:
        kind = self.kind(node)
        if not kind.is_number:
            self.complain("not_a_number", node.span, text=brief(node))
            return ANY
        return kind

    def literal(self, node: Node) -> Kind:
        assert isinstance(node, Literal)
        if isinstance(node.value, bool):
            return BOOL
        if isinstance(node.value, int):
            return Kind("int")
        if isinstance(node.value, Decimal):
            return Kind("decimal")
        return Kind("date") if isinstance(node.value, dt.date) else Kind("text")

    def ref(self, node: Node) -> Kind:
        assert isinstance(node, Ref)
        fact = self.vocabulary.facts.get(node.name)
        if fact is None:
            self.complain(
                "unknown_fact", node.span, nearest(node.name, self.vocabulary.facts), name=node.name[:80]
            )
            return ANY
        base = {"enum": "text", "code": "text", "money": "decimal"}.get(fact.type, fact.type)
        return Kind(base, fact.unit, fact)

    def negation(self, node: Node) -> Kind:
        self.condition(node.children()[0])
        return BOOL

    def logic(self, node: Node) -> Kind:
        for part in node.children():
            self.condition(part)
        return BOOL

    def list_of(self, node: Node) -> Kind:
        assert isinstance(node, ListOf)
        kinds = {self.kind(item).base for item in node.items}
        if len({"number" if k in ("int", "decimal") else k for k in kinds}) > 1:
            self.complain("mixed_list", node.span)
        return Kind("list")

    def compare(self, node: Node) -> Kind:
        assert isinstance(node, Compare)
        left, right = self.kind(node.left), self.kind(node.right)
        for kind, part in ((left, node.left), (right, node.right)):
            if kind.base == "list":
                self.complain("no_list_here", part.span, text=brief(part))
        if "list" in (left.base, right.base):
            return BOOL
        if not self.same_kind(node, node.op, (left, node.left), (right, node.right)):
            return BOOL
        ordered = left.base in ("int", "decimal", "date", "any") and right.base in (
            "int",
            "decimal",
            "date",
            "any",
        )
        if node.op in ORDERINGS and not ordered:
            part = node.left if left.base in ("bool", "text") else node.right
            self.complain("no_order", node.span, text=brief(part), op=node.op)
        if left.base == "bool" and node.op in ("==", "!="):
            for part in (node.left, node.right):
                if not isinstance(part, Ref | Literal):
                    self.complain("constant_needed", part.span, name=node.op)
        self.value_fits(left.fact, node.right)
        self.value_fits(right.fact, node.left)
        return BOOL

    def same_kind(self, node: Node, op: str, one: Side, other: Side) -> bool:
        (left, a), (right, b) = one, other
        if "any" in (left.base, right.base):
            return True
        if {left.base, right.base} == {"date", "text"}:
            text = b if left.base == "date" else a
            if isinstance(text, Literal):
                self.complain("date_as_text", text.span, f'date("{text.value}")', text=str(text.value)[:40])
                return False
        if left.base != right.base and not (left.is_number and right.is_number):
            self.complain("type_mismatch", node.span, left=brief(a), right=brief(b), op=op)
            return False
        return self.same_unit(node, one, other)

    def same_unit(self, node: Node, one: Side, other: Side) -> bool:
        (left, a), (right, b) = one, other
        if left.unit and right.unit and left.unit != right.unit:
            self.complain(
                "unit_mismatch",
                node.span,
                left=brief(a),
                right=brief(b),
                left_unit=left.unit,
                right_unit=right.unit,
            )
            return False
        return True

    def value_fits(self, fact: Fact | None, node: Node) -> None:
        """A written value compared with a fact must be one that fact can have."""
        if fact is None or not isinstance(node, Literal) or not isinstance(node.value, str):
            return
        if fact.allowed and node.value not in fact.allowed:
            meant = nearest(node.value, fact.allowed)
            self.complain("not_allowed", node.span, meant, name=fact.name, value=node.value[:40])
        elif fact.type == "code" and not is_code(fact, node.value):
            self.complain("bad_code", node.span, name=fact.name, value=node.value[:40])

    def membership(self, node: Node) -> Kind:
        assert isinstance(node, In)
        left = self.kind(node.left)
        if not isinstance(node.right, ListOf):
            self.kind(node.right)
            self.complain("list_needed", node.right.span, op="in")
            return BOOL
        self.kind(node.right)
        if not node.right.items:
            self.complain("empty_list", node.right.span)
        for item in node.right.items:
            if not isinstance(item, Literal):
                self.complain("constant_needed", item.span, name="in")
            elif self.same_kind(node, "in", (left, node.left), (self.kind(item), item)):
                self.value_fits(left.fact, item)
        return BOOL

    def arith(self, node: Node) -> Kind:
        assert isinstance(node, Arith)
        left, right = self.number(node.left), self.number(node.right)
        if node.op == "/":
            if not isinstance(node.right, Literal):
                self.complain("divide_by_fact", node.right.span, text=brief(node.right))
            elif node.right.value == 0:
                self.complain("divide_by_zero", node.right.span)
        elif node.op in "+-":
            self.same_unit(node, (left, node.left), (right, node.right))
        base = "int" if (left.base, right.base) == ("int", "int") else "decimal"
        return Kind(base, left.unit or right.unit)

    def minus(self, node: Node) -> Kind:
        kind = self.number(node.children()[0])
        return Kind(kind.base, kind.unit)

    def cond(self, node: Node) -> Kind:
        assert isinstance(node, Cond)
        self.condition(node.test)
        then, otherwise = self.kind(node.then), self.kind(node.otherwise)
        if not self.same_kind(node, "?:", (then, node.then), (otherwise, node.otherwise)):
            return ANY
        return then if then.base == otherwise.base else Kind("decimal", then.unit or otherwise.unit)

    def call(self, node: Node) -> Kind:
        assert isinstance(node, Call)
        rule = {
            "within": self.within,
            "startsWith": self.starts_with,
            "at_least": self.at_least,
            "months_between": self.months_between,
            "min": self.extreme,
            "max": self.extreme,
            "date": self.bad_date,
        }.get(node.name)
        if rule is None:
            self.complain("unknown_function", node.span, nearest(node.name, FUNCTIONS), name=node.name[:80])
            for arg in node.args:
                self.kind(arg)
            return ANY
        return rule(node)

    def arguments(self, node: Call, wanted: int) -> bool:
        if len(node.args) == wanted:
            return True
        self.complain("argument_count", node.span, name=node.name, wanted=wanted, got=len(node.args))
        return False

    def text_fact(self, node: Node) -> Fact | None:
        kind = self.kind(node)
        if kind.base not in ("text", "any") or not isinstance(node, Ref):
            self.complain("type_mismatch", node.span, left=brief(node), right="code", op="within")
        return kind.fact

    def within(self, node: Call) -> Kind:
        if not self.arguments(node, 2):
            return BOOL
        self.text_fact(node.args[0])
        prefixes = node.args[1]
        if not isinstance(prefixes, ListOf):
            self.complain("list_needed", prefixes.span, op="within")
            return BOOL
        if not prefixes.items:
            self.complain("empty_list", prefixes.span)
        for item in prefixes.items:
            self.prefix(item, "within")
        return BOOL

    def prefix(self, node: Node, name: str) -> None:
        if not isinstance(node, Literal) or not isinstance(node.value, str) or not node.value:
            self.complain("constant_needed", node.span, name=name)

    def starts_with(self, node: Call) -> Kind:
        if self.arguments(node, 2):
            self.text_fact(node.args[0])
            self.prefix(node.args[1], "startsWith")
        return BOOL

    def at_least(self, node: Call) -> Kind:
        if not self.arguments(node, 2):
            return BOOL
        count, conditions = node.args
        if not isinstance(conditions, ListOf):
            self.complain("list_needed", conditions.span, op="at_least")
            return BOOL
        for condition in conditions.items:
            self.condition(condition)
        if (
            not isinstance(count, Literal)
            or isinstance(count.value, bool)
            or not isinstance(count.value, int)
        ):
            self.complain("constant_needed", count.span, name="at_least")
        elif not 1 <= count.value <= max(1, len(conditions.items)):
            self.complain("count_range", count.span, limit=len(conditions.items))
        return BOOL

    def months_between(self, node: Call) -> Kind:
        if self.arguments(node, 2):
            for arg in node.args:
                if self.kind(arg).base not in ("date", "any"):
                    self.complain(
                        "type_mismatch", arg.span, left=brief(arg), right="date", op="months_between"
                    )
        return Kind("int", "month")

    def extreme(self, node: Call) -> Kind:
        if not node.args:
            self.complain("argument_count", node.span, name=node.name, wanted="1+", got=0)
            return ANY
        kinds = [self.number(arg) for arg in node.args]
        for arg, kind in zip(node.args[1:], kinds[1:], strict=True):
            self.same_unit(node, (kinds[0], node.args[0]), (kind, arg))
        base = "int" if all(k.base == "int" for k in kinds) else "decimal"
        return Kind(base, next((k.unit for k in kinds if k.unit), None))

    def bad_date(self, node: Call) -> Kind:
        self.complain("constant_needed", node.span, name="date")
        return Kind("date")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was perhaps meant."""
    found = difflib.get_close_matches(name[:80], list(known), n=1, cutoff=0.6)
    return found[0] if found else None
