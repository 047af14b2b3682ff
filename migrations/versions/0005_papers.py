"""A case has a paper for each strength it reached, not one for good.

What was issued before confirmed the submission, so it is indicative; the default keeps the release before this
one, which knows no other paper, able to write.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "confirmations",
        sa.Column("strength", sa.String(length=16), server_default="indicative", nullable=False),
    )
    op.create_check_constraint(
        "ck_confirmations_strength", "confirmations", "strength IN ('indicative', 'in_principle', 'binding')"
    )
    op.create_unique_constraint(
        "uq_confirmations_application_id_strength", "confirmations", ["application_id", "strength"]
    )
    op.drop_constraint("uq_confirmations_application_id", "confirmations")


def downgrade() -> None:
    op.execute("DELETE FROM confirmations WHERE strength <> 'indicative'")
    op.create_unique_constraint("uq_confirmations_application_id", "confirmations", ["application_id"])
    op.drop_constraint("uq_confirmations_application_id_strength", "confirmations")
    op.drop_constraint("ck_confirmations_strength", "confirmations")
    op.drop_column("confirmations", "strength")
