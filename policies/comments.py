"""What admins say to each other about a version: plain text under it, never changed, kept when it is decided."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from policies import versions
from policies.lifecycle import Status
from policies.publishing_tables import Comment
from policies.tables import PolicyVersion


async def say(session: AsyncSession, actor: Actor, row: PolicyVersion, words: str, now: datetime) -> Comment:
    """Put a comment under a version, whatever its state."""
    found = Comment(id=uuid4(), version_id=row.id, said_by=actor.user_id, said_at=now, words=words)
    session.add(found)
    await session.flush()
    await versions.record(session, actor, "comment", row, now, comment=str(found.id))
    return found


async def of(session: AsyncSession, version_id: UUID) -> Sequence[Comment]:
    """What was said of a version, oldest first."""
    found = await session.scalars(
        select(Comment)
        .where(col(Comment.version_id) == version_id)
        .order_by(col(Comment.said_at), col(Comment.id))
    )
    return found.all()


async def of_rejected_before(session: AsyncSession, row: PolicyVersion) -> Sequence[tuple[int, int]]:
    """The rejected versions this one follows, newest first, each with how much was said of it.

    Those after the last version that was in force: what was decided before that is another story.
    """
    settled = (
        select(func.coalesce(func.max(col(PolicyVersion.version)), 0))
        .where(
            col(PolicyVersion.policy_id) == row.policy_id,
            col(PolicyVersion.version) < row.version,
            col(PolicyVersion.published_at).is_not(None),
        )
        .scalar_subquery()
    )
    rows = await session.execute(
        select(col(PolicyVersion.version), func.count(col(Comment.id)))
        .outerjoin(Comment, col(Comment.version_id) == col(PolicyVersion.id))
        .where(
            col(PolicyVersion.policy_id) == row.policy_id,
            col(PolicyVersion.version) < row.version,
            col(PolicyVersion.version) > settled,
            col(PolicyVersion.status) == Status.REJECTED.value,
        )
        .group_by(col(PolicyVersion.version))
        .order_by(col(PolicyVersion.version).desc())
    )
    return [(row[0], row[1]) for row in rows]
