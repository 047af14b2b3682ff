"""Reading policies: plain functions on a session.

Only published versions are what owners see; everything else is asked for by name.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from policies.lifecycle import EVER_IN_FORCE, OPEN, Status
from policies.tables import Policy, PolicyVersion

PUBLISHED = col(PolicyVersion.status) == Status.PUBLISHED.value
TO_DO = (Status.SUBMITTED.value, Status.DRAFT.value, Status.SCHEDULED.value)
EVER = col(PolicyVersion.status).in_([status.value for status in EVER_IN_FORCE])


def in_force_on(day: date) -> ColumnElement[bool]:
    """Issued by `day`, and `day` within the effective dates, both included."""
    return and_(
        col(PolicyVersion.issued_on) <= day,
        col(PolicyVersion.effective_from) <= day,
        or_(col(PolicyVersion.effective_to).is_(None), col(PolicyVersion.effective_to) >= day),
    )


async def published(session: AsyncSession) -> Sequence[PolicyVersion]:
    """Every published version, by policy id."""
    found = await session.scalars(
        select(PolicyVersion).where(PUBLISHED).order_by(col(PolicyVersion.policy_id))
    )
    return found.all()


async def ever_published(session: AsyncSession) -> Sequence[PolicyVersion]:
    """Every version that is or was published, by policy id, oldest first."""
    found = await session.scalars(
        select(PolicyVersion).where(EVER).order_by(col(PolicyVersion.policy_id), col(PolicyVersion.version))
    )
    return found.all()


async def stamp(session: AsyncSession) -> tuple[int, datetime | None]:
    """Changes exactly when something is published or withdrawn: how often that happened, and when last."""
    came, went = col(PolicyVersion.published_at), col(PolicyVersion.withdrawn_at)
    statement = select(func.count() + func.count(went), func.max(func.greatest(came, went))).where(EVER)
    count, last = (await session.execute(statement)).one()
    return int(count), last


async def current(session: AsyncSession, policy_id: str) -> PolicyVersion | None:
    """The published version of a policy."""
    found = await session.scalars(
        select(PolicyVersion).where(PUBLISHED, col(PolicyVersion.policy_id) == policy_id)
    )
    return found.one_or_none()


async def known(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Those of the ids that are policies, whatever state their versions are in."""
    found = await session.scalars(select(col(Policy.id)).where(col(Policy.id).in_(ids)))
    return set(found)


async def version(session: AsyncSession, policy_id: str, number: int) -> PolicyVersion | None:
    """One version of a policy."""
    found = await session.scalars(
        select(PolicyVersion).where(
            col(PolicyVersion.policy_id) == policy_id, col(PolicyVersion.version) == number
        )
    )
    return found.one_or_none()


async def open_version(session: AsyncSession, policy_id: str) -> PolicyVersion | None:
    """The version of a policy that is still on its way; there is at most one."""
    open_ = col(PolicyVersion.status).in_([status.value for status in OPEN])
    found = await session.scalars(
        select(PolicyVersion).where(open_, col(PolicyVersion.policy_id) == policy_id)
    )
    return found.one_or_none()


async def to_edit(session: AsyncSession, policy_id: str) -> PolicyVersion | None:
    """What an edit starts from: the version on its way, the one that is or was in force last, or else the newest."""
    ever = (
        select(PolicyVersion)
        .where(col(PolicyVersion.policy_id) == policy_id)
        .order_by(EVER.desc(), col(PolicyVersion.version).desc())
        .limit(1)
    )
    return await open_version(session, policy_id) or await session.scalar(ever)


async def history(session: AsyncSession, policy_id: str) -> Sequence[PolicyVersion]:
    """Every version of a policy, newest first."""
    found = await session.scalars(
        select(PolicyVersion)
        .where(col(PolicyVersion.policy_id) == policy_id)
        .order_by(col(PolicyVersion.version).desc())
    )
    return found.all()


async def newest_versions(session: AsyncSession) -> Sequence[PolicyVersion]:
    """The newest version of every policy: submitted ones first, then drafts and scheduled ones, then the rest by id."""
    latest = (
        select(PolicyVersion)
        .ext(distinct_on(col(PolicyVersion.policy_id)))
        .order_by(col(PolicyVersion.policy_id), col(PolicyVersion.version).desc())
        .subquery()
    )
    rank = case(*((latest.c.status == status, at) for at, status in enumerate(TO_DO)), else_=len(TO_DO))
    found = await session.scalars(
        select(PolicyVersion)
        .join(latest, latest.c.id == col(PolicyVersion.id))
        .order_by(rank, latest.c.policy_id)
    )
    return found.all()


async def count_by_category(session: AsyncSession, day: date) -> dict[str, int]:
    """How many policies are in force on `day`, by category."""
    category = col(PolicyVersion.category)
    rows = await session.execute(
        select(category, func.count()).where(PUBLISHED, in_force_on(day)).group_by(category)
    )
    return {row[0]: row[1] for row in rows}


async def newest(session: AsyncSession, day: date, limit: int) -> Sequence[PolicyVersion]:
    """The policies issued last by `day` that are or will be in force, newest first."""
    still = or_(col(PolicyVersion.effective_to).is_(None), col(PolicyVersion.effective_to) >= day)
    found = await session.scalars(
        select(PolicyVersion)
        .where(PUBLISHED, col(PolicyVersion.issued_on) <= day, still)
        .order_by(col(PolicyVersion.issued_on).desc(), col(PolicyVersion.policy_id))
        .limit(limit)
    )
    return found.all()


async def by_category(
    session: AsyncSession, category: str, day: date | None = None
) -> Sequence[PolicyVersion]:
    """Published policies of a category; in force on `day` when one is given. Newest issue first."""
    statement = select(PolicyVersion).where(PUBLISHED, col(PolicyVersion.category) == category)
    if day is not None:
        statement = statement.where(in_force_on(day))
    found = await session.scalars(
        statement.order_by(col(PolicyVersion.issued_on).desc(), col(PolicyVersion.policy_id))
    )
    return found.all()


async def by_ids(session: AsyncSession, ids: Sequence[str]) -> dict[str, PolicyVersion]:
    """The published versions of the named policies that there are."""
    found = await session.scalars(
        select(PolicyVersion).where(PUBLISHED, col(PolicyVersion.policy_id).in_(ids))
    )
    return {row.policy_id: row for row in found}
