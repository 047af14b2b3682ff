"""What is known of a version's simulations: the newest, how far it is, its figures, and the reason where many lose.

The card of the version's page; the page with all of it is admin_simulation_page.py.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from litestar import Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth import queries as people
from auth.actor import Actor
from auth.roles import Role
from marketplace.language import language_of
from marketplace.profiles.tables import CurrentFacts
from marketplace.settings import Settings
from marketplace.web.admin_simulation_view import Day, days_of
from marketplace.web.version_parts import Part
from policies import simulations
from policies.simulation_tables import Simulation
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to see of a version's simulations.

    `newest`: of exactly these contents, whatever its state; `done`: the newest that was counted; `old`: one of another
    content, where there is none of this. `share`: how far the newest is, in percent.
    """

    newest: Simulation | None
    done: Simulation | None
    old: Simulation | None
    days: list[Day]
    base: PolicyVersion | None
    everybody: int
    today: date
    over: bool
    share_lost: Decimal
    reason: str | None
    reason_by: str | None
    reason_at: datetime | None
    may: bool

    @property
    def busy(self) -> bool:
        """Whether one is being counted."""
        return self.newest is not None and self.newest.state in ("waiting", "running")

    @property
    def share(self) -> int:
        """How far the one that is being counted is."""
        if self.newest is None or not self.newest.population:
            return 0
        return min(99, self.newest.looked * 100 // self.newest.population)

    @property
    def aged(self) -> bool:
        """Whether it was counted on another day, or over other enterprises, than there are now."""
        return self.done is not None and (
            self.done.day != self.today or self.done.population != self.everybody
        )


async def seen(request: AnyRequest, session: AsyncSession, actor: Actor, row: PolicyVersion) -> Seen:
    """The same, read."""
    base = await simulations.base_of(session, row)
    newest = await simulations.of(session, row, base)
    done = await simulations.of(session, row, base, "done")
    over = done is not None and simulations.is_over(done)
    reason = await simulations.reason_for(session, done) if done is not None and over else None
    names = await people.display_names(session, [reason.given_by] if reason else [])
    return Seen(
        newest=newest,
        done=done,
        old=None if done else await simulations.earlier(session, row),
        days=days_of(done.result, language_of(request)) if done and done.result else [],
        base=base,
        everybody=int(await session.scalar(select(func.count()).select_from(CurrentFacts)) or 0),
        today=settings_of(request).as_of,
        over=over,
        share_lost=simulations.share_of(done) if done else Decimal(0),
        reason=reason.reason if reason else None,
        reason_by=names.get(reason.given_by) if reason else None,
        reason_at=reason.given_at if reason else None,
        may=actor.role is Role.POLICY_ADMIN and row.status in simulations.CAN_BE,
    )


def settings_of(request: AnyRequest) -> Settings:
    """The service's settings."""
    found: Settings = request.app.state["settings"]
    return found


async def about_simulation(
    request: AnyRequest, session: AsyncSession, actor: Actor, row: PolicyVersion
) -> Part | None:
    """The card of a version that is still being decided, or that was simulated before it was."""
    found = await seen(request, session, actor, row)
    if found.newest is None and not found.may:
        return None
    return Part("admin/simulation_card.html", {"seen": found})
