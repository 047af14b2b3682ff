"""Reference rows (regions, towns, industries) and the anonymous visitor's check.

Codes are the primary keys because they are the standards' own: GB/T 2260 for regions, GB/T 4754-2017 for
industries. Answers are kept under a hash of the visitor's cookie, so that a copy of the table opens no
session.
"""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Region(SQLModel, table=True):
    """A nation, province, city or county by its GB/T 2260 code (6 digits); the nation is 000000."""

    __tablename__: ClassVar[str] = "regions"
    __table_args__ = (
        CheckConstraint("level IN ('nation', 'province', 'city', 'county')", name="regions_level_check"),
        CheckConstraint("code ~ '^[0-9]{6}$'", name="regions_code_check"),
        Index("regions_parent_idx", "parent"),
    )

    code: str = Field(sa_column=Column(String(6), primary_key=True))
    level: str = Field(sa_column=Column(String(8), nullable=False))
    parent: str | None = Field(default=None, sa_column=Column(String(6), nullable=True))
    name_zh: str = Field(sa_column=Column(String(60), nullable=False))


class Town(SQLModel, table=True):
    """A township or street by its 9-digit code; parent is the county's region code, or the city's without
    counties.
    """

    __tablename__: ClassVar[str] = "towns"
    __table_args__ = (
        CheckConstraint("code ~ '^[0-9]{9}$'", name="towns_code_check"),
        Index("towns_parent_idx", "parent"),
    )

    code: str = Field(sa_column=Column(String(9), primary_key=True))
    parent: str = Field(sa_column=Column(String(6), nullable=False))
    name_zh: str = Field(sa_column=Column(String(60), nullable=False))


class Industry(SQLModel, table=True):
    """A section, division, group or class of GB/T 4754-2017; section is the letter it belongs to."""

    __tablename__: ClassVar[str] = "industries"
    __table_args__ = (
        CheckConstraint("level IN ('section', 'division', 'group', 'class')", name="industries_level_check"),
        Index("industries_section_idx", "section"),
    )

    code: str = Field(sa_column=Column(String(4), primary_key=True))
    level: str = Field(sa_column=Column(String(8), nullable=False))
    section: str = Field(sa_column=Column(String(1), nullable=False))
    name_zh: str = Field(sa_column=Column(String(80), nullable=False))


class CheckSession(SQLModel, table=True):
    """What an anonymous visitor has answered so far: {fact name: value}, as the vocabulary writes facts in
    JSON.

    `asked`: the facts that were asked for one at a time, in that order; one of them without an answer is not known.
    """

    __tablename__: ClassVar[str] = "check_sessions"
    __table_args__ = (
        UniqueConstraint("token_hash", name="check_sessions_token_hash_key"),
        Index("check_sessions_updated_at_idx", "updated_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: str = Field(sa_column=Column(String(64), nullable=False))
    answers: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    asked: list[str] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default="[]")
    )
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class CheckKey(SQLModel, table=True):
    """What else opens a check than its first browser's cookie: a code people can read out, or another browser's cookie.

    Only the secret's hash is kept; a code's is keyed, because forty bits alone are soon tried.
    """

    __tablename__: ClassVar[str] = "check_keys"
    __table_args__ = (
        ForeignKeyConstraint(
            ["check_id"], ["check_sessions.id"], name="check_keys_check_id_fkey", ondelete="CASCADE"
        ),
        CheckConstraint("kind IN ('browser', 'code')", name="check_keys_kind_check"),
        Index("check_keys_check_id_idx", "check_id"),
        Index("check_keys_expires_at_idx", "expires_at"),
    )

    secret_hash: str = Field(sa_column=Column(String(64), primary_key=True))
    check_id: UUID
    kind: str = Field(sa_column=Column(String(8), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class StatedAmount(SQLModel, table=True):
    """Figures of one policy's own (the tax due, the rent a month) as a visitor or an enterprise stated them.

    `figures`: {name: value} as the policy's `inputs` name them; exactly one of check_id and enterprise_id says whose.
    """

    __tablename__: ClassVar[str] = "stated_amounts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["check_id"], ["check_sessions.id"], name="stated_amounts_check_id_fkey", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["enterprise_id"],
            ["enterprises.id"],
            name="stated_amounts_enterprise_id_fkey",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["policy_id"], ["policies.id"], name="stated_amounts_policy_id_fkey", ondelete="CASCADE"
        ),
        UniqueConstraint("check_id", "policy_id", name="stated_amounts_check_id_key"),
        UniqueConstraint("enterprise_id", "policy_id", name="stated_amounts_enterprise_id_key"),
        CheckConstraint("num_nonnulls(check_id, enterprise_id) = 1", name="stated_amounts_whose_check"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    check_id: UUID | None = None
    enterprise_id: UUID | None = None
    policy_id: str = Field(sa_column=Column(String(64), nullable=False))
    figures: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    stated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ResultShare(SQLModel, table=True):
    """A result as of one day, to be read by whoever holds its address: verdicts and amounts, no answer and no name.

    Only the hash of the address's token is kept. `content` goes when the share is withdrawn; `made_by` is the signed-in
    person, where there was one.
    """

    __tablename__: ClassVar[str] = "result_shares"
    __table_args__ = (
        ForeignKeyConstraint(
            ["check_id"], ["check_sessions.id"], name="result_shares_check_id_fkey", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.id"], name="result_shares_enterprise_id_fkey", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["made_by"], ["users.id"], name="result_shares_made_by_fkey"),
        UniqueConstraint("token_hash", name="result_shares_token_hash_key"),
        CheckConstraint("num_nonnulls(check_id, enterprise_id) = 1", name="result_shares_whose_check"),
        CheckConstraint(
            "(content IS NULL) = (withdrawn_at IS NOT NULL)", name="result_shares_withdrawn_check"
        ),
        Index("result_shares_check_id_idx", "check_id"),
        Index("result_shares_enterprise_id_idx", "enterprise_id"),
        Index("result_shares_expires_at_idx", "expires_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: str = Field(sa_column=Column(String(64), nullable=False))
    check_id: UUID | None = None
    enterprise_id: UUID | None = None
    made_by: UUID | None = None
    content: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    withdrawn_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
