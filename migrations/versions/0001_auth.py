"""People, sign-ins, consents, the audit log, enterprises and their facts.

First of all migrations; the audit log's triggers refuse UPDATE, DELETE and TRUNCATE from its first row on.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROLES = "role IN ('owner', 'officer', 'senior_officer', 'policy_admin', 'auditor', 'operator')"


def upgrade() -> None:
    _people()
    _enterprises()
    _consents_and_audit()
    _idempotency()


def downgrade() -> None:
    for table in (
        "idempotency_keys", "audit_log", "consents", "memberships", "enterprise_facts", "enterprises",
        "login_attempts", "refresh_tokens", "login_sessions", "users",
    ):  # fmt: skip
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_audit_change()")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("bank_id", sa.String(32), nullable=True),
        sa.Column("password_hash", sa.String(255), nullable=False),
        _instant("created_at"),
        _instant("disabled_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
        sa.CheckConstraint(ROLES, name="ck_users_role"),
        sa.CheckConstraint(
            "(bank_id IS NOT NULL) = (role IN ('officer', 'senior_officer'))", name="ck_users_bank_id"
        ),
        sa.CheckConstraint("username = lower(username)", name="ck_users_username_lower"),
    )
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        _instant("created_at"),
        _instant("expires_at"),
        _instant("ended_at", nullable=True),
        sa.Column("ended_because", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_login_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_login_sessions_user_id"),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_because IS NULL)", name="ck_login_sessions_ended_because"
        ),
    )
    op.create_index("ix_login_sessions_user_id", "login_sessions", ["user_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        _instant("issued_at"),
        _instant("expires_at"),
        _instant("used_at", nullable=True),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(["session_id"], ["login_sessions.id"], name="fk_refresh_tokens_session_id"),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])
    op.create_table(
        "login_attempts",
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("subject_sha256", sa.String(64), nullable=False),
        _instant("window_started_at"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "subject_sha256", name="pk_login_attempts"),
        sa.CheckConstraint("scope IN ('address', 'username')", name="ck_login_attempts_scope"),
    )
    op.create_index("ix_login_attempts_window_started_at", "login_attempts", ["window_started_at"])


def _enterprises() -> None:
    op.create_table(
        "enterprises",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("entity_type", sa.String(32), nullable=False),
        sa.Column("owner_name", sa.String(100), nullable=False),
        sa.Column("owner_id_masked", sa.String(18), nullable=False),
        sa.Column("owner_id_hmac", sa.String(64), nullable=False),
        sa.Column("region_code", sa.String(12), nullable=True),
        sa.Column("industry_code", sa.String(8), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_enterprises"),
        sa.UniqueConstraint("uscc", name="uq_enterprises_uscc"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_enterprises_created_by"),
        sa.CheckConstraint("uscc ~ '^[0-9A-Z]{18}$'", name="ck_enterprises_uscc"),
        sa.CheckConstraint(
            "owner_id_masked ~ '^[0-9]{6}[*]{8}[0-9]{3}[0-9X]$'", name="ck_enterprises_owner_id_masked"
        ),
    )
    op.create_index("ix_enterprises_owner_id_hmac", "enterprises", ["owner_id_hmac"])
    op.create_table(
        "enterprise_facts",
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", postgresql.JSONB(), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        _instant("updated_at"),
        sa.Column("updated_by", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("enterprise_id", "name", name="pk_enterprise_facts"),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.id"], name="fk_enterprise_facts_enterprise_id"
        ),
        sa.ForeignKeyConstraint(["updated_by"], ["users.id"], name="fk_enterprise_facts_updated_by"),
        sa.CheckConstraint(
            "source IN ('declared', 'imported', 'attested', 'derived')", name="ck_enterprise_facts_source"
        ),
    )
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("user_id", "enterprise_id", name="pk_memberships"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_memberships_user_id"),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_memberships_enterprise_id"),
        sa.CheckConstraint("role IN ('owner')", name="ck_memberships_role"),
    )
    op.create_index("ix_memberships_enterprise_id", "memberships", ["enterprise_id"])


def _consents_and_audit() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("data_categories", postgresql.JSONB(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("wording_sha256", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        _instant("given_at"),
        _instant("revoked_at", nullable=True),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_consents_enterprise_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_consents_user_id"),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name="ck_consents_language"),
        sa.CheckConstraint("revoked_at IS NULL OR revoked_at >= given_at", name="ck_consents_revoked_at"),
    )
    op.create_index("ix_consents_enterprise_id_bank_id", "consents", ["enterprise_id", "bank_id"])
    op.create_index("ix_consents_application_id", "consents", ["application_id"])
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _instant("at"),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_role", sa.String(32), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=True),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject_type", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(128), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_subject", "audit_log", ["subject_type", "subject_id"])
    op.create_index("ix_audit_log_tenant_at", "audit_log", ["tenant", "at"])
    op.execute(
        """
        CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'audit_log is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
        FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()
        """
    )
    op.execute(
        """
        CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
        """
    )


def _idempotency() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sa.String(128), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("request_sha256", sa.String(64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("body", postgresql.JSONB(), nullable=True),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("user_id", "endpoint", "key", name="pk_idempotency_keys"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_idempotency_keys_user_id"),
        sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name="ck_idempotency_keys_answer"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
