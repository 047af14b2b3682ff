"""A rule as a plain sentence in zh-CN or en, so that whoever reads law, not code, can check it.

Numbers carry their unit and their direction in words ("不超过 30 人"); codes are read out by the caller's `naming`,
because the engine knows no map of regions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from eligibility.rule import Rule
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
)
from eligibility.unparse import to_cel
from eligibility.vocabulary import Fact, Vocabulary

Naming = Callable[[str, str], str | None]

ORDER_ZH = {"<": "低于", "<=": "不超过", ">": "高于", ">=": "不低于", "==": "等于", "!=": "不等于"}
ORDER_EN = {
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "==": "is",
    "!=": "is not",
}
DAY_ZH = {
    "<": "在 {} 之前",
    "<=": "不晚于 {}",
    ">": "在 {} 之后",
    ">=": "不早于 {}",
    "==": "是 {}",
    "!=": "不是 {}",
}
DAY_EN = {
    "<": "is before {}",
    "<=": "is on or before {}",
    ">": "is after {}",
    ">=": "is on or after {}",
    "==": "is {}",
    "!=": "is not {}",
}
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def sentence(rule: Rule, lang: str = "zh-CN", naming: Naming | None = None) -> str:
    """The whole rule as one sentence. `naming(fact, code)` may give a code's name."""
    return describe(rule.root, rule.vocabulary, lang, naming)


def describe(node: Node, vocabulary: Vocabulary, lang: str = "zh-CN", naming: Naming | None = None) -> str:
    """One part of a rule as words."""
    return Teller(vocabulary, lang, naming).tell(node)


class Teller:
    """Words for one language."""

    def __init__(self, vocabulary: Vocabulary, lang: str, naming: Naming | None) -> None:
        self.vocabulary, self.naming = vocabulary, naming or (lambda _fact, _code: None)
        self.lang = lang
        self.zh = not lang.startswith("en")

    def tell(self, node: Node, *, positive: bool = True, nested: bool = False) -> str:
        match node:
            case Not(operand=operand):
                return self.tell(operand, positive=not positive, nested=nested)
            case And(operands=operands) | Or(operands=operands):
                return self.joined(node, operands, positive, nested)
            case Call(name="at_least", args=(Literal(value=count), ListOf(items=items))):
                return self.at_least(count, items, positive)
            case Cond(test=test, then=then, otherwise=otherwise):
                a, b, c = self.tell(test), self.tell(then), self.tell(otherwise)
                text = f"如果{a}，则{b}，否则{c}" if self.zh else f"if {a}, then {b}, otherwise {c}"
                return text if positive else self.denied(text)
        return self.leaf(node, positive)

    def joined(self, node: Node, parts: tuple[Node, ...], positive: bool, nested: bool) -> str:
        both = isinstance(node, And) == positive
        told = [self.tell(p, positive=positive, nested=True) for p in parts]
        if self.zh:
            text = ("，且" if both else "，或者").join(told)
            return f"（{text}）" if nested else text
        text = (" and " if both else " or ").join(told)
        return f"({text})" if nested else text

    def at_least(self, count: object, items: tuple[Node, ...], positive: bool) -> str:
        told = [self.tell(i) for i in items]
        if self.zh:
            text = f"以下 {len(told)} 项中至少满足 {count} 项：{'；'.join(told)}"
        else:
            text = f"at least {count} of these {len(told)}: {'; '.join(told)}"
        return text if positive else self.denied(text)

    def denied(self, text: str) -> str:
        return f"不满足（{text}）" if self.zh else f"not ({text})"

    def leaf(self, node: Node, positive: bool) -> str:
        match node:
            case Ref(name=name):
                return self.yes_no(self.vocabulary.facts[name], positive)
            case Literal(value=value):
                holds = (value is True) == positive
                return ("总是成立" if holds else "从不成立") if self.zh else ("always" if holds else "never")
            case Compare(left=Literal() as left, op=op, right=right) if not isinstance(right, Literal):
                turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(op, op)
                return self.compare(right, turned, left, positive)
            case Compare(left=left, op=op, right=right):
                return self.compare(left, op, right, positive)
            case In(left=left, right=ListOf(items=items)):
                return self.is_one_of(left, items, positive)
            case Call(name="within", args=(code, ListOf(items=items))):
                return self.within(code, items, positive)
            case Call(name="startsWith", args=(code, prefix)):
                return self.within(code, (prefix,), positive)
        return to_cel(node) if positive else self.denied(to_cel(node))

    def yes_no(self, fact: Fact, positive: bool) -> str:
        label = fact.label(self.lang)
        if self.zh:
            return label if positive else f"不存在“{label}”的情况"
        return f"“{label}” holds" if positive else f"“{label}” does not hold"

    def compare(self, left: Node, op: str, right: Node, positive: bool) -> str:
        if isinstance(right, Literal) and isinstance(right.value, bool) and isinstance(left, Ref):
            return self.yes_no(self.vocabulary.facts[left.name], (right.value is (op == "==")) == positive)
        op = op if positive else OPPOSITE[op]
        what, than = self.term(left), self.value(right, self.fact_of(left))
        if isinstance(right, Literal) and isinstance(right.value, str):
            words = ("是" if op == "==" else "不是") if self.zh else ("is" if op == "==" else "is not")
            return f"{what}{words}{than}" if self.zh else f"{what} {words} {than}"
        if self.is_day(left) or self.is_day(right):
            return f"{what}{DAY_ZH[op].format(than)}" if self.zh else f"{what} {DAY_EN[op].format(than)}"
        return f"{what}{ORDER_ZH[op]} {than}" if self.zh else f"{what} {ORDER_EN[op]} {than}"

    def is_day(self, node: Node) -> bool:
        fact = self.fact_of(node)
        return (fact is not None and fact.type == "date") or (
            isinstance(node, Literal) and isinstance(node.value, dt.date)
        )

    def is_one_of(self, left: Node, items: tuple[Node, ...], positive: bool) -> str:
        fact = self.fact_of(left)
        told = self.listed([self.value(i, fact) for i in items])
        if self.zh:
            return f"{self.term(left)}{'是' if positive else '不是'}{told}"
        return f"{self.term(left)} is {'' if positive else 'not '}{told}"

    def within(self, code: Node, items: tuple[Node, ...], positive: bool) -> str:
        told = self.listed([self.value(i, self.fact_of(code)) for i in items])
        if self.zh:
            return f"{self.term(code)}{'属于' if positive else '不属于'}{told}"
        return f"{self.term(code)} is {'' if positive else 'not '}within {told}"

    def listed(self, told: list[str]) -> str:
        if len(told) == 1:
            return told[0]
        if self.zh:
            return f"{'、'.join(told[:-1])}或{told[-1]}"
        return f"{', '.join(told[:-1])} or {told[-1]}"

    def fact_of(self, node: Node) -> Fact | None:
        return self.vocabulary.facts[node.name] if isinstance(node, Ref) else None

    def term(self, node: Node) -> str:
        match node:
            case Ref(name=name):
                return self.vocabulary.facts[name].label(self.lang)
            case Literal():
                return self.value(node, None)
            case Arith(op=op, left=left, right=right):
                sign = {"*": "×", "/": "÷", "-": "−"}.get(op, op)
                unit = self.fact_of(left) or self.fact_of(right)
                same = unit if op in "+-" else None
                return f"{self.part(left, same)} {sign} {self.part(right, same)}"
            case Negate(operand=operand):
                return f"−{self.part(operand, None)}"
            case Call(name="months_between", args=(start, end)):
                a, b = self.term(start), self.term(end)
                return f"从{a}到{b}的整月数" if self.zh else f"the whole months from {a} to {b}"
            case Call(name=name, args=args):
                words = {"min": ("其中较小的", "the smaller of "), "max": ("其中较大的", "the larger of ")}[
                    name
                ]
                told = "、".join(self.term(a) for a in args) if self.zh else ", ".join(map(self.term, args))
                return f"（{told}）{words[0]}" if self.zh else f"{words[1]}({told})"
        return to_cel(node)

    def part(self, node: Node, fact: Fact | None) -> str:
        text = self.value(node, fact) if isinstance(node, Literal) else self.term(node)
        return f"({text})" if isinstance(node, Arith) else text

    def value(self, node: Node, fact: Fact | None) -> str:
        """A written value in the words and unit of the fact it is compared with."""
        if not isinstance(node, Literal):
            return self.term(node)
        return value_words(node.value, fact, self.lang, self.naming)


def value_words(value: object, fact: Fact | None, lang: str, naming: Naming | None = None) -> str:
    """A value of a fact as people say it: 300,000 元, 15%, 个体工商户, 2020年1月25日."""
    zh = not lang.startswith("en")
    if value is None:
        return "没有" if zh else "none"
    if isinstance(value, bool):
        return ("是" if value else "否") if zh else ("yes" if value else "no")
    if isinstance(value, dt.date):
        if zh:
            return f"{value.year}年{value.month}月{value.day}日"
        return f"{value.day} {MONTHS_EN[value.month - 1]} {value.year}"
    if isinstance(value, str):
        if fact is None:
            return value
        name = naming(fact.name, value) if naming else None
        return name or fact.choice_label(value, lang)
    return number_words(Decimal(str(value)), fact.unit if fact else None, zh)


def number_words(value: Decimal, unit: str | None, zh: bool) -> str:
    """A number with separators and its unit; a ratio of 0-1 as percent."""
    if unit == "ratio 0-1":
        return f"{trimmed(value * 100)}%"
    text = trimmed(value)
    if unit == "percent":
        return f"{text}%"
    words = {
        "CNY yuan": ("元", "yuan"),
        "person": ("人", "persons"),
        "month": ("个月", "months"),
        "year": ("岁", "years"),
    }
    if unit not in words:
        return text
    return f"{text} {words[unit][0 if zh else 1]}"


def trimmed(value: Decimal) -> str:
    """Thousands separators, no trailing zeros."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
