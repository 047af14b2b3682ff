"""Facts from outside: what is refused, with which words, and that absent, none and zero stay three things.

And the vocabulary: the shipped file and the format it grew from load alike.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from eligibility import Facts, FactsError, Status, Vocabulary, VocabularyError, evaluate, parse


class TestReading:
    @pytest.mark.parametrize(
        ("name", "value", "code"),
        [
            ("staff", 8, "fact_unknown"),
            ("sme_size", "micro", "fact_derived"),
            ("as_of_date", "2020-04-15", "fact_context"),
            ("employees_end", "8", "fact_wants_int"),
            ("employees_end", True, "fact_wants_int"),
            ("employees_end", 8.5, "fact_wants_int"),
            ("employees_end", -1, "fact_too_small"),
            ("employees_end", 10**30, "fact_too_large"),
            ("operating_revenue_yuan", "1", "fact_wants_number"),
            ("operating_revenue_yuan", float("nan"), "fact_wants_number"),
            ("operating_revenue_yuan", float("inf"), "fact_wants_number"),
            ("operating_revenue_yuan", 10**30, "fact_too_large"),
            ("operating_revenue_yuan", 0.001, "fact_too_precise"),
            ("new_hire_ratio", 15, "fact_too_large"),
            ("affected_by_epidemic", "true", "fact_wants_bool"),
            ("affected_by_epidemic", None, "fact_never_none"),
            ("employees_end", None, "fact_never_none"),
            ("affected_by_epidemic", 1, "fact_wants_bool"),
            ("entity_type", "firm", "fact_not_allowed"),
            ("entity_type", "company\0", "fact_not_allowed"),
            ("entity_type", ["company"], "fact_wants_text"),
            ("province_code", "37", "fact_bad_code"),
            ("province_code", "37000\0", "fact_bad_code"),
            ("province_code", 370000, "fact_wants_text"),
            ("loan_start_date", "2020-02-30", "fact_wants_date"),
            ("loan_start_date", "20200101", "fact_wants_date"),
            ("loan_start_date", 20200101, "fact_wants_date"),
        ],
    )
    def test_a_value_that_does_not_fit_is_refused_by_name(self, name: str, value: object, code: str) -> None:
        with pytest.raises(FactsError) as refused:
            Facts.from_json({name: value})
        assert [(p.fact, p.code) for p in refused.value.problems] == [(name, code)]
        assert name in refused.value.problems[0].message("zh-CN")
        assert name in refused.value.problems[0].message("en")

    def test_all_that_is_wrong_is_told_at_once(self) -> None:
        with pytest.raises(FactsError) as refused:
            Facts.from_json({"employees_end": "8", "nonsense": 1, "owner_age": 42})
        assert [p.fact for p in refused.value.problems] == ["employees_end", "nonsense"]

    def test_values_come_in_exact(self) -> None:
        facts = Facts.from_json(
            {"loan_rate_pct": 4.55, "employees_end": 8.0, "loan_start_date": "2020-03-10"}
        )
        assert facts["loan_rate_pct"] == Decimal("4.55")
        assert facts["employees_end"] == 8
        assert facts["loan_start_date"] == dt.date(2020, 3, 10)
        assert facts.to_json() == {"loan_rate_pct": 4.55, "employees_end": 8, "loan_start_date": "2020-03-10"}

    @pytest.mark.parametrize(
        "value", ["NaN", "sNaN", "Infinity", "-Infinity", "1e999999", "-1e999999", "8.5"]
    )
    def test_a_decimal_that_is_no_whole_number_is_refused_like_any_other(self, value: str) -> None:
        with pytest.raises(FactsError):
            Facts.from_json({"employees_end": Decimal(value)})

    @pytest.mark.parametrize("value", [5, 5.0, Decimal("5.00")])
    def test_a_whole_number_divides_as_one_however_it_was_written(self, value: object) -> None:
        rule = parse("employees_end / 2 == 2")
        assert evaluate(rule, Facts({"employees_end": value})).status is Status.ELIGIBLE
        assert evaluate(rule, {"employees_end": value}).status is Status.ELIGIBLE

    def test_none_is_known_and_absent_is_not(self) -> None:
        facts = Facts.from_json({"loan_start_date": None})
        assert "loan_start_date" in facts
        assert facts["loan_start_date"] is None
        assert "loan_term_months" not in facts


class TestTheDay:
    @pytest.mark.parametrize(
        ("day", "rate"),
        [("2020-02-19", "4.15"), ("2020-02-20", "4.05"), ("2020-04-15", "4.05"), ("2020-04-20", "3.85")],
    )
    def test_the_loan_prime_rate_is_the_one_of_the_day(self, day: str, rate: str) -> None:
        facts = Facts().on(dt.date.fromisoformat(day))
        assert facts["lpr_1y_pct"] == Decimal(rate)

    def test_a_stated_parameter_wins_over_the_table(self) -> None:
        assert Facts({"lpr_1y_pct": Decimal(4)}).on(dt.date(2020, 4, 15))["lpr_1y_pct"] == 4


class TestVocabulary:
    def test_the_shipped_one_has_96_given_and_4_derived_facts_in_groups_with_words(self) -> None:
        words = Vocabulary.shipped()
        assert len(words.given) == 96
        assert sum(f.is_derived for f in words.facts.values()) == 4
        assert {f.group for f in words.given} <= {g.name for g in words.groups} | {"system"}
        for fact in words.facts.values():
            assert fact.label("zh-CN") != fact.label("en")
            assert set(fact.words) == set(fact.allowed)

    @pytest.mark.parametrize(
        "text",
        [
            *("[]", "facts: 5", "facts: [{}]", "facts: [{name: a, type: colour}]", "facts: [", "\0"),
            "facts: [{name: a, type: int}, {name: a, type: int}]",
            "{facts: [{name: a, type: int}], derived_facts: [{name: b, type: bool, rule: '(('}]}",
        ],
    )
    def test_a_file_that_is_none_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "v.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(VocabularyError):
            Vocabulary.load(path)

    def test_conditions_may_be_written_as_trees(self, tmp_path: Path) -> None:
        path = tmp_path / "v.yaml"
        path.write_text(
            "facts: [{name: staff, type: int, unit: person}]\n"
            "derived_facts: [{name: tiny, type: bool, condition: {fact: staff, op: lt, value: 5}}]\n",
            encoding="utf-8",
        )
        words = Vocabulary.load(path)
        assert words.facts["tiny"].derived is not None
