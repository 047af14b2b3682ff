"""Worked cases as Chinese lenders and amortisation handbooks state them: interest by days, instalments,
flat fees.

Plans here carry unrounded instalments, as the published figures do; plans in whole fen are in `schedule.py`.
"""

import math
import re
from collections.abc import Callable
from fractions import Fraction

from loans import apr
from loans.apr_reading import (
    MAX_FLOWS,
    Case,
    CaseError,
    Figures,
    count,
    known,
    money,
    number,
    optional,
    pct,
    positive,
)
from loans.schedule import level_instalment


def by_days(case: Case) -> Figures:
    """Simple interest for a number of days: at a daily rate, or at an annual rate over 360 (or the stated
    year)."""
    known(
        case,
        {"principal", "days", "daily_rate_pct", "annual_rate_pct", "month_rate_pct", "day_count", "year_days"}
        | {"basis", "method", "fee"},
        "a case of interest by days",
    )
    rates = [key for key in ("daily_rate_pct", "annual_rate_pct", "month_rate_pct") if key in case]
    if len(rates) != 1:
        raise CaseError("give exactly one of `daily_rate_pct`, `month_rate_pct`, `annual_rate_pct`")
    rate = optional(case, rates[0])
    divisor = {
        "daily_rate_pct": Fraction(1),
        "annual_rate_pct": _year_days(case),
        "month_rate_pct": Fraction(30),
    }
    daily = rate / divisor[rates[0]]
    figures: Figures = {
        "method": "simple_daily_x_365",
        "apr_pct": pct(daily * 365),
        "daily_rate_pct": pct(daily, 8),
        "simple_annual_pct": pct(daily * 365),
        "apr_simple_pct": pct(daily * 365),
        "apr_effective_pct": pct(apr.compounded(float(daily) / 100, 365) * 100),
    }
    if "principal" not in case or "days" not in case:
        return figures
    return figures | _interest_and_fee(positive(case, "principal"), daily, positive(case, "days"), case)


def _interest_and_fee(principal: Fraction, daily_pct: Fraction, days: Fraction, case: Case) -> Figures:
    interest = principal * daily_pct / 100 * days
    fee = optional(case, "fee")
    figures: Figures = {"interest": money(interest), "total": money(principal + interest + fee)}
    if fee >= principal:
        raise CaseError("the fee leaves nothing of the principal")
    if fee:
        all_in = pct((interest + fee) / (principal - fee) / days * 365 * 100)
        figures |= {"method": "simple_all_in", "apr_pct": all_in, "apr_simple_pct": all_in}
    return figures


def _year_days(case: Case) -> Fraction:
    """Days of the year of an annual rate: stated, or named in the method's words, else 360
    (银发〔2005〕129号)."""
    for key in ("year_days", "day_count", "basis"):
        if key in case:
            match = re.search(r"(360|365|366)$", str(case[key]).strip())
            if not match:
                raise CaseError(f"`{key}` {case[key]!r} is not known: use actual/360 or actual/365")
            return Fraction(match.group(1))
    match = re.search(r"/\s*(360|365|366)\b", str(case.get("method", "")))
    return Fraction(match.group(1)) if match else Fraction(360)


def flat_fee(case: Case) -> Figures:
    """Equal principal plus a fee a month on the ORIGINAL principal: the rate by IRR is nearly twice the
    fee's."""
    known(
        case,
        {"principal", "months", "flat_fee_per_month_pct", "fee", "upfront_fee", "method"},
        "a flat-fee case",
    )
    principal, months = positive(case, "principal"), count(case.get("months"), "months")
    part = principal / months
    monthly_fee = principal * optional(case, "flat_fee_per_month_pct") / 100
    rows = [(part, monthly_fee)] * months
    return {
        **_irr_figures(principal, rows, optional(case, "fee", "upfront_fee"), 12),
        "flat_annual_pct": pct(optional(case, "flat_fee_per_month_pct") * 12),
        **_row_figures(principal, rows, "fee"),
    }


def known_instalments(case: Case) -> Figures:
    """Instalments stated in yuan, as in the example of PBoC Announcement [2021] No. 3."""
    known(
        case,
        {"principal", "instalment", "payment", "months", "periods", "periods_per_year", "fee", "upfront_fee"}
        | {"method"},
        "a case with stated instalments",
    )
    principal = positive(case, "principal")
    amount = positive(case, "instalment" if "instalment" in case else "payment")
    periods, per_year = _periods(case)
    rows = [(amount, Fraction(0))] * periods
    fee = optional(case, "fee", "upfront_fee")
    return {
        **_irr_figures(principal, rows, fee, per_year),
        "instalment": money(amount),
        "total_interest": money(amount * periods - principal),
        "total_cost": money(amount * periods - principal + fee),
        "total": money(amount * periods),
    }


AMORTISATION_KEYS = {
    *("principal", "annual_rate_pct", "period_rate_pct", "monthly_rate_pct", "months", "periods", "years"),
    *("periods_per_year", "payments_per_year", "unit_periods_per_year", "constant_principal", "method"),
    *("fee", "upfront_fee", "balloon"),
}


def amortisation(case: Case) -> Figures:
    """A plan on unrounded instalments: nominal annual rate, or the all-in rate by IRR where there is a
    fee."""
    known(case, AMORTISATION_KEYS, "an amortisation case")
    principal = positive(case, "principal")
    periods, per_year = _periods(case)
    rate = _period_rate(case, per_year)
    method = _method(case)
    rows = _ROWS[method](principal, rate, periods, case)
    figures = _row_figures(principal, rows, "interest")
    fee = optional(case, "fee", "upfront_fee")
    if fee:
        figures = {**_irr_figures(principal, rows, fee, per_year), **figures}
    else:
        figures = {
            "method": f"{method}_nominal" if per_year else f"{method}_rate_a_period",
            "apr_pct": pct(rate * per_year * 100) if per_year else None,
            "period_rate_pct": pct(rate * 100, 8),
            "apr_effective_pct": pct(apr.compounded(float(rate), per_year) * 100) if per_year else None,
            **figures,
        }
    if method == "equal_instalment":
        rounded = _half_up(rows[0][0] + rows[0][1]) * periods - principal
        figures["total_interest_of_rounded_instalments"] = money(rounded)
    return figures


def _periods(case: Case) -> tuple[int, int]:
    """How many payments, and how many a year (0 where the case does not say)."""
    key = next(
        (k for k in ("periods_per_year", "payments_per_year", "unit_periods_per_year") if k in case), None
    )
    per_year = count(case[key], key) if key else 0
    if "months" in case:
        if per_year not in (0, 12):
            return _whole(number(case["months"], "months") * per_year / 12, "months"), per_year
        return count(case["months"], "months"), 12
    if "periods" in case:
        if not per_year and "annual_rate_pct" in case and "period_rate_pct" in case:
            ratio = positive(case, "annual_rate_pct") / positive(case, "period_rate_pct")
            per_year = _whole(ratio, "annual_rate_pct")
        return count(case["periods"], "periods"), per_year
    if "years" in case:
        per_year = per_year or 12
        return _whole(number(case["years"], "years") * per_year, "years"), per_year
    raise CaseError("give `months`, `periods` or `years`")


def _whole(value: Fraction, where: str) -> int:
    if value.denominator != 1 or not 1 <= value <= MAX_FLOWS:
        raise CaseError(f"`{where}` does not give a whole number of payments")
    return int(value)


def _period_rate(case: Case, per_year: int) -> Fraction:
    if "period_rate_pct" in case:
        return optional(case, "period_rate_pct") / 100
    if "monthly_rate_pct" in case:
        if per_year != 12:
            raise CaseError("`monthly_rate_pct` needs monthly payments")
        return optional(case, "monthly_rate_pct") / 100
    if "annual_rate_pct" not in case:
        raise CaseError("give `annual_rate_pct`, `monthly_rate_pct` or `period_rate_pct`")
    if not per_year:
        raise CaseError("`annual_rate_pct` with `periods` needs `periods_per_year`")
    return optional(case, "annual_rate_pct") / 100 / per_year


def _method(case: Case) -> str:
    stated = str(
        case.get("method", "constant_principal" if "constant_principal" in case else "equal_instalment")
    )
    method = _METHOD_WORDS.get(stated.strip().lower().replace(" ", "_").replace("-", "_"))
    if method is None:
        raise CaseError(f"`method` {stated!r} is not known; known: {', '.join(sorted(_METHOD_WORDS))}")
    if "constant_principal" in case and method != "equal_principal":
        raise CaseError("`constant_principal` belongs to the method equal_principal")
    if "balloon" in case and method != "equal_instalment":
        raise CaseError("`balloon` belongs to the method equal_instalment")
    return method


_METHOD_WORDS = {
    "equal_instalment": "equal_instalment",
    "equal_installment": "equal_instalment",
    "等额本息": "equal_instalment",
    "equal_principal": "equal_principal",
    "constant_principal": "equal_principal",
    "等额本金": "equal_principal",
    "interest_monthly_principal_at_maturity": "interest_only",
    "interest_only": "interest_only",
    "revolving_daily_interest": "interest_only",
    "按月付息到期还本": "interest_only",
    "principal_and_interest_at_maturity": "at_maturity",
    "利随本清": "at_maturity",
}

Rows = list[tuple[Fraction, Fraction]]
"""(principal part, interest or fee part) a period, exact."""

PLACES = Fraction(1, 10**30)
"""Exact fractions grow by digits each period; 30 decimals are kept, far beyond any tolerance."""


def _trim(value: Fraction) -> Fraction:
    return round(value / PLACES) * PLACES


def _level_rows(principal: Fraction, rate: Fraction, periods: int, case: Case) -> Rows:
    balloon = optional(case, "balloon")
    if balloon >= principal:
        raise CaseError("`balloon` must be below the principal")
    if periods > 1200:
        raise CaseError("more than 1200 payments in one plan")
    instalment = level_instalment(principal - balloon, rate, periods) + balloon * rate
    rows: Rows = []
    balance = principal
    for k in range(1, periods + 1):
        interest = _trim(balance * rate)
        part = balance if k == periods else _trim(instalment - interest)
        balance -= part
        rows.append((part, interest))
    return rows


def _constant_rows(principal: Fraction, rate: Fraction, periods: int, case: Case) -> Rows:
    part = positive(case, "constant_principal") if "constant_principal" in case else principal / periods
    if part * periods > principal:
        raise CaseError("`constant_principal` times the payments is more than the principal")
    return [(part, (principal - part * k) * rate) for k in range(periods)]


def _interest_only_rows(principal: Fraction, rate: Fraction, periods: int, case: Case) -> Rows:
    return [(Fraction(0), principal * rate)] * (periods - 1) + [(principal, principal * rate)]


def _maturity_rows(principal: Fraction, rate: Fraction, periods: int, case: Case) -> Rows:
    return [(Fraction(0), Fraction(0))] * (periods - 1) + [(principal, principal * rate * periods)]


_ROWS: dict[str, Callable[[Fraction, Fraction, int, Case], Rows]] = {
    "equal_instalment": _level_rows,
    "equal_principal": _constant_rows,
    "interest_only": _interest_only_rows,
    "at_maturity": _maturity_rows,
}


def _row_figures(principal: Fraction, rows: Rows, charge: str) -> Figures:
    figures: Figures = {
        "instalment": money(rows[0][0] + rows[0][1]),
        f"total_{charge}": money(sum((row[1] for row in rows), Fraction(0))),
        "total": money(sum((part + cost for part, cost in rows), Fraction(0))),
    }
    balance = principal
    for k, (part, cost) in enumerate(rows, start=1):
        balance -= part
        figures |= {f"{charge}_{k}": money(cost), f"principal_{k}": money(part)}
        figures |= {f"total_{k}": money(part + cost), f"balance_{k}": money(balance)}
    return figures


def _irr_figures(principal: Fraction, rows: Rows, fee: Fraction, per_year: int) -> Figures:
    flows = [-float(principal - fee), *(float(part + cost) for part, cost in rows)]
    rate = apr.periodic_irr(flows)
    per = "month" if per_year == 12 else "period"
    figures: Figures = {"method": apr.METHOD_IRR, "apr_pct": None, f"irr_{per}_pct": pct(rate * 100)}
    if per_year:
        effective = pct(apr.compounded(rate, per_year) * 100)
        figures |= {
            "apr_pct": effective,
            "apr_simple_pct": pct(rate * per_year * 100),
            "apr_effective_pct": effective,
        }
    return figures


def _half_up(value: Fraction) -> Fraction:
    return Fraction(math.floor(value * 100 + Fraction(1, 2)), 100)
