"""The database dies under the service: requests get a quick 503 and nothing false, and service resumes by
itself.

A server of this test's own, since it is killed.
"""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar import Litestar, get
from litestar.testing import AsyncTestClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from marketplace.app import create_app
from marketplace.embedded_postgres import EmbeddedPostgres
from marketplace.migrating import upgrade
from marketplace.settings import Settings


@get("/api/v1/try/read", **PUBLIC)
async def read(session: AsyncSession) -> dict[str, int]:
    return {"one": int((await session.execute(text("SELECT 1"))).scalar_one())}


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A migrated server that may be killed."""
    folder = Path(tempfile.mkdtemp(prefix="marketplace-outage-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder) as running:
        upgrade(running.url)
        yield running
    if (folder / "pgdata").is_symlink():
        shutil.rmtree((folder / "pgdata").readlink().parent)
    shutil.rmtree(folder)


async def test_a_killed_database_is_a_quick_503_and_service_resumes_within_ten_seconds(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    app = create_app(
        Settings(home=tmp_path / "home", database_url=server.url), clock=lambda: datetime.now(UTC)
    )
    app.register(read)
    async with AsyncTestClient[Litestar](app=app) as client:
        assert (await client.get("/api/v1/try/read")).status_code == 200
        os.kill(int((server.home / "pgdata" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
        began = time.monotonic()
        while (answer := await client.get("/api/v1/try/read")).status_code != 200:
            assert answer.status_code == 503
            assert answer.json()["code"] == "http.unavailable"
            assert answer.headers["retry-after"] == "5"
            assert time.monotonic() - began < 10
            await asyncio.sleep(0.1)
        assert (await client.get("/health/ready")).status_code == 200
