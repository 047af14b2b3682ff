"""Rows of pushes, of what each enterprise was told, and of the copies by e-mail and webhook.

The key (push, enterprise) of the inbox is what makes "at most once" a fact of the database and not of the code.
Constraints are named by hand and match migrations/versions/0009_notifications.py and 0013_publishing.py.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from auth.base import document, instant

PUSH_KINDS = ("policy", "deadline", "withdrawn")
PUSH_STATES = ("waiting", "running", "done", "skipped")
ITEM_KINDS = ("policy", "facts", "news", "deadline", "notice", "withdrawn")
MARKS = ("claimed", "dismissed")
MODES = ("none", "immediately", "daily")
MAIL_KINDS = ("single", "digest", "confirm")
MAIL_STATES = ("planned", "sending", "sent", "failed", "unsure")
DELIVERY_STATES = ("waiting", "delivered", "failed")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _text(length: int, *, nullable: bool = False) -> Any:
    return Column(String(length), nullable=nullable)


class Push(SQLModel, table=True):
    """One occasion to tell many. A policy's push has the id of the version it is about.

    `before_version` is what it is compared with; `day` the one it is judged on. `cursor`: every enterprise up to this
    id has been looked at. `was` and `now`: how many qualified under the one and under the other.
    """

    __tablename__ = "pushes"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_pushes"),
        ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_pushes_policy_id"),
        CheckConstraint(_one_of("kind", PUSH_KINDS), name="ck_pushes_kind"),
        CheckConstraint(_one_of("state", PUSH_STATES), name="ck_pushes_state"),
        CheckConstraint("(kind = 'deadline') = (stage IS NOT NULL)", name="ck_pushes_stage"),
        Index("ix_pushes_policy_id", "policy_id", "version"),
        Index("ix_pushes_created_at", "created_at"),
    )

    id: UUID
    kind: str = Field(sa_column=_text(16))
    policy_id: str = Field(sa_column=_text(64))
    version: int
    before_version: int | None = None
    stage: int | None = None
    day: date
    state: str = Field(sa_column=_text(16))
    cursor: UUID | None = None
    looked: int = 0
    was: int = 0
    now: int = 0
    told: int = 0
    created_at: datetime = Field(sa_column=instant())
    begun_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class InboxItem(SQLModel, table=True):
    """What an enterprise was told. `policies`: [[id, version], ...]; `facts`: those that decided it, as they were then.

    A notice is about the service itself; its `facts` are the parameters of its text.
    """

    __tablename__ = "inbox_items"
    __table_args__ = (
        PrimaryKeyConstraint("push_id", "enterprise_id", name="pk_inbox_items"),
        ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_inbox_items_enterprise_id"),
        CheckConstraint(_one_of("kind", ITEM_KINDS), name="ck_inbox_items_kind"),
        Index("ix_inbox_items_enterprise_id", "enterprise_id", "created_at"),
    )

    push_id: UUID = Field(primary_key=True)
    enterprise_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=_text(16))
    policies: list[list[Any]] = Field(sa_column=document())
    facts: dict[str, Any] = Field(sa_column=document())
    day: date
    created_at: datetime = Field(sa_column=instant())
    read_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class PolicyMark(SQLModel, table=True):
    """What an enterprise did with a policy that applies to it: claimed it, or wants to hear no more of it."""

    __tablename__ = "policy_marks"
    __table_args__ = (
        PrimaryKeyConstraint("enterprise_id", "policy_id", name="pk_policy_marks"),
        ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_policy_marks_enterprise_id"),
        ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_policy_marks_policy_id"),
        ForeignKeyConstraint(["marked_by"], ["users.id"], name="fk_policy_marks_marked_by"),
        CheckConstraint(_one_of("mark", MARKS), name="ck_policy_marks_mark"),
    )

    enterprise_id: UUID = Field(primary_key=True)
    policy_id: str = Field(primary_key=True, max_length=64)
    mark: str = Field(sa_column=_text(16))
    marked_by: UUID
    marked_at: datetime = Field(sa_column=instant())


class NotificationSettings(SQLModel, table=True):
    """How a person wants to be told. No row: in the inbox alone, personalised.

    `muted`: categories of policies not sent by e-mail. Not personalised: nobody matches the facts of his enterprises.
    """

    __tablename__ = "notification_settings"
    __table_args__ = (
        PrimaryKeyConstraint("user_id", name="pk_notification_settings"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_notification_settings_user_id"),
        CheckConstraint(_one_of("mode", MODES), name="ck_notification_settings_mode"),
        CheckConstraint("mode = 'none' OR email IS NOT NULL", name="ck_notification_settings_email"),
        CheckConstraint(_one_of("language", ("zh-CN", "en")), name="ck_notification_settings_language"),
        Index("ix_notification_settings_objections", "user_id", postgresql_where=text("NOT personalised")),
    )

    user_id: UUID
    email: str | None = Field(default=None, max_length=254)
    email_confirmed_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    mode: str = Field(default="none", sa_column=_text(16))
    muted: list[str] = Field(default_factory=list, sa_column=document())
    personalised: bool = True
    language: str = Field(default="zh-CN", sa_column=_text(8))
    updated_at: datetime = Field(sa_column=instant())


class NotificationConsent(SQLModel, table=True):
    """A consent to be told by e-mail, with the words that were shown; revoking ends it and keeps its past."""

    __tablename__ = "notification_consents"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_notification_consents"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_notification_consents_user_id"),
        Index("ix_notification_consents_user_id", "user_id"),
    )

    id: UUID = Field(default_factory=uuid4)
    user_id: UUID
    wording: str = Field(sa_type=Text)
    language: str = Field(sa_column=_text(8))
    given_at: datetime = Field(sa_column=instant())
    revoked_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class Mail(SQLModel, table=True):
    """One e-mail to one person. `sending` is committed before the server is spoken to: what is lost is not resent."""

    __tablename__ = "mails"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_mails"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_mails_user_id"),
        CheckConstraint(_one_of("kind", MAIL_KINDS), name="ck_mails_kind"),
        CheckConstraint(_one_of("state", MAIL_STATES), name="ck_mails_state"),
        Index("ix_mails_open", "not_before", postgresql_where=text("state IN ('planned', 'sending')")),
        Index("ix_mails_user_id", "user_id", "created_at"),
    )

    id: UUID = Field(default_factory=uuid4)
    user_id: UUID
    kind: str = Field(sa_column=_text(16))
    address: str = Field(max_length=254)
    language: str = Field(sa_column=_text(8))
    state: str = Field(default="planned", sa_column=_text(16))
    attempts: int = 0
    not_before: datetime = Field(sa_column=instant())
    created_at: datetime = Field(sa_column=instant())
    claimed_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    answer: str | None = Field(default=None, max_length=200)


class MailLine(SQLModel, table=True):
    """That a person is to be told of a push by e-mail: one row ever, in one e-mail at most (`mail_id`)."""

    __tablename__ = "mail_lines"
    __table_args__ = (
        PrimaryKeyConstraint("user_id", "push_id", name="pk_mail_lines"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_mail_lines_user_id"),
        ForeignKeyConstraint(
            ["push_id", "enterprise_id"],
            ["inbox_items.push_id", "inbox_items.enterprise_id"],
            name="fk_mail_lines_item",
        ),
        ForeignKeyConstraint(["mail_id"], ["mails.id"], name="fk_mail_lines_mail_id"),
        Index("ix_mail_lines_waiting", "user_id", postgresql_where=text("mail_id IS NULL")),
        Index("ix_mail_lines_mail_id", "mail_id"),
    )

    user_id: UUID = Field(primary_key=True)
    push_id: UUID = Field(primary_key=True)
    enterprise_id: UUID
    mail_id: UUID | None = None
    created_at: datetime = Field(sa_column=instant())


class WebhookEndpoint(SQLModel, table=True):
    """Where an enterprise's own system is told. The signing secret is not here: it follows from `id` and a key file."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
        ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.id"], name="fk_webhook_endpoints_enterprise_id"
        ),
        ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_webhook_endpoints_created_by"),
        Index("ix_webhook_endpoints_enterprise_id", "enterprise_id"),
    )

    id: UUID = Field(default_factory=uuid4)
    enterprise_id: UUID
    url: str = Field(max_length=500)
    created_by: UUID
    created_at: datetime = Field(sa_column=instant())
    failures: int = 0
    disabled_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    removed_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class WebhookDelivery(SQLModel, table=True):
    """One message to one endpoint; its id is the `webhook-id` of every attempt."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        UniqueConstraint("endpoint_id", "push_id", name="uq_webhook_deliveries_push_id"),
        ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoints.id"], name="fk_webhook_deliveries_endpoint_id"
        ),
        ForeignKeyConstraint(
            ["push_id", "enterprise_id"],
            ["inbox_items.push_id", "inbox_items.enterprise_id"],
            name="fk_webhook_deliveries_item",
        ),
        CheckConstraint(_one_of("state", DELIVERY_STATES), name="ck_webhook_deliveries_state"),
        Index("ix_webhook_deliveries_waiting", "next_at", postgresql_where=text("state = 'waiting'")),
    )

    id: UUID = Field(default_factory=uuid4)
    endpoint_id: UUID
    push_id: UUID
    enterprise_id: UUID
    state: str = Field(default="waiting", sa_column=_text(16))
    attempts: int = 0
    next_at: datetime = Field(sa_column=instant())
    created_at: datetime = Field(sa_column=instant())
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    answer: str | None = Field(default=None, max_length=200)
