"""What must hold for every rule and every enterprise: the engine against the slow and obvious.

Shrunk examples are the point: each failure here is a rule a policy admin could have written.
"""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility import (
    Facts,
    RuleError,
    Status,
    Vocabulary,
    diagnose,
    evaluate,
    explain,
    failures,
    parse,
    sentence,
)
from eligibility.parser import read
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from tests.factories.examples import examples
from tests.factories.rules import completions, conditions, partial_facts

VOCABULARY = Vocabulary.shipped()
FRAGMENTS = (
    *("employees_end", "sme_size", "within", "at_least", "date", "startsWith", "in", "true", "false"),
    *('"370000"', "'x'", "1", "5.5", "&&", "||", "==", "!=", "<", ">=", "!", "(", ")", "[", "]", ",", "."),
    *("?", ":", "+", "-", "*", "/", " ", "\n", "//", "\0", "\ud800", "9" * 30, "1e400", "\\", '"""', "r'"),
)


@settings(max_examples=examples(400))
@given(conditions)
def test_printing_a_tree_and_parsing_it_gives_the_same_tree(tree: Node) -> None:
    text = to_cel(tree)
    assert read(text) == tree
    assert to_cel(read(text)) == text


@settings(max_examples=examples(400))
@given(conditions, partial_facts())
def test_the_verdict_is_what_all_completions_agree_on(tree: Node, facts: Facts) -> None:
    rule = parse(to_cel(tree), VOCABULARY)
    outcomes = {evaluate(rule, full).status for full in completions(facts, rule.facts)}
    assert Status.UNDETERMINED not in outcomes
    expected = outcomes.pop() if len(outcomes) == 1 else Status.UNDETERMINED
    assert evaluate(rule, facts).status is expected


@settings(max_examples=examples(250))
@given(conditions, partial_facts(3))
def test_missing_names_the_facts_that_can_change_the_verdict_and_no_other(tree: Node, facts: Facts) -> None:
    rule = parse(to_cel(tree), VOCABULARY)
    verdict = evaluate(rule, facts)
    seen: dict[str, dict[Facts, set[Status]]] = {}
    for full in completions(facts, rule.facts):
        status = evaluate(rule, full).status
        for name in rule.facts - set(facts):
            seen.setdefault(name, {}).setdefault(full.without(name), set()).add(status)
    matter = {name for name, groups in seen.items() if any(len(found) > 1 for found in groups.values())}
    assert set(verdict.missing) == matter
    assert (verdict.status is Status.UNDETERMINED) == bool(verdict.missing)


@settings(max_examples=examples(250))
@given(conditions, partial_facts(7))
def test_the_trace_has_the_verdict_at_its_top_and_the_failed_conditions_below(
    tree: Node, facts: Facts
) -> None:
    rule = parse(to_cel(tree), VOCABULARY)
    trace = explain(rule, facts)
    verdict = {True: Status.ELIGIBLE, False: Status.INELIGIBLE, None: Status.UNDETERMINED}[trace.verdict]
    assert verdict is evaluate(rule, facts).status
    for failed in failures(trace):
        assert failed.is_leaf or failed.op == "not"
    for lang in ("zh-CN", "en"):
        assert sentence(rule, lang)


@settings(max_examples=examples(600))
@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)))
def test_no_text_gets_anything_but_diagnostics_out_of_the_parser(text: str) -> None:
    found = diagnose(text, VOCABULARY)
    for diagnostic in found:
        assert 0 <= diagnostic.start <= diagnostic.end <= len(text)
        assert diagnostic.message("zh-CN") != diagnostic.message("en")
    if found:
        with pytest.raises(RuleError):
            parse(text, VOCABULARY)
    else:
        assert parse(parse(text, VOCABULARY).text, VOCABULARY).root == parse(text, VOCABULARY).root


@settings(max_examples=examples(200))
@given(conditions, st.integers(0, 10_000), st.sampled_from(string.printable))
def test_one_wrong_character_in_a_rule_is_told_or_changes_nothing_else(
    tree: Node, at: int, char: str
) -> None:
    text = to_cel(tree)
    at %= len(text) + 1
    for diagnostic in diagnose(text[:at] + char + text[at:], VOCABULARY):
        assert 0 <= diagnostic.start <= diagnostic.end <= len(text) + 1
