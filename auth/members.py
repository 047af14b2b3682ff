"""What a person may do for an enterprise, and the end of authorisations whose time is over.

Asked of the database each time, so that whoever is removed has lost access with the next request. An agent's row is
taken away the moment he comes after its end: no reader of memberships then needs to know of clocks.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from auth.errors import MatterNotCovered
from auth.roles import MATTERS_OF, Matter, Part
from auth.tables import Membership


def matters(membership: Membership) -> frozenset[Matter]:
    """What this membership covers."""
    if membership.matters is not None:
        return frozenset(Matter(each) for each in membership.matters)
    return MATTERS_OF[Part(membership.role)]


async def membership_of(session: AsyncSession, user_id: UUID, enterprise_id: UUID) -> Membership | None:
    """What the person is to the enterprise; None: nothing."""
    return await session.scalar(
        select(Membership)
        .where(col(Membership.user_id) == user_id, col(Membership.enterprise_id) == enterprise_id)
        .execution_options(populate_existing=True)
    )


async def require(session: AsyncSession, actor: Actor, enterprise_id: UUID, matter: Matter) -> None:
    """Raises `MatterNotCovered` for one who acts for the enterprise, but not in this matter.

    The caller has made sure that he acts for it, or that whoever does not is refused as for a missing one.
    """
    found = await membership_of(session, actor.user_id, enterprise_id)
    if found is not None and matter not in matters(found):
        raise MatterNotCovered


async def require_owner(session: AsyncSession, actor: Actor, enterprise_id: UUID) -> None:
    """Raises `MatterNotCovered` for one who acts for the enterprise without being its owner."""
    found = await membership_of(session, actor.user_id, enterprise_id)
    if found is not None and found.role != Part.OWNER:
        raise MatterNotCovered


async def is_owner(session: AsyncSession, actor: Actor, enterprise_id: UUID) -> bool:
    """Whether the person is an owner of the enterprise."""
    found = await membership_of(session, actor.user_id, enterprise_id)
    return found is not None and found.role == Part.OWNER


async def end_over(session: AsyncSession, actor: Actor, now: datetime) -> None:
    """Take away the person's authorisations whose time is over."""
    over = select(Membership).where(col(Membership.user_id) == actor.user_id, col(Membership.until) <= now)
    for row in (await session.scalars(over)).all():
        await audit.record(
            session,
            actor,
            action="auth.authorisation_over",
            subject=("user", actor.user_id),
            tenant=str(row.enterprise_id),
            detail={"until": row.until.isoformat() if row.until else None},
            now=now,
        )
        await session.execute(
            delete(Membership).where(
                col(Membership.user_id) == row.user_id, col(Membership.enterprise_id) == row.enterprise_id
            )
        )
