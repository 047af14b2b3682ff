"""What was known of a fact before, and what was done for an enterprise by whom: for its owner to read.

The log's deeds are named from the list that has words; each says as what its doer acted then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.tables import AuditEntry, User
from marketplace.profiles.tables import Agency, Attestation, FactVersion

MOST = 50
DEEDS = (
    "profiles.register", "profiles.save_facts", "profiles.attest", "profiles.dispute", "profiles.invite",
    "profiles.accept_invitation", "profiles.withdraw_invitation", "profiles.change_member", "profiles.remove_member",
    "auth.authorisation_over", "consent.give", "consent.revoke",
    "profiles.commit", "profiles.withdraw_commitment", "profiles.confirm_commitment", "profiles.refute_commitment",
    "profiles.lapse_commitment", "profiles.object_to_finding", "profiles.answer_objection",
)  # fmt: skip
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Version:
    """A line of a fact's history; agency: who attested it; who: the person's name, None for an agency."""

    version: FactVersion
    agency: Agency | None
    who: str | None


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done for the enterprise; who: None for an agency or the service itself."""

    entry: AuditEntry
    who: str | None


async def versions(session: AsyncSession, enterprise_id: UUID, name: str) -> Sequence[Version]:
    """A fact's history, newest first."""
    found = await session.execute(
        select(FactVersion, Agency, col(User.display_name))
        .outerjoin(Attestation, col(Attestation.id) == col(FactVersion.attestation_id))
        .outerjoin(Agency, col(Agency.id) == col(Attestation.agency_id))
        .outerjoin(User, col(User.id) == col(FactVersion.changed_by))
        .where(col(FactVersion.enterprise_id) == enterprise_id, col(FactVersion.name) == name)
        .order_by(col(FactVersion.id).desc())
        .limit(MOST)
    )
    return [Version(*row) for row in found]


async def facts_at(session: AsyncSession, enterprise_id: UUID, moment: datetime) -> dict[str, Any]:
    """What was known of an enterprise at a moment, for callers that have judged the actor's right to it."""
    rows = await session.execute(
        select(col(FactVersion.name), col(FactVersion.value), col(FactVersion.forgotten))
        .ext(distinct_on(col(FactVersion.name)))
        .where(col(FactVersion.enterprise_id) == enterprise_id, col(FactVersion.at) <= moment)
        .order_by(col(FactVersion.name), col(FactVersion.id).desc())
    )
    return {name: value for name, value, forgotten in rows if not forgotten}


async def deeds(session: AsyncSession, enterprise_id: UUID) -> Sequence[Deed]:
    """What was last done for the enterprise, newest first."""
    found = await session.execute(
        select(AuditEntry, col(User.display_name))
        .outerjoin(User, col(User.id) == col(AuditEntry.actor_id))
        .where(col(AuditEntry.tenant) == str(enterprise_id), col(AuditEntry.action).in_(DEEDS))
        .order_by(col(AuditEntry.id).desc())
        .limit(SHOWN)
    )
    return [Deed(*row) for row in found]
