"""Imports and changes to many policies are written, handed over and decided as one.

Nothing the release before this one reads or writes is changed.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _fk(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def upgrade() -> None:
    op.create_table(
        "change_sets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposals", JSONB(), nullable=False),
        sa.Column("refusals", JSONB(), nullable=False),
        sa.Column("unchanged", JSONB(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _instant("made_at"),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        _instant("decided_at", nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_change_sets"),
        _fk("change_sets", "made_by", "users.id"),
        _fk("change_sets", "decided_by", "users.id"),
        sa.CheckConstraint("kind IN ('pack', 'sheet', 'table', 'bulk')", name="ck_change_sets_kind"),
        sa.CheckConstraint(
            "state IN ('proposed', 'written', 'submitted', 'published', 'rejected', 'dropped')",
            name="ck_change_sets_state",
        ),
        sa.CheckConstraint(
            "(state IN ('published', 'rejected')) = (decided_at IS NOT NULL)",
            name="ck_change_sets_decided_at",
        ),
    )
    op.create_index("ix_change_sets_made_at", "change_sets", ["made_at"])
    op.create_table(
        "change_set_versions",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("change_set_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("version_id", name="pk_change_set_versions"),
        _fk("change_set_versions", "change_set_id", "change_sets.id"),
        _fk("change_set_versions", "version_id", "policy_versions.id"),
    )
    op.create_index("ix_change_set_versions_change_set_id", "change_set_versions", ["change_set_id"])


def downgrade() -> None:
    op.drop_table("change_set_versions")
    op.drop_table("change_sets")
