"""Analysing a pack: each kind of finding on a small pack made for it, with a witness that really is one.

The search for witnesses is held to brute force over the grid of the random rules.
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import pytest
from hypothesis import given, settings

from eligibility import Facts, Finding, PackRule, Status, Vocabulary, analyse, evaluate, parse
from eligibility.analyse import witness
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from tests.factories.examples import examples
from tests.factories.rules import completions, conditions

WORDS = Vocabulary.shipped()


def rule(name: str, text: str, **more: Any) -> PackRule:
    return PackRule(name, parse(text, WORDS), dt.date(2020, 1, 1), more.pop("ends", None), **more)


def kinds(*pack: PackRule) -> list[tuple[str, tuple[str, ...]]]:
    return [(finding.kind, finding.rules) for finding in analyse(pack)]


class TestOneRule:
    def test_a_rule_nobody_can_satisfy(self) -> None:
        assert kinds(rule("A", "employees_end < 5 && employees_end > 10")) == [("unsatisfiable", ("A",))]

    def test_a_size_class_no_industry_has_with_those_staff(self) -> None:
        text = 'sme_size == "large" && employees_end < 5 && within(industry_code, ["33"])'
        assert kinds(rule("A", text)) == [("unsatisfiable", ("A",))]

    def test_a_rule_everybody_satisfies(self) -> None:
        assert kinds(rule("A", "employees_end < 5 || employees_end >= 5")) == [("everybody", ("A",))]

    def test_a_condition_that_never_matters(self) -> None:
        found = analyse([rule("A", "employees_end < 5 && employees_end < 10")])
        assert [f.kind for f in found] == ["dead_clause"]
        assert "employees_end < 10" in found[0].message
        assert found[0].witness["employees_end"] < 5  # type: ignore[operator]

    def test_a_sound_rule_has_no_finding(self) -> None:
        assert kinds(rule("A", 'employees_end < 5 && entity_type == "company"')) == []


class TestTwoRules:
    def test_exclusions_that_cannot_happen(self) -> None:
        a = rule("A", 'province_code == "420000"', excludes=frozenset({"B"}), subject="VAT")
        b = rule("B", 'province_code != "420000"', subject="VAT")
        assert kinds(a, b) == [("never_meet", ("A", "B"))]

    def test_an_overlap_nobody_declared_and_the_inner_of_two(self) -> None:
        a = rule("A", "employees_end < 5", subject="VAT")
        b = rule("B", "employees_end < 10", subject="VAT")
        assert kinds(a, b) == [("overlap", ("A", "B")), ("contained", ("A", "B"))]

    def test_a_declared_overlap_and_other_times_are_no_finding(self) -> None:
        a = rule("A", "employees_end < 5", subject="VAT", ends=dt.date(2020, 6, 30))
        b = rule("B", "employees_end < 10", subject="VAT", related=frozenset({"A"}))
        later = PackRule("C", parse("employees_end < 20", WORDS), dt.date(2020, 7, 1), None, subject="fee")
        assert kinds(a, b, later) == []

    def test_a_witness_has_codes_of_full_length(self) -> None:
        a = rule("A", 'within(industry_code, ["53", "54"]) && province_code != "370000"', subject="CIT")
        b = rule("B", '!within(industry_code, ["541"])', subject="CIT")
        overlap = next(f for f in analyse([a, b]) if f.kind == "overlap")
        facts = Facts.from_json(overlap.witness)
        for one in (a, b):
            assert evaluate(one.rule, facts).status is Status.ELIGIBLE


@settings(max_examples=examples(200))
@given(conditions)
def test_a_witness_is_found_exactly_when_there_is_one(tree: Node) -> None:
    one = parse(to_cel(tree), WORDS)
    found = witness(one.inlined, WORDS)
    exists = any(evaluate(one, full).status is Status.ELIGIBLE for full in completions(Facts(), one.facts))
    assert (found is not None) == exists
    if found is not None:
        assert evaluate(one, Facts.from_json(found)).status is Status.ELIGIBLE


def test_a_question_past_the_bound_is_told_as_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["eligibility.analyse"], "STEPS", 1)
    found = analyse([rule("A", 'employees_end < 5 && entity_type == "company"')])
    assert [f.kind for f in found] == ["undecided"]
    assert isinstance(found[0], Finding)
