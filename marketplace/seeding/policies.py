"""The shipped policy pack: each policy as its published version 1, its rule and formulas checked by the engine.

A policy that is stored already is left alone, so that a second start does not undo an admin's work.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.seeding.step import Progress, Step
from marketplace.shipped import shipped_policies
from policies import content, service


def step(clock: Callable[[], datetime]) -> Step:
    """The step that stores the policies missing from the database."""

    async def store(session: AsyncSession, progress: Progress) -> None:
        entries = shipped_policies()
        for number, entry in enumerate(entries, 1):
            await service.store_published(session, entry["id"], content.from_pack(entry), clock())
            progress(number, len(entries))

    return Step("policies", store)
