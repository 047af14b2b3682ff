"""Every product judged for one need: rule, limits and campaign in three values, and what the loan would cost.

The order is by cost and nothing else: eligible first, then undetermined, then not, each by the all-in rate
at the band's high end,
because the low end is an advertisement. No bank can buy a place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from eligibility import Facts, Rule, Status, Trace, Vocabulary, evaluate, explain, parse
from eligibility.benefit import Formula, compute, parse_formula
from loans.money import fen_from_yuan
from loans.quotes import quote
from loans.schedule import RepaymentMethod
from loans.schemas import (
    CONSENT_PURPOSE,
    DATA_CATEGORIES,
    ConsentAsked,
    LimitRead,
    OfferRead,
    ProductRead,
    QuoteRead,
)

RANKED_BY = "status_then_all_in_rate_at_highest_rate"
_ORDER = {Status.ELIGIBLE: 0, Status.UNDETERMINED: 1, Status.INELIGIBLE: 2}


@dataclass(frozen=True, slots=True)
class Need:
    """How much (yuan), for how long, and how one would like to pay back."""

    amount_yuan: Decimal
    term_months: int
    preferred_method: RepaymentMethod | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A product's answer to a need: the status, the facts that could still change it, the limits and the
    rule's trace."""

    status: Status
    missing: tuple[str, ...]
    limits: tuple[LimitRead, ...]
    trace: Trace

    @property
    def within_limits(self) -> bool:
        """Whether amount, term and campaign window fit, whatever the rule says."""
        return all(limit.verdict is not False for limit in self.limits)


@lru_cache(maxsize=4096)
def rule_of(text: str) -> Rule:
    """The parsed rule of a stored product; its text was checked when the product was stored."""
    return parse(text)


@lru_cache(maxsize=4096)
def formula_of(text: str) -> Formula:
    """The parsed money formula of a stored product."""
    return parse_formula(text)


def judge(product: ProductRead, need: Need, facts: Facts, as_of: date) -> Judgement:
    """The product's rule and limits on the facts as of a day. One failing part makes it ineligible, one
    open part undetermined."""
    known = facts.on(as_of)
    rule = rule_of(product.rule)
    verdict = evaluate(rule, known)
    limits = tuple(_limits(product, need, known, as_of))
    missing = set(verdict.missing)
    for limit in limits:
        missing.update(limit.missing)
    parts = [limit.verdict for limit in limits] + [_truth(verdict.status)]
    if False in parts:
        status, missing = Status.INELIGIBLE, set()
    else:
        status = Status.UNDETERMINED if None in parts else Status.ELIGIBLE
    return Judgement(status, tuple(sorted(missing)), limits, explain(rule, known))


def _truth(status: Status) -> bool | None:
    return None if status is Status.UNDETERMINED else status is Status.ELIGIBLE


def _limits(product: ProductRead, need: Need, facts: Facts, as_of: date) -> Iterable[LimitRead]:
    yield LimitRead(
        code="amount_range",
        verdict=product.min_amount_yuan <= need.amount_yuan <= product.max_amount_yuan,
        params={"least": float(product.min_amount_yuan), "most": float(product.max_amount_yuan)},
    )
    yield LimitRead(
        code="term_range",
        verdict=product.min_term_months <= need.term_months <= product.max_term_months,
        params={"least": product.min_term_months, "most": product.max_term_months},
    )
    if product.campaign and (product.campaign.get("from") or product.campaign.get("to")):
        start, end = product.campaign.get("from"), product.campaign.get("to")
        day = as_of.isoformat()
        yield LimitRead(
            code="campaign_window",
            verdict=(not start or start <= day) and (not end or day <= end),
            params={"from": start, "to": end},
        )
    if product.max_amount:
        yield _formula_limit(product.max_amount, need, facts)


def _formula_limit(formula: str, need: Need, facts: Facts) -> LimitRead:
    """The limit a formula gives for this enterprise, such as seventy percent of the collateral's value."""
    most = compute(formula_of(formula), facts)
    if most.exact is not None:
        verdict: bool | None = need.amount_yuan <= most.exact
    else:
        verdict = None if most.missing else False
    return LimitRead(
        code="max_amount_formula",
        verdict=verdict,
        params={"most": None if most.exact is None else float(most.exact), "formula": formula},
        missing=list(most.missing),
    )


def offers(products: Iterable[ProductRead], need: Need, facts: Facts, as_of: date) -> list[OfferRead]:
    """Every product as an offer for this need, ranked."""
    judged = [(product, judge(product, need, facts, as_of)) for product in products]
    drafts = [_draft(product, judgement, need, facts, as_of) for product, judgement in judged]
    drafts.sort(key=_rank_key)
    return [draft.model_copy(update={"rank": rank}) for rank, draft in enumerate(drafts, start=1)]


def _rank_key(offer: OfferRead) -> tuple[int, bool, Decimal, Decimal, str]:
    high, low = offer.quote_at_highest_rate, offer.quote_at_lowest_rate
    rate_high = high.apr_pct if high else offer.product.max_rate_pct
    rate_low = low.apr_pct if low else offer.product.min_rate_pct
    return (_ORDER[Status(offer.status)], high is None, rate_high, rate_low, offer.product.id)


def method_for(product: ProductRead, preferred: RepaymentMethod | None) -> RepaymentMethod:
    """The wanted repayment method where the product has it, else the product's first."""
    if preferred and preferred.value in product.repayment_methods:
        return preferred
    return RepaymentMethod(product.repayment_methods[0])


def _draft(product: ProductRead, judgement: Judgement, need: Need, facts: Facts, as_of: date) -> OfferRead:
    method = method_for(product, need.preferred_method)
    low, high = quotes_of(product, need, method, as_of) if judgement.within_limits else (None, None)
    return OfferRead(
        rank=0,
        status=judgement.status.value,
        product=product,
        missing=list(judgement.missing),
        limits=list(judgement.limits),
        trace=judgement.trace.to_json(),
        repayment_method=method.value,
        quote_at_lowest_rate=low,
        quote_at_highest_rate=high,
        consent=consent_asked(product, facts),
    )


def quotes_of(
    product: ProductRead, need: Need, method: RepaymentMethod, as_of: date
) -> tuple[QuoteRead, QuoteRead]:
    """What the need costs at the lowest and at the highest rate of the product's band, paid out on
    `as_of`."""
    fen = fen_from_yuan(need.amount_yuan)
    low = quote(method, fen, product.min_rate_pct, need.term_months, as_of)
    return low, quote(method, fen, product.max_rate_pct, need.term_months, as_of)


def consent_asked(product: ProductRead, facts: Facts) -> ConsentAsked:
    """The consent an application for this product needs: its bank, one purpose, the data that goes there."""
    return ConsentAsked(
        bank_id=product.bank_id,
        purpose=CONSENT_PURPOSE,
        data_categories=list(DATA_CATEGORIES),
        facts=[fact.name for fact in Vocabulary.shipped().given if fact.name in facts],
    )
