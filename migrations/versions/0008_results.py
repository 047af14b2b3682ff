"""A result is shared by an address nobody can guess, and a policy's own figures can be stated.

Both hang on a visitor's check or on an enterprise and go with it. The release before this one writes neither.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "stated_amounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_whose("stated_amounts"),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policies.id"], name="stated_amounts_policy_id_fkey", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("check_id", "policy_id", name="stated_amounts_check_id_key"),
        sa.UniqueConstraint("enterprise_id", "policy_id", name="stated_amounts_enterprise_id_key"),
    )
    op.create_table(
        "result_shares",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_whose("result_shares"),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("content", postgresql.JSONB(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name="result_shares_made_by_fkey"),
        sa.UniqueConstraint("token_hash", name="result_shares_token_hash_key"),
        sa.CheckConstraint(
            "(content IS NULL) = (withdrawn_at IS NOT NULL)", name="result_shares_withdrawn_check"
        ),
    )
    for column in ("check_id", "enterprise_id", "expires_at"):
        op.create_index(f"result_shares_{column}_idx", "result_shares", [column])


def _whose(table: str) -> list[sa.schema.SchemaItem]:
    """A visitor's check or an enterprise, exactly one of them."""
    return [
        sa.Column("check_id", sa.Uuid(), nullable=True),
        sa.Column("enterprise_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["check_id"], ["check_sessions.id"], name=f"{table}_check_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.id"], name=f"{table}_enterprise_id_fkey", ondelete="CASCADE"
        ),
        sa.CheckConstraint("num_nonnulls(check_id, enterprise_id) = 1", name=f"{table}_whose_check"),
    ]


def downgrade() -> None:
    op.drop_table("result_shares")
    op.drop_table("stated_amounts")
