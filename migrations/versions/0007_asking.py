"""A check remembers which questions were asked, and is opened by further browsers and by a code.

The release before this one writes checks without the new column and knows one browser a check; both stay right.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("check_sessions", sa.Column("asked", JSONB(), nullable=False, server_default="[]"))
    op.create_table(
        "check_keys",
        sa.Column("secret_hash", sa.String(64), primary_key=True),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["check_id"], ["check_sessions.id"], name="check_keys_check_id_fkey", ondelete="CASCADE"
        ),
        sa.CheckConstraint("kind IN ('browser', 'code')", name="check_keys_kind_check"),
    )
    op.create_index("check_keys_check_id_idx", "check_keys", ["check_id"])
    op.create_index("check_keys_expires_at_idx", "check_keys", ["expires_at"])
    op.drop_constraint("ck_login_attempts_scope", "login_attempts")
    op.create_check_constraint(
        "ck_login_attempts_scope", "login_attempts", "scope IN ('address', 'username', 'both', 'resume')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM login_attempts WHERE scope = 'resume'")
    op.drop_constraint("ck_login_attempts_scope", "login_attempts")
    op.create_check_constraint(
        "ck_login_attempts_scope", "login_attempts", "scope IN ('address', 'username', 'both')"
    )
    op.drop_table("check_keys")
    op.drop_column("check_sessions", "asked")
