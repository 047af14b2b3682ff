"""Wrong passwords are counted per username and address together, and per username only loosely.

So that nobody can lock another out by guessing at his name. The release before this one writes no such rows and
minds none.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_constraint("ck_login_attempts_scope", "login_attempts")
    op.create_check_constraint(
        "ck_login_attempts_scope", "login_attempts", "scope IN ('address', 'username', 'both')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM login_attempts WHERE scope = 'both'")
    op.drop_constraint("ck_login_attempts_scope", "login_attempts")
    op.create_check_constraint(
        "ck_login_attempts_scope", "login_attempts", "scope IN ('address', 'username')"
    )
