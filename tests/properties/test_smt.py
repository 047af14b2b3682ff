"""z3's answers against the reference: on complete facts the same, on partial ones never fewer decided."""

from __future__ import annotations

from hypothesis import given, settings

from eligibility import Facts, Status, Vocabulary, evaluate, parse
from eligibility.smt import Asking, UndecidedError, certain
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from tests.factories.examples import examples
from tests.factories.rules import completions, conditions, partial_facts, wide_facts, wide_rules

VOCABULARY = Vocabulary.shipped()
STATUS = {True: Status.ELIGIBLE, False: Status.INELIGIBLE, None: Status.UNDETERMINED}


@settings(max_examples=examples(120))
@given(conditions, partial_facts(4))
def test_what_is_certain_is_what_the_reference_says(tree: Node, facts: Facts) -> None:
    rule = parse(to_cel(tree), VOCABULARY)
    assert STATUS[certain(rule.root, facts, VOCABULARY)] is evaluate(rule, facts).status


@settings(max_examples=examples(120))
@given(wide_rules, wide_facts())
def test_the_reference_decides_nothing_that_is_not_certain(text: str, facts: Facts) -> None:
    rule = parse(text, VOCABULARY)
    try:
        exact = STATUS[certain(rule.root, facts, VOCABULARY)]
    except UndecidedError:  # products of facts, codes too short, months between two facts
        return
    found = evaluate(rule, facts).status
    assert found in (exact, Status.UNDETERMINED)


@settings(max_examples=examples(100))
@given(conditions)
def test_a_witness_is_found_exactly_when_there_is_one(tree: Node) -> None:
    rule = parse(to_cel(tree), VOCABULARY)
    found = Asking(VOCABULARY, [rule.root]).witness(rule.root)
    exists = any(evaluate(rule, full).status is Status.ELIGIBLE for full in completions(Facts(), rule.facts))
    assert (found is not None) == exists
    if found is not None:
        assert evaluate(rule, Facts.from_json(found)).status is Status.ELIGIBLE
