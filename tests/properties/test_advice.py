"""Advice against the slow and obvious: every subset of claims, every value of a fact, every set of facts."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility import Facts, Rule, Status, Verdict, Vocabulary, evaluate, parse
from eligibility.advise import Candidate
from eligibility.advise_changes import Change, Step, advisable, distance, smallest_change
from eligibility.advise_cliffs import cliffs
from eligibility.advise_missing import deciding_sets
from eligibility.advise_questions import Answer, Question, questions
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from tests.factories.examples import examples
from tests.factories.rules import GRID, conditions, partial_facts, wide_facts, wide_rules

VOCABULARY = Vocabulary.shipped()

# the next best question


def candidates(texts: Sequence[str]) -> list[Candidate]:
    return [Candidate(str(at), parse(text, VOCABULARY)) for at, text in enumerate(texts)]


def undetermined(all_: Sequence[Candidate], facts: Facts) -> list[tuple[Candidate, Verdict]]:
    judged = [(candidate, evaluate(candidate.rule, facts)) for candidate in all_]
    return [(candidate, verdict) for candidate, verdict in judged if verdict.status is Status.UNDETERMINED]


def answer_for(question: Question, value: object) -> Answer:
    """The answer a value belongs to."""
    if (
        value is None
        or not isinstance(value, int | Decimal | type(GRID["loan_start_date"][1]))
        or value in (True, False)
    ):
        for answer in question.answers:
            if value in answer.values:
                return answer
        return next(answer for answer in question.answers if answer.more)
    return next(
        a
        for a in question.answers
        if None not in a.values or a.low is not None or a.high is not None
        if (a.low is None or a.low <= value) and (a.high is None or value <= a.high)  # type: ignore[operator]
    )


@settings(max_examples=examples(150))
@given(st.lists(conditions, min_size=1, max_size=4), partial_facts(6))
def test_each_answer_decides_what_the_reference_says_it_does(trees: list[Node], facts: Facts) -> None:
    open_ = undetermined(candidates([to_cel(tree) for tree in trees]), facts)
    found = questions(open_, facts, VOCABULARY, most=99)
    assert {q.fact for q in found} == {name for _, verdict in open_ for name in verdict.missing}
    for question in found:
        assert sum(answer.weight for answer in question.answers) == 1
        decided = sum(a.weight * (len(a.eligible) + len(a.ineligible)) for a in question.answers)
        assert question.verdicts == decided
        assert question.waiting == sum(question.fact in verdict.missing for _, verdict in open_)
        for value in GRID[question.fact]:
            answer = answer_for(question, value)
            full = facts.replace(**{question.fact: value})  # type: ignore[dict-item]
            statuses = {c.id: evaluate(c.rule, full).status for c, v in open_ if question.fact in v.missing}
            assert set(answer.eligible) == {id for id, s in statuses.items() if s is Status.ELIGIBLE}
            assert set(answer.ineligible) == {id for id, s in statuses.items() if s is Status.INELIGIBLE}
    best = max(found, key=lambda q: (q.verdicts, q.waiting), default=None)
    if best is not None:
        assert (found[0].verdicts, found[0].waiting) == (best.verdicts, best.waiting)


@settings(max_examples=examples(100))
@given(st.lists(wide_rules, min_size=1, max_size=3), wide_facts())
def test_no_answer_is_said_to_decide_what_it_does_not(texts: list[str], facts: Facts) -> None:
    open_ = undetermined(candidates(texts), facts)
    for question in questions(open_, facts, VOCABULARY, most=99):
        for answer in question.answers:
            values = answer.values or tuple(v for v in (answer.low, answer.high) if v is not None)
            for value in values[:3]:
                full = facts.replace(**{question.fact: value})  # type: ignore[dict-item]
                for id in answer.eligible:
                    assert (
                        evaluate(open_[[c.id for c, _ in open_].index(id)][0].rule, full).status
                        is Status.ELIGIBLE
                    )
                for id in answer.ineligible:
                    found = evaluate(open_[[c.id for c, _ in open_].index(id)][0].rule, full).status
                    assert found is Status.INELIGIBLE


@settings(max_examples=examples(80))
@given(
    st.lists(conditions, min_size=1, max_size=4),
    st.fixed_dictionaries({n: st.sampled_from(v) for n, v in GRID.items()}),
    partial_facts(7),
    st.sampled_from(("verdicts", "money")),
)
def test_the_questions_end_and_answering_them_all_gives_the_plain_match(
    trees: list[Node], truth: dict[str, object], given_: Facts, by: str
) -> None:
    everything = candidates([to_cel(tree) for tree in trees])
    known = Facts({**truth, **given_})
    facts, asked = given_, list[str]()
    while open_ := undetermined(everything, facts):
        question = questions(open_, facts, VOCABULARY, by=by, most=1)[0]
        assert question.fact not in facts
        asked.append(question.fact)
        facts = facts.replace(**{question.fact: known[question.fact]})
        assert len(asked) <= len(GRID)
    for candidate in everything:
        assert evaluate(candidate.rule, facts).status is evaluate(candidate.rule, known).status


@settings(max_examples=examples(80))
@given(
    st.lists(conditions, min_size=1, max_size=3),
    st.fixed_dictionaries({n: st.sampled_from(v) for n, v in GRID.items()}),
    st.permutations(sorted(GRID)),
)
def test_the_order_of_the_answers_never_changes_a_verdict(
    trees: list[Node], truth: dict[str, object], order: list[str]
) -> None:
    for candidate in candidates([to_cel(tree) for tree in trees]):
        facts, last = Facts(), Status.UNDETERMINED
        for name in order:
            facts = facts.replace(**{name: truth[name]})  # type: ignore[dict-item]
            now = evaluate(candidate.rule, facts).status
            assert last in (Status.UNDETERMINED, now)
            last = now
        assert last is evaluate(candidate.rule, Facts(truth)).status


# sets of facts that would be enough


def settles(rule: Rule, facts: Facts, names: Sequence[str], wanted: Status) -> bool:
    """Whether some answers to these facts settle the rule as wanted, by trying them all."""
    return any(
        evaluate(rule, facts.replace(**dict(zip(names, values, strict=True)))).status is wanted  # type: ignore[arg-type]
        for values in itertools.product(*(GRID[name] for name in names))
    )


@settings(max_examples=examples(120))
@given(conditions, partial_facts(5))
def test_the_deciding_sets_are_the_least_that_can_settle_the_rule(tree: Node, facts: Facts) -> None:
    rule = parse(to_cel(tree), VOCABULARY)
    found = deciding_sets(rule, facts)
    assert found.complete
    missing = sorted(set(rule.facts) - set(facts))
    for wanted, sets in ((Status.ELIGIBLE, found.eligible), (Status.INELIGIBLE, found.ineligible)):
        least: list[set[str]] = []
        for size in range(len(missing) + 1):
            for names in itertools.combinations(missing, size):
                if not any(small <= set(names) for small in least) and settles(rule, facts, names, wanted):
                    least.append(set(names))
        assert sorted(map(sorted, sets)) == sorted(map(sorted, least))[:12] or len(least) > 12
        assert [len(s) for s in sets] == sorted(len(s) for s in sets)


@settings(max_examples=examples(60))
@given(wide_rules, wide_facts(6))
def test_a_deciding_set_holds_only_facts_that_matter(text: str, facts: Facts) -> None:
    rule = parse(text, VOCABULARY)
    verdict, found = evaluate(rule, facts), deciding_sets(rule, facts)
    if verdict.status is Status.ELIGIBLE:
        assert found.eligible in (((),), ())
        assert found.ineligible == ()
    if verdict.status is Status.INELIGIBLE:
        assert found.eligible == ()
    if found.complete and verdict.status is Status.UNDETERMINED:
        for names in (*found.eligible, *found.ineligible):
            assert set(names) <= set(verdict.missing)


# the smallest change

MOVABLE = (
    "employees_end",
    "layoff_rate_pct",
    "jobs_commitment",
    "electricity_tariff_class",
    "loan_start_date",
)
NEARBY: Mapping[str, tuple[object, ...]] = {
    **GRID,
    "layoff_rate_pct": tuple(
        map(Decimal, ("5", "5.499999", "5.5", "5.500001", "6", "19.999999", "20", "20.000001", "21"))
    ),
    "loan_start_date": tuple(day for day in GRID["loan_start_date"] if day is not None),
}
MOVING = dataclasses.replace(
    VOCABULARY,
    facts=MappingProxyType(
        {n: dataclasses.replace(f, changeable=n in MOVABLE) for n, f in VOCABULARY.facts.items()}
    ),
)


def every_change(rule: Rule, facts: Facts, count: int) -> Iterator[Change]:
    for names in itertools.combinations([n for n in MOVABLE if n in facts and n in rule.facts], count):
        for values in itertools.product(*(NEARBY[name] for name in names)):
            after = dict(zip(names, values, strict=True))
            if any(not advisable(MOVING.facts[n], facts[n], v) or facts[n] == v for n, v in after.items()):
                continue
            if evaluate(rule, facts.replace(**after)).status is Status.ELIGIBLE:  # type: ignore[arg-type]
                steps = (
                    Step(n, facts[n], v, distance(MOVING.facts[n], facts[n], v)) for n, v in after.items()
                )
                yield Change(tuple(steps), None)


@settings(max_examples=examples(200))
@given(conditions, partial_facts(2))
def test_no_smaller_change_makes_the_rule_hold(tree: Node, facts: Facts) -> None:
    rule = parse(to_cel(tree), MOVING)
    found = smallest_change(rule, facts)
    if evaluate(rule, facts).status is not Status.INELIGIBLE:
        assert found is None
        return
    least = next(
        (min(c.size for c in every) for n in range(1, 5) if (every := list(every_change(rule, facts, n)))),
        None,
    )
    if least is None:
        assert found is None or found.missing
        return
    assert found is not None
    assert found.size == least
    after = {step.fact: step.new for step in found.steps}
    assert evaluate(rule, facts.replace(**after)).status is Status.ELIGIBLE  # type: ignore[arg-type]
    assert Facts.from_json(Facts(after).to_json(), MOVING) == Facts(after)
    assert all(step.old == facts[step.fact] != step.new for step in found.steps)


@settings(max_examples=examples(60))
@given(wide_rules, wide_facts(3))
def test_a_change_is_of_facts_an_owner_can_change_and_is_proven(text: str, facts: Facts) -> None:
    rule = parse(text, VOCABULARY)
    found = smallest_change(rule, facts)
    if found is None:
        return
    after = {step.fact: step.new for step in found.steps}
    assert all(VOCABULARY.facts[name].changeable for name in after)
    verdict = evaluate(rule, facts.replace(**after))  # type: ignore[arg-type]
    assert verdict.status is not Status.INELIGIBLE
    assert verdict.missing == found.missing


# cliffs


@settings(max_examples=examples(100))
@given(st.lists(conditions, min_size=1, max_size=4), partial_facts(2))
def test_a_cliff_is_the_nearest_number_at_which_something_is_lost(trees: list[Node], facts: Facts) -> None:
    every = [Candidate(str(at), parse(to_cel(tree), MOVING)) for at, tree in enumerate(trees)]
    judged = [(candidate, evaluate(candidate.rule, facts).status) for candidate in every]
    found = {(c.fact, c.is_up): c for c in cliffs(judged, facts, MOVING)}

    def changed(value: int, before: Status, after: Status) -> set[str]:
        full = facts.replace(employees_end=value)
        return {
            candidate.id
            for candidate, status in judged
            if status is before and evaluate(candidate.rule, full).status is after
        }

    today = facts.get("employees_end")
    if not isinstance(today, int):
        assert not any(name == "employees_end" for name, _ in found)
        return
    for up, values in ((True, range(today + 1, 40)), (False, range(today - 1, -1, -1))):
        edge = next((v for v in values if changed(v, Status.ELIGIBLE, Status.INELIGIBLE)), None)
        cliff = found.get(("employees_end", up))
        if edge is None or cliff is None:
            assert (edge is None) == (cliff is None)
            continue
        assert (cliff.old, cliff.new) == (today, edge)
        assert {loss.id for loss in cliff.lost} == changed(edge, Status.ELIGIBLE, Status.INELIGIBLE)
        assert set(cliff.gained) == changed(edge, Status.INELIGIBLE, Status.ELIGIBLE)
