"""Benefit formulas: the same language, giving money instead of yes or no. Exact, rounded to the fen at the end.

A formula may speak of facts and of inputs of its own (the premium due, the cost of the machine) that no rule asks for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any

from eligibility.completions import leaf_needs_of_terms
from eligibility.errors import RuleError
from eligibility.kleene import UNKNOWN, OneOf, stated, term
from eligibility.parser import read
from eligibility.residual import inline, rebuilt
from eligibility.rule import Rule
from eligibility.syntax import Literal, Node, Ref, Scalar
from eligibility.typecheck import check
from eligibility.unparse import to_cel
from eligibility.vocabulary import Fact, Vocabulary

EXACT = Context(prec=100)  # more digits than any amount has
SCOPES = ("enterprise", "hire", "asset", "year")
"""What one of two policies that exclude each other is given for only once."""


@dataclass(frozen=True)
class Formula:
    """A typed money formula."""

    root: Node
    vocabulary: Vocabulary

    @property
    def text(self) -> str:
        """Canonical CEL."""
        return to_cel(self.root)

    @cached_property
    def stated_facts(self) -> frozenset[str]:
        """Every fact and input somebody can state that the amount can depend on."""
        return Rule(self.root, self.vocabulary, "").stated_facts

    @cached_property
    def unlimited(self) -> Formula:
        """The same with no limit on money and whole numbers but the law's own.

        The vocabulary's maxima keep typing errors out; "up to 60 billion" for ten million hires promises nothing.
        """
        open_ = {
            name: dataclasses.replace(fact, maximum=None)
            for name, fact in self.vocabulary.facts.items()
            if fact.type in ("int", "money")
        }
        facts = MappingProxyType({**self.vocabulary.facts, **open_})
        return Formula(self.root, dataclasses.replace(self.vocabulary, facts=facts))

    @cached_property
    def _hash(self) -> int:
        return hash((self.root, id(self.vocabulary)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Amount:
    """Yuan. `exact` when everything it needs is known; `missing` names what is not. None and nothing missing: none."""

    exact: Decimal | None
    missing: tuple[str, ...] = ()


def parse_formula(
    text: str, vocabulary: Vocabulary | None = None, inputs: Iterable[Mapping[str, Any]] = ()
) -> Formula:
    """Text -> Formula. `inputs`: facts of the formula's own, as in a vocabulary file. Raises RuleError."""
    words = with_inputs(vocabulary or Vocabulary.shipped(), inputs)
    root = read(text)
    found = check(root, words, wants="money")
    if found:
        raise RuleError(found)
    return Formula(root, words)


def with_inputs(vocabulary: Vocabulary, inputs: Iterable[Mapping[str, Any]]) -> Vocabulary:
    """The vocabulary with a formula's own inputs added. An input's `minimum` and `maximum` bound what it can be."""
    extra = {
        i["name"]: Fact(
            name=i["name"],
            type=i["type"],
            unit=i.get("unit"),
            label_zh=i["label_zh"],
            label_en=i["label_en"],
            allowed=tuple(i.get("allowed") or ()),
            minimum=None if i.get("minimum") is None else Decimal(str(i["minimum"])),
            maximum=None if i.get("maximum") is None else Decimal(str(i["maximum"])),
        )
        for i in inputs
    }
    if not extra:
        return vocabulary
    return dataclasses.replace(vocabulary, facts=MappingProxyType({**vocabulary.facts, **extra}))


def with_values(node: Node, values: Mapping[str, object], vocabulary: Vocabulary) -> Node:
    """The tree with some facts written in as their values."""
    if isinstance(node, Ref):
        value = stated(values.get(node.name), vocabulary.facts[node.name].type)
        return Literal(value) if isinstance(value, Scalar) else node
    return rebuilt(node, lambda child: with_values(child, values, vocabulary))


def compute(formula: Formula, facts: Mapping[str, object]) -> Amount:
    """The amount on known facts, to the fen (half up). A fact known to be none gives no amount."""
    value = term(formula.root, facts, formula.vocabulary)
    if value is UNKNOWN or isinstance(value, OneOf):
        return Amount(
            None, leaf_needs_of_terms(inline(formula.root, formula.vocabulary), facts, formula.vocabulary)
        )
    return Amount(to_fen(value) if isinstance(value, int | Decimal | Fraction) else None)


def to_fen(value: int | Decimal | Fraction) -> Decimal:
    """An exact number as yuan with two decimals, half a fen away from zero."""
    fen = abs(Fraction(value)) * 100
    whole = int(fen + Fraction(1, 2))
    return Decimal(whole if value >= 0 else -whole).scaleb(-2, EXACT)


@dataclass(frozen=True)
class Benefit:
    """What a policy gives: its kind, the saving as a formula where the text states one, and further figures.

    at_most: the text promises no more than the amount, and perhaps less. `counts`: the fact that says how many hires or
    assets it is given for. `exclusive_per`: policies that exclude this one only for the same hire, asset or year.
    `inputs`: what the amount needs that no rule asks for.
    """

    type: str
    amount: Formula | None
    figures: Mapping[str, Formula]
    at_most: bool
    per: str | None
    basis_zh: str | None
    basis_en: str | None
    counts: str | None = None
    exclusive_per: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Fact, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any], vocabulary: Vocabulary | None = None) -> Benefit:
        """From a pack's `benefit`. Raises RuleError where a formula does not type, ValueError on an unknown scope."""
        inputs = data.get("inputs") or ()
        scopes = {other: scope_of(per) for other, per in (data.get("exclusive_per") or {}).items()}
        amount = parse_formula(data["amount"], vocabulary, inputs) if data.get("amount") else None
        needed = amount.stated_facts if amount else frozenset()
        return cls(
            type=str(data["type"]),
            amount=amount,
            figures={n: parse_formula(t, vocabulary, inputs) for n, t in (data.get("figures") or {}).items()},
            at_most=bool(data.get("at_most", False)),
            per=data.get("per"),
            basis_zh=data.get("basis_zh"),
            basis_en=data.get("basis_en"),
            counts=data.get("counts"),
            exclusive_per=scopes,
            inputs=tuple(amount.vocabulary.facts[i["name"]] for i in inputs if i["name"] in needed)
            if amount
            else (),
        )

    def given(self, values: Mapping[str, object]) -> Benefit:
        """The same for somebody who has stated these inputs: they stand in the amount as its own figures."""
        if self.amount is None or not values:
            return self
        own = {fact.name: values[fact.name] for fact in self.inputs if fact.name in values}
        root = with_values(self.amount.root, own, self.amount.vocabulary)
        return dataclasses.replace(self, amount=Formula(root, self.amount.vocabulary))

    def basis(self, lang: str) -> str | None:
        """How the amount is worked out, in words."""
        return self.basis_en if lang.startswith("en") else self.basis_zh


def scope_of(per: object) -> str:
    """What an exclusion is per. Raises ValueError on a scope nobody knows."""
    if per not in SCOPES:
        raise ValueError(f"an exclusion per `{per}` is none of {', '.join(SCOPES)}")
    return str(per)
