"""Instalment plans, exact to the fen, for the five repayment methods of the shipped products.

Interest is computed on fractions and rounded once an instalment; the last instalment takes what rounding
left, so sums match.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from loans.money import round_fen

MAX_TERM_MONTHS = 480


class RepaymentMethod(StrEnum):
    """How a loan is paid back; the Chinese names are those of `products.yaml`."""

    EQUAL_INSTALMENT = "equal_instalment"
    EQUAL_PRINCIPAL = "equal_principal"
    INTEREST_MONTHLY = "interest_monthly_principal_at_maturity"
    REVOLVING = "revolving_daily_interest"
    AT_MATURITY = "principal_and_interest_at_maturity"


class DayCount(StrEnum):
    """How a year's rate becomes a period's: a twelfth a month, or actual days over 360."""

    MONTHLY = "monthly"
    ACTUAL_360 = "actual/360"


DAY_COUNT: dict[RepaymentMethod, DayCount] = {
    RepaymentMethod.EQUAL_INSTALMENT: DayCount.MONTHLY,
    RepaymentMethod.EQUAL_PRINCIPAL: DayCount.MONTHLY,
    RepaymentMethod.INTEREST_MONTHLY: DayCount.ACTUAL_360,
    RepaymentMethod.REVOLVING: DayCount.ACTUAL_360,
    RepaymentMethod.AT_MATURITY: DayCount.ACTUAL_360,
}
"""Which convention each method uses.

Source: 中国人民银行关于人民币存贷款计结息问题的通知 (银发〔2005〕129号): monthly rate = annual / 12, daily
rate = annual / 360;
interest may be counted by whole months or by actual days times the daily rate. (From memory, not re-read:
check.)
Instalment loans count months, because the two instalment formulas are stated in months; loans whose
principal stands until the
end are counted by actual days over 360, the dearer of the two, so that a quote never promises less than the
bank will ask.
"""


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment: what is due on `due`, of it principal and interest, and what is still owed afterwards.
    All in fen."""

    number: int
    due: date
    principal_fen: int
    interest_fen: int
    balance_fen: int

    @property
    def total_fen(self) -> int:
        return self.principal_fen + self.interest_fen


@dataclass(frozen=True, slots=True)
class Schedule:
    """A whole plan. Principal parts sum to `principal_fen`; the last balance is zero."""

    method: RepaymentMethod
    principal_fen: int
    annual_rate_pct: Decimal
    term_months: int
    start: date
    instalments: tuple[Instalment, ...]

    @property
    def day_count(self) -> DayCount:
        return DAY_COUNT[self.method]

    @property
    def interest_fen(self) -> int:
        return sum(i.interest_fen for i in self.instalments)

    @property
    def total_fen(self) -> int:
        return self.principal_fen + self.interest_fen

    @property
    def first_payment_fen(self) -> int:
        return self.instalments[0].total_fen

    @property
    def largest_payment_fen(self) -> int:
        return max(i.total_fen for i in self.instalments)


def add_months(start: date, months: int) -> date:
    """The same day `months` calendar months later; where that day does not exist, the month's last (31 Jan
    + 1 = end of Feb)."""
    index = start.year * 12 + (start.month - 1) + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def plan(
    method: RepaymentMethod, principal_fen: int, annual_rate_pct: Decimal, term_months: int, start: date
) -> Schedule:
    """The instalment plan of a loan paid out on `start`, one due date a calendar month.

    Revolving credit is shown as if the whole sum were drawn for the whole term: the most it can cost.
    Raises ValueError for a principal below 1 fen, a negative rate or a term outside 1..480 months.
    """
    if principal_fen < 1:
        raise ValueError("principal must be at least 1 fen")
    if annual_rate_pct < 0 or not annual_rate_pct.is_finite():
        raise ValueError("rate must not be negative")
    if not 1 <= term_months <= MAX_TERM_MONTHS:
        raise ValueError(f"term must be 1 to {MAX_TERM_MONTHS} months")
    rows = _ROWS[method](principal_fen, Fraction(annual_rate_pct) / 100, term_months, start)
    return Schedule(method, principal_fen, annual_rate_pct, term_months, start, tuple(rows))


def level_instalment(principal: Fraction, period_rate: Fraction, periods: int) -> Fraction:
    """The exact equal instalment: P*i / (1 - (1+i)^-n), and P/n at a rate of zero."""
    if period_rate == 0:
        return principal / periods
    growth = (1 + period_rate) ** periods
    return principal * period_rate * growth / (growth - 1)


def _equal_instalment(principal: int, rate: Fraction, months: int, start: date) -> Iterator[Instalment]:
    monthly = rate / 12
    regular = round_fen(level_instalment(Fraction(principal), monthly, months))
    balance = principal
    for number in range(1, months + 1):
        interest = round_fen(balance * monthly)
        part = balance if number == months else min(balance, max(0, regular - interest))
        balance -= part
        yield Instalment(number, add_months(start, number), part, interest, balance)


def _equal_principal(principal: int, rate: Fraction, months: int, start: date) -> Iterator[Instalment]:
    monthly = rate / 12
    regular = principal // months
    balance = principal
    for number in range(1, months + 1):
        interest = round_fen(balance * monthly)
        part = balance if number == months else regular
        balance -= part
        yield Instalment(number, add_months(start, number), part, interest, balance)


def _interest_monthly(principal: int, rate: Fraction, months: int, start: date) -> Iterator[Instalment]:
    previous = start
    for number in range(1, months + 1):
        due = add_months(start, number)
        interest = daily_interest_fen(principal, rate, (due - previous).days)
        last = number == months
        yield Instalment(number, due, principal if last else 0, interest, 0 if last else principal)
        previous = due


def _at_maturity(principal: int, rate: Fraction, months: int, start: date) -> Iterator[Instalment]:
    due = add_months(start, months)
    yield Instalment(1, due, principal, daily_interest_fen(principal, rate, (due - start).days), 0)


def daily_interest_fen(principal_fen: int, annual_rate: Fraction, days: int) -> int:
    """Interest of `days` actual days at annual_rate / 360 a day, rounded to the fen. `annual_rate` is
    0.0435, not 4.35."""
    return round_fen(principal_fen * annual_rate * days / 360)


_ROWS = {
    RepaymentMethod.EQUAL_INSTALMENT: _equal_instalment,
    RepaymentMethod.EQUAL_PRINCIPAL: _equal_principal,
    RepaymentMethod.INTEREST_MONTHLY: _interest_monthly,
    RepaymentMethod.REVOLVING: _interest_monthly,
    RepaymentMethod.AT_MATURITY: _at_maturity,
}
