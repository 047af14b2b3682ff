"""Why a rule came out as it did: a tree as data, each condition with its fact, threshold, value, clause and verdict.

Rendered elsewhere, in any language; nothing here is text for people except the rule's own canonical CEL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from eligibility.derive import size_basis
from eligibility.evaluate import Status, evaluate
from eligibility.facts import plain
from eligibility.kleene import UNKNOWN, OneOf, fact_value, term, truth
from eligibility.rule import Rule
from eligibility.syntax import (
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
    names,
)
from eligibility.unparse import to_cel

FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Trace:
    """One condition and what became of it.

    op: all, any, not, at_least, if; or a leaf: ==, !=, <, <=, >, >=, in, within, is (a yes-or-no fact).
    verdict: True, False, or None while open. `known` says whether the value is known; a derived fact that is only
    narrowed down has `possible`. `children`: parts, or the rule a derived fact follows from.
    """

    op: str
    verdict: bool | None
    text: str
    node: Node
    clause: str | None = None
    fact: str | None = None
    threshold: object = None
    value: object = None
    known: bool = False
    possible: tuple[str, ...] = ()
    basis: Mapping[str, object] | None = None
    missing: tuple[str, ...] = ()
    children: tuple[Trace, ...] = field(default=())

    @property
    def is_leaf(self) -> bool:
        """A single comparison."""
        return self.op not in ("all", "any", "not", "at_least", "if")

    def to_json(self) -> dict[str, object]:
        """The tree as JSON values; empty fields left out."""
        found: dict[str, object] = {"op": self.op, "verdict": self.verdict, "text": self.text}
        for name in ("clause", "fact", "threshold", "possible", "basis", "missing"):
            value = getattr(self, name)
            if value not in (None, ()):
                found[name] = list(value) if isinstance(value, tuple) else value
        if self.known:
            found["value"] = self.value
        if self.children:
            found["children"] = [child.to_json() for child in self.children]
        return found


def explain(rule: Rule, facts: Mapping[str, object]) -> Trace:
    """The trace of `rule` on `facts`. Its top verdict is that of `evaluate`, also where single parts stay open."""
    top = Tracer(rule, facts).trace(rule.root)
    if top.verdict is not None:
        return top
    verdict = evaluate(rule, facts)
    decided = {Status.ELIGIBLE: True, Status.INELIGIBLE: False, Status.UNDETERMINED: None}
    return _with(top, verdict=decided[verdict.status], missing=verdict.missing)


def _with(trace: Trace, **changes: object) -> Trace:
    fields = {name: getattr(trace, name) for name in trace.__slots__}
    return Trace(**{**fields, **changes})


class Tracer:
    """One rule, one enterprise."""

    def __init__(self, rule: Rule, facts: Mapping[str, object]) -> None:
        self.rule, self.facts, self.vocabulary = rule, facts, rule.vocabulary

    def trace(self, node: Node) -> Trace:
        match node:
            case And(operands=operands):
                return self.branch("all", node, operands)
            case Or(operands=operands):
                return self.branch("any", node, operands)
            case Not(operand=operand):
                return self.branch("not", node, (operand,))
            case Cond(test=test, then=then, otherwise=otherwise):
                return self.branch("if", node, (test, then, otherwise))
            case Call(name="at_least", args=(Literal(value=count), ListOf(items=items))):
                return _with(self.branch("at_least", node, items), threshold=count)
        return self.leaf(node)

    def branch(self, op: str, node: Node, parts: tuple[Node, ...]) -> Trace:
        verdict = truth(node, self.facts, self.vocabulary)
        children = tuple(self.trace(part) for part in parts)
        return Trace(op, verdict, to_cel(node), node, self.rule.clause, children=children)

    def leaf(self, node: Node) -> Trace:
        op, about, threshold = self.parts(node)
        verdict = truth(node, self.facts, self.vocabulary)
        name = about.name if isinstance(about, Ref) else None
        value = fact_value(name, self.facts, self.vocabulary) if name else self.computed(about)
        known = value is not UNKNOWN and not isinstance(value, OneOf)
        missing = () if verdict is not None else self.missing(node)
        return Trace(
            op,
            verdict,
            to_cel(node),
            node,
            self.rule.clause,
            fact=name,
            threshold=threshold,
            value=readable(value) if known else None,
            known=known,
            possible=tuple(sorted(value.values)) if isinstance(value, OneOf) else (),
            basis=size_basis(self.facts, self.vocabulary) if self.is_computed(name) else None,
            missing=missing,
            children=self.behind(name),
        )

    def is_computed(self, name: str | None) -> bool:
        return name is not None and self.vocabulary.facts[name].computed is not None

    def behind(self, name: str | None) -> tuple[Trace, ...]:
        """The rule a derived fact follows from, unless the fact was stated."""
        derived = self.vocabulary.facts[name].derived if name and name not in self.facts else None
        return () if derived is None else (self.trace(derived),)

    def missing(self, node: Node) -> tuple[str, ...]:
        return evaluate(Rule(node, self.vocabulary, ""), self.facts).missing

    def parts(self, node: Node) -> tuple[str, Node, object]:
        """operator, the part the condition is about, and the threshold in plain values."""
        match node:
            case Compare(op=op, left=left, right=right):
                if names(left) or not names(right):
                    return op, left, self.threshold(right)
                return FLIPPED[op], right, self.threshold(left)
            case In(left=left, right=right):
                return "in", left, self.threshold(right)
            case Call(name=("within" | "startsWith"), args=(code, prefixes)):
                found = self.threshold(prefixes)
                return "within", code, found if isinstance(found, list) else [found]
        return "is", node, True

    def threshold(self, node: Node) -> object:
        if isinstance(node, ListOf):
            return [self.threshold(item) for item in node.items]
        value = term(node, self.facts, self.vocabulary)
        return to_cel(node) if value is UNKNOWN or isinstance(value, OneOf) else readable(value)

    def computed(self, node: Node) -> object:
        return term(node, self.facts, self.vocabulary)


def readable(value: object) -> object:
    """A value as JSON has it; exact fractions to six decimals."""
    if isinstance(value, Fraction):
        value = round(Decimal(value.numerator) / Decimal(value.denominator), 6)
    return plain(value)  # type: ignore[arg-type]


def failures(trace: Trace) -> tuple[Trace, ...]:
    """The single conditions that keep a failed rule from holding, left to right; none when it did not fail."""
    return tuple(_decisive(trace, wanted=False)) if trace.verdict is False else ()


def _decisive(trace: Trace, *, wanted: bool) -> list[Trace]:
    """The leaves that made `trace` come out as `wanted`."""
    if trace.is_leaf:
        return [trace]
    if trace.op == "not":
        # a failed "not" is told as itself: "you are X" reads wrong without the not
        child = trace.children[0]
        return [trace] if child.is_leaf else _decisive(child, wanted=not wanted)
    return [
        leaf
        for child in trace.children
        if child.verdict is wanted
        for leaf in _decisive(child, wanted=wanted)
    ]
