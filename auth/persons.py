"""Which accounts belong to one natural person: two accounts of his are one wherever two people are needed.

A person is known by his staff number. An account nobody has said this of counts as a person of its own; such accounts
are only those made before staff numbers were kept (docs/decisions/0019).
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from auth.errors import StaffNumberRefused, UserNotFound
from auth.roles import Role
from auth.tables import User

WITH_STAFF_NUMBER = frozenset({Role.POLICY_ADMIN, Role.PRODUCT_MANAGER, Role.SENIOR_OFFICER})
"""Roles whose deeds need a second person, whatever accounts he has."""
_STAFF_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{2,31}")


def staff_number(typed: str) -> str:
    """A staff number as it is kept: however it is written, one number is one person. Raises StaffNumberRefused."""
    found = re.sub(r"\s", "", typed).upper()
    if not _STAFF_NUMBER.fullmatch(found):
        raise StaffNumberRefused(field="staff_number")
    return found


async def of(session: AsyncSession, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """The person behind each account."""
    rows = await session.execute(select(col(User.id), col(User.person_key)).where(col(User.id).in_(user_ids)))
    known = {row[0]: row[1] for row in rows}
    return {one: known.get(one) or f"account:{one}" for one in user_ids}


async def accounts_of(session: AsyncSession, user_id: UUID) -> list[UUID]:
    """Every account of the person behind one, that one included."""
    key = await session.scalar(select(col(User.person_key)).where(col(User.id) == user_id))
    if key is None:
        return [user_id]
    return list(await session.scalars(select(col(User.id)).where(col(User.person_key) == key)))


async def staff(session: AsyncSession) -> Sequence[User]:
    """Every account that needs a staff number, by name."""
    roles = sorted(role.value for role in WITH_STAFF_NUMBER)
    found = await session.scalars(select(User).where(col(User.role).in_(roles)).order_by(col(User.username)))
    return found.all()


async def belongs_to(
    session: AsyncSession, actor: Actor, user_id: UUID, typed: str, *, now: datetime
) -> None:
    """State whose account this is. Raises StaffNumberRefused, UserNotFound."""
    number = staff_number(typed)
    roles = sorted(role.value for role in WITH_STAFF_NUMBER)
    changed = await session.execute(
        update(User)
        .where(col(User.id) == user_id, col(User.role).in_(roles))
        .values(person_key=number)
        .returning(col(User.id))
    )
    if changed.scalar_one_or_none() is None:
        raise UserNotFound
    await audit.record(
        session,
        actor,
        action="auth.state_person",
        subject=("user", user_id),
        tenant=None,
        detail={},
        now=now,
    )
