"""The CEL subset: what parses, what each complaint says and where, and that printing is canonical.

Expected meanings are those of cel-spec (doc/langdef.md).
"""

from __future__ import annotations

import pytest

from eligibility import Facts, RuleError, Status, Vocabulary, diagnose, evaluate, parse, sentence
from eligibility.benefit import compute, parse_formula

VOCABULARY = Vocabulary.shipped()


def holds(text: str, **facts: object) -> Status:
    return evaluate(parse(text, VOCABULARY), Facts(facts)).status


class TestMeaning:
    @pytest.mark.parametrize(
        "text",
        [
            "1 + 2 * 3 == 7",
            "(1 + 2) * 3 == 9",
            "7 / 2 == 3",
            "-7 / 2 == -3",
            "7.0 / 2 == 3.5",
            "0.1 + 0.2 == 0.3",
            "1.0 / 3 * 3 == 1",
            "2 - 3 - 4 == -5",
            "0x10 == 16",
            "1e3 == 1000",
            ".5 == 0.5",
            "true || false && false",
            "!false && true",
            "!!true",
            "1 in [1, 2]",
            "!(3 in [1, 2])",
            "1 == 1.0",
            'date("2020-02-29") < date("2020-03-01")',
            'months_between(date("2020-01-31"), date("2020-02-29")) == 0',
            'months_between(date("2020-01-15"), date("2021-01-15")) == 12',
            "min(3, 1, 2) == 1 && max(1.5, 1) == 1.5",
            "at_least(2, [true, false, true])",
            "true ? true : false",
            "false ? false : true",
            "// a remark\ntrue",
            r'"\u4e2d" == "中"',
        ],
    )
    def test_written_values_mean_what_cel_says(self, text: str) -> None:
        assert holds(text) is Status.ELIGIBLE

    def test_a_fact_known_to_be_none_makes_every_comparison_false(self) -> None:
        for text in (
            "loan_term_months < 6",
            "loan_term_months >= 6",
            "loan_term_months != 6",
            "loan_term_months == 6",
        ):
            assert holds(text, loan_term_months=None) is Status.INELIGIBLE
        assert holds("!(loan_term_months == 6)", loan_term_months=None) is Status.ELIGIBLE

    def test_two_halves_of_one_question_decide_together_what_neither_decides_alone(self) -> None:
        assert holds("employees_end < 5") is Status.UNDETERMINED
        assert holds("employees_end < 5 || employees_end >= 5") is Status.ELIGIBLE
        assert holds("employees_end < 5 && employees_end > 4") is Status.INELIGIBLE

    def test_a_loan_date_may_be_none_so_its_two_halves_decide_nothing(self) -> None:
        text = 'loan_start_date < date("2020-01-01") || loan_start_date >= date("2020-01-01")'
        assert holds(text) is Status.UNDETERMINED

    def test_every_value_of_an_enumeration_together_is_certain(self) -> None:
        assert holds('landlord_type in ["own_premises", "state_owned", "private"]') is Status.ELIGIBLE

    def test_fifteen_industrial_staff_are_micro_whatever_the_revenue(self) -> None:
        facts = {"industry_code": "3311", "employees_end": 15}
        assert holds('sme_size == "micro"', **facts) is Status.ELIGIBLE
        hundred = evaluate(
            parse('sme_size == "micro"', VOCABULARY), Facts({"industry_code": "3311", "employees_end": 100})
        )
        assert hundred.missing == ("operating_revenue_yuan",)

    def test_a_fact_compared_with_another_waits_for_both(self) -> None:
        rule = parse("loan_rate_pct <= lpr_1y_pct + 0.5", VOCABULARY)
        assert evaluate(rule, Facts()).missing == ("loan_rate_pct", "lpr_1y_pct")
        assert evaluate(rule, Facts({"loan_rate_pct": 4.55, "lpr_1y_pct": 4.05})).status is Status.ELIGIBLE


class TestComplaints:
    @pytest.mark.parametrize(
        ("text", "code", "place", "suggestion"),
        [
            ("", "empty", "", None),
            ("employes_end < 5", "unknown_fact", "employes_end", "employees_end"),
            ("employees_end < 5 and true", "expected", "and", "&&"),
            ("employees_end = 5", "bad_character", "=", "=="),
            ('landlord_type == "state_own"', "not_allowed", '"state_own"', "state_owned"),
            ('province_code == "37"', "bad_code", '"37"', None),
            ('date("2020-02-30") == as_of_date', "bad_date", '"2020-02-30"', None),
            ('as_of_date >= "2021-04-01"', "date_as_text", '"2021-04-01"', 'date("2021-04-01")'),
            (
                "employees_end < operating_revenue_yuan",
                "unit_mismatch",
                "employees_end < operating_revenue_yuan",
                None,
            ),
            ('landlord_type < "private"', "no_order", 'landlord_type < "private"', None),
            ("employees_end", "not_a_condition", "employees_end", None),
            ("employees_end + 1", "not_a_condition", "employees_end + 1", None),
            ('employees_end == "5"', "type_mismatch", 'employees_end == "5"', None),
            ("affected_by_epidemic && 1", "not_a_condition", "1", None),
            ("employees_end in 5", "list_needed", "5", None),
            ("employees_end in []", "empty_list", "[]", None),
            ("withn(industry_code, ['52'])", "unknown_function", "withn(industry_code, ['52'])", "within"),
            ("at_least(3, [true, false])", "count_range", "3", None),
            ("employees_end / 0 == 1", "divide_by_zero", "0", None),
            ("employees_end / on_job_employees == 1", "divide_by_fact", "on_job_employees", None),
            ("while && true", "reserved_word", "while", None),
            ("employees_end < 9223372036854775808", "number_range", "9223372036854775808", None),
            ('"never closed', "open_string", '"never closed', None),
            ("(employees_end < 5", "unexpected_end", "5", None),
            ("sme_size == null", "reserved_word", "null", None),
            ("(" * 65 + "true" + ")" * 65, "too_deep", "(", None),
            (" && ".join(["affected_by_epidemic"] * 501), "too_many_nodes", None, None),
            ("x" * 20_001, "too_long", "x" * 20_001, None),
            ("affected_by_epidemic\0", "bad_character", "\0", None),
            ("0X10 == 16", "bad_character", "X10", None),
        ],
    )
    def test_a_mistake_is_told_at_its_place(
        self, text: str, code: str, place: str | None, suggestion: str | None
    ) -> None:
        found = diagnose(text, VOCABULARY)
        assert [d.code for d in found][:1] == [code]
        if place is not None:
            assert text[found[0].start : found[0].end] == place
        assert found[0].suggestion == suggestion
        assert found[0].message("zh-CN") != found[0].message("en")

    def test_every_mistake_of_a_rule_is_told_at_once(self) -> None:
        found = diagnose('employes_end < 5 && landlord_type == "x" && lpr_1y > 1', VOCABULARY)
        assert [d.code for d in found] == ["unknown_fact", "not_allowed", "unknown_fact"]

    def test_a_rule_that_is_refused_raises_nothing_else(self) -> None:
        with pytest.raises(RuleError) as refused:
            parse("employes_end < 5", VOCABULARY)
        assert "did you mean `employees_end`" in str(refused.value)


class TestPrinting:
    @pytest.mark.parametrize(
        ("written", "canonical"),
        [
            ("((affected_by_epidemic))", "affected_by_epidemic"),
            ("employees_end<5&&(jobs_commitment||affected_by_epidemic)",) * 1
            + ("employees_end < 5 && (jobs_commitment || affected_by_epidemic)",),
            ("province_code == '370000'", 'province_code == "370000"'),
            ("layoff_rate_pct <= 5.50", "layoff_rate_pct <= 5.50"),
            ("!(jobs_commitment && affected_by_epidemic)", "!(jobs_commitment && affected_by_epidemic)"),
            ("(employees_end + 1) * 2 > 4", "(employees_end + 1) * 2 > 4"),
            ("employees_end - (2 - 1) > 4", "employees_end - (2 - 1) > 4"),
            ('province_code.startsWith("37")', 'province_code.startsWith("37")'),
        ],
    )
    def test_text_is_written_one_way(self, written: str, canonical: str) -> None:
        assert parse(written, VOCABULARY).text == canonical


class TestSentences:
    def test_a_rule_reads_as_a_sentence_in_both_languages(self) -> None:
        rule = parse(
            'landlord_type == "state_owned" && !is_zombie_or_discredited && '
            "(layoff_rate_pct <= 5.5 || insured_employees <= 30 && layoff_rate_pct <= 20)",
            VOCABULARY,
        )
        assert sentence(rule, "zh-CN") == (
            "经营用房出租人类型是国有单位的房子，且不存在“僵尸企业或严重失信”的情况，"
            "且（上年度裁员率不超过 5.5%，或者（参保职工人数不超过 30 人，且上年度裁员率不超过 20%））"
        )
        english = sentence(rule, "en")
        assert "is at most 5.5%" in english
        assert "“Zombie enterprise or seriously discredited” does not hold" in english

    def test_codes_are_read_out_by_whoever_knows_the_map(self) -> None:
        rule = parse('province_code != "420000"', VOCABULARY)
        assert sentence(rule, "zh-CN", lambda fact, code: "湖北省") == "所在省不是湖北省"

    def test_a_ratio_is_said_in_percent_and_a_date_in_words(self) -> None:
        text = 'new_hire_ratio >= 0.15 && loan_start_date >= date("2020-03-01")'
        told = sentence(parse(text, VOCABULARY), "zh-CN")
        assert "不低于 15%" in told
        assert "不早于 2020年3月1日" in told


class TestFormulas:
    def test_a_formula_must_give_a_number(self) -> None:
        with pytest.raises(RuleError):
            parse_formula("affected_by_epidemic", VOCABULARY)

    def test_money_is_exact_and_rounded_to_the_fen_at_the_end(self) -> None:
        formula = parse_formula("operating_revenue_yuan / 3 * 3 + 0.005", VOCABULARY)
        assert str(compute(formula, Facts({"operating_revenue_yuan": 100})).exact) == "100.01"

    def test_an_amount_says_which_facts_it_waits_for(self) -> None:
        formula = parse_formula(
            'key_enterprise_list == "city" ? 100.0 : rent_waived_for_sme_yuan', VOCABULARY
        )
        assert compute(formula, Facts()).missing == ("key_enterprise_list", "rent_waived_for_sme_yuan")
        assert compute(formula, Facts({"key_enterprise_list": "none"})).missing == (
            "rent_waived_for_sme_yuan",
        )
