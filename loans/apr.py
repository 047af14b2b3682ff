"""Annualised rates: what a loan costs a year, by the method each law names.

The same loan has several right answers (US nominal, EU effective, PBoC IRR or simple), so every figure
leaves with its method.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyxirr

from loans.money import round_pct
from loans.schedule import Schedule

METHOD_IRR = "irr"
"""PBoC Announcement [2021] No. 3: compound method, i.e. internal rate of return. Its example (100,000, fee
1,000,
12 x 8,833.3) gives 13.58%, which is the monthly rate compounded over 12 months; times 12 it is 12.80%, to
be labelled simple."""
METHOD_REG_Z = "us_reg_z_actuarial_nominal"
METHOD_EU = "eu_effective"


class RateError(ValueError):
    """No rate, or more than one, satisfies the equation: `reason` is "none", "several" or "no_flows"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Flow:
    """One payment or drawdown: `time` in periods (or years) from the start, plus for Reg Z an odd
    `fraction` of a period."""

    amount: Fraction
    time: Fraction
    fraction: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class AllInRate:
    """The annualised all-in rate of a plan in percent: `irr_pct` is shown, `simple_pct` is the same rate
    not compounded."""

    irr_pct: Decimal
    simple_pct: Decimal
    method: str = METHOD_IRR


def all_in(schedule: Schedule, upfront_fee_fen: int = 0) -> AllInRate:
    """All-in rate of a plan by the PBoC convention: months as equal periods, the monthly IRR compounded
    twelve times.

    A fee taken at pay-out lowers what the borrower has in hand. Raises RateError when nothing reaches the
    borrower.
    """
    flows = [0.0] * (schedule.term_months + 1)
    flows[0] = float(-(schedule.principal_fen - upfront_fee_fen))
    last = schedule.term_months - len(schedule.instalments)
    for row in schedule.instalments:
        flows[row.number + last] += row.total_fen
    monthly = periodic_irr(flows)
    return AllInRate(round_pct(compounded(monthly, 12) * 100), round_pct(monthly * 1200))


def periodic_irr(flows: Sequence[float]) -> float:
    """The rate a period of evenly spaced flows, the first one negative (paid out); raises RateError where
    there is none."""
    if not flows or flows[0] >= 0 or not any(flow > 0 for flow in flows):
        raise RateError("no_flows")
    rate = pyxirr.irr(list(flows), silent=True)
    if rate is None or not math.isfinite(rate):
        raise RateError("none")
    return float(rate)


def compounded(period_rate: float, periods: float) -> float:
    """(1 + i)^n - 1; raises RateError for a rate that loses everything."""
    if period_rate <= -1:
        raise RateError("none")
    return math.expm1(periods * math.log1p(period_rate))


def reg_z(advances: Sequence[Flow], payments: Sequence[Flow], unit_periods_per_year: Fraction) -> float:
    """US annual percentage rate in percent: the unit-period rate times unit periods a year, not compounded.

    Source: 12 CFR 1026 Appendix J (b)(8): sum A / ((1 + e*i)(1+i)^q) = sum P / ((1 + f*i)(1+i)^t).
    `Flow.time` counts whole unit periods (t), `Flow.fraction` the odd part (f).
    """
    growth = _solve(advances, payments)
    return math.expm1(growth) * float(unit_periods_per_year) * 100


def eu(drawdowns: Sequence[Flow], payments: Sequence[Flow]) -> float:
    """EU annual percentage rate of charge in percent, effective: sum C/(1+X)^t = sum D/(1+X)^s with times
    in years.

    Source: Directive 2008/48/EC, Annex I (same equation as 87/102/EEC Annex III as replaced by 98/7/EC).
    """
    growth = _solve(drawdowns, payments)
    if growth > 600:
        raise RateError("none")
    return math.expm1(growth) * 100


def _solve(received: Sequence[Flow], paid: Sequence[Flow]) -> float:
    """The one g = ln(1+i) at which what is received and what is paid are worth the same; raises RateError
    otherwise.

    A grid finds every change of sign, so a second solution is reported and not silently passed over;
    bisection refines.
    """
    if not received or not paid:
        raise RateError("no_flows")
    flows = [(float(f.amount), float(f.time), float(f.fraction)) for f in paid]
    flows += [(-float(f.amount), float(f.time), float(f.fraction)) for f in received]
    origin = min(time for _, time, _ in flows)
    flows = [(amount, time - origin, fraction) for amount, time, fraction in flows]
    grid = _grid(max(time for _, time, _ in flows), max(fraction for _, _, fraction in flows))
    values = _on_grid(flows, grid)
    zeros = [float(g) for g in grid[values == 0]]
    signs = np.sign(values)
    changes = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    if len(zeros) + len(changes) == 0:
        raise RateError("none")
    if len(zeros) + len(changes) > 1:
        raise RateError("several")
    if zeros:
        return zeros[0]
    return _bisect(flows, float(grid[changes[0]]), float(grid[changes[0] + 1]))


def _grid(longest: float, fraction: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Points for ln(1+i), zero among them: fine where rates of loans live, coarse above, bounded where e^x
    would overflow."""
    lowest = -min(4.0, 600 / max(longest, 1.0))
    if fraction > 0:
        lowest = max(lowest, math.log1p(-min(0.999, 0.999 / fraction)))
    below = np.linspace(lowest, 0, 400)
    return np.concatenate([below, np.linspace(0, 2, 400)[1:], np.geomspace(2, 700, 400)[1:]])


def _on_grid(
    flows: list[tuple[float, float, float]], grid: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    total = np.zeros_like(grid)
    rate = np.expm1(grid)
    for amount, time, fraction in flows:
        total += amount * np.exp(-grid * time) / (1 + fraction * rate)
    return total


def _value(flows: list[tuple[float, float, float]], growth: float) -> float:
    rate = math.expm1(growth)
    return math.fsum(
        amount * math.exp(-growth * time) / (1 + fraction * rate) for amount, time, fraction in flows
    )


def _bisect(flows: list[tuple[float, float, float]], low: float, high: float) -> float:
    rising = _value(flows, low) < 0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if (_value(flows, middle) < 0) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2
