"""The documents rules are asked of, made anew where another vocabulary checked them: after an upgrade, once.

Here, because this is what a start does before anybody is served.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.profiles import current
from marketplace.seeding.step import Progress, Step


async def renew(session: AsyncSession, progress: Progress) -> None:
    """All of them, in one transaction."""
    done = 0
    while made := await current.renew(session):
        done += made
        progress(done, done)
    progress(done, done)


STEP = Step("facts of enterprises", renew)
