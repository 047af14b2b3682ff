"""Figures of single policies' own, kept beside the answers they go with: a visitor's or an enterprise's.

They are no facts: no rule asks for them, and `due_yuan` is another tax in each policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.portal.tables import CheckSession, ResultShare, StatedAmount
from marketplace.profiles.tables import Enterprise


@dataclass(frozen=True, slots=True)
class Whose:
    """A visitor's check or an enterprise; the caller has judged that whoever asks may act for it."""

    check_id: UUID | None = None
    enterprise_id: UUID | None = None

    def __post_init__(self) -> None:
        if (self.check_id is None) == (self.enterprise_id is None):
            raise ValueError("exactly one of a check and an enterprise")

    def rows(self, table: type[StatedAmount] | type[ResultShare]) -> ColumnElement[bool]:
        """Its rows of a table, and nobody else's."""
        if self.check_id is not None:
            return col(table.check_id) == self.check_id
        return col(table.enterprise_id) == self.enterprise_id

    def held(self) -> Select[UUID]:
        """Keeps others who ask it waiting until the transaction ends: for what is counted before it grows."""
        if self.check_id is not None:
            return select(col(CheckSession.id)).where(col(CheckSession.id) == self.check_id).with_for_update()
        return select(col(Enterprise.id)).where(col(Enterprise.id) == self.enterprise_id).with_for_update()


async def stated(session: AsyncSession, whose: Whose) -> dict[str, dict[str, Any]]:
    """What was stated, by policy."""
    found = await session.scalars(select(StatedAmount).where(whose.rows(StatedAmount)))
    return {row.policy_id: row.figures for row in found}


async def state(
    session: AsyncSession, whose: Whose, policy_id: str, figures: Mapping[str, Any], now: datetime
) -> None:
    """Keep the figures of one policy instead of those before; none at all forgets them."""
    if not figures:
        mine = whose.rows(StatedAmount)
        await session.execute(delete(StatedAmount).where(mine, col(StatedAmount.policy_id) == policy_id))
        return
    row = {"figures": dict(figures), "stated_at": now}
    fresh = insert(StatedAmount).values(
        id=uuid4(), check_id=whose.check_id, enterprise_id=whose.enterprise_id, policy_id=policy_id, **row
    )
    kind = "check_id" if whose.check_id is not None else "enterprise_id"
    await session.execute(fresh.on_conflict_do_update(constraint=f"stated_amounts_{kind}_key", set_=row))


async def adopt(session: AsyncSession, check_id: UUID, enterprise_id: UUID, now: datetime) -> None:
    """What the visitor stated is kept with the enterprise too, as his answers are when he saves them there.

    What was stated for the enterprise itself stays as it is.
    """
    mine = Whose(enterprise_id=enterprise_id)
    known = await stated(session, mine)
    for policy_id, figures in (await stated(session, Whose(check_id=check_id))).items():
        if policy_id not in known:
            await state(session, mine, policy_id, figures, now)
