"""Rows of enterprises and of the facts known about them, each with where it came from.

One row a fact, because every fact has its own source and age. No row means unknown; JSON null means known
to be none.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from auth.base import document, instant


class Enterprise(SQLModel, table=True):
    """A registered enterprise. The owner's resident id is kept masked and as a keyed HMAC, never in clear."""

    __tablename__ = "enterprises"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_enterprises"),
        UniqueConstraint("uscc", name="uq_enterprises_uscc"),
        ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_enterprises_created_by"),
        CheckConstraint("uscc ~ '^[0-9A-Z]{18}$'", name="ck_enterprises_uscc"),
        CheckConstraint(
            "owner_id_masked ~ '^[0-9]{6}[*]{8}[0-9]{3}[0-9X]$'", name="ck_enterprises_owner_id_masked"
        ),
        Index("ix_enterprises_owner_id_hmac", "owner_id_hmac"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    uscc: str = Field(max_length=18)
    name: str = Field(max_length=200)
    entity_type: str = Field(max_length=32)
    owner_name: str = Field(max_length=100)
    owner_id_masked: str = Field(max_length=18)
    owner_id_hmac: str = Field(max_length=64)
    region_code: str | None = Field(default=None, max_length=12)
    industry_code: str | None = Field(default=None, max_length=8)
    created_by: UUID
    created_at: datetime = Field(sa_column=instant())


class EnterpriseFact(SQLModel, table=True):
    """One known fact of an enterprise, its source and the last person to change it."""

    __tablename__ = "enterprise_facts"
    __table_args__ = (
        PrimaryKeyConstraint("enterprise_id", "name", name="pk_enterprise_facts"),
        ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_enterprise_facts_enterprise_id"),
        ForeignKeyConstraint(["updated_by"], ["users.id"], name="fk_enterprise_facts_updated_by"),
        CheckConstraint(
            "source IN ('declared', 'imported', 'attested', 'derived')", name="ck_enterprise_facts_source"
        ),
    )

    enterprise_id: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True, max_length=64)
    value: Any = Field(default=None, sa_column=document())
    source: str = Field(max_length=16)
    updated_at: datetime = Field(sa_column=instant())
    updated_by: UUID


class CurrentFacts(SQLModel, table=True):
    """All usable facts of an enterprise in one document, so that a rule reads one row an enterprise and not thirty.

    Written with every change of a fact, in its transaction. `vocabulary`: what it was checked against.
    """

    __tablename__ = "enterprise_current_facts"
    __table_args__ = (
        PrimaryKeyConstraint("enterprise_id", name="pk_enterprise_current_facts"),
        ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.id"], name="fk_enterprise_current_facts_enterprise_id"
        ),
    )

    enterprise_id: UUID = Field(primary_key=True)
    facts: dict[str, Any] = Field(sa_column=document())
    vocabulary: str = Field(max_length=16)


class FactChange(SQLModel, table=True):
    """An enterprise whose facts changed and whom nobody has told what newly applies; `before`: what held until then.

    Further changes before that leave the row as it is: what is told compares the first state with the last.
    """

    __tablename__ = "fact_changes"
    __table_args__ = (
        PrimaryKeyConstraint("enterprise_id", name="pk_fact_changes"),
        ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_fact_changes_enterprise_id"),
        Index("ix_fact_changes_since", "since"),
    )

    enterprise_id: UUID = Field(primary_key=True)
    before: dict[str, Any] = Field(sa_column=document())
    since: datetime = Field(sa_column=instant())
