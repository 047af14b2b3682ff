"""Benefit formulas: exact to the fen, with caps and tiers, and a least and a most while facts are missing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from eligibility import Facts, RuleError, Vocabulary, benefit_range, parse
from eligibility.benefit import Amount, Benefit, compute, parse_formula, to_fen
from eligibility.benefit_range import NOTHING, Range, amount_range

WORDS = Vocabulary.shipped()
COST = {"name": "cost_yuan", "type": "money", "label_zh": "成本", "label_en": "Cost", "minimum": 0}
RATE = {"name": "rate", "type": "decimal", "label_zh": "费率", "label_en": "Rate", "minimum": 0, "maximum": 2}
DAY = {"name": "bought_on", "type": "date", "label_zh": "购买日", "label_en": "Day of purchase"}
MONTHS = 'months_between(date("2020-01-31"), bought_on) * 100.0'


def spread(text: str, facts: dict[str, object], *inputs: dict[str, Any], rule: str | None = None) -> Range:
    formula = parse_formula(text, WORDS, inputs)
    return amount_range(formula, Facts(facts), parse(rule, WORDS) if rule else None)


class TestAmounts:
    @pytest.mark.parametrize(
        ("exact", "yuan"),
        [
            (Fraction(1, 200), "0.01"),
            (Fraction(-1, 200), "-0.01"),
            (Fraction(1, 200) - Fraction(1, 10**40), "0.00"),
            (Fraction(2, 3), "0.67"),
            (10**40, "1" + "0" * 40 + ".00"),
        ],
    )
    def test_half_a_fen_is_rounded_away_from_zero_and_less_is_not(self, exact: Fraction, yuan: str) -> None:
        assert str(to_fen(exact)) == yuan

    def test_a_fact_known_to_be_none_gives_no_amount(self) -> None:
        formula = parse_formula("new_equipment_unit_price_yuan * 2", WORDS)
        assert compute(formula, Facts({"new_equipment_unit_price_yuan": None})) == Amount(None)

    def test_an_unknown_fact_is_named(self) -> None:
        formula = parse_formula("affected_by_epidemic ? rd_expense_yuan : 0.0", WORDS)
        assert compute(formula, Facts({"affected_by_epidemic": True})).missing == ("rd_expense_yuan",)
        assert compute(formula, Facts({"affected_by_epidemic": False})) == Amount(Decimal("0.00"))

    def test_a_condition_is_no_amount(self) -> None:
        with pytest.raises(RuleError):
            Benefit.from_json({"type": "subsidy", "amount": "affected_by_epidemic"})

    def test_an_exclusion_per_something_nobody_knows_is_refused(self) -> None:
        with pytest.raises(ValueError, match="week"):
            Benefit.from_json({"type": "subsidy", "exclusive_per": {"other": "week"}})


class TestRanges:
    def test_a_cap_is_the_most_and_the_bound_of_an_input_the_least(self) -> None:
        assert spread("min(500, cost_yuan * 0.3)", {}, COST) == Range(
            Decimal("0.00"), Decimal("500.00"), exact=True, missing=("cost_yuan",)
        )

    def test_what_has_no_end_says_which_fact_leaves_it_open(self) -> None:
        found = spread("cost_yuan * rate + 10", {}, COST, RATE)
        assert (found.least, found.most, found.unbounded) == (10, None, ("cost_yuan",))
        assert found.exact

    def test_tiers_that_speak_of_one_fact_again_and_again_are_exact(self) -> None:
        tax = "min(cost_yuan, 100) * 0.1 + max(0, min(cost_yuan, 300) - 100) * 0.2"
        found = spread(f"cost_yuan * 0.25 - ({tax})", {}, COST, rule="uses_toll_roads")
        assert found.most is None
        capped = spread(f"min(cost_yuan, 300) * 0.25 - ({tax})", {}, COST)
        assert (capped.least, capped.most, capped.exact) == (0, 25, True)

    def test_a_rule_bounds_what_its_benefit_can_come_to(self) -> None:
        rule = "vat_period_sales_yuan <= 300000 && affected_by_epidemic"
        found = spread("vat_period_sales_yuan * 0.03", {}, rule=rule)
        assert (found.least, found.most, found.exact) == (0, 9000, True)
        above = spread("vat_period_sales_yuan * 0.03", {}, rule="vat_period_sales_yuan > 300000")
        assert (above.least, above.most) == (Decimal("9000.00"), None)  # 300,000.01 is the first above

    def test_a_rule_that_cannot_hold_is_worth_nothing(self) -> None:
        assert spread("100.0", {"uses_toll_roads": False}, rule="uses_toll_roads") == NOTHING

    def test_choices_are_looked_at_one_by_one(self) -> None:
        text = 'key_enterprise_list == "national" ? 300.0 : key_enterprise_list == "city" ? 100.0 : 0.0'
        listed = 'key_enterprise_list != "none"'
        assert spread(text, {}).most == 300
        assert spread(text, {}, rule=listed).least == 0
        assert spread(text, {}, rule=f'{listed} && key_enterprise_list != "province"').least == 100

    def test_the_size_class_is_read_over_what_it_can_still_be(self) -> None:
        text = 'sme_size == "micro" ? 30.0 : sme_size == "small" ? 20.0 : 10.0'
        industrial = {"industry_code": "3311", "employees_end": 100}
        assert (spread(text, industrial).least, spread(text, industrial).most) == (20, 30)
        assert spread(text, industrial | {"employees_end": 15}).is_known

    def test_months_count_from_the_first_day_to_the_last(self) -> None:
        assert spread(MONTHS, {"bought_on": dt.date(2020, 3, 31)}, DAY).most == 200
        found = spread(f'bought_on <= date("2020-02-01") ? 0.0 : {MONTHS}', {}, DAY)
        assert (found.least, found.most, found.unbounded) == (0, None, ("bought_on",))

    def test_a_day_that_may_be_none_gives_nothing_then(self) -> None:
        text = 'months_between(loan_start_date, date("2020-12-31")) + 5'
        rule = 'loan_start_date >= date("2020-06-30") && loan_start_date <= date("2020-11-30")'
        assert spread(text, {"loan_start_date": None}).most == 0
        found = spread(text, {}, rule=rule)
        assert (found.least, found.most) == (6, 11)
        assert spread(text, {}, rule=f'!({rule}) && !(loan_start_date <= date("2020-12-31"))').most == 5

    def test_whole_numbers_are_cut_when_divided(self) -> None:
        found = spread("hires_veterans / 4 * 100.0", {}, rule="hires_veterans <= 7 && hires_veterans >= 3")
        assert (found.least, found.most, found.exact) == (0, 100, True)

    def test_conditions_of_every_shape_are_cut(self) -> None:
        several = "at_least(2, [uses_toll_roads, pays_culture_fee, !housing_fund_enrolled])"
        found = spread(f"{several} ? -(0.0 - 7.0) : 3.0", {"pays_culture_fee": True})
        assert (found.least, found.most, found.exact) == (3, 7, True)
        either = "(uses_toll_roads ? pays_culture_fee : housing_fund_enrolled)"
        assert spread(f"{either} ? 5.0 : 2.0", {}).most == 5
        assert spread(f"-cost_yuan * ({either} ? 1 : 2)", {"cost_yuan": 4}, COST).least == -8
        assert spread("max(cost_yuan, rate * 10) - cost_yuan", {"cost_yuan": 5}, COST, RATE).most == 15

    def test_a_day_chosen_by_a_condition_counts_as_chosen(self) -> None:
        text = 'months_between(uses_toll_roads ? date("2020-01-01") : date("2020-03-01"), date("2020-06-01")) * 10'
        found = spread(text, {})
        assert (found.least, found.most, found.exact) == (30, 50, True)

    def test_two_unknown_numbers_compared_give_bounds_that_hold(self) -> None:
        found = spread("layoff_rate_pct < registered_unemployment_rate_pct ? 100.0 : 40.0", {})
        assert (found.least, found.most, found.exact) == (40, 100, False)

    def test_a_number_times_itself_gives_bounds_that_hold(self) -> None:
        assert spread("rate * rate", {}, RATE).most == 4
        assert not spread("rate * rate - rate", {}, RATE).exact

    def test_past_the_bound_of_work_nothing_is_promised(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(benefit_range, "MOST_BOXES", 1)
        text = 'landlord_type == "private" ? 1.0 : electricity_tariff_class == "residential" ? 3.5 : 2.0'
        found = spread(text, {})
        assert (found.least, found.most, found.exact) == (None, None, False)
        assert found.unbounded == ("electricity_tariff_class", "landlord_type")
