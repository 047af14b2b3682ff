"""One change to the last day of many policies: extended by months, set to a day, or taken off.

What is chosen becomes proposals of one change set (changesets.py); nothing is written here.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from policies import queries
from policies.changesets import Proposal, based
from policies.errors import DatesCross, MonthsRefused, PolicyNotFound
from policies.tables import PolicyVersion

Kind = Literal["extend", "last_day", "open_end"]
MOST_MONTHS = 120


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to the last day. months: with "extend"; day: with "last_day"."""

    kind: Kind
    months: int = 0
    day: date | None = None

    def last_day(self, row: PolicyVersion) -> date | None:
        """A policy's last day afterwards; a policy without one has none to extend. Raises DatesCross, MonthsRefused."""
        if self.kind == "open_end":
            return None
        if self.kind == "last_day":
            if self.day is not None and self.day < row.effective_from:
                raise DatesCross(field="effective_to")
            return self.day
        if not 1 <= self.months <= MOST_MONTHS:
            raise MonthsRefused(field="months", most=MOST_MONTHS)
        return None if row.effective_to is None else later(row.effective_to, self.months)


def later(day: date, months: int) -> date:
    """The same day `months` later. The last day of a month becomes the last day of the other: an end of June extended
    by six months is the end of December.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    ends = day.day == monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if ends else min(day.day, last))


async def proposals(
    session: AsyncSession, chosen: Iterable[str], change: Change
) -> tuple[list[Proposal], list[str], dict[str, Exception]]:
    """What would be changed, which policies stay as they are, and which cannot be changed so. Raises MonthsRefused."""
    made: list[Proposal] = []
    same: list[str] = []
    refused: dict[str, Exception] = {}
    for policy_id in sorted(set(chosen)):
        row = await queries.to_edit(session, policy_id)
        if row is None:
            refused[policy_id] = PolicyNotFound()
            continue
        try:
            ends = change.last_day(row)
        except DatesCross as error:
            refused[policy_id] = error
            continue
        if ends == row.effective_to:
            same.append(policy_id)
        else:
            made.append(await based(session, policy_id, {"effective_to": ends}))
    return made, same, refused
