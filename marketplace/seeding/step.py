"""What a seeding step is: a name, and work that adds what is missing and tells how far it is.

Apart from run.py, so that a step's file and the list of steps do not need each other.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

Progress = Callable[[int, int], None]
"""Told (done, total) as a step goes along; total is 0 while it is not known."""

Work = Callable[[AsyncSession, Progress], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Step:
    """One step, run in a transaction of its own. name: what people see while it runs."""

    name: str
    work: Work
