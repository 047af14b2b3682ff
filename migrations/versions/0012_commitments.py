"""Commitments: facts declared instead of papers, with the text that was told, and what verifying them said.

Facts may now come from `committed`. The release before this one shows no such source, and stores none.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _fk(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def _sources(*sources: str) -> None:
    listed = ", ".join(repr(source) for source in sources)
    op.drop_constraint("ck_enterprise_facts_source", "enterprise_facts", type_="check")
    op.create_check_constraint("ck_enterprise_facts_source", "enterprise_facts", f"source IN ({listed})")


def upgrade() -> None:
    _sources("declared", "imported", "committed", "attested", "derived")
    op.create_table(
        "commitments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.String(64), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _instant("made_at"),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("wording_sha256", sa.String(64), nullable=False),
        sa.Column("verify_by", sa.Date(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        _instant("ended_at", nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("attestation_id", sa.Uuid(), nullable=True),
        sa.Column("ground", sa.String(1000), nullable=True),
        sa.Column("excluded_until", sa.Date(), nullable=True),
        sa.Column("object_by", sa.Date(), nullable=True),
        _instant("objected_at", nullable=True),
        sa.Column("objected_by", sa.Uuid(), nullable=True),
        sa.Column("objection", sa.String(1000), nullable=True),
        _instant("answered_at", nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.String(1000), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_commitments"),
        _fk("commitments", "enterprise_id", "enterprises.id"),
        _fk("commitments", "policy_id", "policies.id"),
        _fk("commitments", "made_by", "users.id"),
        _fk("commitments", "ended_by", "users.id"),
        _fk("commitments", "attestation_id", "attestations.id"),
        _fk("commitments", "objected_by", "users.id"),
        _fk("commitments", "answered_by", "users.id"),
        sa.CheckConstraint(
            "status IN ('made', 'verified', 'refuted', 'withdrawn', 'lapsed')", name="ck_commitments_status"
        ),
        sa.CheckConstraint("(status = 'made') = (ended_at IS NULL)", name="ck_commitments_ended_at"),
        sa.CheckConstraint(
            "(status = 'refuted') = (excluded_until IS NOT NULL)", name="ck_commitments_excluded_until"
        ),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name="ck_commitments_language"),
    )
    op.create_index("ix_commitments_enterprise_id", "commitments", ["enterprise_id", "made_at"])
    op.create_index(
        "ix_commitments_due", "commitments", ["verify_by"], postgresql_where=sa.text("status = 'made'")
    )
    op.create_index(
        "ix_commitments_objections",
        "commitments",
        ["objected_at"],
        postgresql_where=sa.text("objected_at IS NOT NULL AND answered_at IS NULL"),
    )
    op.create_table(
        "commitment_facts",
        sa.Column("commitment_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("commitment_id", "name", name="pk_commitment_facts"),
        _fk("commitment_facts", "commitment_id", "commitments.id"),
        sa.CheckConstraint("outcome IN ('open', 'confirmed', 'refuted')", name="ck_commitment_facts_outcome"),
    )


def downgrade() -> None:
    op.drop_table("commitment_facts")
    op.drop_table("commitments")
    op.execute("UPDATE enterprise_facts SET source = 'declared' WHERE source = 'committed'")
    _sources("declared", "imported", "attested", "derived")
