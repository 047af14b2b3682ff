"""The cells of a fact: one value for each way the comparisons it meets can come out.

The constants a rule writes cut a fact's domain; values inside one cell cannot be told apart by that rule.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from eligibility.kleene import term
from eligibility.residual import Problem, leaf_facts, leaf_names, leaves, mentions
from eligibility.size_standard import ANY_INDUSTRY, INPUTS, SizeGroup
from eligibility.syntax import Arith, Call, Compare, In, ListOf, Literal, Negate, Node, Ref, walk
from eligibility.vocabulary import Fact, all_codes, has_shape

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
            if isinstance(leaf, Call):
                return fact.allowed  # words by how they start
            written.update(node.value for node in walk(leaf) if isinstance(node, Literal))
    named = [value for value in fact.allowed if value in written]
    other = [value for value in fact.allowed if value not in written]
    return (*named, *other[:1])


def code_cells(fact: Fact, tree: Node, problem: Problem) -> tuple[str, ...]:
    """One code for each way the comparisons and the rows of the size standard can come out."""
    told_apart: dict[object, str] = {}
    for code, way in code_ways(fact, tree, problem).items():
        told_apart.setdefault(way, code)
    return tuple(told_apart.values())


def code_ways(fact: Fact, tree: Node, problem: Problem) -> dict[str, object]:
    """Codes among which every way to come out is found -> how each comes out, in the order of `code_pieces`."""
    exact: dict[str, None] = {}
    prefixes: dict[str, None] = {}
    sized = False
    for leaf in leaves(tree):
        sized = sized or (fact.name == INPUTS[0] and leaf_names(leaf, problem)[1])
        if mentions(leaf, fact.name):
            texts = [n.value for n in walk(leaf) if isinstance(n, Literal) and isinstance(n.value, str)]
            (prefixes if isinstance(leaf, Call) else exact).update(dict.fromkeys(texts))
    standard = problem.vocabulary.size_standard
    rows = standard.groups if sized else ()
    starts = (*prefixes, *(prefix for row in rows for prefix in row.prefixes))
    listed = standard.long_enough(all_codes(fact.codes)) if sized else all_codes(fact.codes)
    codes = listed_cuts(listed, exact, starts) if listed else made_up_codes(fact, exact, starts)
    return {code: way(code, tuple(exact), tuple(prefixes), rows) for code in codes}


def listed_cuts(listed: tuple[str, ...], exact: Iterable[str], prefixes: Iterable[str]) -> tuple[str, ...]:
    """The codes of a sorted list from which on something may come out differently; the first one always."""
    cuts = {0}
    for text in (*exact, *prefixes):
        cuts |= {bisect_left(listed, text), bisect_left(listed, text + FILLER)}
    for text in exact:
        cuts.add(bisect_left(listed, text + "\0"))
    return tuple(listed[at] for at in sorted(cuts) if at < len(listed))


def made_up_codes(fact: Fact, exact: Iterable[str], prefixes: Iterable[str]) -> tuple[str, ...]:
    """For codes no list names: each written one, one behind each prefix and one behind none."""
    behind = (p if is_full(fact, p) else p + FILLER for p in (*prefixes, ""))
    return tuple(dict.fromkeys((*exact, *behind)))


def is_full(fact: Fact, code: str) -> bool:
    """Whether no longer code starts with this one."""
    return has_shape(fact, code) and not has_shape(fact, code + "0")


def way(
    code: str, exact: tuple[str, ...], prefixes: tuple[str, ...], rows: tuple[SizeGroup, ...]
) -> tuple[object, ...]:
    """How a code comes out: two codes that come out alike are not told apart."""
    row = next((row.id for row in rows if code.startswith(row.prefixes)), None)
    return (row, *(code == e for e in exact), *(code.startswith(p) for p in prefixes))


def thresholds(fact: Fact, tree: Node, problem: Problem) -> list[Fraction]:
    """The numbers (days as ordinals) where some comparison of the fact changes its truth."""
    found: set[Fraction] = set()
    rows = problem.vocabulary.size_standard.rows_of(problem.known.get(INPUTS[0], ANY_INDUSTRY))
    for leaf in leaves(tree):
        if fact.name in INPUTS and leaf_names(leaf, problem)[1]:
            for row in rows:
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


def bounds(fact: Fact) -> tuple[Fraction | None, Fraction | None]:
    """The least and the most a fact can be, where the vocabulary says so."""
    least = None if fact.minimum is None else Fraction(fact.minimum)
    return least, None if fact.maximum is None else Fraction(fact.maximum)


def number_cells(fact: Fact, cuts: list[Fraction]) -> tuple[object, ...]:
    """A value on each cut, between each two, and beyond both ends, of the fact's own kind and within its bounds."""
    least, most = bounds(fact)
    inside = [c for c in cuts if (least is None or least <= c) and (most is None or c <= most)]
    if fact.type in ("int", "date"):
        whole: dict[int, None] = {}
        for cut in cuts:
            floor = cut.numerator // cut.denominator
            whole.update(dict.fromkeys((-(-cut.numerator // cut.denominator) - 1, floor, floor + 1)))
        kept = [w for w in sorted(whole) if (least is None or least <= w) and (most is None or w <= most)]
        return tuple(number_value(fact, Fraction(w)) for w in kept) or (any_number(fact),)
    if not inside:
        return (any_number(fact),)
    found = []
    if least is None or least < inside[0]:
        found.append(inside[0] - 1 if least is None else (least + inside[0]) / 2)
    for cut, after in zip(inside, [*inside[1:], most], strict=True):
        found.append(cut)
        if after is None or cut < after:
            found.append(cut + 1 if after is None else (cut + after) / 2)
    return tuple(number_value(fact, f) for f in found)


def any_number(fact: Fact) -> object:
    """A value the fact can have, when no comparison tells its values apart."""
    least, most = bounds(fact)
    value = least if least is not None else most if most is not None else Fraction(0)
    return number_value(fact, Fraction(730_000) if fact.type == "date" else value)


def number_value(fact: Fact, value: Fraction) -> object:
    if fact.type == "date":
        return dt.date.fromordinal(min(max(int(value), 1), dt.date.max.toordinal()))
    return int(value) if fact.type == "int" else value


def pieces(
    name: str, tree: Node, problem: Problem, values: tuple[object, ...], outcomes: tuple[object, ...]
) -> tuple[object, ...]:
    """What comes out where, given the outcome in each cell: equal exactly when the meaning is, whatever the cells."""
    fact = problem.vocabulary.facts[name]
    found = dict(zip(values, outcomes, strict=True))
    none = found.pop(None, None)
    if fact.type == "bool":
        return (none, found[True], found[False])
    if fact.type == "enum":
        other = found[next(reversed(found))]
        return (none, *(found.get(value, other) for value in fact.allowed))
    if fact.type == "code":
        return (none, *code_pieces(fact, tree, problem, found))
    return (none, *number_pieces(fact, thresholds(fact, tree, problem), sorted(found.items())))


def code_pieces(
    fact: Fact, tree: Node, problem: Problem, found: Mapping[object, object]
) -> list[tuple[str, object]]:
    """The codes at which the outcome changes; without a list, where it differs from that of the prefix around."""
    ways = code_ways(fact, tree, problem)
    by_way = {ways[str(code)]: outcome for code, outcome in found.items()}
    outcomes = {code: by_way[way] for code, way in ways.items()}
    if all_codes(fact.codes):
        ordered = list(outcomes.items())
        return ordered[:1] + [(code, now) for (_, before), (code, now) in pairwise(ordered) if now != before]
    kept = [(FILLER, outcomes[FILLER])]
    for code, outcome in sorted(outcomes.items()):
        whole = code.rstrip(FILLER)
        around = (whole[:n] + FILLER for n in range(len(whole) - (whole != code), -1, -1))
        if whole and outcome != next(outcomes[a] for a in around if a in outcomes):
            kept.append((code, outcome))
    return kept


def number_pieces(fact: Fact, cuts: list[Fraction], ordered: list[tuple[Any, object]]) -> list[object]:
    """The numbers or days at which the outcome changes, with the outcome there and after."""
    kept: list[object] = [ordered[0][1]]
    if fact.type in ("int", "date"):
        for (_, before), (start, outcome) in pairwise(ordered):
            if outcome != before:
                kept.append((start, outcome))
        return kept
    lines = set(cuts)
    for at, (value, here) in enumerate(ordered):
        if value in lines:
            before = ordered[at - 1][1] if at else here
            after = ordered[at + 1][1] if at + 1 < len(ordered) else here
            if not before == here == after:
                kept.append((value, here, after))
    return kept
