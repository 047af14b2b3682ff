"""Properties of money over time: plans sum, balances end at zero, rates come back, and no path skips the review."""

from contextlib import suppress
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth.roles import Role
from loans import apr
from loans.apr import Flow
from loans.apr_case import solve
from loans.apr_reading import CaseError
from loans.errors import ActionNotAllowed, ActionNotPossible
from loans.lifecycle import Action, Status, transition
from loans.schedule import RepaymentMethod, Schedule, level_instalment, plan
from tests.factories.examples import examples

rates = st.decimals("0", "36", places=2)
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))
plans = st.builds(
    plan, st.sampled_from(RepaymentMethod), st.integers(1, 10**11), rates, st.integers(1, 120), days
)


@given(plans)
@settings(max_examples=examples(200))
def test_a_plan_sums_to_what_was_lent_and_ends_at_zero(found: Schedule) -> None:
    assert sum(row.principal_fen for row in found.instalments) == found.principal_fen
    assert found.instalments[-1].balance_fen == 0
    assert sum(row.total_fen for row in found.instalments) == found.total_fen
    balance = found.principal_fen
    for row in found.instalments:
        balance -= row.principal_fen
        assert row.balance_fen == balance
        assert row.principal_fen >= 0
        assert row.interest_fen >= 0
    dues = [row.due for row in found.instalments]
    assert dues == sorted(set(dues))
    assert found.start < dues[0]


@given(st.integers(100_000, 10**10), rates, st.integers(2, 120), days)
@settings(max_examples=examples(100))
def test_equal_instalments_differ_only_in_the_last_and_only_by_rounding(
    principal: int, rate: Decimal, months: int, start: date
) -> None:
    found = plan(RepaymentMethod.EQUAL_INSTALMENT, principal, rate, months, start)
    regular = {row.total_fen for row in found.instalments[:-1]}
    assert len(regular) == 1
    growth = float(1 + Fraction(rate) / 1200) ** months
    assert abs(found.instalments[-1].total_fen - regular.pop()) <= months * growth + 1


@given(st.decimals("0.1", "300", places=2), st.integers(1, 120), st.sampled_from((1, 2, 4, 12, 26, 52)))
@settings(max_examples=examples(150))
def test_payments_computed_at_a_rate_give_back_that_rate(
    annual: Decimal, periods: int, per_year: int
) -> None:
    rate = Fraction(annual) / 100 / per_year
    instalment = level_instalment(Fraction(1_000_000), rate, periods)
    payments = [Flow(instalment, Fraction(k)) for k in range(1, periods + 1)]
    advances = [Flow(Fraction(1_000_000), Fraction(0))]
    assert apr.reg_z(advances, payments, Fraction(per_year)) == pytest.approx(float(annual), rel=1e-7)
    assert apr.periodic_irr([-1e6, *[float(instalment)] * periods]) == pytest.approx(float(rate), rel=1e-6)


@given(
    st.decimals("-20", "400", places=2),
    st.lists(st.tuples(st.integers(1, 5000), st.integers(100, 10**6)), min_size=1, max_size=12),
)
@settings(max_examples=examples(150))
def test_the_eu_rate_makes_both_sides_worth_the_same(rate: Decimal, later: list[tuple[int, int]]) -> None:
    growth = 1 + float(rate) / 100
    worth = sum(amount / growth ** (after / 365) for after, amount in later)
    payments = [Flow(Fraction(amount), Fraction(after, 365)) for after, amount in later]
    found = apr.eu([Flow(Fraction(worth), Fraction(0))], payments)
    assert found == pytest.approx(float(rate), rel=1e-6, abs=1e-6)


@given(
    st.dictionaries(
        st.sampled_from(
            (
                *(
                    "principal",
                    "months",
                    "periods",
                    "annual_rate_pct",
                    "period_rate_pct",
                    "fee",
                    "instalment",
                ),
                *(
                    "payments",
                    "drawdowns",
                    "amount_advanced",
                    "unit_periods_per_year",
                    "days",
                    "daily_rate_pct",
                ),
                *("flat_fee_per_month_pct", "time_basis", "method", "balloon", "years", "constant_principal"),
            )
        ),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.text(max_size=8),
            st.lists(
                st.dictionaries(
                    st.sampled_from(("n", "amount", "first_t", "f", "date", "days", "years")),
                    st.one_of(st.integers(-5, 500), st.floats(), st.text(max_size=6), st.dates()),
                    max_size=4,
                ),
                max_size=3,
            ),
        ),
        max_size=7,
    )
)
@settings(max_examples=examples(300))
def test_no_case_raises_anything_but_its_own_error(case: dict[str, object]) -> None:
    with suppress(CaseError):
        assert {"method", "apr_pct"} <= set(solve(case))


@given(st.lists(st.tuples(st.sampled_from(Action), st.sampled_from(Role)), max_size=40))
def test_no_sequence_of_deeds_pays_out_what_nobody_reviewed(deeds: list[tuple[Action, Role]]) -> None:
    state: Status | None = None
    passed: list[Status] = []
    for action, role in deeds:
        try:
            state = transition(state, action, role)
        except (ActionNotPossible, ActionNotAllowed):
            continue
        passed.append(state)
    if Status.DISBURSED in passed:
        assert {Status.IN_REVIEW, Status.OFFERED, Status.ACCEPTED} <= set(passed)
        assert passed[-1] is Status.DISBURSED
