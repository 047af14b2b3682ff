"""Products have drafts, second persons and hashes as policies have, and people who make them.

What is on offer stays so, without anybody named as its writer; its content is hashed here as loans/product_content.py
does it. The release before this one reads current versions alone and goes on doing so.
"""

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "products"
FIELDS = (
    "lender", "name_zh", "name_en", "min_amount_fen", "max_amount_fen", "min_term_months", "max_term_months",
    "min_rate_pct", "max_rate_pct", "repayment_methods", "guarantee", "rule_text", "max_amount", "eligibility_zh",
    "eligibility_en", "campaign", "marks", "linked_policy",
)  # fmt: skip
ROLES = ("owner", "officer", "senior_officer", "product_manager", "policy_admin", "auditor", "operator")
OF_A_BANK = ("officer", "product_manager", "senior_officer")
STATUSES = ("draft", "submitted", "current", "superseded", "rejected", "withdrawn")
BEFORE = ("current", "superseded", "withdrawn")
APPROVED = "decided_by IS NULL OR status = 'rejected' OR approved_sha256 IS NOT DISTINCT FROM content_sha256"


def _in(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(map(repr, values))})"


def _roles(roles: Sequence[str], of_a_bank: Sequence[str]) -> None:
    for name in ("role", "bank_id"):
        op.drop_constraint(f"ck_users_{name}", "users", type_="check")
    op.create_check_constraint("ck_users_role", "users", _in("role", roles))
    op.create_check_constraint(
        "ck_users_bank_id", "users", f"(bank_id IS NOT NULL) = ({_in('role', of_a_bank)})"
    )


def _statuses(values: Sequence[str]) -> None:
    op.drop_constraint("ck_products_status", TABLE, type_="check")
    op.create_check_constraint("ck_products_status", TABLE, _in("status", values))


def _sha256(row: Any) -> str:
    values = {name: getattr(row, name) for name in FIELDS}
    plain = {
        name: format(value.normalize(), "f") if isinstance(value, Decimal) else value
        for name, value in values.items()
    }
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _hash_rows() -> None:
    """Fill in what the rows that are there say, and since when."""
    documents = ("repayment_methods", "campaign", "marks")
    names = ("id", "version", "content_sha256", *(name for name in FIELDS if name not in documents))
    table = sa.table(TABLE, *map(sa.column, names), *(sa.column(name, JSONB()) for name in documents))
    connection = op.get_bind()
    for row in connection.execute(sa.select(table)).all():
        connection.execute(
            table.update()
            .where(table.c.id == row.id, table.c.version == row.version)
            .values(content_sha256=_sha256(row))
        )
    op.execute("UPDATE products SET editors = '[]', changed_at = created_at")
    for name in ("content_sha256", "editors", "changed_at"):
        op.alter_column(TABLE, name, nullable=False)


def upgrade() -> None:
    _roles(ROLES, OF_A_BANK)
    for column in (
        sa.Column("content_sha256", sa.String(64), nullable=True),
        sa.Column("editors", JSONB(), nullable=True),
        sa.Column("why", sa.String(2000), nullable=True),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_sha256", sa.String(64), nullable=True),
        sa.Column("reason", sa.String(2000), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column(TABLE, column)
    _hash_rows()
    _statuses(STATUSES)
    op.create_check_constraint("ck_products_approved", TABLE, APPROVED)
    for name in ("submitted_by", "decided_by"):
        op.create_foreign_key(f"fk_products_{name}", TABLE, "users", [name], ["id"])
    op.create_index(
        "uq_products_open", TABLE, ["id"], unique=True, postgresql_where=sa.text(_in("status", STATUSES[:2]))
    )
    op.create_index("ix_products_bank_id", TABLE, ["bank_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_products_bank_id", TABLE)
    op.drop_index("uq_products_open", TABLE)
    op.execute("DELETE FROM products WHERE status IN ('draft', 'submitted', 'rejected')")
    op.drop_constraint("ck_products_approved", TABLE, type_="check")
    _statuses(BEFORE)
    for name in ("submitted_by", "decided_by"):
        op.drop_constraint(f"fk_products_{name}", TABLE, type_="foreignkey")
    for name in (
        "content_sha256", "editors", "why", "submitted_by", "submitted_at", "decided_by", "decided_at",
        "approved_sha256", "reason", "changed_at",
    ):  # fmt: skip
        op.drop_column(TABLE, name)
    op.execute("UPDATE users SET role = 'officer', disabled_at = now() WHERE role = 'product_manager'")
    _roles(
        tuple(role for role in ROLES if role != "product_manager"),
        tuple(role for role in OF_A_BANK if role != "product_manager"),
    )
