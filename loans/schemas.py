"""What comes in and goes out of the loans API: strict inputs, frozen Read models, money in yuan.

Amounts and rates are Decimals inside and JSON numbers outside; table classes never cross this border.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator
from pydantic_core import PydanticCustomError

from auth.schemas import Input, PlainText, Read


def _json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _json_number_or_null(value: Decimal | None) -> int | float | None:
    return None if value is None else _json_number(value)


NUMBER = {"type": "number"}
NUMBER_OR_NULL: dict[str, Any] = {"oneOf": [{"type": "number"}, {"type": "null"}]}
"""What the API's description says of decimals; left alone it would call them strings."""

Yuan = Annotated[
    Decimal,
    PlainSerializer(_json_number, return_type=float, when_used="json"),
    Field(json_schema_extra=NUMBER),
]
"""An amount in yuan with two decimals."""
Percent = Yuan
"""A rate in percent: 4.35 is 4.35%."""
YuanOrNone = Annotated[
    Decimal | None,
    PlainSerializer(_json_number_or_null, return_type=float | None, when_used="json"),
    Field(json_schema_extra=NUMBER_OR_NULL),
]
PercentOrNone = YuanOrNone


def _from_number(value: object) -> Decimal:
    """A JSON number as the decimal it was written as; refuses "12" and true, which are no numbers."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(repr(value))
    raise PydanticCustomError("decimal_type", "a number is needed")


AskedYuan = Annotated[
    Decimal, BeforeValidator(_from_number), Field(gt=0, le=10_000_000_000, max_digits=13, decimal_places=2)
]
"""An amount a person asks for: whole fen, above zero, at most ten thousand million yuan."""
AskedPercent = Annotated[Decimal, BeforeValidator(_from_number), Field(ge=0, le=100, decimal_places=4)]
"""A rate a person names, in percent a year."""
MaybeAskedYuan = Annotated[AskedYuan | None, Field(json_schema_extra=NUMBER_OR_NULL)]
MaybeAskedPercent = Annotated[AskedPercent | None, Field(json_schema_extra=NUMBER_OR_NULL)]
Months = Annotated[int, Field(ge=1, le=480)]
Method = Literal[
    "equal_instalment",
    "equal_principal",
    "interest_monthly_principal_at_maturity",
    "revolving_daily_interest",
    "principal_and_interest_at_maturity",
]
ReasonCode = Literal[
    "insufficient_turnover",
    "short_history",
    "credit_record",
    "high_leverage",
    "unverifiable_information",
    "documents_missing",
    "outside_policy",
    "other",
]
"""Principal reasons of a decline; the words an owner reads are `loans.reason.<code>` in the catalogue."""

CONSENT_PURPOSE = "loan_application"
DATA_CATEGORIES = ("enterprise_identity", "enterprise_facts", "financing_request")
"""What an application hands to the bank: who it is, the facts it was judged on, and what is asked for."""


class FinancingRequestInput(Input):
    """`POST /api/v1/financing-requests`."""

    enterprise_id: UUID
    amount_yuan: AskedYuan
    term_months: Months
    purpose: Annotated[PlainText, Field(min_length=1, max_length=200)]
    preferred_method: Method | None = None


class FinancingRequestRead(Read):
    """A stored need."""

    id: UUID
    enterprise_id: UUID
    amount_yuan: Yuan
    term_months: int
    purpose: str
    preferred_method: str | None
    created_at: datetime


class ProductRead(Read):
    """One version of a product as it is listed; `marks` says what of its figures is real, and the sources."""

    id: str
    version: int
    bank_id: str
    bank_name_zh: str
    bank_name_en: str
    lender: str
    name_zh: str
    name_en: str
    min_amount_yuan: Yuan
    max_amount_yuan: Yuan
    min_term_months: int
    max_term_months: int
    min_rate_pct: Percent
    max_rate_pct: Percent
    repayment_methods: list[str]
    guarantee: str
    rule: str
    max_amount: str | None
    eligibility_zh: str
    eligibility_en: str
    campaign: dict[str, Any] | None
    marks: dict[str, Any]
    linked_policy: str | None


class QuoteRead(Read):
    """The cost of one loan at one rate. `apr_pct` is the IRR compounded over a year, `apr_simple_pct` the
    same times 12."""

    annual_rate_pct: Percent
    repayment_method: str
    day_count: str
    payments: int
    payment_yuan: Yuan
    largest_payment_yuan: Yuan
    final_payment_yuan: Yuan
    cost_yuan: Yuan
    total_yuan: Yuan
    apr_pct: Percent
    apr_simple_pct: Percent
    apr_method: str


class LimitRead(Read):
    """One limit of the product beside its rule; `verdict` None means it hangs on `missing` facts."""

    code: str
    verdict: bool | None
    params: dict[str, Any]
    missing: list[str] = Field(default_factory=list)


class ConsentAsked(Read):
    """What an application for this product must consent to, word for word: echo it in `consent`.

    `facts` are the facts known today, which are what would go to the bank.
    """

    bank_id: str
    purpose: str
    data_categories: list[str]
    facts: list[str]


class OfferRead(Read):
    """One product judged for one need. `rank` counts from 1 within the list; `quotes` are absent outside
    its limits.

    `status` is eligible, undetermined or ineligible; `strength` says how far to rely on it.
    """

    rank: int
    status: str
    strength: Literal["indicative"] = "indicative"
    product: ProductRead
    missing: list[str]
    limits: list[LimitRead]
    trace: dict[str, Any]
    repayment_method: str
    quote_at_lowest_rate: QuoteRead | None
    quote_at_highest_rate: QuoteRead | None
    consent: ConsentAsked


class OffersRead(Read):
    """`GET /api/v1/financing-requests/{id}/offers`: `method` names how the annualised rates were computed."""

    as_of: date
    method: str
    ranked_by: str
    request: FinancingRequestRead
    offers: list[OfferRead]


class ConsentInput(Input):
    """The owner's separate consent (PIPL Art. 23): must name exactly what the offer asked for.

    Of the enterprise's facts only `facts` go to the bank, and the application is judged on them alone; left
    out, it is all that are known at this moment.
    """

    bank_id: Annotated[str, Field(max_length=32)]
    purpose: Annotated[str, Field(max_length=64)]
    data_categories: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=20)]
    facts: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=500)] | None = None
    language: Literal["zh-CN", "en"] = "zh-CN"


class ApplicationInput(Input):
    """`POST /api/v1/applications`, with an Idempotency-Key."""

    financing_request_id: UUID
    product_id: Annotated[str, Field(max_length=32)]
    repayment_method: Method | None = None
    consent: ConsentInput


class EventRead(Read):
    """One line of the timeline."""

    kind: str
    status: str
    at: datetime
    actor_role: str
    detail: dict[str, Any]


class ReasonRead(Read):
    """A reason of a decline, with the clause and the fact behind it where the bank named them."""

    code: str
    rule_clause: str | None = None
    fact: str | None = None
    note: str | None = None


class DecisionRead(Read):
    """What the bank decided; `note` and `decided_by` (a name) are shown to its officers and auditors only."""

    stage: int
    kind: str
    amount_yuan: YuanOrNone
    annual_rate_pct: PercentOrNone
    term_months: int | None
    quote: QuoteRead | None
    reasons: list[ReasonRead]
    note: str | None
    decided_by: str | None
    decided_at: datetime


class ProvenanceRead(Read):
    """Where a fact of the snapshot comes from, and since when."""

    source: str
    updated_at: datetime


class ApplicationRead(Read):
    """One case. `facts`, `rule`, `trace`, `product` and `quote` are the snapshot it was judged on at `as_of`.

    `agreed_*` are the terms of the bank's approval and `agreed_quote` what they cost, null until there is one.
    `actions` are what the reader may do next; `standing` and `claimed_by` are for the bank only.
    """

    id: UUID
    serial: str
    status: str
    actions: list[str]
    financing_request_id: UUID
    enterprise_id: UUID
    enterprise_name: str
    uscc: str
    bank_id: str
    product: ProductRead
    amount_yuan: Yuan
    term_months: int
    purpose: str
    repayment_method: str
    as_of: date
    submitted_at: datetime
    due_on: date
    quote: QuoteRead
    facts: dict[str, Any]
    provenance: dict[str, ProvenanceRead]
    rule: str
    verdict: str
    trace: dict[str, Any]
    agreed_amount_yuan: YuanOrNone
    agreed_rate_pct: PercentOrNone
    agreed_term_months: int | None
    agreed_quote: QuoteRead | None
    decisions: list[DecisionRead]
    events: list[EventRead]
    consent_id: UUID
    standing: str | None
    claimed_by: str | None
    claimed_by_me: bool


class ApplicationSummary(Read):
    """One case in the owner's list; `agreed_amount_yuan` is null until the bank approves."""

    id: UUID
    serial: str
    status: str
    enterprise_id: UUID
    bank_id: str
    product_id: str
    product_name_zh: str
    product_name_en: str
    amount_yuan: Yuan
    term_months: int
    agreed_amount_yuan: YuanOrNone
    submitted_at: datetime
    changed_at: datetime


class ApplicationList(Read):
    """`GET /api/v1/applications`."""

    applications: list[ApplicationSummary]


class QueueRow(Read):
    """One case of the bank; `standing` is outside, near or within its deadline, null once it is decided."""

    id: UUID
    serial: str
    status: str
    enterprise_name: str
    product_id: str
    product_name_zh: str
    product_name_en: str
    amount_yuan: Yuan
    term_months: int
    agreed_amount_yuan: YuanOrNone
    submitted_at: datetime
    changed_at: datetime
    due_on: date
    standing: str | None
    claimed_by: str | None
    claimed_by_me: bool


class QueueCounters(Read):
    """How many of the bank's waiting cases stand where, whatever is filtered."""

    outside: int
    near: int
    within: int


class QueueRead(Read):
    """`GET /api/v1/officer/queue`: one page of `size` rows, worst deadline first; `total` of the filter."""

    today: date
    counters: QueueCounters
    total: int
    page: int
    size: int
    cases: list[QueueRow]


class DeclineReason(Input):
    """Why: a code of the list; `other` needs words."""

    code: ReasonCode
    rule_clause: Annotated[PlainText, Field(max_length=500)] | None = None
    fact: Annotated[PlainText, Field(max_length=64)] | None = None
    note: Annotated[PlainText, Field(max_length=500)] | None = None


class DecisionInput(Input):
    """`POST /api/v1/applications/{id}/decisions`: approve with terms, or decline with reasons, never both."""

    kind: Literal["approve", "decline"]
    amount_yuan: MaybeAskedYuan = None
    annual_rate_pct: MaybeAskedPercent = None
    term_months: Months | None = None
    reasons: Annotated[list[DeclineReason], Field(max_length=4, default_factory=list)]
    note: Annotated[PlainText, Field(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> "DecisionInput":
        terms = (self.amount_yuan, self.annual_rate_pct, self.term_months)
        if self.kind == "approve" and (None in terms or self.reasons):
            raise PydanticCustomError(
                "decision.approval",
                "an approval states amount_yuan, annual_rate_pct and term_months, and no reasons",
            )
        if self.kind == "decline" and terms != (None, None, None):
            raise PydanticCustomError("decision.decline", "a decline states reasons and no terms")
        return self


class DisbursementRead(Read):
    """The recorded pay-out."""

    application_id: UUID
    amount_yuan: Yuan
    recorded_at: datetime
