"""A policy and its versions: every text that was ever in force stays, so that an old answer can be given again.

Constraints are named by hand and match migrations/versions/0003_policies.py, 0010_search_misses.py and
0013_publishing.py.
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
from policies.lifecycle import OPEN, Status

CATEGORIES = ("tax_reduction", "fee_reduction", "resumption", "financial_support", "comprehensive")
LEVELS = ("national", "province", "city")
MARKS = ("seen", "confident", "check", "illustrative")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class PolicyText(SQLModel):
    """What a policy says: the fields an admin edits and an approval binds.

    region_code is the area it holds in (000000: nationwide), apart from its issuer. rule is canonical CEL. benefit,
    relations and sources are the documents of the shipped pack.
    """

    level: str = Field(max_length=16)
    region_code: str = Field(max_length=6)
    issuer: str = Field(max_length=300)
    document_no: str = Field(max_length=300)
    title_zh: str = Field(max_length=300)
    title_en: str = Field(max_length=500)
    name_zh: str = Field(max_length=200)
    name_en: str = Field(max_length=300)
    category: str = Field(max_length=32)
    issued_on: date
    effective_from: date
    effective_to: date | None = None
    eligibility_zh: str = Field(sa_type=Text)
    eligibility_en: str = Field(sa_type=Text)
    rule: str = Field(sa_type=Text)
    clause_zh: str = Field(max_length=300)
    clause_en: str = Field(max_length=300)
    checked: str = Field(max_length=16)
    note: str | None = Field(default=None, sa_type=Text)


class Policy(SQLModel, table=True):
    """A policy by the id people cite it with, such as CN-VAT-2020-13-HB."""

    __tablename__ = "policies"
    __table_args__ = (PrimaryKeyConstraint("id", name="pk_policies"),)

    id: str = Field(sa_column=Column(String(64), nullable=False))
    created_at: datetime = Field(sa_column=instant())


class PolicyVersion(PolicyText, table=True):
    """One version of a policy's text, with its way through draft, review and publication.

    `why`: what it is for, in its writer's words. `restores`: the version whose text it brings back. `approved_sha256`:
    the content that was approved; `effect_at`: when it is to come into force here, where that is not at once;
    `published_at`: when it did. What the policy itself says of its days is `effective_from`.
    """

    __tablename__ = "policy_versions"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_policy_versions"),
        ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_policy_versions_policy_id"),
        UniqueConstraint("policy_id", "version", name="uq_policy_versions_version"),
        CheckConstraint(_one_of("status", tuple(s.value for s in Status)), name="ck_policy_versions_status"),
        CheckConstraint(_one_of("category", CATEGORIES), name="ck_policy_versions_category"),
        CheckConstraint(_one_of("level", LEVELS), name="ck_policy_versions_level"),
        CheckConstraint(_one_of("checked", MARKS), name="ck_policy_versions_checked"),
        CheckConstraint("region_code ~ '^[0-9]{6}$'", name="ck_policy_versions_region_code"),
        CheckConstraint(
            "effective_to IS NULL OR effective_from <= effective_to", name="ck_policy_versions_effective"
        ),
        CheckConstraint("version > 0", name="ck_policy_versions_number"),
        CheckConstraint(
            "decided_by IS NULL OR status = 'rejected' OR approved_sha256 IS NOT DISTINCT FROM content_sha256",
            name="ck_policy_versions_approved",
        ),
        CheckConstraint(
            "(status = 'scheduled') <= (effect_at IS NOT NULL)", name="ck_policy_versions_effect_at"
        ),
        CheckConstraint(
            "(status = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="ck_policy_versions_withdrawn_at"
        ),
        Index(
            "uq_policy_versions_published",
            "policy_id",
            unique=True,
            postgresql_where=text("status = 'published'"),
        ),
        Index(
            "uq_policy_versions_open",
            "policy_id",
            unique=True,
            postgresql_where=text(_one_of("status", tuple(status.value for status in OPEN))),
        ),
        Index("ix_policy_versions_status", "status"),
    )

    id: UUID = Field(default_factory=uuid4)
    policy_id: str = Field(sa_column=Column(String(64), nullable=False))
    version: int
    status: str = Field(sa_column=Column(String(16), nullable=False))
    benefit: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    exclusions: list[str] = Field(default_factory=list, sa_column=document())
    relations: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    sources: list[dict[str, Any]] = Field(default_factory=list, sa_column=document())
    content_sha256: str = Field(sa_column=Column(String(64), nullable=False))
    editors: list[str] = Field(default_factory=list, sa_column=document())
    reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    created_at: datetime = Field(sa_column=instant())
    changed_at: datetime = Field(sa_column=instant())
    submitted_by: UUID | None = None
    submitted_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    decided_by: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    why: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    restores: int | None = None
    approved_sha256: str | None = Field(default=None, max_length=64)
    effect_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    published_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    withdrawn_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class SearchMiss(SQLModel, table=True):
    """Words that were looked for in the library and not found, and how often; nobody's name hangs on them."""

    __tablename__ = "search_misses"
    __table_args__ = (
        PrimaryKeyConstraint("words", name="pk_search_misses"),
        CheckConstraint("searches > 0", name="ck_search_misses_searches"),
        Index("ix_search_misses_first_on", "first_on"),
        Index("ix_search_misses_last_on", "last_on"),
    )

    words: str = Field(sa_column=Column(String(60), nullable=False))
    searches: int
    first_on: date
    last_on: date
