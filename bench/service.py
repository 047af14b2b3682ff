"""`POST /api/v1/eligibility/match` over 10,000 policies against an empty JSON handler on the same server.

A real server process on a real database; the generator is another process on the same two cores, closed loop over kept
connections, the two routes asked in turn so that both meet the same machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import workload
from eligibility.facts import plain
from marketplace.db import create_engine, transaction
from marketplace.embedded_postgres import FOR_TESTS, EmbeddedPostgres
from marketplace.migrating import upgrade
from marketplace.shipped import shipped_policies
from policies import content
from policies.tables import Policy, PolicyVersion

TITLE = "The service"
POLICIES = int(os.environ.get("BENCH_SERVED", "10000"))
PORT = 18_377
CLIENTS, ROUNDS, SECONDS = 8, 5, 4.0


def measure() -> str:
    """A Markdown table: requests a second of both routes, round by round, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        postgres = EmbeddedPostgres(home, tuning=FOR_TESTS)
        postgres.start()
        try:
            asyncio.run(asyncio.to_thread(upgrade, postgres.url))
            asyncio.run(fill(postgres.url))
            environment = {**os.environ, "MARKETPLACE_HOME": folder, "PORT": str(PORT)}
            environment["DATABASE_URL"] = postgres.url.replace("+asyncpg", "")
            server = subprocess.Popen(
                [
                    sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop", "--factory",
                    "--port", str(PORT), "--log-level", "warning", "bench.served:served",
                ],
                env=environment,
            )  # fmt: skip
            try:
                rates = asyncio.run(ask())
            finally:
                server.terminate()
                server.wait(20)
        finally:
            postgres.stop()
    names = ("empty handler", "match of 25 facts, `detail: ids`", "the same, 15% unknown")
    ratios = [[found / empty for empty, found in zip(rates[0], rate, strict=True)] for rate in rates]
    head = f"| {POLICIES:,} policies in force | requests/s, median of {ROUNDS} | against the empty handler |"
    lines = [head, "|---|---:|---:|"]
    for name, rate, ratio in zip(names, rates, ratios, strict=True):
        lines.append(f"| {name} | {statistics.median(rate):,.0f} | {statistics.median(ratio):.2f} x |")
    about = f"{CLIENTS} connections, {SECONDS:.0f} s a round, one worker; facts parsed and checked, answers as JSON."
    return "\n".join([f"## {TITLE}", "", about, "", *lines])


async def fill(url: str) -> None:
    """Synthetic policies, published."""
    now = datetime.now(UTC)
    fields = content.from_pack(shipped_policies()[0])
    fields.update(effective_to=None, exclusions=[])
    engine = create_engine(url, pooled=False)
    async with transaction(engine) as session:
        for number, rule in enumerate(workload.rules(POLICIES).values()):
            name = f"BENCH-{number:06d}"
            stamp: dict[str, Any] = {
                "created_at": now,
                "changed_at": now,
                "decided_at": now,
                "published_at": now,
            }
            session.add(Policy(id=name, created_at=now))
            text: dict[str, Any] = {**fields, "rule": rule.text}
            row = PolicyVersion(
                **text,
                policy_id=name,
                version=1,
                status="published",
                content_sha256=content.sha256_of(text),
                **stamp,
            )
            session.add(row)
    await engine.dispose()


def bodies(unknown: float) -> list[bytes]:
    return [
        json.dumps({"facts": {n: plain(v) for n, v in facts.items()}, "detail": "ids"}).encode()  # type: ignore[arg-type]
        for facts in workload.enterprises(200, unknown=unknown)
    ]


async def ask() -> list[list[float]]:
    """Requests a second for each route in each round."""
    match = "/api/v1/eligibility/match"
    routes = (("/api/v1/bench/empty", [b"{}"]), (match, bodies(0.0)), (match, bodies(0.15)))
    until = time.monotonic() + 180
    while True:
        try:
            await rate(match, bodies(0.0)[:1], 1, 0.5)
            break
        except (OSError, asyncio.IncompleteReadError, AssertionError):
            assert time.monotonic() < until, "the service did not answer within three minutes"
            await asyncio.sleep(1)
    found: list[list[float]] = [[] for _ in routes]
    for _ in range(ROUNDS):
        for rates, (path, sent) in zip(found, routes, strict=True):
            rates.append(await rate(path, sent, CLIENTS, SECONDS))
    return found


async def rate(path: str, sent: Sequence[bytes], clients: int, seconds: float) -> float:
    """Answered requests a second over `clients` connections. Raises AssertionError on any other status than 200."""
    requests = [
        b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        % (path.encode(), len(body), body)
        for body in sent
    ]
    end = time.monotonic() + seconds

    async def client(number: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        done = 0
        while time.monotonic() < end:
            writer.write(requests[(number + done * clients) % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = next(
                int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
            )
            await reader.readexactly(length)
            done += 1
        writer.close()
        return done

    start = time.monotonic()
    counts = await asyncio.gather(*(client(n) for n in range(clients)))
    return sum(counts) / (time.monotonic() - start)
