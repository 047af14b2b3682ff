"""Where a rule turns: the values of a number or day between which one of its comparisons changes its mind.

What a rule's author has to look at before it holds for anybody; specimens.py finds an enterprise for each side.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from eligibility.bands import STEPS, as_number, as_value, is_numeric, split, whole
from eligibility.cells import NoCellsError, leaf_thresholds
from eligibility.evaluate import Status, evaluate
from eligibility.facts import Facts
from eligibility.kleene import truth
from eligibility.residual import Problem
from eligibility.rule import Rule
from eligibility.syntax import And, Call, Cond, ListOf, Node, Not, Or, names
from eligibility.unparse import to_cel
from eligibility.vocabulary import Fact

DAY = "as_of_date"
LOW, HIGH = "low", "high"


@dataclass(frozen=True, slots=True)
class Edge:
    """Where one comparison turns as one fact (or the day of the question) moves by one step.

    `low` and `high`: the last value on the one side and the first on the other; None where that hangs on other facts.
    """

    fact: str
    condition: str
    low: object = None
    high: object = None
    leaf: Node = field(default_factory=Node, compare=False, repr=False)


def comparisons(node: Node) -> Iterator[Node]:
    """The comparisons of a condition, left to right, those of both ways of a choice among them."""
    match node:
        case And(operands=parts) | Or(operands=parts):
            inner: Iterable[Node] = parts
        case Not(operand=part):
            inner = (part,)
        case Cond(test=test, then=then, otherwise=otherwise):
            inner = (test, then, otherwise)
        case Call(name="at_least", args=(_, ListOf(items=items))):
            inner = items
        case _:
            yield node
            return
    for one in inner:
        yield from comparisons(one)


def edges_of(rule: Rule, starts: dt.date, ends: dt.date | None) -> list[Edge]:
    """Every edge the rule writes, each once; the size standard's own are the law's and not this rule's.

    A day of the question lies within the time the rule holds.
    """
    found: dict[tuple[object, ...], Edge] = {}
    for leaf in comparisons(rule.inlined):
        for edge in _edges(leaf, rule):
            if edge.fact == DAY and not _within(edge, starts, ends):
                continue
            by_value = (edge.fact, edge.low, edge.high)
            found.setdefault(by_value if edge.low is not None else (edge.fact, edge.condition), edge)
    return list(found.values())


def _within(edge: Edge, starts: dt.date, ends: dt.date | None) -> bool:
    assert isinstance(edge.low, dt.date)
    assert isinstance(edge.high, dt.date)
    return starts <= edge.low and (ends is None or edge.high <= ends)


def _edges(leaf: Node, rule: Rule) -> Iterator[Edge]:
    facts = [rule.vocabulary.facts[name] for name in sorted(names(leaf))]
    moved = [fact for fact in facts if is_numeric(fact) and fact.name not in rule.vocabulary.parameters]
    own = [fact for fact in moved if fact.name != DAY] or moved
    if not own:
        return
    if len(facts) == 1:
        yield from _constant(own[0], leaf, rule)
        return
    first = min(own, key=lambda fact: to_cel(leaf).index(fact.name))
    if first.name != DAY:
        yield Edge(first.name, to_cel(leaf), leaf=leaf)


def _constant(fact: Fact, leaf: Node, rule: Rule) -> Iterator[Edge]:
    """The edges of a comparison of one fact with written values."""
    try:
        cuts = leaf_thresholds(leaf, fact.name, Problem(rule.vocabulary, {}))
    except NoCellsError:
        if fact.name != DAY:
            yield Edge(fact.name, to_cel(leaf), leaf=leaf)
        return
    for below, above in pairwise(split(fact, whole(fact), cuts)):
        assert below.high is not None
        assert above.low is not None
        low, high = as_value(fact, below.high), as_value(fact, above.low)
        one, other = (truth(leaf, {fact.name: value}, rule.vocabulary) for value in (low, high))
        if one is not other:
            yield Edge(fact.name, to_cel(leaf), low, high, leaf)


def sides(edge: Edge, rule: Rule, facts: Facts, day: dt.date) -> frozenset[str]:
    """The sides of an edge these facts stand at: one step over it, and both the comparison and the verdict turn."""
    value = day if edge.fact == DAY else facts.get(edge.fact)
    if value is None:
        return frozenset()
    here = judged(rule, facts, day)
    return frozenset(
        side
        for side, own, step in ((LOW, edge.low, 1), (HIGH, edge.high, -1))
        if edge.low is None or value == own
        if _turns(edge, rule, facts, day, here, step)
    )


def _turns(edge: Edge, rule: Rule, facts: Facts, day: dt.date, here: Status, step: int) -> bool:
    fact = rule.vocabulary.facts[edge.fact]
    at = as_number(day if edge.fact == DAY else facts[edge.fact]) + step * STEPS[fact.type]
    if at not in whole(fact):
        return False
    value = as_value(fact, at)
    there_facts, there_day = facts, day
    if edge.fact == DAY:
        assert isinstance(value, dt.date)
        there_day = value
    else:
        there_facts = facts.replace(**{edge.fact: value})
    there = judged(rule, there_facts, there_day)
    if Status.UNDETERMINED in (here, there) or here is there:
        return False
    one, other = (
        truth(edge.leaf, known.on(when, rule.vocabulary), rule.vocabulary)
        for known, when in ((facts, day), (there_facts, there_day))
    )
    return one is not other


def judged(rule: Rule, facts: Facts, day: dt.date) -> Status:
    """The verdict on facts as of a day."""
    return evaluate(rule, facts.on(day, rule.vocabulary)).status


def days_of(rule: Rule, starts: dt.date, ends: dt.date | None) -> list[dt.date]:
    """The days to ask on, the likeliest first: the first one, and where the rule speaks of the day, both sides of each
    day it names; later ones only where a dated parameter of the rule has no value before.
    """
    found = {starts: None}
    for edge in edges_of(rule, starts, ends):
        if edge.fact == DAY:
            found.update(dict.fromkeys(day for day in (edge.low, edge.high) if isinstance(day, dt.date)))
    for name in sorted(rule.facts & rule.vocabulary.parameters.keys()):
        first = rule.vocabulary.parameters[name].values[0][0]
        if starts < first and (ends is None or first <= ends):
            found[first] = None
    if ends is not None and DAY in rule.facts:
        found[ends] = None
    wanted = rule.facts & rule.vocabulary.parameters.keys()
    return [day for day in found if wanted <= rule.vocabulary.parameters_on(day).keys()]
