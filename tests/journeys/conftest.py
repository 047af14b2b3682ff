"""The served application and the browser for the journeys.

One service a file of tests, by the real command on a clone of the seeded database. The browser is closed with
the file too: playwright keeps an event loop running that async tests of the same process could not share.
"""

import asyncio
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import in_database
from tests.journeys.browser import Person, arrive, launch

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 150


@dataclass(frozen=True)
class Service:
    """The running service: its address, its demo accounts' passwords and its database."""

    base: str
    passwords: dict[str, str]
    database_url: str


def apart(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a thread: playwright's loop may run in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def statement(server: str, text: str) -> None:
    connection = await asyncpg.connect(server.replace("+asyncpg", "", 1))
    try:
        await connection.execute(text)
    finally:
        await connection.close()


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(base: str, process: subprocess.Popen[bytes]) -> bool:
    """Wait until the service is ready; False when it ends or takes too long."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{base}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def service(
    server_url: str, run_folder: Path, seeded_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """`marketplace serve` on a database and a state folder of this file's own."""
    name = f"{run_folder.name}-journey-{secrets.token_hex(4)}"
    template = f"{run_folder.name}-seeded"
    apart(statement(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
    folder = tmp_path_factory.mktemp("journey")
    home = folder / "home"
    shutil.copytree(seeded_home, home)
    accounts = json.loads((home / "demo-credentials.json").read_text(encoding="utf-8"))["accounts"]
    port, url = free_port(), in_database(server_url, name)
    base = f"http://127.0.0.1:{port}"
    env = {
        **os.environ,
        "MARKETPLACE_HOME": str(home),
        "DATABASE_URL": url,
        "PORT": str(port),
        "HOST": "127.0.0.1",
    }
    env = {k: v for k, v in env.items() if k not in {"PUBLIC_URL", "MARKETPLACE_AS_OF", "WEB_WORKERS"}}
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "marketplace", "serve"],
            cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        assert answers(base, process), (folder / "serve.log").read_text()
        yield Service(base, {one["username"]: one["password"] for one in accounts}, url)
        assert "Traceback" not in (folder / "serve.log").read_text()
    finally:
        print((folder / "serve.log").read_text())  # noqa: T201 (pytest shows it with a failure)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)
        apart(statement(server_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="module")
def chromium_window() -> Iterator[Browser]:
    """Chromium, for the tests of one file."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def arrives(service: Service, chromium_window: Browser) -> Iterator[Callable[..., Person]]:
    """Call it for a new person with a window of their own; windows close with the test."""
    people: list[Person] = []

    def call(**window: object) -> Person:
        people.append(arrive(chromium_window, service.base, service.passwords, **window))
        return people[-1]

    yield call
    for person in people:
        person.page.context.close()
