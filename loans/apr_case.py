"""Worked APR cases as data: one mapping in, the method and the figures out, for `marketplace apr` and the
case tests.

The shape is told by the keys present; a key that is not understood is refused, because ignoring a fee would
give a wrong rate.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction

from loans import apr, apr_domestic
from loans.apr import Flow
from loans.apr_reading import (
    MAX_FLOWS,
    Case,
    CaseError,
    Figures,
    amount_of,
    count,
    day_of,
    entries,
    known,
    number,
    optional,
    pct,
    positive,
)
from loans.schedule import add_months


def solve(case: object) -> Figures:
    """Method, apr_pct (None where no year is defined) and every further figure of one case.

    `case` is one entry of apr_cases.yaml, or a document holding exactly one (`cases: [...]` or a list of
    one).
    """
    case = _single(case)
    try:
        return _dispatch(case)(case)
    except apr.RateError as error:
        raise CaseError(_RATE_PROBLEMS[error.reason]) from error
    except (OverflowError, ZeroDivisionError) as error:
        raise CaseError("the figures of this case are too large to compute a rate from") from error


_RATE_PROBLEMS = {
    "none": "no rate satisfies these payments: they never balance what was advanced",
    "several": "more than one rate satisfies these payments, so none can be named",
    "no_flows": "a case needs money advanced and at least one payment",
}


def _single(case: object) -> Case:
    if isinstance(case, Mapping) and "cases" in case:
        case = case["cases"]
    if isinstance(case, list):
        if len(case) != 1:
            raise CaseError(f"the file must hold exactly one case, found {len(case)}")
        case = case[0]
    if not isinstance(case, Mapping):
        raise CaseError("the file must hold one case as a mapping of keys to values")
    for key in case:
        if not isinstance(key, str):
            raise CaseError(f"key `{key}` must be text")
    return case


def _dispatch(case: Case) -> Callable[[Case], Figures]:
    if "unit_periods_per_year" in case and "payments" in case:
        return _reg_z
    if "payments" in case:
        return _eu
    if "flat_fee_per_month_pct" in case:
        return apr_domestic.flat_fee
    if "daily_rate_pct" in case or "days" in case:
        return apr_domestic.by_days
    if "principal" in case and ("instalment" in case or "payment" in case):
        return apr_domestic.known_instalments
    if "principal" in case and ("months" in case or "periods" in case or "years" in case):
        return apr_domestic.amortisation
    raise CaseError(
        "not a known kind of case: expected `payments`, "
        "or `principal` with `months`, `periods`, `years` or `days`"
    )


def _reg_z(case: Case) -> Figures:
    advances_key = next((k for k in ("advances", "drawdowns") if k in case), None)
    known(
        case,
        {"amount_advanced", "advances", "drawdowns", "payments", "unit_periods_per_year", "method", "fee"},
        "a Reg Z case",
    )
    if advances_key and "amount_advanced" in case:
        raise CaseError(f"`amount_advanced` and `{advances_key}` say the same thing twice")
    if advances_key:
        advances = _streams(case, advances_key, default_t=0)
    elif "amount_advanced" in case:
        advances = [Flow(positive(case, "amount_advanced"), Fraction(0))]
    else:
        raise CaseError("a Reg Z case needs `amount_advanced` or `advances`")
    advances[0] = Flow(advances[0].amount - optional(case, "fee"), advances[0].time, advances[0].fraction)
    per_year = positive(case, "unit_periods_per_year")
    rate = apr.reg_z(advances, _streams(case, "payments", default_t=1), per_year)
    return {
        "method": apr.METHOD_REG_Z,
        "apr_pct": pct(rate),
        "unit_period_rate_pct": pct(rate / float(per_year)),
        "apr_effective_pct": pct(apr.compounded(rate / float(per_year) / 100, float(per_year)) * 100),
    }


def _streams(case: Case, key: str, default_t: int) -> list[Flow]:
    flows: list[Flow] = []
    for entry in entries(case, key):
        known(entry, {"n", "amount", "first_t", "t", "f", "first_f", "step", "every"}, f"an entry of `{key}`")
        if "amount" not in entry:
            raise CaseError(f"an entry of `{key}` has no `amount`")
        repeats = count(entry.get("n", 1), f"{key}.n")
        first = number(entry.get("first_t", entry.get("t", default_t)), f"{key}.first_t")
        odd = number(entry.get("f", entry.get("first_f", 0)), f"{key}.f")
        step = number(entry.get("step", entry.get("every", 1)), f"{key}.step")
        if first < 0 or odd < 0 or step <= 0:
            raise CaseError(f"times in `{key}` must not be negative")
        amount = amount_of(entry, key)
        whole, part = divmod(first, 1)
        flows += [Flow(amount, whole + k * step, odd + part) for k in range(repeats)]
    return _bounded(flows, key)


def _bounded(flows: list[Flow], key: str) -> list[Flow]:
    if len(flows) > MAX_FLOWS:
        raise CaseError(f"`{key}` has more than {MAX_FLOWS} payments")
    return flows


def _eu(case: Case) -> Figures:
    known(case, {"amount_advanced", "drawdowns", "payments", "time_basis", "method", "fee"}, "an EU case")
    equal_months, year_days, name = _time_basis(case.get("time_basis", "days/365"))
    drawn = (
        entries(case, "drawdowns")
        if "drawdowns" in case
        else [{"years": 0, "amount": case.get("amount_advanced")}]
    )
    dates = [day_of(entry["date"], "date") for entry in drawn if "date" in entry]
    clock = _Clock(min(dates) if dates else None, equal_months, year_days)
    received = [flow for entry in drawn for flow in clock.flows(entry, "drawdowns")]
    paid = [flow for entry in entries(case, "payments") for flow in clock.flows(entry, "payments")]
    fee = optional(case, "fee")
    if fee:
        paid.append(Flow(fee, min(flow.time for flow in received)))
    rate = apr.eu(_bounded(received, "drawdowns"), _bounded(paid, "payments"))
    return {"method": f"{apr.METHOD_EU}_{name}", "apr_pct": pct(rate)}


def _time_basis(value: object) -> tuple[bool, Fraction, str]:
    text = str(value).strip().lower()
    if "month" in text:
        return True, Fraction(365), "12_equal_months"
    match = re.search(r"/\s*(360|365\.25|365|366)\b", text)
    if not match:
        raise CaseError(f"`time_basis` {value!r} is not known: use days/365 or 12 equal months")
    return False, Fraction(match.group(1)), f"days_{match.group(1)}"


class _Clock:
    """Turns dates, days, weeks, months and years into years by one time basis, counted from the first
    drawdown.

    days/365: actual days over 365. 12 equal months: a month is 1/12 year, a week 1/52, a day 1/365
    (30.41666 days a month).
    """

    def __init__(self, origin: date | None, equal_months: bool, year_days: Fraction) -> None:
        self.origin = origin
        self.equal_months = equal_months
        self.year_days = year_days

    def flows(self, entry: Case, key: str) -> list[Flow]:
        units = ("date", "days", "weeks", "months", "years")
        steps = ("every_days", "every_weeks", "every_months", "every_years")
        known(entry, {"amount", "n", *units, *steps}, f"an entry of `{key}`")
        given = [unit for unit in units if unit in entry]
        if len(given) != 1 or "amount" not in entry:
            raise CaseError(f"an entry of `{key}` needs `amount` and one of {', '.join(units)}")
        amount = amount_of(entry, key)
        repeats = count(entry.get("n", 1), f"{key}.n")
        step = next((s for s in steps if s in entry), None)
        if repeats > 1 and step is None:
            raise CaseError(f"an entry of `{key}` with `n` needs one of {', '.join(steps)}")
        return [Flow(amount, self._when(entry, given[0], step, k, key)) for k in range(repeats)]

    def _when(self, entry: Case, unit: str, step: str | None, k: int, key: str) -> Fraction:
        more = number(entry[step], f"{key}.{step}") * k if step else Fraction(0)
        step_unit = step.removeprefix("every_") if step else "days"
        if unit != "date":
            first = self._years(number(entry[unit], f"{key}.{unit}"), unit)
            return first + self._years(more, step_unit)
        day = day_of(entry["date"], f"{key}.date")
        if step_unit == "months" and more.denominator == 1:
            return self._between(add_months(day, int(more)))
        return self._between(day) + self._years(more, step_unit)

    def _years(self, value: Fraction, unit: str) -> Fraction:
        if value < 0:
            raise CaseError(f"`{unit}` must not be negative")
        if unit == "days":
            return value / self.year_days
        if unit == "weeks":
            return value / 52 if self.equal_months else value * 7 / self.year_days
        if unit == "months" and not self.equal_months and self.origin and value.denominator == 1:
            return self._between(add_months(self.origin, int(value)))
        return value / 12 if unit == "months" else value

    def _between(self, day: date) -> Fraction:
        if self.origin is None:
            raise CaseError("payments by date need the first drawdown by date too")
        if day < self.origin:
            raise CaseError("a payment lies before the first drawdown")
        if not self.equal_months:
            return Fraction((day - self.origin).days) / self.year_days
        months = (day.year - self.origin.year) * 12 + day.month - self.origin.month
        if add_months(self.origin, months) > day:
            months -= 1
        rest = (day - add_months(self.origin, months)).days
        return Fraction(months, 12) + Fraction(rest, 365)
