"""Approvals bind a hash, versions can be scheduled and withdrawn, and what was said and found of them is kept.

Whatever is in force was approved as it stands, so its approval is filled in. The release before this one neither
schedules nor withdraws; it goes on working on these tables while nothing is either.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "status IN ('draft', 'submitted', 'published', 'superseded', 'rejected')"
AFTER = "status IN ('draft', 'submitted', 'scheduled', 'published', 'superseded', 'rejected', 'withdrawn')"
CHECKS = {
    "approved": "decided_by IS NULL OR status = 'rejected' OR approved_sha256 IS NOT DISTINCT FROM content_sha256",
    "effect_at": "(status = 'scheduled') <= (effect_at IS NOT NULL)",
    "withdrawn_at": "(status = 'withdrawn') = (withdrawn_at IS NOT NULL)",
}
VERSIONS = "policy_versions"


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _fk(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def _status(check: str, open_: str) -> None:
    op.drop_constraint("ck_policy_versions_status", VERSIONS, type_="check")
    op.create_check_constraint("ck_policy_versions_status", VERSIONS, check)
    op.drop_index("uq_policy_versions_open", VERSIONS)
    op.create_index(
        "uq_policy_versions_open", VERSIONS, ["policy_id"], unique=True, postgresql_where=sa.text(open_)
    )


def upgrade() -> None:
    op.add_column("users", sa.Column("person_key", sa.String(64), nullable=True))
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("restores", sa.Integer(), nullable=True),
        sa.Column("approved_sha256", sa.String(64), nullable=True),
        *(_instant(name, nullable=True) for name in ("effect_at", "published_at", "withdrawn_at")),
    )
    for column in columns:
        op.add_column(VERSIONS, column)
    op.execute(
        "UPDATE policy_versions SET published_at = decided_at,"
        " approved_sha256 = CASE WHEN decided_by IS NOT NULL THEN content_sha256 END"
        " WHERE status IN ('published', 'superseded')"
    )
    _status(AFTER, "status IN ('draft', 'submitted', 'scheduled')")
    for name, check in CHECKS.items():
        op.create_check_constraint(f"ck_policy_versions_{name}", VERSIONS, check)
    _told()
    _comments()
    _withdrawals()
    _findings()


def _told() -> None:
    """Whoever had a policy that is withdrawn is told so."""
    for table, name, kinds in (
        ("pushes", "ck_pushes_kind", "'policy', 'deadline', 'withdrawn'"),
        (
            "inbox_items",
            "ck_inbox_items_kind",
            "'policy', 'facts', 'news', 'deadline', 'notice', 'withdrawn'",
        ),
    ):
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, f"kind IN ({kinds})")


def _comments() -> None:
    table = "version_comments"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=False),
        _instant("said_at"),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        _fk(table, "version_id", "policy_versions.id"),
        _fk(table, "said_by", "users.id"),
    )
    op.create_index(f"ix_{table}_version_id", table, ["version_id", "said_at"])


def _withdrawals() -> None:
    table = "version_withdrawals"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        _instant("asked_at"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        _instant("decided_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        _fk(table, "version_id", "policy_versions.id"),
        _fk(table, "asked_by", "users.id"),
        _fk(table, "decided_by", "users.id"),
        sa.CheckConstraint("state IN ('asked', 'confirmed', 'refused')", name=f"ck_{table}_state"),
        sa.CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name=f"ck_{table}_decided_at"),
        sa.CheckConstraint(
            "state <> 'confirmed' OR decided_by <> asked_by", name=f"ck_{table}_second_person"
        ),
    )
    op.create_index(
        f"uq_{table}_asked",
        table,
        ["version_id"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )


def _findings() -> None:
    op.create_table(
        "version_analyses",
        sa.Column("policy_id", sa.String(64), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("pack_version", sa.String(32), nullable=False),
        sa.Column("findings", JSONB(), nullable=False),
        _instant("made_at"),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("policy_id", "content_sha256", "pack_version", name="pk_version_analyses"),
        _fk("version_analyses", "policy_id", "policies.id"),
    )
    op.create_table(
        "finding_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=False),
        _instant("answered_at"),
        sa.PrimaryKeyConstraint("id", name="pk_finding_answers"),
        _fk("finding_answers", "policy_id", "policies.id"),
        _fk("finding_answers", "answered_by", "users.id"),
    )
    op.create_index("ix_finding_answers_fingerprint", "finding_answers", ["policy_id", "fingerprint"])


def downgrade() -> None:
    op.drop_table("finding_answers")
    op.drop_table("version_analyses")
    op.drop_table("version_withdrawals")
    op.drop_table("version_comments")
    op.execute("DELETE FROM inbox_items WHERE kind = 'withdrawn'")
    op.execute("DELETE FROM pushes WHERE kind = 'withdrawn'")
    for table, name, kinds in (
        ("pushes", "ck_pushes_kind", "'policy', 'deadline'"),
        ("inbox_items", "ck_inbox_items_kind", "'policy', 'facts', 'news', 'deadline', 'notice'"),
    ):
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, f"kind IN ({kinds})")
    for name in CHECKS:
        op.drop_constraint(f"ck_policy_versions_{name}", VERSIONS, type_="check")
    op.execute("UPDATE policy_versions SET status = 'superseded' WHERE status = 'withdrawn'")
    op.execute(
        "UPDATE policy_versions SET status = 'submitted', decided_by = NULL, decided_at = NULL"
        " WHERE status = 'scheduled'"
    )
    _status(BEFORE, "status IN ('draft', 'submitted')")
    for column in ("why", "restores", "approved_sha256", "effect_at", "published_at", "withdrawn_at"):
        op.drop_column(VERSIONS, column)
    op.drop_column("users", "person_key")
