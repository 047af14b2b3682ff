"""Rows about versions: what was said of them, what the analysis found, and who asked to take one out of force.

Apart from tables.py, which holds the texts themselves. Constraints match migrations/versions/0013_publishing.py.
"""

from datetime import datetime
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
    text,
)
from sqlmodel import Field, SQLModel

from auth.base import document, instant


class Comment(SQLModel, table=True):
    """What somebody said of a version, in plain text; never changed."""

    __tablename__ = "version_comments"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_version_comments"),
        ForeignKeyConstraint(["version_id"], ["policy_versions.id"], name="fk_version_comments_version_id"),
        ForeignKeyConstraint(["said_by"], ["users.id"], name="fk_version_comments_said_by"),
        Index("ix_version_comments_version_id", "version_id", "said_at"),
    )

    id: UUID = Field(default_factory=uuid4)
    version_id: UUID
    said_by: UUID
    said_at: datetime = Field(sa_column=instant())
    words: str = Field(sa_column=Column(Text, nullable=False))


class Withdrawal(SQLModel, table=True):
    """A wish to take a version out of force at once, with its public reason; a second person confirms it or not."""

    __tablename__ = "version_withdrawals"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_version_withdrawals"),
        ForeignKeyConstraint(
            ["version_id"], ["policy_versions.id"], name="fk_version_withdrawals_version_id"
        ),
        ForeignKeyConstraint(["asked_by"], ["users.id"], name="fk_version_withdrawals_asked_by"),
        ForeignKeyConstraint(["decided_by"], ["users.id"], name="fk_version_withdrawals_decided_by"),
        CheckConstraint("state IN ('asked', 'confirmed', 'refused')", name="ck_version_withdrawals_state"),
        CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="ck_version_withdrawals_decided_at"),
        CheckConstraint(
            "state <> 'confirmed' OR decided_by <> asked_by", name="ck_version_withdrawals_second_person"
        ),
        Index(
            "uq_version_withdrawals_asked",
            "version_id",
            unique=True,
            postgresql_where=text("state = 'asked'"),
        ),
    )

    id: UUID = Field(default_factory=uuid4)
    version_id: UUID
    reason: str = Field(sa_column=Column(Text, nullable=False))
    asked_by: UUID
    asked_at: datetime = Field(sa_column=instant())
    state: str = Field(default="asked", sa_column=Column(String(16), nullable=False))
    decided_by: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class Analysis(SQLModel, table=True):
    """What is wrong with one content among the policies of one pack; `findings` as findings.py writes them."""

    __tablename__ = "version_analyses"
    __table_args__ = (
        PrimaryKeyConstraint("policy_id", "content_sha256", "pack_version", name="pk_version_analyses"),
        ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_version_analyses_policy_id"),
    )

    policy_id: str = Field(sa_column=Column(String(64), nullable=False))
    content_sha256: str = Field(max_length=64)
    pack_version: str = Field(max_length=32)
    findings: list[dict[str, Any]] = Field(sa_column=document())
    made_at: datetime = Field(sa_column=instant())
    milliseconds: int


class FindingAnswer(SQLModel, table=True):
    """Why a finding is meant to be so. Holds while the finding is the same; a later answer to it stands above it."""

    __tablename__ = "finding_answers"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_finding_answers"),
        ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_finding_answers_policy_id"),
        ForeignKeyConstraint(["answered_by"], ["users.id"], name="fk_finding_answers_answered_by"),
        Index("ix_finding_answers_fingerprint", "policy_id", "fingerprint"),
    )

    id: UUID = Field(default_factory=uuid4)
    policy_id: str = Field(sa_column=Column(String(64), nullable=False))
    fingerprint: str = Field(max_length=64)
    answer: str = Field(sa_column=Column(Text, nullable=False))
    answered_by: UUID
    answered_at: datetime = Field(sa_column=instant())
