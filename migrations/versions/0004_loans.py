"""Banks, products, needs, applications with their history, decisions, pay-outs and confirmations.

A pay-out's primary key is its application, and one need has one open application a product: the database
itself refuses a second.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

METHODS = (
    "('equal_instalment', 'equal_principal', 'interest_monthly_principal_at_maturity', "
    "'revolving_daily_interest', 'principal_and_interest_at_maturity')"
)
STATUSES = (
    "('submitted', 'in_review', 'second_approval', 'offered', 'accepted', "
    "'disbursed', 'declined', 'withdrawn')"
)


def upgrade() -> None:
    _products()
    _applications()
    _history()
    _confirmations()


def downgrade() -> None:
    for table in (
        "confirmations", "disbursements", "decisions", "application_events", "applications",
        "financing_requests", "products", "banks",
    ):  # fmt: skip
        op.drop_table(table)


def _products() -> None:
    op.create_table(
        "banks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name_zh", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_banks"),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("bank_id", sa.String(length=32), nullable=False),
        sa.Column("lender", sa.String(length=200), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("min_amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("max_amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("min_term_months", sa.Integer(), nullable=False),
        sa.Column("max_term_months", sa.Integer(), nullable=False),
        sa.Column("min_rate_pct", sa.Numeric(precision=8, scale=4), nullable=False),
        sa.Column("max_rate_pct", sa.Numeric(precision=8, scale=4), nullable=False),
        sa.Column("repayment_methods", postgresql.JSONB(), nullable=False),
        sa.Column("guarantee", sa.String(length=100), nullable=False),
        sa.Column("rule_text", sa.String(), nullable=False),
        sa.Column("max_amount", sa.String(), nullable=True),
        sa.Column("eligibility_zh", sa.String(), nullable=False),
        sa.Column("eligibility_en", sa.String(), nullable=False),
        sa.Column("campaign", postgresql.JSONB(), nullable=True),
        sa.Column("marks", postgresql.JSONB(), nullable=False),
        sa.Column("linked_policy", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('current', 'superseded', 'withdrawn')", name="ck_products_status"),
        sa.CheckConstraint(
            "0 < min_amount_fen AND min_amount_fen <= max_amount_fen", name="ck_products_amount"
        ),
        sa.CheckConstraint(
            "0 < min_term_months AND min_term_months <= max_term_months", name="ck_products_term"
        ),
        sa.CheckConstraint("0 <= min_rate_pct AND min_rate_pct <= max_rate_pct", name="ck_products_rate"),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name="fk_products_bank_id"),
        sa.PrimaryKeyConstraint("id", "version", name="pk_products"),
    )
    op.create_index(
        "uq_products_current", "products", ["id"], unique=True, postgresql_where=sa.text("status = 'current'")
    )


def _applications() -> None:
    op.create_table(
        "financing_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("preferred_method", sa.String(length=64), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            f"preferred_method IN {METHODS}",
            name="ck_financing_requests_preferred_method",
        ),
        sa.CheckConstraint("amount_fen > 0", name="ck_financing_requests_amount"),
        sa.CheckConstraint("term_months BETWEEN 1 AND 480", name="ck_financing_requests_term"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_financing_requests_created_by"),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.id"], name="fk_financing_requests_enterprise_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_financing_requests"),
    )
    op.create_index(
        "ix_financing_requests_enterprise_id",
        "financing_requests",
        ["enterprise_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.String(length=32), nullable=False),
        sa.Column("financing_request_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.String(length=32), nullable=False),
        sa.Column("product_id", sa.String(length=32), nullable=False),
        sa.Column("product_version", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("repayment_method", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("applicant", postgresql.JSONB(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("product", postgresql.JSONB(), nullable=False),
        sa.Column("rule_text", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("trace", postgresql.JSONB(), nullable=False),
        sa.Column("quote", postgresql.JSONB(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("agreed_rate_pct", sa.Numeric(precision=8, scale=4), nullable=True),
        sa.Column("agreed_term_months", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            f"repayment_method IN {METHODS}",
            name="ck_applications_repayment_method",
        ),
        sa.CheckConstraint(
            "status <> 'in_review' OR claimed_by IS NOT NULL", name="ck_applications_in_review"
        ),
        sa.CheckConstraint(
            f"status IN {STATUSES}",
            name="ck_applications_status",
        ),
        sa.CheckConstraint("(claimed_by IS NULL) = (claimed_at IS NULL)", name="ck_applications_claimed"),
        sa.CheckConstraint("amount_fen > 0", name="ck_applications_amount"),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name="fk_applications_bank_id"),
        sa.ForeignKeyConstraint(["claimed_by"], ["users.id"], name="fk_applications_claimed_by"),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name="fk_applications_consent_id"),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_applications_enterprise_id"),
        sa.ForeignKeyConstraint(
            ["financing_request_id"], ["financing_requests.id"], name="fk_applications_financing_request_id"
        ),
        sa.ForeignKeyConstraint(
            ["product_id", "product_version"],
            ["products.id", "products.version"],
            name="fk_applications_product",
        ),
        sa.ForeignKeyConstraint(["submitted_by"], ["users.id"], name="fk_applications_submitted_by"),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
        sa.UniqueConstraint("serial", name="uq_applications_serial"),
    )
    op.create_index(
        "ix_applications_enterprise_id", "applications", ["enterprise_id", "submitted_at"], unique=False
    )
    op.create_index(
        "ix_applications_queue", "applications", ["bank_id", "status", "due_on", "submitted_at"], unique=False
    )
    op.create_index(
        "uq_applications_open",
        "applications",
        ["financing_request_id", "product_id"],
        unique=True,
        postgresql_where=sa.text(
            "status IN ('accepted', 'in_review', 'offered', 'second_approval', 'submitted')"
        ),
    )


def _history() -> None:
    op.create_table(
        "application_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_role", sa.String(length=32), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            f"status IN {STATUSES}",
            name="ck_application_events_status",
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="fk_application_events_application_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_application_events"),
    )
    op.create_index(
        "ix_application_events_application_id", "application_events", ["application_id", "id"], unique=False
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("annual_rate_pct", sa.Numeric(precision=8, scale=4), nullable=True),
        sa.Column("term_months", sa.Integer(), nullable=True),
        sa.Column("quote", postgresql.JSONB(), nullable=True),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'approve') = (num_nonnulls(amount_fen, annual_rate_pct, term_months) = 3)",
            name="ck_decisions_terms",
        ),
        sa.CheckConstraint("kind IN ('approve', 'decline')", name="ck_decisions_kind"),
        sa.CheckConstraint("stage IN (1, 2)", name="ck_decisions_stage"),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_decisions_application_id"),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name="fk_decisions_decided_by"),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.UniqueConstraint("application_id", "stage", name="uq_decisions_application_id_stage"),
    )
    op.create_table(
        "disbursements",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name="ck_disbursements_amount"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="fk_disbursements_application_id"
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name="fk_disbursements_recorded_by"),
        sa.PrimaryKeyConstraint("application_id", name="pk_disbursements"),
    )


def _confirmations() -> None:
    op.create_table(
        "confirmations",
        sa.Column("serial", sa.String(length=32), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="fk_confirmations_application_id"
        ),
        sa.PrimaryKeyConstraint("serial", name="pk_confirmations"),
        sa.UniqueConstraint("application_id", name="uq_confirmations_application_id"),
    )
