"""Searches of the library that found nothing, counted by their words.

The release before this one writes none.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "search_misses",
        sa.Column("words", sa.String(60), nullable=False),
        sa.Column("searches", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("words", name="pk_search_misses"),
        sa.CheckConstraint("searches > 0", name="ck_search_misses_searches"),
    )
    for column in ("first_on", "last_on"):
        op.create_index(f"ix_search_misses_{column}", "search_misses", [column])


def downgrade() -> None:
    op.drop_table("search_misses")
