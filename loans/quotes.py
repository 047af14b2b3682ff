"""What one loan costs at one rate: the payments, the total, and the annualised all-in rate with its method.

The shipped products state no fees, so cost is interest alone; a fee would enter `apr.all_in` and `cost_fen`
together.
"""

from datetime import date
from decimal import Decimal

from loans.apr import METHOD_IRR, all_in
from loans.money import yuan_from_fen
from loans.schedule import RepaymentMethod, plan
from loans.schemas import QuoteRead


def quote(
    method: RepaymentMethod, amount_fen: int, annual_rate_pct: Decimal, term_months: int, start: date
) -> QuoteRead:
    """The figures of one plan paid out on `start`.

    `payment_yuan` is the first payment: for equal instalments each but the last, for equal principal the
    largest,
    for interest-only plans a month's interest. `final_payment_yuan` is the last one.
    """
    schedule = plan(method, amount_fen, annual_rate_pct, term_months, start)
    rate = all_in(schedule)
    return QuoteRead(
        annual_rate_pct=annual_rate_pct,
        repayment_method=method.value,
        day_count=schedule.day_count.value,
        payments=len(schedule.instalments),
        payment_yuan=yuan_from_fen(schedule.first_payment_fen),
        largest_payment_yuan=yuan_from_fen(schedule.largest_payment_fen),
        final_payment_yuan=yuan_from_fen(schedule.instalments[-1].total_fen),
        cost_yuan=yuan_from_fen(schedule.interest_fen),
        total_yuan=yuan_from_fen(schedule.total_fen),
        apr_pct=rate.irr_pct,
        apr_simple_pct=rate.simple_pct,
        apr_method=METHOD_IRR,
    )
