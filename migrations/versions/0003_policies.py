"""Policies and their versions.

At most one published version of a policy, and at most one being worked on, by partial unique indexes.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "status": "status IN ('draft', 'submitted', 'published', 'superseded', 'rejected')",
    "category": "category IN ('tax_reduction', 'fee_reduction', 'resumption', 'financial_support', 'comprehensive')",
    "level": "level IN ('national', 'province', 'city')",
    "checked": "checked IN ('seen', 'confident', 'check', 'illustrative')",
    "region_code": "region_code ~ '^[0-9]{6}$'",
    "effective": "effective_to IS NULL OR effective_from <= effective_to",
    "number": "version > 0",
}
VARYING = {
    "level": 16, "region_code": 6, "issuer": 300, "document_no": 300, "title_zh": 300, "title_en": 500,
    "name_zh": 200, "name_en": 300, "category": 32,
}  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policies"),
    )
    op.create_table(
        "policy_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        *(sa.Column(name, sa.String(length), nullable=False) for name, length in VARYING.items()),
        *(sa.Column(name, sa.Date(), nullable=name == "effective_to") for name in _dates()),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("eligibility_zh", "eligibility_en", "rule")
        ),
        *(sa.Column(name, sa.String(300), nullable=False) for name in ("clause_zh", "clause_en")),
        sa.Column("checked", sa.String(16), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        *(sa.Column(name, postgresql.JSONB(), nullable=False) for name in _documents()),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=False)
            for name in ("created_at", "changed_at")
        ),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in ("submitted_by", "decided_by")),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=True)
            for name in ("submitted_at", "decided_at")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_policy_versions"),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_policy_versions_policy_id"),
        sa.UniqueConstraint("policy_id", "version", name="uq_policy_versions_version"),
        *(sa.CheckConstraint(text, name=f"ck_policy_versions_{name}") for name, text in CHECKS.items()),
    )
    _one_each("uq_policy_versions_published", "status = 'published'")
    _one_each("uq_policy_versions_open", "status IN ('draft', 'submitted')")
    op.create_index("ix_policy_versions_status", "policy_versions", ["status"])


def downgrade() -> None:
    op.drop_table("policy_versions")
    op.drop_table("policies")


def _dates() -> tuple[str, ...]:
    return ("issued_on", "effective_from", "effective_to")


def _documents() -> tuple[str, ...]:
    return ("benefit", "exclusions", "relations", "sources", "editors")


def _one_each(name: str, where: str) -> None:
    op.create_index(name, "policy_versions", ["policy_id"], unique=True, postgresql_where=sa.text(where))
