"""What the type checker says of each mistake, and where: the code, and the characters it points at."""

from __future__ import annotations

import sys

import pytest

from eligibility import RuleError, Vocabulary, diagnose, parse
from eligibility.benefit import parse_formula
from eligibility.parser import read
from eligibility.typecheck import check

WORDS = Vocabulary.shipped()

MISTAKES = {
    "employees_end in [1, 'a']": {"mixed_list", "type_mismatch"},
    "[1] == [1]": {"no_list_here"},
    "jobs_commitment == [true]": {"no_list_here"},
    "affected_by_epidemic ? [1] : [2]": {"not_a_condition"},
    "loan_start_date >= '2020-01-01'": {"date_as_text"},
    "loan_start_date >= entity_type": {"type_mismatch"},
    "employees_end in [employees_annual_avg]": {"constant_needed"},
    "employees_end in employees_annual_avg": {"list_needed"},
    "employees_end in []": {"empty_list"},
    "employees_end + (jobs_commitment ? 1 : 'a') > 3": {"type_mismatch"},
    "(jobs_commitment ? 1 : 2.5) > 2": set(),
    "(jobs_commitment ? operating_revenue_yuan : 1) > 2": set(),
    "within(province_code)": {"argument_count"},
    "within(employees_end, ['1'])": {"type_mismatch"},
    "within('37', ['37'])": {"type_mismatch"},
    "within(province_code, '37')": {"list_needed"},
    "within(province_code, [])": {"empty_list"},
    "within(province_code, [37])": {"constant_needed"},
    "within(province_code, [''])": {"constant_needed"},
    "province_code.startsWith(entity_type)": {"constant_needed"},
    "province_code.startsWith('3', '7')": {"argument_count"},
    "at_least(1)": {"argument_count"},
    "at_least(1, jobs_commitment)": {"list_needed"},
    "at_least(true, [jobs_commitment])": {"constant_needed"},
    "at_least(employees_end, [jobs_commitment])": {"constant_needed"},
    "at_least(3, [jobs_commitment, affected_by_epidemic])": {"count_range"},
    "at_least(1, [employees_end])": {"not_a_condition"},
    "months_between(loan_start_date) > 1": {"argument_count"},
    "months_between(loan_start_date, employees_end) > 1": {"type_mismatch"},
    "months_between(loan_start_date, no_such_fact) > 1": {"unknown_fact"},
    "min() > 1": {"argument_count"},
    "min(employees_end, jobs_commitment) > 1": {"not_a_number"},
    "max(employees_end, operating_revenue_yuan) > 1": {"unit_mismatch"},
    "max(employees_end, 2.5) > 1": set(),
    "date(entity_type) > loan_start_date": {"constant_needed"},
    "no_such(employees_end)": {"unknown_function"},
    "employees_end / employees_annual_avg > 1": {"divide_by_fact"},
    "employees_end / 0 > 1": {"divide_by_zero"},
    "employees_end + operating_revenue_yuan > 1": {"unit_mismatch"},
    "-jobs_commitment > 1": {"not_a_number"},
    "entity_type < 'company'": {"no_order"},
    "jobs_commitment > affected_by_epidemic": {"no_order"},
    "(employees_end > 1) == jobs_commitment": {"constant_needed"},
    "entity_type == 'compny'": {"not_allowed"},
    "'compny' == entity_type": {"not_allowed"},
    "province_code == '999999'": {"bad_code"},
    "operating_revenue_yuan > employees_end": {"unit_mismatch"},
    "employees_end": {"not_a_condition"},
    "5": {"not_a_condition"},
}


@pytest.mark.parametrize(("text", "codes"), MISTAKES.items(), ids=MISTAKES)
def test_each_mistake_is_named_at_its_place_in_both_languages(text: str, codes: set[str]) -> None:
    found = diagnose(text, WORDS)
    assert {diagnostic.code for diagnostic in found} == codes
    for diagnostic in found:
        assert text[diagnostic.start : diagnostic.end].strip()
        assert diagnostic.message("zh-CN") != diagnostic.message("en")


def test_a_value_that_was_meant_is_suggested() -> None:
    (found,) = diagnose("entity_type == 'compny'", WORDS)
    assert found.suggestion == "company"
    (found,) = diagnose("loan_start_date > '2020-01-01'", WORDS)
    assert found.suggestion == 'date("2020-01-01")'


def test_a_formula_gives_money_and_not_a_truth() -> None:
    with pytest.raises(RuleError) as refused:
        parse_formula("employees_end > 3", WORDS)
    assert [d.code for d in refused.value.diagnostics] == ["not_money"]


def test_where_the_caller_left_no_room_the_rule_is_too_deep() -> None:
    root = read("!" * 40 + "jobs_commitment")

    def deep(left: int) -> tuple[str, ...]:
        if left:
            return deep(left - 1)
        return tuple(d.code for d in check(root, WORDS))

    here, frame = 0, sys._getframe()
    while frame:
        here, frame = here + 1, frame.f_back  # type: ignore[assignment]
    assert deep(sys.getrecursionlimit() - here - 30) == ("too_deep",)


@pytest.mark.parametrize("text", [None, 5, b"jobs_commitment", ["jobs_commitment"]])
def test_what_is_no_text_is_refused_like_any_other_rule(text: object) -> None:
    with pytest.raises(RuleError) as refused:
        parse(text, WORDS)  # type: ignore[arg-type]
    assert [d.code for d in refused.value.diagnostics] == ["not_text"]
