"""What people are told: pushes, the inbox, e-mails, webhooks; every enterprise's facts as one document; the job queue.

The release before this one writes facts without the document; the service makes those anew when it starts, since the
documents filled in here carry no vocabulary. Policies published until now are taken as told.
"""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PGQUEUER = Path(__file__).resolve().parents[1] / "pgqueuer.sql"
TABLES = (
    "webhook_deliveries", "webhook_endpoints", "mail_lines", "mails", "notification_consents",
    "notification_settings", "policy_marks", "inbox_items", "pushes", "fact_changes", "enterprise_current_facts",
)  # fmt: skip


def upgrade() -> None:
    _facts()
    _pushes()
    _preferences()
    _mails()
    _webhooks()
    for statement in PGQUEUER.read_text(encoding="utf-8").split("\n-- next\n"):
        op.execute(statement)
    op.execute(
        "INSERT INTO enterprise_current_facts (enterprise_id, facts, vocabulary)"
        " SELECT e.id, coalesce(jsonb_object_agg(f.name, f.value) FILTER (WHERE f.name IS NOT NULL), '{}'), ''"
        " FROM enterprises e LEFT JOIN enterprise_facts f ON f.enterprise_id = e.id GROUP BY e.id"
    )
    op.execute(
        "INSERT INTO pushes (id, kind, policy_id, version, day, state, looked, was, now, told, created_at)"
        " SELECT id, 'policy', policy_id, version, decided_at::date, 'done', 0, 0, 0, 0, decided_at"
        " FROM policy_versions WHERE status IN ('published', 'superseded') AND decided_by IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("DROP SCHEMA jobs CASCADE")
    for table in TABLES:
        op.drop_table(table)


def _facts() -> None:
    op.create_table(
        "enterprise_current_facts",
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("vocabulary", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.id"], name="fk_enterprise_current_facts_enterprise_id"
        ),
        sa.PrimaryKeyConstraint("enterprise_id", name="pk_enterprise_current_facts"),
    )
    op.create_table(
        "fact_changes",
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("before", JSONB(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_fact_changes_enterprise_id"),
        sa.PrimaryKeyConstraint("enterprise_id", name="pk_fact_changes"),
    )
    op.create_index("ix_fact_changes_since", "fact_changes", ["since"])


def _pushes() -> None:
    op.create_table(
        "pushes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("policy_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before_version", sa.Integer(), nullable=True),
        sa.Column("stage", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cursor", sa.Uuid(), nullable=True),
        sa.Column("looked", sa.Integer(), nullable=False),
        sa.Column("was", sa.Integer(), nullable=False),
        sa.Column("now", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'deadline') = (stage IS NOT NULL)", name="ck_pushes_stage"),
        sa.CheckConstraint("kind IN ('policy', 'deadline')", name="ck_pushes_kind"),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'skipped')", name="ck_pushes_state"),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_pushes_policy_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pushes"),
    )
    op.create_index("ix_pushes_created_at", "pushes", ["created_at"])
    op.create_index("ix_pushes_policy_id", "pushes", ["policy_id", "version"])
    op.create_table(
        "inbox_items",
        sa.Column("push_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("policies", JSONB(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('policy', 'facts', 'news', 'deadline', 'notice')", name="ck_inbox_items_kind"
        ),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_inbox_items_enterprise_id"),
        sa.PrimaryKeyConstraint("push_id", "enterprise_id", name="pk_inbox_items"),
    )
    op.create_index("ix_inbox_items_enterprise_id", "inbox_items", ["enterprise_id", "created_at"])
    op.create_table(
        "policy_marks",
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.String(64), nullable=False),
        sa.Column("mark", sa.String(16), nullable=False),
        sa.Column("marked_by", sa.Uuid(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mark IN ('claimed', 'dismissed')", name="ck_policy_marks_mark"),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_policy_marks_enterprise_id"),
        sa.ForeignKeyConstraint(["marked_by"], ["users.id"], name="fk_policy_marks_marked_by"),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_policy_marks_policy_id"),
        sa.PrimaryKeyConstraint("enterprise_id", "policy_id", name="pk_policy_marks"),
    )


def _preferences() -> None:
    op.create_table(
        "notification_settings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("muted", JSONB(), nullable=False),
        sa.Column("personalised", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name="ck_notification_settings_language"),
        sa.CheckConstraint("mode = 'none' OR email IS NOT NULL", name="ck_notification_settings_email"),
        sa.CheckConstraint("mode IN ('none', 'immediately', 'daily')", name="ck_notification_settings_mode"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_notification_settings_user_id"),
        sa.PrimaryKeyConstraint("user_id", name="pk_notification_settings"),
    )
    op.create_index(
        "ix_notification_settings_objections",
        "notification_settings",
        ["user_id"],
        postgresql_where=sa.text("NOT personalised"),
    )
    op.create_table(
        "notification_consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_notification_consents_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notification_consents"),
    )
    op.create_index("ix_notification_consents_user_id", "notification_consents", ["user_id"])


def _mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(200), nullable=True),
        sa.CheckConstraint("kind IN ('single', 'digest', 'confirm')", name="ck_mails_kind"),
        sa.CheckConstraint(
            "state IN ('planned', 'sending', 'sent', 'failed', 'unsure')", name="ck_mails_state"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_mails_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
    )
    op.create_index(
        "ix_mails_open", "mails", ["not_before"], postgresql_where=sa.text("state IN ('planned', 'sending')")
    )
    op.create_index("ix_mails_user_id", "mails", ["user_id", "created_at"])
    op.create_table(
        "mail_lines",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("push_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("mail_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name="fk_mail_lines_mail_id"),
        sa.ForeignKeyConstraint(
            ["push_id", "enterprise_id"],
            ["inbox_items.push_id", "inbox_items.enterprise_id"],
            name="fk_mail_lines_item",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_mail_lines_user_id"),
        sa.PrimaryKeyConstraint("user_id", "push_id", name="pk_mail_lines"),
    )
    op.create_index("ix_mail_lines_mail_id", "mail_lines", ["mail_id"])
    op.create_index(
        "ix_mail_lines_waiting", "mail_lines", ["user_id"], postgresql_where=sa.text("mail_id IS NULL")
    )


def _webhooks() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_webhook_endpoints_created_by"),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.id"], name="fk_webhook_endpoints_enterprise_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
    )
    op.create_index("ix_webhook_endpoints_enterprise_id", "webhook_endpoints", ["enterprise_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("push_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(200), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="ck_webhook_deliveries_state"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoints.id"], name="fk_webhook_deliveries_endpoint_id"
        ),
        sa.ForeignKeyConstraint(
            ["push_id", "enterprise_id"],
            ["inbox_items.push_id", "inbox_items.enterprise_id"],
            name="fk_webhook_deliveries_item",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("endpoint_id", "push_id", name="uq_webhook_deliveries_push_id"),
    )
    op.create_index(
        "ix_webhook_deliveries_waiting",
        "webhook_deliveries",
        ["next_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
