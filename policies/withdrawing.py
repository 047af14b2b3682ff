"""Taking a version out of force at once: one person asks with a reason, a second one confirms or refuses.

Nothing comes back in its place by itself: what is to hold instead is a version of its own and goes the usual way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import persons
from auth.actor import Actor
from policies import keeper, versions
from policies.errors import NoWithdrawal, WithdrawalAsked
from policies.lifecycle import Action, Status, move
from policies.publishing_tables import Withdrawal
from policies.schemas import Rejection
from policies.tables import PolicyVersion


async def ask(
    session: AsyncSession, actor: Actor, policy_id: str, number: int, why: Rejection, *, now: datetime
) -> Withdrawal:
    """Ask to take a version out of force. Raises WrongState unless it is in force, WithdrawalAsked."""
    row = await versions.find(session, policy_id, number)
    move(Status(row.status), Action.WITHDRAW, actor=str(actor.user_id), worked_on_it=())
    found = Withdrawal(
        id=uuid4(), version_id=row.id, reason=why.reason, asked_by=actor.user_id, asked_at=now, state="asked"
    )
    try:
        async with session.begin_nested():
            session.add(found)
    except IntegrityError as error:
        raise WithdrawalAsked from error
    await versions.record(session, actor, "ask_withdrawal", row, now)
    return found


async def confirm(
    session: AsyncSession, actor: Actor, policy_id: str, number: int, *, now: datetime
) -> PolicyVersion:
    """Take the version out of force. Raises NoWithdrawal, OwnWork for whoever asked, WrongState once it is replaced."""
    row = await versions.find(session, policy_id, number)
    asked = await _asked(session, row)
    people = await persons.of(session, [actor.user_id, asked.asked_by])
    asker = {people[asked.asked_by]}
    after = move(Status(row.status), Action.WITHDRAW, actor=people[actor.user_id], worked_on_it=asker)
    await _settle(session, actor, asked, "confirmed", now)
    found = await versions.change(session, row, {"status": after.value, "withdrawn_at": now})
    await keeper.tell(session, policy_id)
    await versions.record(session, actor, "withdraw", found, now)
    return found


async def refuse(session: AsyncSession, actor: Actor, policy_id: str, number: int, *, now: datetime) -> None:
    """Leave the version in force, also by whoever asked. Raises NoWithdrawal."""
    row = await versions.find(session, policy_id, number)
    await _settle(session, actor, await _asked(session, row), "refused", now)
    await versions.record(session, actor, "refuse_withdrawal", row, now)


async def _asked(session: AsyncSession, row: PolicyVersion) -> Withdrawal:
    found = await session.scalar(
        select(Withdrawal).where(col(Withdrawal.version_id) == row.id, col(Withdrawal.state) == "asked")
    )
    if found is None:
        raise NoWithdrawal
    return found


async def _settle(session: AsyncSession, actor: Actor, asked: Withdrawal, state: str, now: datetime) -> None:
    done = await session.execute(
        update(Withdrawal)
        .where(col(Withdrawal.id) == asked.id, col(Withdrawal.state) == "asked")
        .values(state=state, decided_by=actor.user_id, decided_at=now)
        .returning(col(Withdrawal.id))
    )
    if done.scalar_one_or_none() is None:  # a second person was quicker
        raise NoWithdrawal


async def of(session: AsyncSession, row: PolicyVersion) -> Sequence[Withdrawal]:
    """Every wish to withdraw a version, newest first."""
    found = await session.scalars(
        select(Withdrawal)
        .where(col(Withdrawal.version_id) == row.id)
        .order_by(col(Withdrawal.asked_at).desc())
        .execution_options(populate_existing=True)
    )
    return found.all()


@dataclass(frozen=True, slots=True)
class Notice:
    """What owners read of a policy that was withdrawn."""

    version: PolicyVersion
    reason: str


async def notice(session: AsyncSession, policy_id: str) -> Notice | None:
    """A policy whose last version was withdrawn; None for any other."""
    rows = await session.execute(
        select(PolicyVersion, col(Withdrawal.reason))
        .join(Withdrawal, col(Withdrawal.version_id) == col(PolicyVersion.id))
        .where(
            col(PolicyVersion.policy_id) == policy_id,
            col(PolicyVersion.status) == Status.WITHDRAWN.value,
            col(Withdrawal.state) == "confirmed",
        )
        .order_by(col(PolicyVersion.version).desc())
        .limit(1)
    )
    row = rows.one_or_none()
    return None if row is None else Notice(row[0], row[1])
