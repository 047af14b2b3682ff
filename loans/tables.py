"""Rows of banks, products, needs, applications, decisions, pay-outs and confirmations.

An application keeps what it was judged on (facts, product version, rule, trace, quote), so that a decision
can be replayed;
constraints are named by hand and match migrations/versions/0004_loans.py, 0005_papers.py and 0016_product_versions.py.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from auth.base import document, instant
from loans import product_lifecycle
from loans.lifecycle import OPEN, Status
from loans.schedule import RepaymentMethod
from pdf.document import Strength


def _one_of(column: str, values: list[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


METHODS = [method.value for method in RepaymentMethod]
STRENGTHS = [strength.value for strength in Strength]
STATUSES = [status.value for status in Status]
OPEN_STATUSES = sorted(status.value for status in OPEN)
PRODUCT_STATUSES = [status.value for status in product_lifecycle.Status]
OPEN_PRODUCTS = [status.value for status in product_lifecycle.OPEN]


def _fen() -> Column[Any]:
    return Column(BigInteger, nullable=False)


def _percent(*, nullable: bool = False) -> Column[Any]:
    return Column(Numeric(8, 4), nullable=nullable)


class Bank(SQLModel, table=True):
    """A lender: a tenant of its own."""

    __tablename__ = "banks"
    __table_args__ = (PrimaryKeyConstraint("id", name="pk_banks"),)

    id: str = Field(primary_key=True, max_length=32)
    name_zh: str = Field(max_length=100)
    name_en: str = Field(max_length=100)


class Product(SQLModel, table=True):
    """One version of a product; a change is a new row, and applications point at the version they were
    judged on.

    Rates in percent a year; `max_amount` is a money formula (yuan) or NULL; `marks` says what of it is real.
    `editors`: the accounts that wrote, edited or submitted it; empty for a shipped one. `approved_sha256`: the content
    a second person approved.
    """

    __tablename__ = "products"
    __table_args__ = (
        PrimaryKeyConstraint("id", "version", name="pk_products"),
        ForeignKeyConstraint(["bank_id"], ["banks.id"], name="fk_products_bank_id"),
        CheckConstraint(_one_of("status", PRODUCT_STATUSES), name="ck_products_status"),
        CheckConstraint("0 < min_amount_fen AND min_amount_fen <= max_amount_fen", name="ck_products_amount"),
        CheckConstraint(
            "0 < min_term_months AND min_term_months <= max_term_months", name="ck_products_term"
        ),
        CheckConstraint("0 <= min_rate_pct AND min_rate_pct <= max_rate_pct", name="ck_products_rate"),
        CheckConstraint(
            "decided_by IS NULL OR status = 'rejected' OR approved_sha256 IS NOT DISTINCT FROM content_sha256",
            name="ck_products_approved",
        ),
        ForeignKeyConstraint(["submitted_by"], ["users.id"], name="fk_products_submitted_by"),
        ForeignKeyConstraint(["decided_by"], ["users.id"], name="fk_products_decided_by"),
        Index("uq_products_current", "id", unique=True, postgresql_where=text("status = 'current'")),
        Index("uq_products_open", "id", unique=True, postgresql_where=text(_one_of("status", OPEN_PRODUCTS))),
        Index("ix_products_bank_id", "bank_id", "id"),
    )

    id: str = Field(primary_key=True, max_length=32)
    version: int = Field(primary_key=True)
    bank_id: str = Field(max_length=32)
    lender: str = Field(max_length=200)
    name_zh: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    min_amount_fen: int = Field(sa_column=_fen())
    max_amount_fen: int = Field(sa_column=_fen())
    min_term_months: int
    max_term_months: int
    min_rate_pct: Decimal = Field(sa_column=_percent())
    max_rate_pct: Decimal = Field(sa_column=_percent())
    repayment_methods: list[str] = Field(sa_column=document())
    guarantee: str = Field(max_length=100)
    rule_text: str
    max_amount: str | None = None
    eligibility_zh: str
    eligibility_en: str
    campaign: dict[str, Any] | None = Field(default=None, sa_column=document(nullable=True))
    marks: dict[str, Any] = Field(sa_column=document())
    linked_policy: str | None = Field(default=None, max_length=64)
    status: str = Field(max_length=16)
    content_sha256: str = Field(max_length=64)
    editors: list[str] = Field(default_factory=list, sa_column=document())
    why: str | None = Field(default=None, max_length=2000)
    submitted_by: UUID | None = None
    submitted_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    decided_by: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    approved_sha256: str | None = Field(default=None, max_length=64)
    reason: str | None = Field(default=None, max_length=2000)
    created_at: datetime = Field(sa_column=instant())
    changed_at: datetime = Field(sa_column=instant())


class FinancingRequest(SQLModel, table=True):
    """A need: how much, for how long, for what."""

    __tablename__ = "financing_requests"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_financing_requests"),
        ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.id"], name="fk_financing_requests_enterprise_id"
        ),
        ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_financing_requests_created_by"),
        CheckConstraint("amount_fen > 0", name="ck_financing_requests_amount"),
        CheckConstraint("term_months BETWEEN 1 AND 480", name="ck_financing_requests_term"),
        CheckConstraint(_one_of("preferred_method", METHODS), name="ck_financing_requests_preferred_method"),
        Index("ix_financing_requests_enterprise_id", "enterprise_id", "created_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    enterprise_id: UUID
    amount_fen: int = Field(sa_column=_fen())
    term_months: int
    purpose: str = Field(max_length=200)
    preferred_method: str | None = Field(default=None, max_length=64)
    created_by: UUID
    created_at: datetime = Field(sa_column=instant())


class Application(SQLModel, table=True):
    """One application for one product. `status` moves only by `lifecycle` and a conditional update.

    `applicant` is {name, uscc}; `facts`, `product`, `rule_text`, `trace` and `quote` are the snapshot it
    was judged on.
    `due_on` is the day the bank should have decided by. Agreed terms are NULL until an approval.
    """

    __tablename__ = "applications"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_applications"),
        UniqueConstraint("serial", name="uq_applications_serial"),
        ForeignKeyConstraint(
            ["financing_request_id"], ["financing_requests.id"], name="fk_applications_financing_request_id"
        ),
        ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_applications_enterprise_id"),
        ForeignKeyConstraint(["bank_id"], ["banks.id"], name="fk_applications_bank_id"),
        ForeignKeyConstraint(
            ["product_id", "product_version"],
            ["products.id", "products.version"],
            name="fk_applications_product",
        ),
        ForeignKeyConstraint(["consent_id"], ["consents.id"], name="fk_applications_consent_id"),
        ForeignKeyConstraint(["submitted_by"], ["users.id"], name="fk_applications_submitted_by"),
        ForeignKeyConstraint(["claimed_by"], ["users.id"], name="fk_applications_claimed_by"),
        CheckConstraint(_one_of("status", STATUSES), name="ck_applications_status"),
        CheckConstraint(_one_of("repayment_method", METHODS), name="ck_applications_repayment_method"),
        CheckConstraint("amount_fen > 0", name="ck_applications_amount"),
        CheckConstraint("(claimed_by IS NULL) = (claimed_at IS NULL)", name="ck_applications_claimed"),
        CheckConstraint("status <> 'in_review' OR claimed_by IS NOT NULL", name="ck_applications_in_review"),
        Index(
            "uq_applications_open",
            "financing_request_id",
            "product_id",
            unique=True,
            postgresql_where=text(_one_of("status", OPEN_STATUSES)),
        ),
        Index("ix_applications_queue", "bank_id", "status", "due_on", "submitted_at"),
        Index("ix_applications_enterprise_id", "enterprise_id", "submitted_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    serial: str = Field(max_length=32)
    financing_request_id: UUID
    enterprise_id: UUID
    bank_id: str = Field(max_length=32)
    product_id: str = Field(max_length=32)
    product_version: int
    amount_fen: int = Field(sa_column=_fen())
    term_months: int
    purpose: str = Field(max_length=200)
    repayment_method: str = Field(max_length=64)
    status: str = Field(max_length=32)
    as_of: date
    applicant: dict[str, Any] = Field(sa_column=document())
    facts: dict[str, Any] = Field(sa_column=document())
    product: dict[str, Any] = Field(sa_column=document())
    rule_text: str
    verdict: str = Field(max_length=16)
    trace: dict[str, Any] = Field(sa_column=document())
    quote: dict[str, Any] = Field(sa_column=document())
    consent_id: UUID
    submitted_by: UUID
    submitted_at: datetime = Field(sa_column=instant())
    due_on: date
    claimed_by: UUID | None = None
    claimed_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    agreed_amount_fen: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    agreed_rate_pct: Decimal | None = Field(default=None, sa_column=_percent(nullable=True))
    agreed_term_months: int | None = None
    changed_at: datetime = Field(sa_column=instant())


class ApplicationEvent(SQLModel, table=True):
    """One line of the timeline: what everybody concerned may see. Who it was is in the audit log."""

    __tablename__ = "application_events"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_application_events"),
        ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="fk_application_events_application_id"
        ),
        CheckConstraint(_one_of("status", STATUSES), name="ck_application_events_status"),
        Index("ix_application_events_application_id", "application_id", "id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    application_id: UUID
    kind: str = Field(max_length=32)
    status: str = Field(max_length=32)
    at: datetime = Field(sa_column=instant())
    actor_role: str = Field(max_length=32)
    detail: dict[str, Any] = Field(sa_column=document())


class Decision(SQLModel, table=True):
    """What a person of the bank decided, first and (above the limit) second. Terms for approvals, reasons
    for declines."""

    __tablename__ = "decisions"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_decisions"),
        UniqueConstraint("application_id", "stage", name="uq_decisions_application_id_stage"),
        ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_decisions_application_id"),
        ForeignKeyConstraint(["decided_by"], ["users.id"], name="fk_decisions_decided_by"),
        CheckConstraint(_one_of("kind", ["approve", "decline"]), name="ck_decisions_kind"),
        CheckConstraint("stage IN (1, 2)", name="ck_decisions_stage"),
        CheckConstraint(
            "(kind = 'approve') = (num_nonnulls(amount_fen, annual_rate_pct, term_months) = 3)",
            name="ck_decisions_terms",
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    application_id: UUID
    stage: int = Field(sa_column=Column(SmallInteger, nullable=False))
    kind: str = Field(max_length=16)
    amount_fen: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    annual_rate_pct: Decimal | None = Field(default=None, sa_column=_percent(nullable=True))
    term_months: int | None = None
    quote: dict[str, Any] | None = Field(default=None, sa_column=document(nullable=True))
    reasons: list[dict[str, Any]] = Field(sa_column=document())
    note: str | None = Field(default=None, max_length=2000)
    decided_by: UUID
    decided_at: datetime = Field(sa_column=instant())


class Disbursement(SQLModel, table=True):
    """The pay-out of an accepted loan: its primary key is the application, so there is at most one."""

    __tablename__ = "disbursements"
    __table_args__ = (
        PrimaryKeyConstraint("application_id", name="pk_disbursements"),
        ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_disbursements_application_id"),
        ForeignKeyConstraint(["recorded_by"], ["users.id"], name="fk_disbursements_recorded_by"),
        CheckConstraint("amount_fen > 0", name="ck_disbursements_amount"),
    )

    application_id: UUID = Field(primary_key=True)
    amount_fen: int = Field(sa_column=_fen())
    recorded_by: UUID
    recorded_at: datetime = Field(sa_column=instant())


class Confirmation(SQLModel, table=True):
    """An issued paper: the document it was printed from and the signed bytes, fixed for good at its first
    download. A case has at most one of each strength."""

    __tablename__ = "confirmations"
    __table_args__ = (
        PrimaryKeyConstraint("serial", name="pk_confirmations"),
        UniqueConstraint("application_id", "strength", name="uq_confirmations_application_id_strength"),
        CheckConstraint(_one_of("strength", STRENGTHS), name="ck_confirmations_strength"),
        ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_confirmations_application_id"),
    )

    serial: str = Field(primary_key=True, max_length=32)
    application_id: UUID
    strength: str = Field(
        sa_column=Column(String(16), server_default=Strength.INDICATIVE.value, nullable=False)
    )
    issued_at: datetime = Field(sa_column=instant())
    document: dict[str, Any] = Field(sa_column=document())
    sha256: str = Field(max_length=64)
    pdf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
