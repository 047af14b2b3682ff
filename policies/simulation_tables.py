"""What simulations found and the reasons given for them: each bound to the contents it compared.

Constraints are named by hand and match migrations/versions/0015_simulations.py.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from auth.base import instant

STATES = ("waiting", "running", "done", "failed")


class Simulation(SQLModel, table=True):
    """One content against the one in force (`base_sha256`, None: nothing was) on the stored enterprises.

    `looked` of `population`: how far it got. `held`, `lost`: how many were eligible, and are not any more, on the day
    with the largest share of losses; above `limit_percent` a reason is needed. `result`: see simulating/told.py; no
    group and no example in it is of few.
    """

    __tablename__ = "simulations"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_simulations"),
        ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_simulations_policy_id"),
        ForeignKeyConstraint(["asked_by"], ["users.id"], name="fk_simulations_asked_by"),
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="ck_simulations_state"),
        CheckConstraint("(state = 'done') = (result IS NOT NULL)", name="ck_simulations_result"),
        CheckConstraint("lost BETWEEN 0 AND held", name="ck_simulations_lost"),
        Index("ix_simulations_content", "policy_id", "content_sha256", "asked_at"),
    )

    id: UUID = Field(default_factory=uuid4)
    policy_id: str = Field(sa_column=Column(String(64), nullable=False))
    version: int
    content_sha256: str = Field(max_length=64)
    base_sha256: str | None = Field(default=None, max_length=64)
    base_version: int | None = None
    day: date
    state: str = Field(max_length=16)
    looked: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    population: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    held: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    lost: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    limit_percent: Decimal = Field(sa_column=Column(Numeric(5, 2), nullable=False))
    result: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    asked_by: UUID
    asked_at: datetime = Field(sa_column=instant())
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    milliseconds: int = 0


class SimulationReason(SQLModel, table=True):
    """Why a content may take a right away from `lost` of `held`: good for that share and any smaller one."""

    __tablename__ = "simulation_reasons"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_simulation_reasons"),
        ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_simulation_reasons_policy_id"),
        ForeignKeyConstraint(
            ["simulation_id"], ["simulations.id"], name="fk_simulation_reasons_simulation_id"
        ),
        ForeignKeyConstraint(["given_by"], ["users.id"], name="fk_simulation_reasons_given_by"),
        Index("ix_simulation_reasons_content", "policy_id", "content_sha256", "given_at"),
    )

    id: UUID = Field(default_factory=uuid4)
    policy_id: str = Field(sa_column=Column(String(64), nullable=False))
    simulation_id: UUID
    content_sha256: str = Field(max_length=64)
    base_sha256: str | None = Field(default=None, max_length=64)
    held: int = Field(sa_column=Column(BigInteger, nullable=False))
    lost: int = Field(sa_column=Column(BigInteger, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    given_by: UUID
    given_at: datetime = Field(sa_column=instant())
