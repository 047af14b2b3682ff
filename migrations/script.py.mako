"""${message}.

Numbered by hand, alone in its commit, and safe for the release before it, which still serves while this runs:
add columns with a default or as nullable, build indexes CONCURRENTLY in a migration of their own, name every
CHECK and UNIQUE by hand, use varchar + CHECK rather than enum types.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
