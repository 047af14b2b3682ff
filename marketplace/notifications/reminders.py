"""Quiet reminders: a policy that ends within 30, and again within 7 days, told to whom it applies and who did nothing.

Each is a push of its own, named by policy, last day and stage: whoever was reminded is not reminded again, and a text
that moves the last day is a new occasion. Looked through once a day, since facts change meanwhile.
"""

from datetime import date, datetime, time
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.jobs import queue
from marketplace.notifications.pushes import start
from marketplace.notifications.tables import Push
from marketplace.web.format import HERE
from policies.keeper import load_pack

STAGES = (7, 30)
"""Days before the end, the nearest first."""


def stage_of(ends: date, day: date) -> int | None:
    """The stage a last day is in on `day`; None while it is far off, and when it is over."""
    left = (ends - day).days
    return next((stage for stage in STAGES if 0 <= left <= stage), None)


def reminder_id(policy_id: str, ends: date, stage: int) -> UUID:
    """The one push of a policy's last day and stage."""
    return uuid5(NAMESPACE_URL, f"deadline/{policy_id}/{ends}/{stage}")


async def remind(session: AsyncSession, day: date, now: datetime) -> None:
    """Begin today's reminders; those begun before are looked through again, for who came to qualify since."""
    pack = await load_pack(session)
    for record in pack.on(day).records.values():
        ends: date | None = record.text["effective_to"]
        stage = stage_of(ends, day) if ends else None
        if ends is None or stage is None:
            continue
        push = Push(
            id=reminder_id(record.id, ends, stage),
            kind="deadline",
            policy_id=record.id,
            version=record.version,
            stage=stage,
            day=day,
            state="waiting",
            created_at=now,
        )
        if not await start(session, push):
            await _once_more(session, push, now)


async def _once_more(session: AsyncSession, push: Push, now: datetime) -> None:
    """Begin a finished reminder anew, once a day of the province."""
    midnight = datetime.combine(now.astimezone(HERE).date(), time(), HERE)
    begun = await session.execute(
        update(Push)
        .where(
            col(Push.id) == push.id,
            col(Push.state) == "done",
            col(Push.ended_at) < midnight,
        )
        .values(state="waiting", cursor=None, looked=0, was=0, now=0, version=push.version, day=push.day)
        .returning(col(Push.id))
    )
    if begun.scalar_one_or_none() is not None:
        await queue.enqueue(session, queue.PUSH, push.id)
