"""One version's row: found, judged for a move, changed only if it is still as it was read, and the deed written down.

Shared by every file that changes a version, so that none forgets the second person, the hash or the audit row.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit, persons
from auth.actor import Actor
from policies import content, keeper, queries
from policies.errors import ChangedMeanwhile, PolicyNotFound
from policies.lifecycle import Action, Status, move
from policies.tables import PolicyVersion


async def find(session: AsyncSession, policy_id: str, number: int) -> PolicyVersion:
    """A version. Raises PolicyNotFound."""
    row = await queries.version(session, policy_id, number)
    if row is None:
        raise PolicyNotFound
    return row


async def moved(session: AsyncSession, actor: Actor, row: PolicyVersion, action: Action) -> Status:
    """The state after the actor's deed, judged by persons and not by accounts. Raises WrongState, OwnWork."""
    editors = [UUID(one) for one in row.editors]
    people = await persons.of(session, [actor.user_id, *editors])
    worked = {people[one] for one in editors}
    return move(Status(row.status), action, actor=people[actor.user_id], worked_on_it=worked)


def same_content(row: PolicyVersion, seen_sha256: str) -> None:
    """Raises ChangedMeanwhile where what was seen, or what was hashed, is not what is stored."""
    if row.content_sha256 != seen_sha256 or content.sha256_of(content.content_of(row)) != seen_sha256:
        raise ChangedMeanwhile


async def change(session: AsyncSession, row: PolicyVersion, changes: Mapping[str, Any]) -> PolicyVersion:
    """Change a row if it is still as it was read; raises ChangedMeanwhile otherwise."""
    row_id: UUID = row.id
    done = await session.execute(
        update(PolicyVersion)
        .where(
            col(PolicyVersion.id) == row_id,
            col(PolicyVersion.status) == row.status,
            col(PolicyVersion.content_sha256) == row.content_sha256,
        )
        .values(**changes)
        .returning(PolicyVersion)
        .execution_options(populate_existing=True)
    )
    found = done.scalar_one_or_none()
    if found is None:
        raise ChangedMeanwhile
    return found


async def put_in_force(
    session: AsyncSession, row: PolicyVersion, changes: Mapping[str, Any], now: datetime
) -> PolicyVersion:
    """Make an approved version the one in force, the one before superseded, and tell every process."""
    before = await queries.current(session, row.policy_id)
    if before is not None:
        after = move(Status(before.status), Action.SUPERSEDE, actor="", worked_on_it=())
        await change(session, before, {"status": after.value})
    found = await change(session, row, {**changes, "status": Status.PUBLISHED.value, "published_at": now})
    await keeper.tell(session, row.policy_id)
    return found


async def record(
    session: AsyncSession, actor: Actor | None, verb: str, row: PolicyVersion, now: datetime, **detail: Any
) -> None:
    """The deed's line in the audit log, with the content it was about."""
    await audit.record(
        session,
        actor,
        action=f"policies.{verb}",
        subject=("policy_version", f"{row.policy_id}/{row.version}"),
        tenant=None,
        detail={"content_sha256": row.content_sha256, **detail},
        now=now,
    )
