"""What goes in and out of a bank's workbench for products: a strict draft, and a version as its pages read it.

Apart from schemas.py, because owners and the API never see a version that is not on offer.
"""

from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field

from auth.schemas import Input, Line, PlainText
from loans.schemas import AskedPercent, AskedYuan, Method, Months, ProductRead

Guarantee = Literal[
    "unsecured",
    "mortgage",
    "unsecured or mortgage",
    "unsecured or guarantee",
    "government guarantee fund",
    "receivables pledge",
]
GUARANTEES: tuple[str, ...] = get_args(Guarantee)
METHODS: tuple[str, ...] = get_args(Method)


class ProductDraft(Input):
    """What a product manager may change of a product. Amounts in yuan, rates in percent a year; the rule is CEL, and
    so is `max_amount`, the most an enterprise can have by its own facts.
    """

    name_zh: Annotated[Line, Field(min_length=1, max_length=200)]
    name_en: Annotated[Line, Field(min_length=1, max_length=200)]
    min_amount_yuan: AskedYuan
    max_amount_yuan: AskedYuan
    min_term_months: Months
    max_term_months: Months
    min_rate_pct: AskedPercent
    max_rate_pct: AskedPercent
    repayment_methods: list[Method] = Field(min_length=1, max_length=len(METHODS))
    guarantee: Guarantee
    rule: str = Field(max_length=25_000)
    max_amount: Annotated[str, Field(max_length=5_000)] | None
    eligibility_zh: Annotated[PlainText, Field(min_length=1, max_length=2000)]
    eligibility_en: Annotated[PlainText, Field(min_length=1, max_length=2000)]


class ProductPurpose(Input):
    """What a version is for, as its writer hands it in."""

    why: Annotated[PlainText, Field(max_length=2000)]


class ProductRejection(Input):
    """Why a second person sends a version back."""

    reason: Annotated[PlainText, Field(min_length=1, max_length=2000)]


class ProductVersionRead(ProductRead):
    """A version with its way so far. `editors`: accounts; `created_at` of the version."""

    status: str
    content_sha256: str
    editors: list[str]
    why: str | None
    submitted_by: UUID | None
    submitted_at: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str | None
    created_at: datetime
    changed_at: datetime
