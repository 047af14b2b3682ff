"""Simulations of a version against the one in force: asked for, kept by content, and what they ask of its writers.

Counting is done elsewhere (marketplace/simulating), because the enterprises are not known in this room. A simulation
holds for exactly the two contents it compared; whoever changes either needs another one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from eligibility import Vocabulary, parse
from eligibility.benefit import Benefit
from eligibility.simulate import Change, Text
from policies import queries, versions
from policies.errors import (
    PoliciesError,
    SimulationMissing,
    SimulationOver,
    SimulationUnexplained,
    WrongState,
)
from policies.lifecycle import Action, Status
from policies.schemas import SimulationReasonGiven
from policies.simulation_tables import Simulation, SimulationReason
from policies.tables import PolicyVersion

CAN_BE = frozenset({Status.DRAFT.value, Status.SUBMITTED.value})
"""States of a version that can be simulated and explained."""
MOST_DAYS = 4
"""Days a change is counted on: today, and the first day of each later span in which other texts hold."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted: everybody looked at, the worst losses of all days, and the document that tells it."""

    population: int
    held: int
    lost: int
    result: Mapping[str, Any]


def starts(row: PolicyVersion) -> date:
    """The first day a version counts: issued, and in effect."""
    return max(row.issued_on, row.effective_from)


def holds(row: PolicyVersion | None, day: date) -> bool:
    """Whether a version counts on a day, both ends included."""
    return row is not None and starts(row) <= day and (row.effective_to is None or day <= row.effective_to)


def days(before: PolicyVersion | None, after: PolicyVersion, today: date) -> list[date]:
    """Today, and each later day on which one of the texts begins or has ended; at least one on which any of them holds,
    where there is such a day.
    """
    turns = {today}
    for row in (before, after):
        if row is not None:
            turns.add(starts(row))
            if row.effective_to is not None and row.effective_to < date.max:
                turns.add(row.effective_to + timedelta(days=1))
    coming = sorted(day for day in turns if day >= today)
    held = [day for day in coming if holds(before, day) or holds(after, day)]
    return held[:MOST_DAYS] or [today]


def text_of(row: PolicyVersion) -> Text:
    """A version's rule and amount. Raises RuleError where it no longer parses."""
    words = Vocabulary.shipped()
    return Text(parse(row.rule, words), Benefit.from_json(row.benefit, words).amount)


def changes(before: PolicyVersion | None, after: PolicyVersion, today: date) -> list[Change]:
    """What is to be counted, day by day. Raises RuleError."""
    old, new = None if before is None else text_of(before), text_of(after)
    return [
        Change(day, old if holds(before, day) else None, new if holds(after, day) else None)
        for day in days(before, after, today)
    ]


async def base_of(session: AsyncSession, row: PolicyVersion) -> PolicyVersion | None:
    """What a version is compared with: the one in force; None where it is that itself, or there is none."""
    found = await queries.current(session, row.policy_id)
    return None if found is None or found.id == row.id else found


async def begin(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: int,
    *,
    day: date,
    limit: Decimal,
    now: datetime,
) -> Simulation:
    """A simulation of a version as it is now, waiting to be counted; the one under way where there is one.

    `limit`: the share of losses, in percent, above which a reason is needed. Raises PolicyNotFound, WrongState.
    """
    row = await versions.find(session, policy_id, number)
    if row.status not in CAN_BE:
        raise WrongState(status=row.status, action="simulate")
    base = await base_of(session, row)
    newest = await of(session, row, base)
    if newest is not None and newest.state in ("waiting", "running"):
        return newest
    made = Simulation(
        id=uuid4(),
        policy_id=policy_id,
        version=number,
        content_sha256=row.content_sha256,
        base_sha256=None if base is None else base.content_sha256,
        base_version=None if base is None else base.version,
        day=day,
        state="waiting",
        limit_percent=limit,
        asked_by=actor.user_id,
        asked_at=now,
    )
    session.add(made)
    await session.flush()
    await versions.record(session, actor, "simulate", row, now, simulation=str(made.id))
    return made


async def of(
    session: AsyncSession, row: PolicyVersion, base: PolicyVersion | None, state: str | None = None
) -> Simulation | None:
    """The newest simulation of exactly these two contents, or the newest in a state."""
    wanted = select(Simulation).where(
        col(Simulation.policy_id) == row.policy_id,
        col(Simulation.content_sha256) == row.content_sha256,
        col(Simulation.base_sha256).is_not_distinct_from(None if base is None else base.content_sha256),
    )
    if state is not None:
        wanted = wanted.where(col(Simulation.state) == state)
    order = (col(Simulation.asked_at).desc(), col(Simulation.id))
    found = await session.scalars(wanted.order_by(*order).limit(1))
    return found.one_or_none()


async def earlier(session: AsyncSession, row: PolicyVersion) -> Simulation | None:
    """The newest that was counted for this version with another content or against another one in force."""
    found = await session.scalars(
        select(Simulation)
        .where(
            col(Simulation.policy_id) == row.policy_id,
            col(Simulation.version) == row.version,
            col(Simulation.state) == "done",
        )
        .order_by(col(Simulation.asked_at).desc(), col(Simulation.id))
        .limit(1)
    )
    return found.one_or_none()


async def compared(session: AsyncSession, simulation_id: UUID) -> tuple[Simulation, list[Change]] | None:
    """A simulation that is to be counted, and what to count; None for one that is done, failed or out of date."""
    found = await session.get(Simulation, simulation_id, populate_existing=True)
    if found is None or found.state not in ("waiting", "running"):
        return None
    row = await queries.version(session, found.policy_id, found.version)
    base = None if row is None else await base_of(session, row)
    same = row is not None and row.content_sha256 == found.content_sha256
    if row is None or not same or found.base_sha256 != (None if base is None else base.content_sha256):
        await _change(session, simulation_id, {"state": "failed"})
        return None
    await _change(session, simulation_id, {"state": "running"})
    return found, changes(base, row, found.day)


async def got_as_far(session: AsyncSession, simulation_id: UUID, looked: int, population: int) -> None:
    """Note the progress."""
    await _change(session, simulation_id, {"looked": looked, "population": population})


async def close(
    session: AsyncSession, simulation_id: UUID, counted: Counted | None, now: datetime, milliseconds: int
) -> None:
    """Keep what was counted; None: it could not be."""
    ended: dict[str, Any] = {"ended_at": now, "milliseconds": milliseconds}
    if counted is None:
        return await _change(session, simulation_id, {**ended, "state": "failed"})
    found = {
        "looked": counted.population,
        "population": counted.population,
        "held": counted.held,
        "lost": counted.lost,
        "result": dict(counted.result),
    }
    await _change(session, simulation_id, {**ended, **found, "state": "done"})


async def _change(session: AsyncSession, simulation_id: UUID, values: Mapping[str, Any]) -> None:
    await session.execute(
        update(Simulation)
        .where(col(Simulation.id) == simulation_id, col(Simulation.state).in_(["waiting", "running"]))
        .values(**values)
    )


def is_over(found: Simulation) -> bool:
    """Whether it takes a right away from more than the set share of those who have it."""
    return found.lost * 100 > found.limit_percent * found.held


def share_of(found: Simulation) -> Decimal:
    """The share of losses in percent."""
    return Decimal(found.lost * 100) / found.held if found.held else Decimal(0)


async def reason_for(session: AsyncSession, found: Simulation) -> SimulationReason | None:
    """The newest reason given for losses as large as these, or larger, of the same two contents."""
    rows = await session.scalars(
        select(SimulationReason)
        .where(
            col(SimulationReason.policy_id) == found.policy_id,
            col(SimulationReason.content_sha256) == found.content_sha256,
            col(SimulationReason.base_sha256).is_not_distinct_from(found.base_sha256),
        )
        .order_by(col(SimulationReason.given_at).desc())
    )
    return next((one for one in rows if one.lost * found.held >= found.lost * one.held), None)


async def explain(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: int,
    given: SimulationReasonGiven,
    *,
    now: datetime,
) -> PolicyVersion:
    """Say why rights are taken away. Whoever does has worked on the version.

    Raises PolicyNotFound, WrongState, SimulationMissing, SimulationOver where another simulation has been made since.
    """
    row = await versions.find(session, policy_id, number)
    if row.status not in CAN_BE:
        raise WrongState(status=row.status, action="explain")
    found = await of(session, row, await base_of(session, row), "done")
    if found is None:
        raise SimulationMissing(field="simulation")
    if found.id != given.simulation_id:
        raise SimulationOver(field="reason")
    session.add(
        SimulationReason(
            id=uuid4(),
            policy_id=policy_id,
            simulation_id=found.id,
            content_sha256=found.content_sha256,
            base_sha256=found.base_sha256,
            held=found.held,
            lost=found.lost,
            reason=given.reason,
            given_by=actor.user_id,
            given_at=now,
        )
    )
    editors = sorted({*row.editors, str(actor.user_id)})
    changed = await versions.change(session, row, {"editors": editors})
    await versions.record(session, actor, "explain_losses", changed, now, simulation=str(found.id))
    return changed


async def gate(session: AsyncSession, row: PolicyVersion, action: Action) -> Sequence[PoliciesError]:
    """A version goes on only once somebody has seen what it does, and said why where it takes much away."""
    found = await of(session, row, await base_of(session, row), "done")
    if found is None:
        return [SimulationMissing(field="simulation")]
    if is_over(found) and await reason_for(session, found) is None:
        return [SimulationUnexplained(field="simulation", lost=found.lost, share=f"{share_of(found):.1f}")]
    return []
