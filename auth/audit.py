"""One row for each deed, written in the deed's own transaction.

Append-only by database trigger; a deed that rolls back leaves no row, a deed that commits cannot lack one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col

from auth.actor import Actor
from auth.tables import AuditEntry, Membership

SYSTEM = "system"
"""The `actor_role` of what nobody signed in for: first seeding, refused sign-ins, jobs."""


async def record(
    session: AsyncSession | AsyncConnection,
    actor: Actor | None,
    *,
    action: str,
    subject: tuple[str, object],
    tenant: str | None,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """Append to the audit log.

    `action` is "<feature>.<verb>" (e.g. "loans.decide"); `subject` is (type, id); `tenant` is whose matter
    it is: an enterprise's or bank's id as text, None for the platform's own. `detail` is plain JSON without
    secrets and without personal identifiers.
    """
    subject_type, subject_id = subject
    acting_as = (
        select(col(Membership.role))
        .where(
            col(Membership.user_id) == (actor.user_id if actor else None),
            cast(col(Membership.enterprise_id), Text) == tenant,
        )
        .scalar_subquery()
    )
    await session.execute(
        insert(AuditEntry).values(
            at=now,
            actor_id=actor.user_id if actor else None,
            actor_role=actor.role.value if actor else SYSTEM,
            tenant=tenant,
            action=action,
            subject_type=subject_type,
            subject_id=str(subject_id),
            detail=dict(detail),
            acting_as=acting_as if actor and tenant else None,
        )
    )
