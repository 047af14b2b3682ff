"""Searches that found nothing, counted by their words for the people who keep the library; nothing says who searched.

What may be somebody's number is not kept, nor what is longer than a search by words is.
"""

import re
from datetime import date, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from policies.search_terms import understand
from policies.tables import SearchMiss

LONGEST = 60
KEPT = timedelta(days=180)
MOST_NEW_A_DAY = 2_000
"""Different words first met on one day; a flood of nonsense ends here."""
PERSONAL = re.compile(r"[0-9][0-9 -]{6,}[0-9]|@")
"""Eight digits or more may be a telephone's, an identity card's or a credit code; what has an @ may be an address."""


async def record(session: AsyncSession, typed: str, day: date) -> None:
    """Count one search that found nothing on `day`."""
    asked = understand(typed)
    words = asked.plain
    if not asked.words or len(words) > LONGEST or PERSONAL.search(words):
        return
    counted = insert(SearchMiss).values(words=words, searches=1, first_on=day, last_on=day)
    if await session.get(SearchMiss, words) is None:
        await session.execute(delete(SearchMiss).where(col(SearchMiss.last_on) < day - KEPT))
        new = select(func.count()).where(col(SearchMiss.first_on) == day)
        if int(await session.scalar(new) or 0) >= MOST_NEW_A_DAY:
            return
    await session.execute(
        counted.on_conflict_do_update(
            index_elements=[col(SearchMiss.words)],
            set_={
                "searches": col(SearchMiss.searches) + 1,
                "last_on": func.greatest(col(SearchMiss.last_on), day),
            },
        )
    )
