"""Reads of people and of which enterprises they act for.

Plain functions on a session; the user or tenant is always an argument.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col

from auth.tables import Membership, User


async def enterprise_ids(session: AsyncSession, user_id: UUID) -> frozenset[UUID]:
    """The enterprises the user acts for."""
    found = await session.scalars(
        select(col(Membership.enterprise_id)).where(col(Membership.user_id) == user_id)
    )
    return frozenset(found)


async def acts_for(session: AsyncSession, user_id: UUID, enterprise_id: UUID) -> bool:
    """Whether the user acts for the enterprise."""
    mine = exists().where(col(Membership.user_id) == user_id, col(Membership.enterprise_id) == enterprise_id)
    return bool(await session.scalar(select(mine)))


async def user_by_username(session: AsyncSession, username: str) -> User | None:
    """The user of this name, upper or lower case, also a disabled one."""
    return await session.scalar(select(User).where(col(User.username) == username.lower()))


async def password_hash_of(connection: AsyncConnection, username: str) -> str | None:
    """The stored hash of an enabled user; None where there is none."""
    found: str | None = await connection.scalar(
        select(col(User.password_hash)).where(col(User.username) == username, col(User.disabled_at).is_(None))
    )
    return found


async def display_names(session: AsyncSession, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Names of people by id, for desks that say who did what."""
    if not user_ids:
        return {}
    found = await session.execute(
        select(col(User.id), col(User.display_name)).where(col(User.id).in_(user_ids))
    )
    return dict(found.all())
