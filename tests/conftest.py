"""Real parts for every test: an embedded PostgreSQL of the test run, and a fresh database per test in about
0.1 s.

One server a run, started by the first test that needs it (under pytest-xdist by the controlling process); one
template database migrated once, a second one seeded once, cloned for each test. DATABASE_URL uses that server
instead. A test marked `seeded` gets a clone that carries the shipped rows and the demo accounts.
"""

import asyncio
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from marketplace.db import create_engine, open_session
from marketplace.embedded_postgres import FOR_TESTS, EmbeddedPostgres
from marketplace.migrating import upgrade
from marketplace.settings import Settings

SERVER = "MARKETPLACE_TEST_SERVER"
FOLDER = "MARKETPLACE_TEST_FOLDER"


class RunServer:
    """The run's PostgreSQL and its folder; workers find both in the environment they inherit."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.embedded: EmbeddedPostgres | None = None

    def start(self) -> None:
        """Start the server unless this run already has one."""
        if SERVER in os.environ:
            return
        self.folder = Path(tempfile.mkdtemp(prefix="marketplace-tests-"))
        self.folder.chmod(0o755)
        os.environ[FOLDER] = str(self.folder)
        if url := Settings.from_env().database_url:
            os.environ[SERVER] = url
            return
        self.embedded = EmbeddedPostgres(self.folder, tuning=FOR_TESTS)
        self.embedded.start()
        os.environ[SERVER] = self.embedded.url

    def stop(self) -> None:
        """Stop and remove what this process started, and nothing else."""
        if self.embedded is not None:
            self.embedded.stop()
        if self.folder is not None:
            data = self.folder / "pgdata"
            if data.is_symlink():
                shutil.rmtree(data.readlink().parent)
            shutil.rmtree(self.folder)
            del os.environ[SERVER], os.environ[FOLDER]


RUN = RunServer()


def pytest_configure(config: pytest.Config) -> None:
    """Under xdist the controller starts the server, so that it outlives each worker."""
    if not hasattr(config, "workerinput") and getattr(config.option, "numprocesses", None):
        RUN.start()


def pytest_unconfigure() -> None:
    """End the run's server."""
    RUN.stop()


def in_database(url: str, name: str) -> str:
    """The same server's address with another database's name."""
    return f"{url.rpartition('/')[0]}/{name}"


def _plain(url: str) -> str:
    return url.replace("+asyncpg", "", 1)


def _template(server: str, name: str, source: str, fill: Callable[[str], None]) -> str:
    """Make the template database `name` from `source` once a run, however many workers ask at once."""

    async def make() -> None:
        connection = await asyncpg.connect(_plain(server))
        try:
            await connection.execute("SELECT pg_advisory_lock(hashtext($1))", name)
            if await connection.fetchval("SELECT datistemplate FROM pg_database WHERE datname = $1", name):
                return
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
            await asyncio.to_thread(fill, in_database(server, name))
            await connection.execute(f'ALTER DATABASE "{name}" IS_TEMPLATE true')
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, make()).result()
    return name


@pytest.fixture(scope="session")
def server_url() -> str:
    """The run's server, as the address of a database that is only connected to, never changed."""
    RUN.start()
    return os.environ[SERVER]


@pytest.fixture(scope="session")
def run_folder(server_url: str) -> Path:
    """A folder shared by all workers of this run."""
    return Path(os.environ[FOLDER])


@pytest.fixture(scope="session")
def migrated(server_url: str, run_folder: Path) -> str:
    """Name of the template database with every table and no rows."""
    return _template(server_url, f"{run_folder.name}-migrated", "template0", upgrade)


@pytest.fixture(scope="session")
def seeded_home(server_url: str, run_folder: Path, migrated: str) -> Path:
    """The state folder of the seeded template: its demo credentials and keys. Its database is `seeded`."""
    from marketplace.seeding.run import seed  # noqa: PLC0415 (tests without seeds need none of it)

    home = run_folder / "seeded"

    def fill(url: str) -> None:
        seed(Settings(home=home, database_url=url))

    _template(server_url, f"{run_folder.name}-seeded", migrated, fill)
    return home


@pytest.fixture
async def database_url(
    request: pytest.FixtureRequest, server_url: str, run_folder: Path
) -> AsyncIterator[str]:
    """A database of this test's own, gone afterwards; with the shipped rows when the test is marked `seeded`."""
    seeded = request.node.get_closest_marker("seeded") is not None
    request.getfixturevalue("seeded_home" if seeded else "migrated")
    template = f"{run_folder.name}-{'seeded' if seeded else 'migrated'}"
    name = f"{run_folder.name}-{secrets.token_hex(6)}"
    connection = await asyncpg.connect(_plain(server_url))
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        yield in_database(server_url, name)
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()


@pytest.fixture
def settings(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Settings:
    """Settings with a state folder of the test's own; a `seeded` test finds the demo credentials in it."""
    home = tmp_path / "home"
    if request.node.get_closest_marker("seeded") is not None:
        shutil.copytree(request.getfixturevalue("seeded_home"), home)
    return Settings(home=home, database_url=database_url)


@pytest.fixture
def demo_accounts(settings: Settings) -> list[dict[str, str]]:
    """The demo accounts of a `seeded` test: role, username, password."""
    accounts: list[dict[str, str]] = json.loads(settings.demo_credentials.read_text())["accounts"]
    return accounts


@pytest.fixture
def now() -> datetime:
    """The time of the test: the application's clock and the test's services agree on it."""
    return datetime.now(UTC)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on the test's database; a connection a use."""
    engine = create_engine(database_url, pooled=False)
    yield engine
    await engine.dispose()


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session on the test's database; commit what the application under test shall see."""
    async with open_session(engine) as session:
        yield session


@pytest.fixture
def app(settings: Settings, now: datetime) -> Litestar:
    """The real application on the test's database and clock."""
    from marketplace.app import create_app  # noqa: PLC0415 (tests without the application start sooner)

    return create_app(settings, clock=lambda: now)


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """A client of the running application; follows no redirect by itself."""
    async with AsyncTestClient(app=app, base_url="http://127.0.0.1:8000") as client:
        client.follow_redirects = False
        yield client
