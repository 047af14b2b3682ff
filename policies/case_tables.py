"""Cases kept with a policy: facts on a day, and the verdict somebody says the text gives.

A row is never changed: what is put right is retired and kept anew. Constraints match migrations/versions/0014_cases.py.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from auth.base import document, instant


class PolicyCase(SQLModel, table=True):
    """What a policy's rule has to say of some facts as of a day.

    `figures`: what the amount needs that no rule asks for. `source`: the worked example of the pack a case
    is from; such a case was kept by nobody. `replaces`: the case this one puts right.
    """

    __tablename__ = "policy_cases"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_policy_cases"),
        ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_policy_cases_policy_id"),
        ForeignKeyConstraint(["kept_by"], ["users.id"], name="fk_policy_cases_kept_by"),
        ForeignKeyConstraint(["retired_by"], ["users.id"], name="fk_policy_cases_retired_by"),
        ForeignKeyConstraint(["replaces"], ["policy_cases.id"], name="fk_policy_cases_replaces"),
        CheckConstraint(
            "expected IN ('eligible', 'ineligible', 'undetermined')", name="ck_policy_cases_expected"
        ),
        CheckConstraint("(kept_by IS NULL) <= (source IS NOT NULL)", name="ck_policy_cases_kept_by"),
        CheckConstraint("(retired_at IS NULL) = (retired_by IS NULL)", name="ck_policy_cases_retired_at"),
        CheckConstraint(
            "expected_yuan IS NULL OR expected = 'eligible' AND expected_yuan >= 0",
            name="ck_policy_cases_expected_yuan",
        ),
        Index(
            "uq_policy_cases_name",
            "policy_id",
            "name",
            unique=True,
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4)
    policy_id: str = Field(sa_column=Column(String(64), nullable=False))
    name: str = Field(sa_column=Column(String(200), nullable=False))
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    figures: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    day: date
    expected: str = Field(sa_column=Column(String(16), nullable=False))
    expected_yuan: Decimal | None = Field(default=None, sa_column=Column(Numeric(18, 2), nullable=True))
    source: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    replaces: UUID | None = None
    kept_by: UUID | None = None
    kept_at: datetime = Field(sa_column=instant())
    retired_by: UUID | None = None
    retired_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
