"""Reads of enterprises and their stored facts.

Plain functions on a session; whose enterprise it must be is always an argument.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.tables import Membership
from marketplace.profiles.tables import Enterprise, EnterpriseFact


async def enterprise_of_member(
    session: AsyncSession, user_id: UUID, enterprise_id: UUID
) -> Enterprise | None:
    """The enterprise, if the user acts for it."""
    return await session.scalar(
        select(Enterprise)
        .join(Membership, col(Membership.enterprise_id) == col(Enterprise.id))
        .where(col(Enterprise.id) == enterprise_id, col(Membership.user_id) == user_id)
    )


async def enterprises_of_member(session: AsyncSession, user_id: UUID) -> Sequence[Enterprise]:
    """All enterprises the user acts for, oldest first."""
    found = await session.scalars(
        select(Enterprise)
        .join(Membership, col(Membership.enterprise_id) == col(Enterprise.id))
        .where(col(Membership.user_id) == user_id)
        .order_by(col(Enterprise.created_at), col(Enterprise.id))
    )
    return found.all()


async def enterprise_by_id(session: AsyncSession, enterprise_id: UUID) -> Enterprise | None:
    """The enterprise, for services that have judged the caller's right to it themselves."""
    return await session.get(Enterprise, enterprise_id)


async def enterprise_by_uscc(session: AsyncSession, uscc: str) -> Enterprise | None:
    """The enterprise of a code, for services that have judged the caller's right to it themselves."""
    return await session.scalar(select(Enterprise).where(col(Enterprise.uscc) == uscc))


async def fact_rows(session: AsyncSession, enterprise_id: UUID) -> Sequence[EnterpriseFact]:
    """The stored facts of an enterprise by name."""
    found = await session.scalars(
        select(EnterpriseFact)
        .where(col(EnterpriseFact.enterprise_id) == enterprise_id)
        .order_by(col(EnterpriseFact.name))
        .execution_options(populate_existing=True)
    )
    return found.all()


async def some_enterprises(session: AsyncSession, limit: int) -> Sequence[Enterprise]:
    """The oldest enterprises, for a policy admin who tries a rule on one."""
    found = await session.scalars(
        select(Enterprise).order_by(col(Enterprise.created_at), col(Enterprise.id)).limit(limit)
    )
    return found.all()


async def enterprises_like(session: AsyncSession, words: str, limit: int) -> Sequence[Enterprise]:
    """Those whose name holds the words or whose code begins with them, by name, for a policy admin who tries a rule."""
    code = col(Enterprise.uscc).startswith(words.upper(), autoescape=True)
    named = col(Enterprise.name).contains(words, autoescape=True)
    found = await session.scalars(
        select(Enterprise)
        .where(or_(named, code))
        .order_by(col(Enterprise.name), col(Enterprise.id))
        .limit(limit)
    )
    return found.all()
