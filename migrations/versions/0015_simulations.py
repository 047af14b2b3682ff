"""Simulations of a version against the one in force, and the reasons written where they take rights away."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SIMULATIONS, REASONS = "simulations", "simulation_reasons"


def _fk(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def upgrade() -> None:
    op.create_table(
        SIMULATIONS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("base_sha256", sa.String(64), nullable=True),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("looked", "population", "held", "lost")
        ),
        sa.Column("limit_percent", sa.Numeric(5, 2), nullable=False),
        sa.Column("result", JSONB(none_as_null=True), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{SIMULATIONS}"),
        _fk(SIMULATIONS, "policy_id", "policies.id"),
        _fk(SIMULATIONS, "asked_by", "users.id"),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="ck_simulations_state"),
        sa.CheckConstraint("(state = 'done') = (result IS NOT NULL)", name="ck_simulations_result"),
        sa.CheckConstraint("lost BETWEEN 0 AND held", name="ck_simulations_lost"),
    )
    op.create_index("ix_simulations_content", SIMULATIONS, ["policy_id", "content_sha256", "asked_at"])
    op.create_table(
        REASONS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.String(64), nullable=False),
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("base_sha256", sa.String(64), nullable=True),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{REASONS}"),
        _fk(REASONS, "policy_id", "policies.id"),
        _fk(REASONS, "simulation_id", "simulations.id"),
        _fk(REASONS, "given_by", "users.id"),
    )
    op.create_index("ix_simulation_reasons_content", REASONS, ["policy_id", "content_sha256", "given_at"])


def downgrade() -> None:
    op.drop_table(REASONS)
    op.drop_table(SIMULATIONS)
