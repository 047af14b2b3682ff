"""A worker killed in the middle of a push, again and again: each enterprise is told exactly once.

Real worker processes, killed by SIGKILL as soon as the push has got a little further; 3,000 enterprises in `make test`,
100,000 and fifty kills at night.
"""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from eligibility import Facts
from marketplace.settings import Settings
from tests.factories.examples import NIGHTLY
from tests.factories.publishing import published, seeded
from tests.factories.stored import store

ROOT = Path(__file__).resolve().parents[2]
ENTERPRISES, KILLS, BATCH = (100_000, 50, 1_000) if NIGHTLY else (3_000, 5, 200)
PATIENCE = 120.0
LOOKED = text("SELECT looked, state FROM pushes WHERE id = :id")
TOLD = text(
    "SELECT count(*), count(DISTINCT enterprise_id), bool_and(facts->>'employees_end' IN ('6', '10')) FROM inbox_items"
)
WORKER = (
    "from marketplace.notifications import pushes; pushes.BATCH = {batch};"
    " from marketplace.cli import main; main(['work'])"
)


def nursery_on(settings: Settings) -> "subprocess.Popen[bytes]":
    """A nursery on the test's database, its workers in small batches so that a kill falls between and into them."""
    assert settings.database_url is not None
    environment = {
        **os.environ,
        "MARKETPLACE_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url.replace("+asyncpg", "", 1),
    }
    return subprocess.Popen(
        [sys.executable, "-c", WORKER.format(batch=BATCH)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


def child_of(parent: int) -> int:
    """The nursery's worker."""
    for entry in Path("/proc").iterdir():
        try:
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                return int(entry.name)
        except (OSError, NotADirectoryError, IndexError):
            continue
    raise AssertionError("there is no worker")


async def until_further(engine: AsyncEngine, push_id: UUID, than: int) -> tuple[int, str]:
    """Wait until a push got further, or is done."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with engine.connect() as connection:
                row = (await connection.execute(LOOKED, {"id": push_id})).one_or_none()
            if row is not None and (row.looked > than or row.state == "done"):
                return row.looked, row.state
            await asyncio.sleep(0.005)


async def test_tells_each_enterprise_exactly_once(
    session: AsyncSession, engine: AsyncEngine, settings: Settings, now: datetime
) -> None:
    await seeded(session, now)
    sizes = (3, 6, 10, 11)
    for _ in range(ENTERPRISES // 1000):
        await store(session, [Facts({"employees_end": sizes[n % 4]}) for n in range(1000)])
    await session.execute(text("ANALYZE enterprise_current_facts"))
    version = await published(session, now)
    looked = 0
    nursery = nursery_on(settings)
    try:
        for _ in range(KILLS):
            looked, state = await until_further(engine, version.id, looked)
            assert state == "running"
            os.kill(child_of(nursery.pid), signal.SIGKILL)
        looked, state = await until_further(engine, version.id, ENTERPRISES)
    finally:
        nursery.terminate()
        nursery.wait()
    assert state == "done"
    async with engine.connect() as connection:
        rows, enterprises, right = (await connection.execute(TOLD)).one()
    assert (rows, enterprises, right) == (ENTERPRISES // 2, ENTERPRISES // 2, True)
    assert looked == ENTERPRISES
