"""A push to 100,000 enterprises with its worker killed in the middle, and what other requests notice of it.

A real service, started by its command, with its own database; the policy is published by two people through the pages'
own services. Counted from the publication's commit until the push is done, the kill and the next start included.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.actor import Actor
from auth.roles import Role
from auth.tables import User
from bench import workload
from eligibility import Facts, parse
from marketplace.db import create_engine, open_session, transaction
from marketplace.embedded_postgres import EmbeddedPostgres
from marketplace.profiles.current import fingerprint
from marketplace.profiles.population import StoredPopulation
from marketplace.settings import PACK_DATE
from policies import queries, service
from policies.schemas import PolicyDraft
from tests.factories.people import person
from tests.factories.publishing import made_ready

TITLE = "A push"
ENTERPRISES = int(os.environ.get("BENCH_PUSHED", "100000"))
POLICY = "SD-RENT-2020-4"
RULE = "employees_end <= 400 && (affected_by_epidemic || employees_end >= 0)"
CALM = 8.0
PATIENCE = 180.0


def measure() -> str:
    """A Markdown table of the push's time and of other requests' times, calm and meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        environment = {**os.environ, "MARKETPLACE_HOME": folder, "PORT": str(port), "MARKETPLACE_DEMO": "no"}
        with EmbeddedPostgres(Path(folder)) as postgres:
            environment["DATABASE_URL"] = postgres.url.replace("+asyncpg", "", 1)
            server = subprocess.Popen(
                [sys.executable, "-m", "marketplace", "serve"], env=environment, stderr=subprocess.DEVNULL
            )
            try:
                return asyncio.run(push(f"http://127.0.0.1:{port}", postgres.url, server.pid))
            finally:
                server.send_signal(signal.SIGINT)
                server.wait(30)


async def push(base: str, url: str, server: int) -> str:
    await until_ready(base)
    engine = create_engine(url, pooled=False)
    await until_working(engine)
    await fill(engine)
    counted = await counting(engine)
    calm = await asks(base, CALM)
    async with asking(base) as meanwhile:
        version, before = await publish(engine)
        killed = await kill_in_the_middle(engine, version, server)
        ended = await until_done(engine, version)
        seconds = ended - before
    async with engine.connect() as connection:
        told = int(
            (
                await connection.execute(text("SELECT count(*) FROM inbox_items WHERE kind = 'policy'"))
            ).scalar_one()
        )
        twice = text("SELECT count(*) - count(DISTINCT (push_id, enterprise_id)) FROM inbox_items")
        doubled = int((await connection.execute(twice)).scalar_one())
    await engine.dispose()
    lines = [
        f"| {ENTERPRISES:,} enterprises, one worker, killed once after {killed:,} | |",
        "|---|---:|",
        f"| from the publication until the last is told | {seconds:.1f} s |",
        f"| told | {told:,} |",
        f"| told twice | {doubled} |",
        f"| the same rule counted over all of them | {counted * 1000:,.0f} ms |",
        f"| other requests, calm: p50 / p99 | {times(calm)} |",
        f"| other requests, meanwhile: p50 / p99 | {times(meanwhile)} |",
    ]
    about = (
        "Other requests are searches of the library, one after the other; all share the cores of one machine."
    )
    return "\n".join([f"## {TITLE}", "", about, "", *lines])


def times(seconds: list[float]) -> str:
    """p50 and p99 in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return f"{cuts[49] * 1000:.1f} / {cuts[98] * 1000:.1f} ms"


async def until_ready(base: str) -> None:
    """Wait until the service answers."""
    until = time.monotonic() + PATIENCE
    async with httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"{base}/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < until, "the service did not answer"
            await asyncio.sleep(0.5)


async def until_working(engine: AsyncEngine) -> None:
    """Wait until the worker waits for jobs: the first of a new installation compiles the engine's loops."""
    until = time.monotonic() + PATIENCE
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        while not await connection.scalar(text("SELECT count(*) FROM jobs.pgqueuer_schedules")):
            assert time.monotonic() < until, "the worker does not work"
            await asyncio.sleep(0.2)


async def fill(engine: AsyncEngine) -> None:
    """Enterprises of the benches' workload, and the three people there must be."""
    owner = Actor(UUID(int=1), "bench", "bench", Role.OWNER)
    async with transaction(engine) as session:
        now = datetime.now(UTC)
        for role, number in ((Role.OWNER, 1), (Role.POLICY_ADMIN, 2), (Role.POLICY_ADMIN, 3)):
            session.add(
                User(
                    id=UUID(int=number),
                    username=f"bench-{number}",
                    display_name="bench",
                    role=role.value,
                    password_hash="-",
                    created_at=now,
                )
            )
    pool = [Facts(facts).to_json() for facts in workload.enterprises(2_000)]
    async with transaction(engine) as session:
        await session.execute(
            text(
                "CREATE TEMP TABLE pool AS SELECT n - 1 AS n, d.facts FROM jsonb_array_elements(CAST(:pool AS jsonb))"
                " WITH ORDINALITY AS d(facts, n)"
            ).bindparams(pool=json.dumps(pool))
        )
        await session.execute(
            text(
                "INSERT INTO enterprises (id, uscc, name, entity_type, owner_name, owner_id_masked, owner_id_hmac,"
                " created_by, created_at) SELECT gen_random_uuid(), lpad(n::text, 18, '0'), 'bench', 'company', 'b',"
                " '370102********1234', '-', :user, now() FROM generate_series(1, :count) AS n"
            ),
            {"user": owner.user_id, "count": ENTERPRISES},
        )
        await session.execute(
            text(
                "INSERT INTO enterprise_current_facts (enterprise_id, facts, vocabulary) SELECT e.id, p.facts, :v"
                " FROM (SELECT id, row_number() OVER () % :pool AS n FROM enterprises) e JOIN pool p USING (n)"
            ),
            {"v": fingerprint(), "pool": len(pool)},
        )
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE enterprise_current_facts"))


async def counting(engine: AsyncEngine) -> float:
    """Seconds for one count of the population."""
    async with open_session(engine) as session:
        began = time.perf_counter()
        counts = await StoredPopulation(session, PACK_DATE).count(parse(RULE))
        assert counts.matching + counts.undetermined + counts.not_matching == ENTERPRISES
        return time.perf_counter() - began


async def publish(engine: AsyncEngine) -> tuple[UUID, float]:
    """The next version of the policy, by two people; the moment its transaction committed."""
    now = datetime.now(UTC)
    async with transaction(engine) as session:
        writer, second = [await person(session, now, Role.POLICY_ADMIN) for _ in range(2)]
        base = await queries.current(session, POLICY)
        assert base is not None
        fields = {name: getattr(base, name) for name in PolicyDraft.model_fields}
        draft = PolicyDraft(**{**fields, "rule": RULE})
        row = await service.save_draft(
            session, writer, POLICY, draft, seen_sha256=base.content_sha256, now=now
        )
        await made_ready(session, writer, row, now)
        await service.submit(session, writer, POLICY, row.version, seen_sha256=row.content_sha256, now=now)
    async with transaction(engine) as session:
        row = await service.publish(
            session, second, POLICY, row.version, seen_sha256=row.content_sha256, now=now
        )
    return row.id, time.perf_counter()


async def looked(engine: AsyncEngine, version: UUID) -> tuple[int, str]:
    """How far the push got."""
    async with engine.connect() as connection:
        row = (
            await connection.execute(text("SELECT looked, state FROM pushes WHERE id = :id"), {"id": version})
        ).one_or_none()
    return (0, "waiting") if row is None else (row.looked, row.state)


async def kill_in_the_middle(engine: AsyncEngine, version: UUID, server: int) -> int:
    """SIGKILL the worker as soon as it is past the half."""
    while True:
        count, state = await looked(engine, version)
        assert state != "done", "the push was over before it could be killed"
        if count >= ENTERPRISES // 2:
            os.kill(worker_of(server), signal.SIGKILL)
            return count
        await asyncio.sleep(0.01)


def worker_of(server: int) -> int:
    """The worker: the child of the nursery, which is a child of the service."""
    nursery = next(child for child, line in children(server) if b"work" in line)
    return next(child for child, _ in children(nursery))


def children(parent: int) -> Iterator[tuple[int, list[bytes]]]:
    """Process ids and command lines."""
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().split(b"\0")
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(entry.name), line
        except (OSError, NotADirectoryError, IndexError):
            continue


async def until_done(engine: AsyncEngine, version: UUID) -> float:
    until = time.monotonic() + PATIENCE
    while (await looked(engine, version))[1] != "done":
        assert time.monotonic() < until, "the push did not end"
        await asyncio.sleep(0.01)
    return time.perf_counter()


async def asks(base: str, seconds: float) -> list[float]:
    """Times of requests, one after the other, for so long."""
    async with asking(base) as found:
        await asyncio.sleep(seconds)
    return found


@asynccontextmanager
async def asking(base: str) -> AsyncIterator[list[float]]:
    """Times of requests for as long as the block lasts; every one must be answered."""
    found: list[float] = []
    stop = asyncio.Event()

    async def ask() -> None:
        async with httpx.AsyncClient(base_url=base, timeout=30) as client:
            while not stop.is_set():
                began = time.perf_counter()
                assert (await client.get("/policies?q=税")).status_code == 200
                found.append(time.perf_counter() - began)

    task = asyncio.create_task(ask())
    try:
        yield found
    finally:
        stop.set()
        await task


if __name__ == "__main__":
    print(measure())
