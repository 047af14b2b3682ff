"""A simulation from the button to the figures: a row that waits, a job that counts, the document that is kept.

The job commits how far it is as it goes. One that comes twice finds the row done; one that is lost is made again.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from auth.actor import Actor
from eligibility.simulate import Change, Tally
from marketplace.db import transaction
from marketplace.jobs import queue
from marketplace.simulating.counting import counted_by
from marketplace.simulating.told import document, worst
from policies import simulations
from policies.simulation_tables import Simulation
from policies.simulations import Counted

LOG = logging.getLogger(__name__)
STRANDED = text(
    "SELECT id FROM simulations WHERE state IN ('waiting', 'running') AND NOT EXISTS (SELECT FROM jobs.pgqueuer j"
    " WHERE j.entrypoint = 'simulate' AND j.status IN ('queued', 'picked')"
    " AND j.payload = convert_to(simulations.id::text, 'UTF8'))"
)


async def ask(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: int,
    *,
    day: date,
    limit: Decimal,
    now: datetime,
) -> Simulation:
    """Have a version simulated as it is now. Raises PolicyNotFound, WrongState."""
    found = await simulations.begin(session, actor, policy_id, number, day=day, limit=limit, now=now)
    await queue.enqueue(session, queue.SIMULATE, found.id)
    return found


async def work(engine: AsyncEngine, simulation_id: UUID, now: Callable[[], datetime]) -> None:
    """Count a simulation that waits, and keep what it found. Whatever goes wrong is seen on its page, and raised."""
    began = time.monotonic()
    found: Counted | None = None
    try:
        async with transaction(engine) as session:
            asked = await simulations.compared(session, simulation_id)
        if asked is None:
            return

        async def told(looked: int, population: int) -> None:
            async with transaction(engine) as session:
                await simulations.got_as_far(session, simulation_id, looked, population)

        _, changes = asked
        found = found_in(changes, await counted_by(engine, changes, told))
    finally:
        took = round((time.monotonic() - began) * 1000)
        async with transaction(engine) as session:
            await simulations.close(session, simulation_id, found, now(), took)
    LOG.info("simulation %s: %s enterprises in %s ms", simulation_id, found.population, took)


def found_in(changes: Sequence[Change], tallies: Sequence[Tally]) -> Counted:
    """What is kept of the tallies of each day."""
    held, lost = worst(tallies)
    return Counted(tallies[0].rows, held, lost, document(changes, tallies))


async def wake_stranded(session: AsyncSession) -> None:
    """A job again for each simulation that is not counted and has none, because the one it had was lost."""
    for simulation_id in await session.scalars(STRANDED):
        await queue.enqueue(session, queue.SIMULATE, simulation_id)
