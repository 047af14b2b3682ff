"""Rows of people, their sign-ins, consents and deeds.

Table classes never leave a handler and never receive a body, because SQLModel does not validate them.
Constraints are named by hand and match migrations/versions/0001_auth.py, 0006_sign_in_limits.py,
0007_asking.py, 0011_attested_facts_and_members.py and 0013_publishing.py.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from auth.base import document, instant
from auth.roles import BANK_ROLES, Part, Role


def _one_of(column: str, values: list[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


_of_a_bank = _one_of("role", sorted(role.value for role in BANK_ROLES))


class User(SQLModel, table=True):
    """An account somebody can sign in with. The username is stored lower-case, the password only as an argon2 hash.

    `person_key`: the staff number of the person whose account it is; two accounts with one are one person's.
    """

    __tablename__ = "users"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_users"),
        UniqueConstraint("username", name="uq_users_username"),
        CheckConstraint(_one_of("role", [role.value for role in Role]), name="ck_users_role"),
        CheckConstraint(f"(bank_id IS NOT NULL) = ({_of_a_bank})", name="ck_users_bank_id"),
        CheckConstraint("username = lower(username)", name="ck_users_username_lower"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    username: str = Field(max_length=64)
    display_name: str = Field(max_length=200)
    role: str = Field(max_length=32)
    bank_id: str | None = Field(default=None, max_length=32)
    password_hash: str = Field(max_length=255)
    person_key: str | None = Field(default=None, max_length=64)
    created_at: datetime = Field(sa_column=instant())
    disabled_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class LoginSession(SQLModel, table=True):
    """One sign-in: the family all its refresh tokens and access tokens belong to. Ended once, never
    revived.
    """

    __tablename__ = "login_sessions"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_login_sessions"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_login_sessions_user_id"),
        CheckConstraint(
            "(ended_at IS NULL) = (ended_because IS NULL)", name="ck_login_sessions_ended_because"
        ),
        Index("ix_login_sessions_user_id", "user_id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID
    created_at: datetime = Field(sa_column=instant())
    expires_at: datetime = Field(sa_column=instant())
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    ended_because: str | None = Field(default=None, max_length=32)


class RefreshToken(SQLModel, table=True):
    """One refresh token, known only by the SHA-256 of its 256 random bits; usable once."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        PrimaryKeyConstraint("token_sha256", name="pk_refresh_tokens"),
        ForeignKeyConstraint(["session_id"], ["login_sessions.id"], name="fk_refresh_tokens_session_id"),
        Index("ix_refresh_tokens_session_id", "session_id"),
    )

    token_sha256: str = Field(primary_key=True, max_length=64)
    session_id: UUID
    issued_at: datetime = Field(sa_column=instant())
    expires_at: datetime = Field(sa_column=instant())
    used_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class LoginAttempts(SQLModel, table=True):
    """Sign-in attempts not yet forgiven over one window: per client address, per username, and per both together.

    The subject is stored as a SHA-256, since people type passwords into the wrong field.
    """

    __tablename__ = "login_attempts"
    __table_args__ = (
        PrimaryKeyConstraint("scope", "subject_sha256", name="pk_login_attempts"),
        CheckConstraint(
            _one_of("scope", ["address", "username", "both", "resume"]), name="ck_login_attempts_scope"
        ),
        Index("ix_login_attempts_window_started_at", "window_started_at"),
    )

    scope: str = Field(primary_key=True, max_length=16)
    subject_sha256: str = Field(primary_key=True, max_length=64)
    window_started_at: datetime = Field(sa_column=instant())
    attempts: int


_part = _one_of("role", [part.value for part in Part])
_agent = "(role = 'agent') = (until IS NOT NULL) AND (role = 'agent') = (matters IS NOT NULL)"


class Membership(SQLModel, table=True):
    """Which enterprises a user acts for, and as what. An agent's row names his matters and the moment it ends."""

    __tablename__ = "memberships"
    __table_args__ = (
        PrimaryKeyConstraint("user_id", "enterprise_id", name="pk_memberships"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_memberships_user_id"),
        ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_memberships_enterprise_id"),
        CheckConstraint(_part, name="ck_memberships_role"),
        CheckConstraint(_agent, name="ck_memberships_agent"),
        Index("ix_memberships_enterprise_id", "enterprise_id"),
    )

    user_id: UUID = Field(primary_key=True)
    enterprise_id: UUID = Field(primary_key=True)
    role: str = Field(max_length=32)
    created_at: datetime = Field(sa_column=instant())
    matters: list[str] | None = Field(default=None, sa_column=document(nullable=True))
    until: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class Invitation(SQLModel, table=True):
    """An offer to act for an enterprise, taken up once with its code, of which only the SHA-256 is kept.

    `invited`: how the owner calls whom he meant; `ended_at`: when it was taken up or withdrawn.
    """

    __tablename__ = "membership_invitations"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_membership_invitations"),
        UniqueConstraint("code_sha256", name="uq_membership_invitations_code_sha256"),
        ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.id"], name="fk_membership_invitations_enterprise_id"
        ),
        ForeignKeyConstraint(["invited_by"], ["users.id"], name="fk_membership_invitations_invited_by"),
        ForeignKeyConstraint(["accepted_by"], ["users.id"], name="fk_membership_invitations_accepted_by"),
        CheckConstraint(_part, name="ck_membership_invitations_role"),
        CheckConstraint(_agent, name="ck_membership_invitations_agent"),
        CheckConstraint(
            "accepted_by IS NULL OR ended_at IS NOT NULL", name="ck_membership_invitations_accepted_by"
        ),
        Index("ix_membership_invitations_enterprise_id", "enterprise_id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    enterprise_id: UUID
    code_sha256: str = Field(max_length=64)
    invited: str = Field(max_length=100)
    role: str = Field(max_length=32)
    matters: list[str] | None = Field(default=None, sa_column=document(nullable=True))
    until: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    invited_by: UUID
    created_at: datetime = Field(sa_column=instant())
    expires_at: datetime = Field(sa_column=instant())
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    accepted_by: UUID | None = None


class Consent(SQLModel, table=True):
    """A separate consent to hand named data to one named bank (PIPL Art. 23), with the exact words shown."""

    __tablename__ = "consents"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_consents"),
        ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_consents_enterprise_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_consents_user_id"),
        CheckConstraint(_one_of("language", ["zh-CN", "en"]), name="ck_consents_language"),
        CheckConstraint("revoked_at IS NULL OR revoked_at >= given_at", name="ck_consents_revoked_at"),
        Index("ix_consents_enterprise_id_bank_id", "enterprise_id", "bank_id"),
        Index("ix_consents_application_id", "application_id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    enterprise_id: UUID
    user_id: UUID
    bank_id: str = Field(max_length=32)
    purpose: str = Field(max_length=64)
    data_categories: list[str] = Field(sa_column=document())
    wording: str
    wording_sha256: str = Field(max_length=64)
    language: str = Field(max_length=8)
    given_at: datetime = Field(sa_column=instant())
    revoked_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    application_id: UUID | None = None


class AuditEntry(SQLModel, table=True):
    """Who did what to which thing, for which tenant. Triggers refuse UPDATE, DELETE and TRUNCATE.

    `acting_as`: what he was to the enterprise then, such as its agent; None where the tenant is no enterprise of his.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_audit_log"),
        Index("ix_audit_log_subject", "subject_type", "subject_id"),
        Index("ix_audit_log_tenant_at", "tenant", "at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    at: datetime = Field(sa_column=instant())
    actor_id: UUID | None = None
    actor_role: str = Field(max_length=32)
    tenant: str | None = Field(default=None, max_length=64)
    action: str = Field(max_length=64)
    subject_type: str = Field(max_length=32)
    subject_id: str = Field(max_length=128)
    detail: dict[str, Any] = Field(sa_column=document())
    acting_as: str | None = Field(default=None, max_length=32)


class IdempotencyKey(SQLModel, table=True):
    """The answer given to a user's keyed request; a null status lives only in the claiming transaction."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        PrimaryKeyConstraint("user_id", "endpoint", "key", name="pk_idempotency_keys"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_idempotency_keys_user_id"),
        CheckConstraint("(status IS NULL) = (body IS NULL)", name="ck_idempotency_keys_answer"),
        Index("ix_idempotency_keys_created_at", "created_at"),
    )

    user_id: UUID = Field(primary_key=True)
    endpoint: str = Field(primary_key=True, max_length=128)
    key: str = Field(primary_key=True, max_length=200)
    request_sha256: str = Field(max_length=64)
    status: int | None = Field(default=None, sa_column=Column(SmallInteger, nullable=True))
    body: Any = Field(default=None, sa_column=document(nullable=True))
    created_at: datetime = Field(sa_column=instant())
