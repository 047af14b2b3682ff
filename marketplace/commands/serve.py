"""`marketplace serve`: database, migrations, seeds, then granian in the foreground until it is told to stop.

The order of stopping matters: servers and the worker first, then the database, so that nothing loses it. A first
interrupt stops everything within seconds; killed outright, the kernel takes workers and database along.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from types import FrameType

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

from marketplace.database_at_hand import database, say
from marketplace.demo_credentials import read_accounts
from marketplace.jobs.keeper import WorkerKeeper
from marketplace.settings import Settings

READY_WITHIN = 60.0
"""Seconds a worker may take to answer before we say that something is wrong."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = subparsers.add_parser("serve", help="run the service; the first start sets everything up")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted. 0 after a clean stop, 1 when the set-up or a worker failed."""
    settings = Settings.from_env()
    if (taken := port_taken(settings.host, settings.port)) is not None:
        say(
            f"port {settings.port} on {settings.host} cannot be used: {taken}; choose another, e.g. PORT=8080"
        )
        return 1
    for order in (signal.SIGTERM, signal.SIGINT):  # a shell's background job inherits SIGINT ignored
        signal.signal(order, _interrupt)
    with database(settings, own=True) as url:
        os.environ["DATABASE_URL"] = url.replace("+asyncpg", "", 1)
        prepared = subprocess.run([sys.executable, "-m", "marketplace", "seed"], check=False)
        if prepared.returncode != 0:
            say("setting up the database failed; the lines above say why")
            return 1
        return _serve(settings)


def port_taken(host: str, port: int) -> str | None:
    """Why nothing can listen there, or None. The server shares ports silently, so it is asked beforehand."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def _serve(settings: Settings) -> int:
    server = Granian(
        "marketplace.app:served",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=settings.workers,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=8,
    )
    threading.Thread(target=_welcome, args=(settings,), daemon=True).start()
    try:
        with WorkerKeeper():
            server.serve()
    except SystemExit as stopped:
        return 1 if stopped.code else 0
    say("stopped")
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Until granian takes the signals over, both mean: stop what is under way."""
    raise KeyboardInterrupt


def _welcome(settings: Settings) -> None:
    """Say where the service is once it answers, whom one can be, and what to try."""
    local = f"http://{settings.host}:{settings.port}"
    until = time.monotonic() + READY_WITHIN
    while not _answers(f"{local}/health/ready"):
        if time.monotonic() > until:
            say(f"the service does not answer on {local} yet; look at the lines above")
            return
        time.sleep(0.1)
    lines = ["", f"The service is at {local}", ""]
    if settings.demo_credentials.exists():
        lines += [f"Demo accounts, with their passwords in {settings.demo_credentials}:"]
        lines += [f"  {role:<16}{names}" for role, names in _people(settings).items()]
        lines += [""]
    lines += [
        "Try:",
        f"  {local}/check      find out which policies apply, without signing in",
        f"  {local}/loans      as owner: ask for financing, compare, apply, get the PDF",
        f"  {local}/officer    as a bank's officer: take the next case and decide it",
        f"  {local}/admin      as a policy admin: edit a rule, have a second admin publish it",
        "Ctrl-C stops it; what you did is kept in " + str(settings.home),
        "",
    ]
    say("\n".join(lines))


def _people(settings: Settings) -> dict[str, str]:
    """{role: usernames} of the demo accounts."""
    people: dict[str, list[str]] = {}
    for account in read_accounts(settings.demo_credentials):
        people.setdefault(account["role"], []).append(account["username"])
    return {role: ", ".join(names) for role, names in people.items()}


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 (our own address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
