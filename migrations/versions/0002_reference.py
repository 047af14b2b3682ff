"""Regions, towns, industries and the anonymous visitor's check.

Independent of the accounts before it, numbered after them only because revisions form one line.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "regions",
        sa.Column("code", sa.String(6), primary_key=True),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("parent", sa.String(6)),
        sa.Column("name_zh", sa.String(60), nullable=False),
        sa.CheckConstraint("level IN ('nation', 'province', 'city', 'county')", name="regions_level_check"),
        sa.CheckConstraint("code ~ '^[0-9]{6}$'", name="regions_code_check"),
    )
    op.create_index("regions_parent_idx", "regions", ["parent"])
    op.create_table(
        "towns",
        sa.Column("code", sa.String(9), primary_key=True),
        sa.Column("parent", sa.String(6), nullable=False),
        sa.Column("name_zh", sa.String(60), nullable=False),
        sa.CheckConstraint("code ~ '^[0-9]{9}$'", name="towns_code_check"),
    )
    op.create_index("towns_parent_idx", "towns", ["parent"])
    op.create_table(
        "industries",
        sa.Column("code", sa.String(4), primary_key=True),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("section", sa.String(1), nullable=False),
        sa.Column("name_zh", sa.String(80), nullable=False),
        sa.CheckConstraint(
            "level IN ('section', 'division', 'group', 'class')", name="industries_level_check"
        ),
    )
    op.create_index("industries_section_idx", "industries", ["section"])
    op.create_table(
        "check_sessions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("answers", JSONB(), nullable=False, server_default="{}"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("token_hash", name="check_sessions_token_hash_key"),
    )
    op.create_index("check_sessions_updated_at_idx", "check_sessions", ["updated_at"])


def downgrade() -> None:
    for table in ("check_sessions", "industries", "towns", "regions"):
        op.drop_table(table)
