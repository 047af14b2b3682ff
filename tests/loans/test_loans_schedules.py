"""Instalment plans: exact to the fen, dated by the calendar month, and priced by the People's Bank's convention."""

from datetime import date
from decimal import Decimal

import pytest

from loans.apr import all_in
from loans.money import MoneyError, fen_from_yuan, yuan_from_fen
from loans.quotes import quote
from loans.schedule import RepaymentMethod, add_months, plan

START = date(2020, 4, 15)
EQUAL, PRINCIPAL = RepaymentMethod.EQUAL_INSTALMENT, RepaymentMethod.EQUAL_PRINCIPAL
MONTHLY, REVOLVING, MATURITY = (
    RepaymentMethod.INTEREST_MONTHLY,
    RepaymentMethod.REVOLVING,
    RepaymentMethod.AT_MATURITY,
)


class TestDates:
    @pytest.mark.parametrize(
        ("start", "months", "expected"),
        [
            (date(2020, 1, 31), 1, date(2020, 2, 29)),
            (date(2021, 1, 31), 1, date(2021, 2, 28)),
            (date(2020, 1, 31), 3, date(2020, 4, 30)),
            (date(2020, 11, 30), 3, date(2021, 2, 28)),
            (date(2020, 2, 29), 12, date(2021, 2, 28)),
            (date(2020, 12, 1), 1, date(2021, 1, 1)),
        ],
    )
    def test_a_month_later_is_the_same_day_or_the_months_last(
        self, start: date, months: int, expected: date
    ) -> None:
        assert add_months(start, months) == expected

    def test_a_short_month_does_not_pull_later_due_days_forward(self) -> None:
        rows = plan(EQUAL, 1_000_000, Decimal(5), 4, date(2020, 1, 31)).instalments
        assert [row.due for row in rows] == [
            date(2020, 2, 29),
            date(2020, 3, 31),
            date(2020, 4, 30),
            date(2020, 5, 31),
        ]


class TestPlans:
    def test_equal_instalments_are_equal_but_for_the_last(self) -> None:
        found = plan(EQUAL, 30_000_000, Decimal("4.35"), 12, START)
        totals = {row.total_fen for row in found.instalments[:-1]}
        assert len(totals) == 1
        assert abs(found.instalments[-1].total_fen - totals.pop()) <= 12
        assert found.instalments[0].interest_fen == 108_750

    def test_equal_principal_leaves_the_remainder_to_the_last(self) -> None:
        found = plan(PRINCIPAL, 1_000_000, Decimal(6), 3, START)
        assert [row.principal_fen for row in found.instalments] == [333_333, 333_333, 333_334]
        assert [row.interest_fen for row in found.instalments] == [5000, 3333, 1667]

    def test_interest_by_the_month_counts_actual_days_over_360(self) -> None:
        found = plan(MONTHLY, 10_000_000, Decimal("3.6"), 3, date(2020, 1, 31))
        assert [row.interest_fen for row in found.instalments] == [29_000, 31_000, 30_000]
        assert [row.principal_fen for row in found.instalments] == [0, 0, 10_000_000]

    def test_revolving_credit_is_shown_fully_drawn(self) -> None:
        drawn = plan(REVOLVING, 10_000_000, Decimal("3.6"), 12, START)
        assert drawn.interest_fen == 10_000_000 * 36 * 365 // 360_000

    def test_everything_at_maturity_is_one_payment(self) -> None:
        found = plan(MATURITY, 10_000_000, Decimal("4.35"), 6, START)
        (row,) = found.instalments
        assert row.due == date(2020, 10, 15)
        assert row.interest_fen == 221_125  # 100,000 yuan x 4.35% x 183 days / 360

    def test_a_rate_of_zero_costs_nothing(self) -> None:
        for method in RepaymentMethod:
            assert plan(method, 1_000_001, Decimal(0), 7, START).interest_fen == 0

    def test_nonsense_is_refused(self) -> None:
        for principal, rate, months in ((0, "5", 12), (100, "-1", 12), (100, "5", 0), (100, "5", 481)):
            with pytest.raises(ValueError):
                plan(EQUAL, principal, Decimal(rate), months, START)


class TestAllInRate:
    def test_the_official_example_needs_the_fee_in(self) -> None:
        with_fee = all_in(plan(PRINCIPAL, 10_000_000, Decimal(6), 12, START), upfront_fee_fen=100_000)
        without = all_in(plan(PRINCIPAL, 10_000_000, Decimal(6), 12, START))
        assert without.simple_pct == Decimal("6.0000")
        assert without.irr_pct == Decimal("6.1678")
        assert with_fee.irr_pct > without.irr_pct

    def test_an_equal_instalment_loan_gives_back_its_rate_compounded(self) -> None:
        found = quote(EQUAL, 30_000_000, Decimal("4.35"), 12, START)
        assert found.apr_simple_pct == pytest.approx(Decimal("4.35"), abs=Decimal("0.001"))
        assert found.apr_pct == pytest.approx(Decimal("4.4377"), abs=Decimal("0.001"))
        assert found.apr_method == "irr"

    def test_a_loan_paid_at_maturity_is_annualised_over_its_months(self) -> None:
        found = all_in(plan(MATURITY, 10_000_000, Decimal("4.35"), 6, START))
        growth = (1 + Decimal("0.0435") * 183 / 360) ** 2 - 1
        assert found.irr_pct == pytest.approx(growth * 100, abs=Decimal("0.0002"))

    def test_quotes_say_payment_cost_and_total(self) -> None:
        found = quote(MONTHLY, 10_000_000, Decimal("3.6"), 12, START)
        assert found.payments == 12
        assert found.payment_yuan == Decimal("300.00")
        assert found.final_payment_yuan == Decimal("100310.00")
        assert found.cost_yuan == Decimal("3650.00")
        assert found.total_yuan == Decimal("103650.00")
        assert found.day_count == "actual/360"


class TestMoney:
    def test_yuan_and_fen_are_one_amount(self) -> None:
        assert fen_from_yuan(Decimal("1234.5")) == 123_450
        assert yuan_from_fen(123_450) == Decimal("1234.50")

    @pytest.mark.parametrize("text", ["0.001", "-1", "NaN", "Infinity", "1e30"])
    def test_what_is_no_amount_is_refused(self, text: str) -> None:
        with pytest.raises(MoneyError):
            fen_from_yuan(Decimal(text))
