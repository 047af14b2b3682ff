"""The cells of a fact: one value for each way the comparisons it meets can come out.

The constants a rule writes cut a fact's domain; values inside one cell cannot be told apart by that rule.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from eligibility.kleene import term
from eligibility.residual import Problem, leaf_facts, leaf_names, leaves, mentions
from eligibility.size_standard import INPUTS
from eligibility.syntax import Arith, Compare, In, ListOf, Literal, Negate, Node, Ref, walk
from eligibility.vocabulary import Fact

FILLER = "\U0010ffff"  # ends a made-up code no constant ends with


class NoCellsError(Exception):
    """A fact's comparisons do not cut its domain by constants; caught where cells were asked for."""


def cells(name: str, tree: Node, problem: Problem) -> tuple[object, ...]:
    """One value of the fact for each way the tree's comparisons can come out, fact by fact."""
    fact = problem.vocabulary.facts[name]
    none: tuple[object, ...] = (None,) if fact.nullable else ()
    if fact.type == "bool":
        return (True, False, *none)
    if fact.type == "enum":
        return (*enum_cells(fact, tree), *none)
    if fact.type == "code":
        return (*code_cells(fact, tree, problem), *none)
    return (*number_cells(fact, thresholds(fact, tree, problem)), *none)


def enum_cells(fact: Fact, tree: Node) -> tuple[str, ...]:
    """Each written value of the enumeration, and one of those that no comparison tells apart."""
    written: set[object] = set()
    for leaf in leaves(tree):
        if mentions(leaf, fact.name):
            written.update(node.value for node in walk(leaf) if isinstance(node, Literal))
    named = [value for value in fact.allowed if value in written]
    other = [value for value in fact.allowed if value not in written]
    return (*named, *other[:1])


def code_cells(fact: Fact, tree: Node, problem: Problem) -> tuple[str, ...]:
    """Each written code, one code behind each written prefix, and one behind none."""
    found: dict[str, None] = {}
    for leaf in leaves(tree):
        for node in walk(leaf):
            if isinstance(node, Literal) and isinstance(node.value, str) and mentions(leaf, fact.name):
                exact = isinstance(leaf, Compare | In)
                found[node.value if exact or len(node.value) >= 6 else node.value + FILLER] = None
        if fact.name == "industry_code" and mentions(leaf, "sme_size"):
            for row in problem.vocabulary.size_standard.groups:
                found.update((prefix + FILLER, None) for prefix in row.prefixes)
    found[FILLER] = None
    return tuple(found)


def thresholds(fact: Fact, tree: Node, problem: Problem) -> list[Fraction]:
    """The numbers (days as ordinals) where some comparison of the fact changes its truth."""
    found: set[Fraction] = set()
    for leaf in leaves(tree):
        if fact.name in INPUTS and leaf_names(leaf, problem)[1]:
            for row in problem.vocabulary.size_standard.groups:
                found.update(Fraction(v) for v in row.floors.get(fact.name, ()))
        if mentions(leaf, fact.name):
            found |= leaf_thresholds(leaf, fact.name, problem)
    return sorted(found)


def leaf_thresholds(leaf: Node, name: str, problem: Problem) -> set[Fraction]:
    """Where one comparison of one free number changes. Raises NoCellsError where that is not a line."""
    if leaf_facts(leaf, problem) != (name,):
        raise NoCellsError  # two free facts compared with each other: no cells of one alone
    if isinstance(leaf, Compare):
        a, b = line(leaf.left, name, problem), line(leaf.right, name, problem)
        slope, offset = a[0] - b[0], b[1] - a[1]
        return {offset / slope} if slope else set()
    if isinstance(leaf, In) and isinstance(leaf.right, ListOf):
        slope, offset = line(leaf.left, name, problem)
        values = [number(i.value) for i in leaf.right.items if isinstance(i, Literal)]
        return {(v - offset) / slope for v in values} if slope else set()
    raise NoCellsError


def line(node: Node, name: str, problem: Problem) -> tuple[Fraction, Fraction]:
    """slope and offset of a part as a line in the fact. Raises NoCellsError where it is not one."""
    if isinstance(node, Ref) and node.name == name:
        return Fraction(1), Fraction(0)
    if not mentions(node, name):
        return Fraction(0), number(term(node, problem.known, problem.vocabulary))
    if isinstance(node, Negate):
        slope, offset = line(node.operand, name, problem)
        return -slope, -offset
    if isinstance(node, Arith):
        (s1, o1), (s2, o2) = line(node.left, name, problem), line(node.right, name, problem)
        if node.op in "+-":
            sign = 1 if node.op == "+" else -1
            return s1 + sign * s2, o1 + sign * o2
        if node.op == "*" and (s1 == 0 or s2 == 0):
            return s1 * o2 + s2 * o1, o1 * o2
        whole = problem.vocabulary.facts[name].type == "int"
        if node.op == "/" and s2 == 0 and o2 and not whole:
            return s1 / o2, o1 / o2
    raise NoCellsError


def number(value: object) -> Fraction:
    """A number or day as an exact fraction. Raises NoCellsError for anything else."""
    if isinstance(value, dt.date):
        return Fraction(value.toordinal())
    if isinstance(value, int | Decimal | Fraction) and not isinstance(value, bool):
        return Fraction(value)
    raise NoCellsError


def number_cells(fact: Fact, cuts: list[Fraction]) -> tuple[object, ...]:
    """A value on each cut, between each two, and beyond both ends, of the fact's own kind."""
    if not cuts:
        return (number_value(fact, Fraction(730_000 if fact.type == "date" else 0)),)
    if fact.type in ("int", "date"):
        whole: dict[int, None] = {}
        for cut in cuts:
            floor = cut.numerator // cut.denominator
            whole.update(dict.fromkeys((-(-cut.numerator // cut.denominator) - 1, floor, floor + 1)))
        return tuple(number_value(fact, Fraction(w)) for w in sorted(whole))
    found = [cuts[0] - 1]
    for cut, after in zip(cuts, [*cuts[1:], cuts[-1] + 2], strict=True):
        found += [cut, (cut + after) / 2]
    return tuple(number_value(fact, f) for f in found)


def number_value(fact: Fact, value: Fraction) -> object:
    if fact.type == "date":
        return dt.date.fromordinal(min(max(int(value), 1), dt.date.max.toordinal()))
    return int(value) if fact.type == "int" else value
