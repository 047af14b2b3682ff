"""Cases kept with a policy, which every version of it has to pass before it goes on."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "policy_cases"


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _fk(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{TABLE}_{column}")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("figures", JSONB(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("expected", sa.String(16), nullable=False),
        sa.Column("expected_yuan", sa.Numeric(18, 2), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("kept_by", sa.Uuid(), nullable=True),
        _instant("kept_at"),
        sa.Column("retired_by", sa.Uuid(), nullable=True),
        _instant("retired_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        _fk("policy_id", "policies.id"),
        _fk("kept_by", "users.id"),
        _fk("retired_by", "users.id"),
        _fk("replaces", f"{TABLE}.id"),
        sa.CheckConstraint(
            "expected IN ('eligible', 'ineligible', 'undetermined')", name=f"ck_{TABLE}_expected"
        ),
        sa.CheckConstraint("(kept_by IS NULL) <= (source IS NOT NULL)", name=f"ck_{TABLE}_kept_by"),
        sa.CheckConstraint("(retired_at IS NULL) = (retired_by IS NULL)", name=f"ck_{TABLE}_retired_at"),
        sa.CheckConstraint(
            "expected_yuan IS NULL OR expected = 'eligible' AND expected_yuan >= 0",
            name=f"ck_{TABLE}_expected_yuan",
        ),
    )
    op.create_index(
        f"uq_{TABLE}_name",
        TABLE,
        ["policy_id", "name"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
