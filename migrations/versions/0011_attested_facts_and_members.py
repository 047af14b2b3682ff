"""Agencies and their keys, what they attested, each fact's history, disputes; several persons for one enterprise.

The release before this one writes none of it and reads nothing that changes: new columns may be null, and every
fact there is becomes the first line of its history.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _fk(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def upgrade() -> None:
    _agencies()
    _attestations()
    _facts()
    _members()


def _agencies() -> None:
    op.create_table(
        "agencies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("name_zh", sa.String(100), nullable=False),
        sa.Column("name_en", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("registered_by", sa.Uuid(), nullable=False),
        _instant("registered_at"),
        sa.PrimaryKeyConstraint("id", name="pk_agencies"),
        sa.UniqueConstraint("code", name="uq_agencies_code"),
        _fk("agencies", "registered_by", "users.id"),
    )
    op.create_table(
        "agency_keys",
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("public_pem", sa.String(), nullable=False),
        _instant("valid_from"),
        _instant("valid_until"),
        sa.Column("registered_by", sa.Uuid(), nullable=False),
        _instant("registered_at"),
        _instant("revoked_at", nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name="pk_agency_keys"),
        _fk("agency_keys", "agency_id", "agencies.id"),
        _fk("agency_keys", "registered_by", "users.id"),
        _fk("agency_keys", "revoked_by", "users.id"),
        sa.CheckConstraint("valid_until > valid_from", name="ck_agency_keys_valid_until"),
    )
    op.create_index("ix_agency_keys_agency_id", "agency_keys", ["agency_id"])


def _attestations() -> None:
    op.create_table(
        "attestations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("jti", sa.String(64), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        _instant("issued_at"),
        _instant("received_at"),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attestations"),
        sa.UniqueConstraint("agency_id", "jti", name="uq_attestations_agency_id_jti"),
        _fk("attestations", "agency_id", "agencies.id"),
        _fk("attestations", "kid", "agency_keys.kid"),
        _fk("attestations", "enterprise_id", "enterprises.id"),
    )
    op.create_index("ix_attestations_enterprise_id", "attestations", ["enterprise_id"])


def _facts() -> None:
    op.alter_column("enterprise_facts", "updated_by", nullable=True)
    op.add_column("enterprise_facts", sa.Column("attestation_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "fk_enterprise_facts_attestation_id", "enterprise_facts", "attestations", ["attestation_id"], ["id"]
    )
    op.create_table(
        "fact_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.Column("forgotten", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("attestation_id", sa.Uuid(), nullable=True),
        _instant("at"),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_fact_versions"),
        _fk("fact_versions", "enterprise_id", "enterprises.id"),
        _fk("fact_versions", "attestation_id", "attestations.id"),
        _fk("fact_versions", "changed_by", "users.id"),
    )
    op.create_index("ix_fact_versions_enterprise_id_name", "fact_versions", ["enterprise_id", "name"])
    op.execute(
        "INSERT INTO fact_versions (enterprise_id, name, value, forgotten, source, at, changed_by)"
        " SELECT enterprise_id, name, value, false, source, updated_at, updated_by FROM enterprise_facts"
    )
    op.create_table(
        "fact_disputes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        _instant("opened_at"),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        _instant("closed_at", nullable=True),
        sa.Column("closed_by_attestation", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_fact_disputes"),
        _fk("fact_disputes", "enterprise_id", "enterprises.id"),
        _fk("fact_disputes", "opened_by", "users.id"),
        _fk("fact_disputes", "closed_by_attestation", "attestations.id"),
    )
    op.create_index(
        "uq_fact_disputes_open",
        "fact_disputes",
        ["enterprise_id", "name"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _members() -> None:
    op.add_column("memberships", sa.Column("matters", JSONB(), nullable=True))
    op.add_column("memberships", _instant("until", nullable=True))
    op.drop_constraint("ck_memberships_role", "memberships", type_="check")
    op.create_check_constraint(
        "ck_memberships_role", "memberships", "role IN ('owner', 'applicant', 'editor', 'reader', 'agent')"
    )
    op.create_check_constraint(
        "ck_memberships_agent",
        "memberships",
        "(role = 'agent') = (until IS NOT NULL) AND (role = 'agent') = (matters IS NOT NULL)",
    )
    op.add_column("audit_log", sa.Column("acting_as", sa.String(32), nullable=True))
    op.create_table(
        "membership_invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("code_sha256", sa.String(64), nullable=False),
        sa.Column("invited", sa.String(100), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("matters", JSONB(), nullable=True),
        _instant("until", nullable=True),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        _instant("created_at"),
        _instant("expires_at"),
        _instant("ended_at", nullable=True),
        sa.Column("accepted_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_membership_invitations"),
        sa.UniqueConstraint("code_sha256", name="uq_membership_invitations_code_sha256"),
        _fk("membership_invitations", "enterprise_id", "enterprises.id"),
        _fk("membership_invitations", "invited_by", "users.id"),
        _fk("membership_invitations", "accepted_by", "users.id"),
        sa.CheckConstraint(
            "(role = 'agent') = (until IS NOT NULL) AND (role = 'agent') = (matters IS NOT NULL)",
            name="ck_membership_invitations_agent",
        ),
        sa.CheckConstraint(
            "role IN ('owner', 'applicant', 'editor', 'reader', 'agent')",
            name="ck_membership_invitations_role",
        ),
        sa.CheckConstraint(
            "accepted_by IS NULL OR ended_at IS NOT NULL", name="ck_membership_invitations_accepted_by"
        ),
    )
    op.create_index("ix_membership_invitations_enterprise_id", "membership_invitations", ["enterprise_id"])


def downgrade() -> None:
    op.drop_table("membership_invitations")
    op.drop_column("audit_log", "acting_as")
    op.execute("DELETE FROM memberships WHERE role <> 'owner'")
    op.drop_constraint("ck_memberships_agent", "memberships", type_="check")
    op.drop_constraint("ck_memberships_role", "memberships", type_="check")
    op.create_check_constraint("ck_memberships_role", "memberships", "role IN ('owner')")
    op.drop_column("memberships", "until")
    op.drop_column("memberships", "matters")
    op.drop_table("fact_disputes")
    op.drop_table("fact_versions")
    op.drop_constraint("fk_enterprise_facts_attestation_id", "enterprise_facts", type_="foreignkey")
    op.drop_column("enterprise_facts", "attestation_id")
    op.execute("DELETE FROM enterprise_facts WHERE updated_by IS NULL")
    op.alter_column("enterprise_facts", "updated_by", nullable=False)
    op.drop_table("attestations")
    op.drop_table("agency_keys")
    op.drop_table("agencies")
