"""The smallest change among facts an owner can change that would make a rule hold: fewest facts, then least change.

Every change is proven: it is what the reference evaluator says of the facts after it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from eligibility.advise import advice_data
from eligibility.bands import as_number, as_value, is_numeric, split, whole
from eligibility.cells import NoCellsError, code_cells, thresholds
from eligibility.evaluate import Status, evaluate
from eligibility.explain import Trace, explain, failures
from eligibility.kleene import stated
from eligibility.residual import Problem, leaves
from eligibility.rule import Rule
from eligibility.values import choices
from eligibility.vocabulary import Fact

MOST_FACTS = 4
"""Facts changed at once; advice to change more is no advice."""
MOST_TRIED = 5_000
"""Ways to change one set of facts that are tried."""


@dataclass(frozen=True, slots=True)
class Step:
    """One fact to change. `size`: 1 for another choice, and for numbers and days how far, from 0 to 1.

    `mends`: the conditions about it that fail today, as canonical CEL.
    """

    fact: str
    old: object
    new: object
    size: Fraction
    mends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What would make a rule hold. `clause`: where the law says so. `missing`: facts still to be answered then; empty
    when the change alone is enough."""

    steps: tuple[Step, ...]
    clause: str | None
    missing: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, Fraction]:
        """Facts changed, and how far altogether."""
        return len(self.steps), sum((step.size for step in self.steps), Fraction(0))


def smallest_change(rule: Rule, facts: Mapping[str, object], most: int = MOST_FACTS) -> Change | None:
    """The smallest change that makes an ineligible rule hold; None where an owner can do nothing, or need not.

    most: facts changed at once.

    Facts that are unknown are asked for, not changed: where the rule would then be open, `missing` names them.
    """
    if evaluate(rule, facts).status is not Status.INELIGIBLE:
        return None
    movable = [
        name
        for name, fact in rule.vocabulary.facts.items()
        if fact.changeable and name in facts and name in rule.stated_facts
    ]
    free = {name: value for name, value in facts.items() if name not in movable}
    if not movable or evaluate(rule, free).status is Status.INELIGIBLE:
        return None  # whatever he changes, other facts keep the rule from holding
    for goal in (Status.ELIGIBLE, Status.UNDETERMINED):
        for count in range(1, min(len(movable), most) + 1):
            found = [
                c for some in itertools.combinations(movable, count) for c in changes(rule, facts, some, goal)
            ]
            if found:
                best = min(found, key=lambda c: c.size)
                return with_reasons(best, rule, facts)
    return None


def changes(rule: Rule, facts: Mapping[str, object], names: Sequence[str], goal: Status) -> Iterator[Change]:
    """The least change of exactly these facts that reaches the goal, if there is one."""
    free = {name: value for name, value in facts.items() if name not in names}
    if evaluate(rule, free).status is Status.INELIGIBLE:
        return  # whatever they are, others keep the rule from holding
    tried = itertools.islice(ways(rule, free, names, facts), MOST_TRIED)
    for steps in sorted(tried, key=lambda steps: sum((s.size for s in steps), Fraction(0))):
        verdict = evaluate(rule, {**free, **{step.fact: step.new for step in steps}})
        if verdict.status is goal:
            yield Change(tuple(steps), rule.clause, verdict.missing)
            return


def ways(
    rule: Rule, known: Mapping[str, object], names: Sequence[str], before: Mapping[str, object]
) -> Iterator[list[Step]]:
    """Every way to change these facts, the values of each cut by the conditions as they stand with the ones before."""
    if not names:
        yield []
        return
    fact = rule.vocabulary.facts[names[0]]
    for value in other_values(rule, known, fact, before):
        if not advisable(fact, before[fact.name], value):
            continue
        step = Step(fact.name, before[fact.name], value, distance(fact, before[fact.name], value))
        for rest in ways(rule, {**known, fact.name: value}, names[1:], before):
            yield [step, *rest]


def other_values(
    rule: Rule, known: Mapping[str, object], fact: Fact, before: Mapping[str, object]
) -> tuple[object, ...]:
    """The nearest value to the present one in each piece of the fact's values but its own."""
    if not is_numeric(fact):
        return tuple(value for value in choices_of(fact, rule, known) if value != before[fact.name])
    bands = split(fact, whole(fact), set(numeric_cuts(rule, known, fact, before)))
    old = stated(before[fact.name], fact.type)
    if old is None:
        ends = (band.low if band.high is None else band.high for band in bands)
        return tuple(as_value(fact, end) for end in ends if end is not None)
    at = as_number(old)
    return tuple(as_value(fact, band.nearest(at)) for band in bands if at not in band)


def numeric_cuts(
    rule: Rule, known: Mapping[str, object], fact: Fact, before: Mapping[str, object]
) -> Iterator[Fraction]:
    """Where a number's conditions come out differently. One it is compared with counts as it is today, unless it was
    changed before; a comparison with an unknown one is left alone."""
    for leaf in leaves(rule.inlined):
        for others in (known, {**before, **known}):
            problem = Problem(rule.vocabulary, {n: v for n, v in others.items() if n != fact.name})
            try:
                yield from thresholds(fact, leaf, problem)
                break
            except NoCellsError:
                continue


def choices_of(fact: Fact, rule: Rule, known: Mapping[str, object]) -> tuple[object, ...]:
    """Every choice, and of codes one for each way the conditions come out."""
    if fact.type in ("bool", "enum"):
        return choices(fact)
    problem = Problem(rule.vocabulary, {n: v for n, v in known.items() if n != fact.name})
    return code_cells(fact, rule.inlined, problem)


def advisable(fact: Fact, old: object, new: object) -> bool:
    """Whether anybody may be told to do that: not to dismiss people, nor to leave the social insurance, nor what is
    beyond sense: more than five times or less than a fifth of what it is, and by more than 10 persons or 100,000 yuan
    (`beyond_sense` in vocabulary/advice.yaml; shares lie close together by nature and days have no times)."""
    data = advice_data()
    if fact.name in data["never_less"] and old is not None and new is not None:
        return as_number(new) > as_number(stated(old, fact.type)) and _within_sense(fact, old, new)
    return new not in data["never"].get(fact.name, ()) and _within_sense(fact, old, new)


def _within_sense(fact: Fact, old: object, new: object) -> bool:
    limits = advice_data()["beyond_sense"]
    if fact.type not in limits["by"] or old is None or new is None:
        return True
    a, b = sorted(abs(as_number(value)) for value in (stated(old, fact.type), new))
    times, difference = int(limits["times"]), int(limits["by"][fact.type])
    return b <= times * a or b - a <= difference


def distance(fact: Fact, old: object, new: object) -> Fraction:
    """How far a value is moved, from 0 to 1: another choice is 1; a number is moved in proportion to the larger of the
    two, a day in proportion to a year."""
    if not is_numeric(fact) or old is None or new is None:
        return Fraction(1)
    a, b = as_number(stated(old, fact.type)), as_number(new)
    if fact.type == "date":
        return abs(a - b) / (abs(a - b) + 365)
    span = abs(a - b) / max(abs(a), abs(b)) if a != b else Fraction(0)
    return min(span, Fraction(1))


def mended(name: str, failed: Sequence[Trace], rule: Rule) -> tuple[str, ...]:
    """The failed conditions that depend on a fact, directly or through derived ones."""
    return tuple(t.text for t in failed if name in Rule(t.node, rule.vocabulary, "").stated_facts)


def with_reasons(change: Change, rule: Rule, facts: Mapping[str, object]) -> Change:
    """The change with the conditions each step mends."""
    failed = failures(explain(rule, facts))
    steps = (Step(s.fact, s.old, s.new, s.size, mended(s.fact, failed, rule)) for s in change.steps)
    return Change(tuple(steps), change.clause, change.missing)
