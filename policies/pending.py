"""What waits for one admin: reviews, drafts sent back, withdrawals to confirm, and what takes effect by itself soon.

A handful of rows in any state of the desk, so that every page can say how many.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import persons
from auth.actor import Actor
from policies.lifecycle import Status
from policies.publishing_tables import Withdrawal
from policies.tables import PolicyVersion


@dataclass(frozen=True)
class Pending:
    """`review`: submitted, and not by this person. `returned`: his, rejected, and nothing newer of the policy.
    `withdrawals`: asked for by somebody else. `scheduled`: approved for later, whoever's.
    """

    review: Sequence[PolicyVersion]
    returned: Sequence[PolicyVersion]
    withdrawals: Sequence[PolicyVersion]
    scheduled: Sequence[PolicyVersion]

    @cached_property
    def groups(self) -> Sequence[tuple[str, Sequence[PolicyVersion]]]:
        """What there is, the most urgent kind first."""
        kinds = ("withdrawals", "review", "returned", "scheduled")
        return [(kind, rows) for kind in kinds if (rows := getattr(self, kind))]

    @property
    def count(self) -> int:
        """What this admin has to do something about."""
        return len(self.review) + len(self.returned) + len(self.withdrawals)


async def of(session: AsyncSession, actor: Actor) -> Pending:
    """What waits for the actor."""
    mine = {str(one) for one in await persons.accounts_of(session, actor.user_id)}
    rows = await session.scalars(
        select(PolicyVersion)
        .where(col(PolicyVersion.status).in_([Status.SUBMITTED.value, Status.SCHEDULED.value]))
        .order_by(col(PolicyVersion.submitted_at))
    )
    found = rows.all()
    return Pending(
        review=[one for one in found if one.status == Status.SUBMITTED.value and not mine & {*one.editors}],
        returned=await _returned(session, mine),
        withdrawals=await _withdrawals(session, mine),
        scheduled=[one for one in found if one.status == Status.SCHEDULED.value],
    )


async def _returned(session: AsyncSession, mine: Collection[str]) -> Sequence[PolicyVersion]:
    newest = (
        select(col(PolicyVersion.policy_id), func.max(col(PolicyVersion.version)).label("version"))
        .group_by(col(PolicyVersion.policy_id))
        .subquery()
    )
    rows = await session.scalars(
        select(PolicyVersion)
        .join(
            newest,
            (newest.c.policy_id == col(PolicyVersion.policy_id))
            & (newest.c.version == col(PolicyVersion.version)),
        )
        .where(col(PolicyVersion.status) == Status.REJECTED.value)
        .order_by(col(PolicyVersion.decided_at))
    )
    return [one for one in rows if not set(mine).isdisjoint(one.editors)]


async def _withdrawals(session: AsyncSession, mine: Collection[str]) -> Sequence[PolicyVersion]:
    rows = await session.scalars(
        select(PolicyVersion)
        .join(Withdrawal, col(Withdrawal.version_id) == col(PolicyVersion.id))
        .where(
            col(Withdrawal.state) == "asked",
            col(PolicyVersion.status) == Status.PUBLISHED.value,
            col(Withdrawal.asked_by).not_in([UUID(one) for one in mine]),
        )
        .order_by(col(Withdrawal.asked_at))
    )
    return rows.all()
