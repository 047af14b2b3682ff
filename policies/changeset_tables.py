"""Versions that are written, handed over and decided together: an import, or one change to many policies.

What is in each version is in its own row; here is which belong together and how far they are. Constraints match
migrations/versions/0017_change_sets.py.
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
)
from sqlmodel import Field, SQLModel

from auth.base import document, instant

KINDS = ("pack", "sheet", "table", "bulk")
STATES = ("proposed", "written", "submitted", "published", "rejected", "dropped")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class ChangeSet(SQLModel, table=True):
    """A change to several policies at once.

    `proposals`: `{policy_id, base_sha256, content}` of each; base_sha256 is what it was made from, null for a new
    policy. `refusals`: `{place, id, words: {language: text}}` of what could not be taken; `unchanged`: ids that say
    what is stored already. Nothing is changed once it is proposed, but the state.
    """

    __tablename__ = "change_sets"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_change_sets"),
        ForeignKeyConstraint(["made_by"], ["users.id"], name="fk_change_sets_made_by"),
        ForeignKeyConstraint(["decided_by"], ["users.id"], name="fk_change_sets_decided_by"),
        CheckConstraint(_one_of("kind", KINDS), name="ck_change_sets_kind"),
        CheckConstraint(_one_of("state", STATES), name="ck_change_sets_state"),
        CheckConstraint(
            "(state IN ('published', 'rejected')) = (decided_at IS NOT NULL)",
            name="ck_change_sets_decided_at",
        ),
        Index("ix_change_sets_made_at", "made_at"),
    )

    id: UUID = Field(default_factory=uuid4)
    kind: str = Field(sa_column=Column(String(8), nullable=False))
    why: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(default="proposed", sa_column=Column(String(16), nullable=False))
    proposals: list[dict[str, Any]] = Field(sa_column=document())
    refusals: list[dict[str, Any]] = Field(sa_column=document())
    unchanged: list[str] = Field(default_factory=list, sa_column=document())
    made_by: UUID
    made_at: datetime = Field(sa_column=instant())
    decided_by: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))


class ChangeSetVersion(SQLModel, table=True):
    """A version that was written by a change set."""

    __tablename__ = "change_set_versions"
    __table_args__ = (
        PrimaryKeyConstraint("version_id", name="pk_change_set_versions"),
        ForeignKeyConstraint(
            ["change_set_id"], ["change_sets.id"], name="fk_change_set_versions_change_set_id"
        ),
        ForeignKeyConstraint(
            ["version_id"], ["policy_versions.id"], name="fk_change_set_versions_version_id"
        ),
        Index("ix_change_set_versions_change_set_id", "change_set_id"),
    )

    version_id: UUID
    change_set_id: UUID
