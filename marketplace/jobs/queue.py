"""The queue of jobs (pgqueuer, in a schema of its own): put there inside the transaction that makes the work.

Jobs carry at most an id. Whoever takes one holds it by the database's clock; when he dies, another has it soon after.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

SETTINGS = DBSettings(db_schema="jobs")
"""Where pgqueuer's tables are: out of the way of ours. Changed by migrations only."""

PUSH, FACTS, MAIL, WEBHOOKS, EFFECT = "push", "facts", "mail", "webhooks", "effect"
SIMULATE = "simulate"
JOBS = (PUSH, FACTS, MAIL, WEBHOOKS, EFFECT, SIMULATE)
SETTLED = timedelta(seconds=5)
"""After a change of facts so long nothing is told: who fills in three groups is told once."""

_ENQUEUE = QueryQueueBuilder(SETTINGS).build_enqueue_query("raise")


async def enqueue(
    session: AsyncSession, job: str, subject: object = None, *, after: timedelta = timedelta()
) -> None:
    """A job that is there when the session's transaction commits, and to be taken `after` that."""
    payload = None if subject is None else str(subject).encode()
    connection = await session.connection()
    await connection.exec_driver_sql(_ENQUEUE, ([0], [job], [payload], [after], [None], [json.dumps({})]))


def queries_of(driver: AsyncpgPoolDriver) -> Queries:
    """pgqueuer's own statements on our schema."""
    return Queries(
        driver,
        qbe=QueryBuilderEnvironment(SETTINGS),
        qbq=QueryQueueBuilder(SETTINGS),
        qbs=QuerySchedulerBuilder(SETTINGS),
    )


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits. jobs: by name, with those under way. oldest: seconds the longest has waited past its time."""

    jobs: Mapping[str, int]
    oldest: float


DEPTH = text(
    "SELECT entrypoint, count(*), coalesce(max(extract(epoch FROM now() - execute_after))"
    " FILTER (WHERE status = 'queued'), 0) FROM jobs.pgqueuer GROUP BY entrypoint"
)


async def depth(engine: AsyncEngine) -> Depth:
    """What waits now, by the database's clock."""
    async with engine.connect() as connection:
        rows: list[Any] = list((await connection.execute(DEPTH)).all())
    return Depth(
        dict.fromkeys(JOBS, 0) | {row[0]: row[1] for row in rows},
        max([0.0, *(float(r[2]) for r in rows)]),
    )
