"""The embedded PostgreSQL keeps what it was given through stops, kills and killed owners, and leaves nothing
running.

Real servers with the settings of production, durability included; each in a folder of its own.
"""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from marketplace.embedded_postgres import EmbeddedPostgres

ROOT = Path(__file__).resolve().parents[2]
OWNER = """
import sys, time
from pathlib import Path
from marketplace.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.url, flush=True)
time.sleep(600)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A state folder that any user may enter, removed with the data it links to."""
    folder = Path(tempfile.mkdtemp(prefix="marketplace-embedded-"))
    folder.chmod(0o755)
    yield folder
    data = folder / "pgdata"
    if data.is_symlink():
        shutil.rmtree(data.readlink().parent)
    shutil.rmtree(folder)


def ask(url: str, *queries: str) -> object:
    """The value of the last of the queries."""

    async def run() -> object:
        connection = await asyncpg.connect(url.replace("+asyncpg", "", 1), timeout=5)
        try:
            for query in queries[:-1]:
                await connection.execute(query)
            return await connection.fetchval(queries[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


def within(seconds: float, attempt: Callable[[], bool]) -> bool:
    """Whether the attempt succeeds within so many seconds; refused connections are failed attempts."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if attempt():
                return True
        except (OSError, asyncpg.PostgresError, TimeoutError):
            pass
        time.sleep(0.1)
    return False


def postmaster(home: Path) -> int:
    """The server's process id."""
    return int((home / "pgdata" / "postmaster.pid").read_text().splitlines()[0])


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def owner(home: Path) -> tuple[subprocess.Popen[str], str]:
    """Another process that owns the server of this folder, and the server's address."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


WRITE = ("CREATE TABLE kept (a int)", "INSERT INTO kept VALUES (7) RETURNING a")
READ = "SELECT a FROM kept"


class TestData:
    """What was stored stays."""

    def test_is_there_after_a_stop_and_a_start(self, home: Path) -> None:
        with EmbeddedPostgres(home) as server:
            assert ask(server.url, *WRITE) == 7
            pid = postmaster(home)
        assert gone(pid)
        with EmbeddedPostgres(home) as server:
            assert ask(server.url, READ) == 7

    def test_is_there_after_the_server_is_killed_and_the_server_comes_back_by_itself(
        self, home: Path
    ) -> None:
        with EmbeddedPostgres(home) as server:
            ask(server.url, *WRITE)
            killed = postmaster(home)
            os.kill(killed, signal.SIGKILL)
            assert within(10, lambda: ask(server.url, READ) == 7 and postmaster(home) != killed)

    def test_is_there_after_the_owner_is_killed_and_no_server_stays_behind(self, home: Path) -> None:
        process, url = owner(home)
        ask(url, *WRITE)
        pid = postmaster(home)
        process.kill()
        process.wait()
        assert within(10, lambda: gone(pid))
        with EmbeddedPostgres(home) as server:
            assert ask(server.url, READ) == 7

    def test_survives_a_pid_file_that_names_a_stranger(self, home: Path) -> None:
        with EmbeddedPostgres(home) as server:
            ask(server.url, *WRITE)
            left = (home / "pgdata" / "postmaster.pid").read_text().splitlines()
        stale = home / "pgdata" / "postmaster.pid"
        stale.write_text("\n".join([str(os.getpid()), *left[1:]]) + "\n")
        with EmbeddedPostgres(home) as server:
            assert ask(server.url, READ) == 7

    def test_is_made_anew_when_the_first_start_was_cut_short(self, home: Path) -> None:
        (home / "pgdata.new").mkdir()
        (home / "pgdata.new" / "PG_VERSION").write_text("18")
        with EmbeddedPostgres(home) as server:
            assert ask(server.url, "SELECT 1") == 1


class TestSharing:
    """One owner a folder; others use its server."""

    def test_a_second_command_uses_the_server_that_runs_and_leaves_it_running(self, home: Path) -> None:
        process, url = owner(home)
        try:
            with EmbeddedPostgres(home) as borrowed:
                assert borrowed.url == url
                assert ask(borrowed.url, "SELECT 1") == 1
            assert ask(url, "SELECT 1") == 1
        finally:
            pid = postmaster(home)
            process.terminate()
            process.wait()
            assert within(10, lambda: gone(pid))


class TestSafety:
    """A password, no network, no root."""

    def test_asks_for_the_password(self, home: Path) -> None:
        with EmbeddedPostgres(home) as server:
            wrong = server.url.replace(server.url.split(":")[2].split("@")[0], "guess")
            with pytest.raises(asyncpg.InvalidPasswordError):
                ask(wrong, "SELECT 1")
            kept = home / "keys" / "postgres-password"
            assert stat.S_IMODE(kept.stat().st_mode) == 0o600
            assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
            assert ask(server.url, "SHOW listen_addresses") == "127.0.0.1"

    def test_sorts_and_compares_the_same_on_every_machine(self, home: Path) -> None:
        with EmbeddedPostgres(home) as server:
            provider = "SELECT datlocprovider::text || ':' || datlocale FROM pg_database WHERE datname = 'marketplace'"
            assert ask(server.url, provider) == "b:C.UTF-8"
            assert str(ask(server.url, "SHOW server_version")).startswith("18")

    def test_never_runs_as_root_even_in_a_folder_only_root_may_enter(self, home: Path) -> None:
        home.chmod(0o700)
        with EmbeddedPostgres(home) as server:
            assert ask(server.url, "SELECT 1") == 1
            user = Path(f"/proc/{postmaster(home)}").stat().st_uid
            assert user != 0
            assert (user == os.geteuid()) != (home / "pgdata").is_symlink()
            assert stat.S_IMODE(home.stat().st_mode) == 0o700
