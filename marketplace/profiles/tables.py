"""Rows of enterprises and of the facts known about them, each with where it came from.

One row a fact, because every fact has its own source and age. No row means unknown; JSON null means known
to be none.
"""

from datetime import date, datetime
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
    UniqueConstraint,
    text,
)
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
        ForeignKeyConstraint(
            ["attestation_id"], ["attestations.id"], name="fk_enterprise_facts_attestation_id"
        ),
        CheckConstraint(
            "source IN ('declared', 'imported', 'committed', 'attested', 'derived')",
            name="ck_enterprise_facts_source",
        ),
    )

    enterprise_id: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True, max_length=64)
    value: Any = Field(default=None, sa_column=document())
    source: str = Field(max_length=16)
    updated_at: datetime = Field(sa_column=instant())
    updated_by: UUID | None
    attestation_id: UUID | None = None


class FactVersion(SQLModel, table=True):
    """What was known of a fact from `at` on: written with each change and never changed.

    `forgotten`: from then on unknown; its value is then JSON null, which otherwise means known to be none.
    """

    __tablename__ = "fact_versions"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_fact_versions"),
        ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_fact_versions_enterprise_id"),
        ForeignKeyConstraint(["attestation_id"], ["attestations.id"], name="fk_fact_versions_attestation_id"),
        ForeignKeyConstraint(["changed_by"], ["users.id"], name="fk_fact_versions_changed_by"),
        Index("ix_fact_versions_enterprise_id_name", "enterprise_id", "name"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    enterprise_id: UUID
    name: str = Field(max_length=64)
    value: Any = Field(default=None, sa_column=document())
    forgotten: bool
    source: str = Field(max_length=16)
    attestation_id: UUID | None = None
    at: datetime = Field(sa_column=instant())
    changed_by: UUID | None = None


class FactDispute(SQLModel, table=True):
    """An owner's objection to an attested fact; the next attestation of it closes it, whatever that says."""

    __tablename__ = "fact_disputes"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_fact_disputes"),
        ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_fact_disputes_enterprise_id"),
        ForeignKeyConstraint(["opened_by"], ["users.id"], name="fk_fact_disputes_opened_by"),
        ForeignKeyConstraint(
            ["closed_by_attestation"], ["attestations.id"], name="fk_fact_disputes_closed_by_attestation"
        ),
        Index(
            "uq_fact_disputes_open",
            "enterprise_id",
            "name",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    enterprise_id: UUID
    name: str = Field(max_length=64)
    reason: str = Field(max_length=500)
    opened_at: datetime = Field(sa_column=instant())
    opened_by: UUID
    closed_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    closed_by_attestation: UUID | None = None


class Agency(SQLModel, table=True):
    """A public agency or bank that attests facts. `kind`: which, as the vocabulary's `attested_by` calls it."""

    __tablename__ = "agencies"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_agencies"),
        UniqueConstraint("code", name="uq_agencies_code"),
        ForeignKeyConstraint(["registered_by"], ["users.id"], name="fk_agencies_registered_by"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    code: str = Field(max_length=32)
    name_zh: str = Field(max_length=100)
    name_en: str = Field(max_length=100)
    kind: str = Field(max_length=32)
    registered_by: UUID
    registered_at: datetime = Field(sa_column=instant())


class AgencyKey(SQLModel, table=True):
    """A public P-256 key of an agency; `kid` is its RFC 7638 thumbprint, so that a key has one name and one owner."""

    __tablename__ = "agency_keys"
    __table_args__ = (
        PrimaryKeyConstraint("kid", name="pk_agency_keys"),
        ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_agency_keys_agency_id"),
        ForeignKeyConstraint(["registered_by"], ["users.id"], name="fk_agency_keys_registered_by"),
        ForeignKeyConstraint(["revoked_by"], ["users.id"], name="fk_agency_keys_revoked_by"),
        CheckConstraint("valid_until > valid_from", name="ck_agency_keys_valid_until"),
        Index("ix_agency_keys_agency_id", "agency_id"),
    )

    kid: str = Field(primary_key=True, max_length=64)
    agency_id: UUID
    public_pem: str
    valid_from: datetime = Field(sa_column=instant())
    valid_until: datetime = Field(sa_column=instant())
    registered_by: UUID
    registered_at: datetime = Field(sa_column=instant())
    revoked_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    revoked_by: UUID | None = None


class Attestation(SQLModel, table=True):
    """A signed statement that was taken in: whose, by which key, about which enterprise's facts (by name)."""

    __tablename__ = "attestations"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_attestations"),
        UniqueConstraint("agency_id", "jti", name="uq_attestations_agency_id_jti"),
        ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_attestations_agency_id"),
        ForeignKeyConstraint(["kid"], ["agency_keys.kid"], name="fk_attestations_kid"),
        ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_attestations_enterprise_id"),
        Index("ix_attestations_enterprise_id", "enterprise_id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    agency_id: UUID
    kid: str = Field(max_length=64)
    jti: str = Field(max_length=64)
    enterprise_id: UUID
    issued_at: datetime = Field(sa_column=instant())
    received_at: datetime = Field(sa_column=instant())
    facts: list[str] = Field(sa_column=document())
    token_sha256: str = Field(max_length=64)


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


class Commitment(SQLModel, table=True):
    """A declaration that facts are so, made instead of papers and verified later; `wording` is exactly what was told.

    `verify_by`: the last day on which it can be verified. `ended_by`: who verified or withdrew it; `attestation_id`: or
    what settled it; `ground`: why, in words. `excluded_until` and `object_by` stand where it was found untrue.
    """

    __tablename__ = "commitments"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_commitments"),
        ForeignKeyConstraint(["enterprise_id"], ["enterprises.id"], name="fk_commitments_enterprise_id"),
        ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_commitments_policy_id"),
        ForeignKeyConstraint(["made_by"], ["users.id"], name="fk_commitments_made_by"),
        ForeignKeyConstraint(["ended_by"], ["users.id"], name="fk_commitments_ended_by"),
        ForeignKeyConstraint(["attestation_id"], ["attestations.id"], name="fk_commitments_attestation_id"),
        ForeignKeyConstraint(["objected_by"], ["users.id"], name="fk_commitments_objected_by"),
        ForeignKeyConstraint(["answered_by"], ["users.id"], name="fk_commitments_answered_by"),
        CheckConstraint(
            "status IN ('made', 'verified', 'refuted', 'withdrawn', 'lapsed')", name="ck_commitments_status"
        ),
        CheckConstraint("(status = 'made') = (ended_at IS NULL)", name="ck_commitments_ended_at"),
        CheckConstraint(
            "(status = 'refuted') = (excluded_until IS NOT NULL)", name="ck_commitments_excluded_until"
        ),
        CheckConstraint("language IN ('zh-CN', 'en')", name="ck_commitments_language"),
        Index("ix_commitments_enterprise_id", "enterprise_id", "made_at"),
        Index("ix_commitments_due", "verify_by", postgresql_where=text("status = 'made'")),
        Index(
            "ix_commitments_objections",
            "objected_at",
            postgresql_where=text("objected_at IS NOT NULL AND answered_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    enterprise_id: UUID
    policy_id: str | None = Field(default=None, max_length=64)
    made_by: UUID
    made_at: datetime = Field(sa_column=instant())
    language: str = Field(max_length=8)
    wording: str
    wording_sha256: str = Field(max_length=64)
    verify_by: date
    status: str = Field(max_length=16)
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    ended_by: UUID | None = None
    attestation_id: UUID | None = None
    ground: str | None = Field(default=None, max_length=1000)
    excluded_until: date | None = None
    object_by: date | None = None
    objected_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    objected_by: UUID | None = None
    objection: str | None = Field(default=None, max_length=1000)
    answered_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    answered_by: UUID | None = None
    answer: str | None = Field(default=None, max_length=1000)


class CommitmentFact(SQLModel, table=True):
    """A fact of a commitment with the value that was declared, and what verifying said of it."""

    __tablename__ = "commitment_facts"
    __table_args__ = (
        PrimaryKeyConstraint("commitment_id", "name", name="pk_commitment_facts"),
        ForeignKeyConstraint(["commitment_id"], ["commitments.id"], name="fk_commitment_facts_commitment_id"),
        CheckConstraint("outcome IN ('open', 'confirmed', 'refuted')", name="ck_commitment_facts_outcome"),
    )

    commitment_id: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True, max_length=64)
    value: Any = Field(default=None, sa_column=document())
    outcome: str = Field(default="open", max_length=16)
