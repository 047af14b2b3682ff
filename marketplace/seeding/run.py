"""Runs the seeding steps in order, each in its own transaction, and shows how far it is.

On a terminal a bar, elsewhere one line a step, so that a log stays readable.
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from marketplace.db import create_engine, transaction
from marketplace.seeding import accounts, documents, enterprises, loans, policies, reference
from marketplace.seeding.step import Step
from marketplace.settings import Settings

PATIENT = {"statement_timeout": "120s", "idle_in_transaction_session_timeout": "120s"}


def steps(settings: Settings, clock: Callable[[], datetime]) -> tuple[Step, ...]:
    """Every step, in the order they build on each other; the demo ones only where the settings want them."""
    shipped = (*reference.STEPS, policies.step(clock), loans.step(clock), documents.STEP)
    if not settings.demo:
        return shipped
    return (
        *shipped,
        accounts.step(settings.demo_credentials, clock),
        enterprises.step(settings.keys, clock),
    )


def seed(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Fill the migrated database at settings.database_url with what it lacks. Not callable inside an event
    loop.
    """
    console = Console(file=sys.stderr)
    columns = (
        TextColumn("  {task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console, disable=not console.is_terminal) as bar:
        asyncio.run(_seed(settings, clock, bar, console))


async def _seed(settings: Settings, clock: Callable[[], datetime], bar: Bar, console: Console) -> None:
    if settings.database_url is None:
        raise ValueError("seeding needs a database_url")
    engine = create_engine(settings.database_url, pooled=False, timeouts=PATIENT)
    try:
        for step in steps(settings, clock):
            shown = _Shown(bar, step.name)
            async with transaction(engine) as session:
                await step.work(session, shown)
            if shown.worked and not console.is_terminal:
                console.print(f"  {step.name}: {shown.done:,}", highlight=False)
    finally:
        await engine.dispose()


class _Shown:
    """A step's progress as a bar, which appears with the first thing there is to do."""

    def __init__(self, bar: Bar, name: str) -> None:
        self.done = 0
        self.worked = False
        self._bar = bar
        self._task: TaskID = bar.add_task(name, total=None, visible=False)

    def __call__(self, done: int, total: int) -> None:
        self.done = done
        self.worked = self.worked or done != total
        self._bar.update(self._task, completed=done, total=total or None, visible=self.worked)
