"""The inbox of whoever acts for an enterprise: what there is, opening it, and what was done about a policy.

Every statement names the reader: an item of somebody else's enterprise is not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from auth.tables import Membership
from marketplace.notifications.errors import ItemNotFound
from marketplace.notifications.tables import InboxItem, PolicyMark

PAGE = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the inbox, unread first, each newest first; `total` with the same filter, `unread` without any.

    page, last: which page it is, of how many; one asked for beyond the last is the last.
    """

    items: Sequence[InboxItem]
    total: int
    unread: int
    page: int
    last: int


def _mine(actor: Actor) -> ColumnElement[bool]:
    memberships = select(col(Membership.enterprise_id)).where(col(Membership.user_id) == actor.user_id)
    return col(InboxItem.enterprise_id).in_(memberships)


async def listing(
    session: AsyncSession,
    actor: Actor,
    *,
    unread: bool = False,
    kind: str | None = None,
    enterprise_id: UUID | None = None,
    page: int = 1,
) -> Listing:
    """What the actor's enterprises were told."""
    wanted = [_mine(actor)]
    if unread:
        wanted.append(col(InboxItem.read_at).is_(None))
    if kind is not None:
        wanted.append(col(InboxItem.kind) == kind)
    if enterprise_id is not None:
        wanted.append(col(InboxItem.enterprise_id) == enterprise_id)
    total = int(await session.scalar(select(func.count()).select_from(InboxItem).where(*wanted)) or 0)
    last = max(1, -(-total // PAGE))
    page = min(page, last)
    found = await session.scalars(
        select(InboxItem)
        .where(*wanted)
        .order_by(
            col(InboxItem.read_at).is_(None).desc(),
            col(InboxItem.created_at).desc(),
            col(InboxItem.push_id),
            col(InboxItem.enterprise_id),
        )
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return Listing(found.all(), total, await unread_of(session, actor), page, last)


async def unread_of(session: AsyncSession, actor: Actor) -> int:
    """How many messages the actor's enterprises have not opened."""
    count = select(func.count()).select_from(InboxItem).where(_mine(actor), col(InboxItem.read_at).is_(None))
    return int(await session.scalar(count) or 0)


async def opened(
    session: AsyncSession, actor: Actor, push_id: UUID, enterprise_id: UUID, now: datetime
) -> InboxItem:
    """One message, from now on read. Raises ItemNotFound."""
    this = (col(InboxItem.push_id) == push_id, col(InboxItem.enterprise_id) == enterprise_id, _mine(actor))
    await session.execute(
        update(InboxItem).where(*this, col(InboxItem.read_at).is_(None)).values(read_at=now)
    )
    found = await session.scalar(select(InboxItem).where(*this).execution_options(populate_existing=True))
    if found is None:
        raise ItemNotFound
    return found


async def read_all(session: AsyncSession, actor: Actor, now: datetime) -> None:
    """Every message of the actor's enterprises counts as read."""
    await session.execute(
        update(InboxItem).where(_mine(actor), col(InboxItem.read_at).is_(None)).values(read_at=now)
    )


async def marks_of(session: AsyncSession, enterprise_id: UUID, policies: Sequence[str]) -> dict[str, str]:
    """What an enterprise did about some policies, for callers that have judged the actor's right to it."""
    rows = await session.execute(
        select(col(PolicyMark.policy_id), col(PolicyMark.mark)).where(
            col(PolicyMark.enterprise_id) == enterprise_id, col(PolicyMark.policy_id).in_(policies)
        )
    )
    return {row[0]: row[1] for row in rows}


async def mark(
    session: AsyncSession, actor: Actor, item: InboxItem, policy_id: str, what: str, now: datetime
) -> None:
    """Note that a policy of a message was claimed or is not to be mentioned again. Raises ItemNotFound for another."""
    if policy_id not in {str(policy) for policy, _ in item.policies}:
        raise ItemNotFound
    row = insert(PolicyMark).values(
        enterprise_id=item.enterprise_id,
        policy_id=policy_id,
        mark=what,
        marked_by=actor.user_id,
        marked_at=now,
    )
    await session.execute(
        row.on_conflict_do_update(
            constraint="pk_policy_marks",
            set_={name: row.excluded[name] for name in ("mark", "marked_by", "marked_at")},
        )
    )
    await audit.record(
        session,
        actor,
        action=f"notifications.{what}",
        subject=("policy", policy_id),
        tenant=str(item.enterprise_id),
        detail={"push": str(item.push_id)},
        now=now,
    )
