"""A version approved now and put in force at a moment to come: exactly once, by whichever worker is there then.

What is to be done is the version's own row, so that a job that is lost, comes twice or dies halfway changes nothing.
What the policy says of its days (`effective_from`) is another matter and stays as it is.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from eligibility import Facts
from policies import comments, service, versions
from policies.errors import EffectPast
from policies.lifecycle import Action, Status
from policies.schemas import Rejection
from policies.tables import PolicyVersion

LOG = logging.getLogger("policies")
FURTHEST = timedelta(days=366)
"""Nobody approves today what is to hold in two years: by then the law around it is another."""


async def schedule(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: int,
    *,
    seen_sha256: str,
    effect_at: datetime,
    now: datetime,
    tried_on: Iterable[Facts] = (),
) -> PolicyVersion:
    """Approve a submitted version for a moment to come. Raises EffectPast and whatever `service.publish` raises."""
    if not now < effect_at <= now + FURTHEST:
        raise EffectPast(field="effect_day")
    row = await service.approvable(session, actor, policy_id, number, Action.SCHEDULE, seen_sha256, tried_on)
    changes = {"status": Status.SCHEDULED.value, "effect_at": effect_at}
    found = await versions.change(session, row, {**service.approval(actor, row, now), **changes})
    await versions.record(session, actor, "schedule", found, now, effect_at=effect_at.isoformat())
    return found


async def call_off(
    session: AsyncSession, actor: Actor, policy_id: str, number: int, why: Rejection, *, now: datetime
) -> PolicyVersion:
    """Make a scheduled version a draft again, whoever calls it off; its reason stands among the comments."""
    row = await versions.find(session, policy_id, number)
    after = await versions.moved(session, actor, row, Action.CALL_OFF)
    none = dict.fromkeys(("decided_by", "decided_at", "approved_sha256", "effect_at", "submitted_at"))
    found = await versions.change(session, row, {**none, "status": after.value})
    await comments.say(session, actor, found, why.reason, now)
    await versions.record(session, actor, "call_off", found, now)
    return found


async def due(session: AsyncSession, now: datetime) -> Sequence[tuple[str, int]]:
    """The versions whose moment has come, the earliest first."""
    rows = await session.execute(
        select(col(PolicyVersion.policy_id), col(PolicyVersion.version))
        .where(col(PolicyVersion.status) == Status.SCHEDULED.value, col(PolicyVersion.effect_at) <= now)
        .order_by(col(PolicyVersion.effect_at), col(PolicyVersion.policy_id))
    )
    return [(row[0], row[1]) for row in rows]


async def take_effect(
    session: AsyncSession, policy_id: str, number: int, now: datetime
) -> PolicyVersion | None:
    """Put a due version in force; None where somebody else does or has done, or it was called off.

    Raises ChangedMeanwhile where its content is not the one that was approved, RuleFails where the engine of today
    cannot judge it: then it stays scheduled, and is shown as overdue.
    """
    row = await session.scalar(
        select(PolicyVersion)
        .where(
            col(PolicyVersion.policy_id) == policy_id,
            col(PolicyVersion.version) == number,
            col(PolicyVersion.status) == Status.SCHEDULED.value,
            col(PolicyVersion.effect_at) <= now,
        )
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    versions.same_content(row, row.approved_sha256 or "")
    service.try_out(row, ())
    found = await versions.put_in_force(session, row, {}, now)
    await versions.record(session, None, "take_effect", found, now)
    LOG.info("%s v%s took effect", policy_id, number)
    return found
