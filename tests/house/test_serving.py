"""`marketplace serve` as a newcomer meets it: one command makes everything, one interrupt stops everything.

The real command in a process group of its own, with its embedded database in an empty state folder.
"""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.commands.serve import port_taken

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120


class Service:
    """The command running in its own process group."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.home = home
        self.output = home.with_name("serve.log")
        env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        with self.output.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "marketplace", "serve"],
                cwd=ROOT,
                env={**env, "MARKETPLACE_HOME": str(home), "PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; 0 when nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=3) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()
        except OSError:
            return 0, b""

    def ready(self) -> bool:
        """Wait until it serves; False when it ends or takes too long."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            if self.get("/health/ready")[0] == 200:
                return True
            time.sleep(0.2)
        return False

    def members(self) -> list[int]:
        """Every process of ours: the group, and the database, which has a group of its own."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (OSError, NotADirectoryError):
                continue
            ours = fields[2] == str(self.process.pid) or f"\0{self.data()}\0" in line
            if ours and fields[0] != "Z":
                found.append(int(entry.name))
        return found

    def data(self) -> Path:
        """Where the database's data really lies."""
        return (self.home / "pgdata").resolve()

    def all_gone(self, seconds: float) -> bool:
        """Whether every process of ours has ended within so many seconds."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.process.poll()
            if not self.members():
                return True
            time.sleep(0.1)
        return False

    def resident_kilobytes(self) -> int:
        """Memory of all our processes: a page that several share counts once (PSS)."""
        database = int((self.data() / "postmaster.pid").read_text().splitlines()[0])
        backends = [
            int(pid) for pid in Path(f"/proc/{database}/task/{database}/children").read_text().split()
        ]
        return sum(_resident(pid) for pid in {*self.members(), *backends})


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One state folder for the tests of this file, which follow each other as a service's days do."""
    folder = tmp_path_factory.mktemp("serving") / "home"
    yield folder
    data = folder / "pgdata"
    if data.is_symlink():
        shutil.rmtree(data.readlink().parent)


class TestServe:
    """First start, interrupt, second start, sudden death."""

    def test_first_start_sets_everything_up_and_an_interrupt_stops_everything(self, home: Path) -> None:
        service = Service(home)
        try:
            assert service.ready(), service.output.read_text()
            accounts = json.loads((home / "demo-credentials.json").read_text())["accounts"]
            assert stat.S_IMODE((home / "demo-credentials.json").stat().st_mode) == 0o600
            assert all(set(account) == {"role", "username", "password"} for account in accounts)
            roles = sorted(account["role"] for account in accounts)
            assert roles.count("owner") >= 1
            assert roles.count("officer") >= 3
            assert roles.count("policy_admin") >= 2
            assert roles.count("product_manager") >= 3
            assert {"senior_officer", "auditor", "operator"} <= set(roles)
            assert service.resident_kilobytes() < 400_000
        finally:
            os.killpg(service.process.pid, signal.SIGINT)
        assert service.all_gone(20)
        assert service.process.wait(5) == 0
        words = service.output.read_text()
        assert f"http://127.0.0.1:{service.port}" in words
        assert "Traceback" not in words

    def test_second_start_keeps_what_was_there_and_a_killed_service_leaves_nothing_running(
        self, home: Path
    ) -> None:
        before = (home / "demo-credentials.json").read_text()
        service = Service(home)
        assert service.ready(), service.output.read_text()
        assert (home / "demo-credentials.json").read_text() == before
        service.process.kill()
        service.process.wait()
        assert service.all_gone(20)


def test_a_port_somebody_listens_on_is_told_before_anything_starts() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert port_taken("127.0.0.1", other.getsockname()[1]) is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert port_taken("127.0.0.1", port) is None
