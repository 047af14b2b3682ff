"""The PostgreSQL that comes with the service: made, started, watched and stopped here, on 127.0.0.1 with a
password.

Ours instead of the wheel's own get_server(), which as root adds a system user, opens every parent folder and
trusts everybody. PostgreSQL refuses to run as root, so root hands it to the unprivileged `postgres` or
`nobody`; where that user cannot reach the state folder or the programs (a home of mode 0700),
`postgres_place.py` finds it a private place.

State: home/pgdata (a folder, or a link to the private place), home/keys/postgres-password,
home/postgres.port, home/postgres.lock (held by the one process that owns the server) and
home/logs/postgres.log.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from marketplace import secrets_kept
from marketplace.postgres_place import Identity, data_folder, programs

USER = "marketplace"
DATABASE = "marketplace"
LAUNCHER = Path(__file__).with_name("postgres_launcher.py")
LOG_BYTES = 10_000_000

TUNING: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "80",
    "shared_buffers": "36MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "io_method": "sync",
    "max_worker_processes": "4",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "jit": "off",
    "huge_pages": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
"""Small on purpose: the service and its database together stay under 400 MB resident."""

FOR_TESTS: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings of a throw-away server: nothing in it has to outlive a power cut."""


class PostgresError(RuntimeError):
    """The embedded database cannot be made, started or reached; the message says what to look at."""


class EmbeddedPostgres:
    """One PostgreSQL on one state folder, shared by the commands of this folder.

    The first process to start it owns it: it restarts a server that dies and stops it at the end; when the
    owner itself is killed the kernel interrupts the server. Others merely use it while it runs. A context
    manager.
    """

    def __init__(
        self,
        home: Path,
        *,
        tuning: Mapping[str, str] | None = None,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        """home: the state folder, made when missing. tuning: server settings over TUNING. notice: told of
        progress.
        """
        self.home = home
        self._tuning = {**TUNING, **(tuning or {})}
        self._notice = notice
        self._identity = Identity.choose(home)
        self._lock: IO[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._port = 0
        self._data = home / "pgdata"
        self._programs = Path()

    @property
    def url(self) -> str:
        """The address for SQLAlchemy, password included. Only meaningful between start and stop."""
        return f"postgresql+asyncpg://{USER}:{self._password()}@127.0.0.1:{self._port}/{DATABASE}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *, own: bool = False, wait: float = 60.0) -> None:
        """Return once the database answers, within `wait` seconds or raise PostgresError.

        own: insist on owning the server (what `serve` needs), waiting for another command to finish with it.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + wait
        told = False
        while not self._take_lock():
            if not own and self._borrow():
                return
            if not told:
                self._notice("another marketplace command is using this state folder; waiting for it")
                told = True
            if time.monotonic() > until:
                raise PostgresError(f"the database of {self.home} is in use by another marketplace process")
            time.sleep(0.1)
        try:
            self._start_owned(until)
        except BaseException:
            self.stop()
            raise

    def stop(self, patience: float = 10.0) -> None:
        """Stop the server if this process owns it: quickly and cleanly, by force after `patience` seconds."""
        self._stopping.set()
        for order in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            server = self._server
            if server is None or server.poll() is not None:
                break
            server.send_signal(order)
            try:
                server.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        if self._keeper is not None:
            self._keeper.join()
            self._keeper = None
        self._server = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # Owning and borrowing

    def _take_lock(self) -> bool:
        lock = (self.home / "postgres.lock").open("a+")
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _borrow(self) -> bool:
        """Use the server another process owns, when it is ready."""
        if not (self.home / "postgres.port").exists() or not _is_ready(self._data, None):
            return False
        self._port = int((self.home / "postgres.port").read_text())
        return _answers(self._port)

    def _start_owned(self, until: float) -> None:
        self._stopping.clear()
        self._programs = programs(self._identity)
        self._data = data_folder(self.home, self._identity)
        _end_orphan(self._data, self._notice)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._port = self._free_port()
        started = threading.Event()
        self._keeper = threading.Thread(
            target=self._keep, args=(started,), name="postgres-keeper", daemon=True
        )
        self._keeper.start()
        started.wait()
        while not (self._server and _is_ready(self._data, self._server.pid) and _answers(self._port)):
            if not self._keeper.is_alive() or time.monotonic() > until:
                raise PostgresError(
                    f"the database does not start; its log is {self._log_path()}:\n{self._log_tail()}"
                )
            time.sleep(0.05)

    # Making the database

    def _initialise(self) -> None:
        """Make the data folder in one step seen from outside; a half-made one is thrown away."""
        self._notice("making the database")
        fresh = self._data.with_name(self._data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        secret = fresh.with_name(fresh.name + ".password")
        secret.touch(mode=0o600)
        secret.write_text(self._password())
        self._identity.own(fresh)
        self._identity.own(secret)
        try:
            self._run("initdb", "--username", USER, "--pwfile", str(secret), "--auth", "scram-sha-256",
                      "--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin",
                      "--builtin-locale", "C.UTF-8", "--data-checksums", "--pgdata", str(fresh))  # fmt: skip
        finally:
            secret.unlink()
        self._run("postgres", "--single", "-D", str(fresh), "postgres", feed=f"CREATE DATABASE {DATABASE}\n")
        fresh.rename(self._data)

    def _run(self, program: str, *arguments: str, feed: str = "") -> None:
        done = subprocess.run(
            self._command(program, *arguments),
            input=feed.encode(),
            capture_output=True,
            env=_environment(),
            check=False,
        )
        if done.returncode != 0:
            raise PostgresError(
                f"{program} failed: {(done.stderr or done.stdout).decode(errors='replace').strip()}"
            )

    def _command(self, program: str, *arguments: str) -> list[str]:
        who = [str(os.getpid()), str(self._identity.uid), str(self._identity.gid)]
        return [sys.executable, "-I", "-S", str(LAUNCHER), *who, str(self._programs / program), *arguments]

    def _password(self) -> str:
        return secrets_kept.text(self.home / "keys" / "postgres-password")

    # Keeping it running

    def _keep(self, started: threading.Event) -> None:
        """Start the server, and again when it dies. The kernel ties it to this very thread."""
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            with self._log_path().open("ab") as log:
                self._server = subprocess.Popen(
                    self._command("postgres", "-D", str(self._data), *self._options()),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=_environment(),
                    start_new_session=True,
                )
            started.set()
            if self._stopping.is_set():
                self._server.send_signal(signal.SIGINT)
            self._server.wait()
            failures = failures + 1 if time.monotonic() - began < 5 else 0
            if failures > 10:
                return
            if not self._stopping.wait(0.2 * failures):
                self._notice("the database stopped unexpectedly; starting it again")

    def _options(self) -> list[str]:
        settings = {**self._tuning, "port": str(self._port)}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _free_port(self) -> int:
        """The port used last time where it is still free, so that addresses written down stay true."""
        record = self.home / "postgres.port"
        wanted = int(record.read_text()) if record.exists() else 0
        for candidate in (wanted, 0):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", candidate))
                except OSError:
                    continue
                port = int(probe.getsockname()[1])
                record.write_text(str(port))
                return port
        raise PostgresError("no free port on 127.0.0.1")

    def _log_path(self) -> Path:
        path = self.home / "logs" / "postgres.log"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.old"))
        return path

    def _log_tail(self) -> str:
        return "\n".join(self._log_path().read_text(errors="replace").splitlines()[-8:])


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}


def _postmaster(data: Path) -> tuple[int, bool] | None:
    """(process id, ready) from postmaster.pid: its lines 1 and 8, as PostgreSQL's pidfile.h has them."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), len(lines) > 7 and lines[7].strip() == "ready"
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _is_ready(data: Path, pid: int | None) -> bool:
    found = _postmaster(data)
    return found is not None and found[1] and pid in {None, found[0]}


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _runs_on(pid: int, data: Path) -> bool:
    """Whether process `pid` is a PostgreSQL on this data folder, not a stranger that got the number later."""
    proc = Path(f"/proc/{pid}/cmdline")
    try:
        if Path("/proc/self").exists():
            line = proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        else:
            line = subprocess.run(
                ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
            ).stdout
    except (FileNotFoundError, ProcessLookupError):
        return False
    return f"-D {data} " in line


def _end_orphan(data: Path, notice: Callable[[str], None]) -> None:
    """Let a server whose owner was killed finish; we hold the owner's lock, so nobody else is using it.

    A pid file that names no PostgreSQL of ours is left over from a crash and is removed.
    """
    found = _postmaster(data)
    if found is None:
        return
    pid = found[0]
    for order, patience in ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 2.0)):
        if not _runs_on(pid, data):
            break
        notice("stopping the database left by an interrupted run")
        try:
            os.kill(pid, order)
        except ProcessLookupError:
            break
        until = time.monotonic() + patience
        while _runs_on(pid, data) and time.monotonic() < until:
            time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)
