"""The exact answer where three-valued logic alone, or equal parts written differently, would mislead."""

from __future__ import annotations

import inspect
import sys

import pytest

from eligibility import Facts, Status, diagnose, evaluate, parse
from eligibility.derive import missing_for_size, possible_sizes

FIVE = "(employees_end < 5 && jobs_commitment || employees_end < 5 && !jobs_commitment)"
TEN = FIVE.replace("5", "10")


@pytest.mark.parametrize("rule", ['entity_type.startsWith("s")', 'within(entity_type, ["s", "x"])'])
def test_a_word_known_by_its_start_stays_open_while_the_word_is_unknown(rule: str) -> None:
    verdict = evaluate(parse(rule), Facts())
    assert (verdict.status, verdict.missing) == (Status.UNDETERMINED, ("entity_type",))
    assert evaluate(parse(rule), Facts({"entity_type": "sole_proprietorship"})).status is Status.ELIGIBLE


def test_a_fact_that_chooses_between_two_thresholds_is_missing() -> None:
    verdict = evaluate(parse(f"affected_by_epidemic ? {FIVE} : {TEN}"), Facts())
    assert verdict.missing == ("affected_by_epidemic", "employees_end")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("employees_end < 5", "!(employees_end >= 5)"),
        ("employees_end < 5", "employees_end + 1 <= 5"),
        ("jobs_commitment", "jobs_commitment == true"),
        ('within(province_code, ["37"])', 'province_code.startsWith("37")'),
        ('province_code == "370000"', 'within(province_code, ["370000"])'),
        ('landlord_type == "private"', 'landlord_type in ["private"]'),
        ("employees_end < 5 && jobs_commitment", "!(employees_end >= 5 || !jobs_commitment)"),
        ('sme_size == "micro"', '!(sme_size != "micro")'),
    ],
)
def test_a_fact_that_chooses_between_two_ways_to_say_the_same_is_not_missing(one: str, other: str) -> None:
    verdict = evaluate(parse(f"affected_by_epidemic ? {one} : {other}"), Facts())
    assert verdict.status is Status.UNDETERMINED
    assert "affected_by_epidemic" not in verdict.missing


@pytest.mark.parametrize(
    "rule",
    [
        "is_small_low_profit == true || is_small_low_profit == false",
        "is_service_industry == affected_by_epidemic || is_service_industry != affected_by_epidemic",
        'sme_size == "micro" || sme_size != "micro"',
        'province_code == "370000" || !within(province_code, ["370000"])',
    ],
)
@pytest.mark.parametrize("known", [{}, {"industry_code": "70"}], ids=["nothing", "a short code"])
def test_one_of_two_opposites_always_holds(rule: str, known: dict[str, str]) -> None:
    assert evaluate(parse(rule), Facts(known)).status is Status.ELIGIBLE


def test_a_code_too_short_for_a_row_of_the_size_standard_is_what_is_missing() -> None:
    # 701, 702, 703 and 709 are covered, 704 is not
    facts = Facts.from_json(
        {"industry_code": "70", "employees_end": 5, "operating_revenue_yuan": 5, "total_assets_yuan": 5}
    )
    assert possible_sizes(facts) == {"micro", "not_covered"}
    assert missing_for_size(facts) == ("industry_code",)
    assert evaluate(parse('sme_size == "micro"'), facts).missing == ("industry_code",)
    assert evaluate(parse('sme_size in ["micro", "not_covered"]'), facts).status is Status.ELIGIBLE


def test_past_the_bound_of_work_every_open_fact_is_named() -> None:
    compared = "layoff_rate_pct < loan_rate_pct && layoff_rate_pct < registered_unemployment_rate_pct"
    verdict = evaluate(parse(f"(jobs_commitment && {compared}) || (!jobs_commitment && {compared})"), Facts())
    assert verdict.status is Status.UNDETERMINED
    assert set(verdict.missing) == {
        "jobs_commitment",
        "layoff_rate_pct",
        "loan_rate_pct",
        "registered_unemployment_rate_pct",
    }


@pytest.mark.parametrize(("opens", "closes"), [("(", ")"), ("!", ""), ("!!(", ")")])
def test_64_levels_may_be_nested_and_no_more(opens: str, closes: str) -> None:
    most = 64 // len(opens)
    assert diagnose(opens * most + "true" + closes * most) == ()
    assert [d.code for d in diagnose(opens * (most + 1) + "true" + closes * (most + 1))] == ["too_deep"]


def test_a_rule_read_at_the_end_of_the_stack_is_refused_in_words() -> None:
    def deep(levels: int) -> tuple[str, ...]:
        return deep(levels - 1) if levels else tuple(d.code for d in diagnose("(" * 60 + "true" + ")" * 60))

    free = sys.getrecursionlimit() - len(inspect.stack())
    assert deep(free - 150) == ("too_deep",)


def test_a_bad_end_does_not_cost_the_reading_of_all_that_follows() -> None:
    found = diagnose("(" * 20_000)
    assert [(d.code, d.start) for d in found] == [("too_deep", 64)]
