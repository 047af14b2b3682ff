"""Short transactions that must stand even if the request around them fails: counted attempts, ended sessions.

The request's own transaction rolls back on every refusal, which would forget exactly these. They run before
the request's session has taken a connection from the pool, so no request ever holds two.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession


@asynccontextmanager
async def standing(session: AsyncSession) -> AsyncIterator[AsyncConnection]:
    """A transaction of its own on the database `session` is bound to, kept when the block ends without an
    error.
    """
    bind = session.bind
    engine = bind if isinstance(bind, AsyncEngine) else bind.engine if bind is not None else None
    if engine is None:
        raise TypeError("the session is bound to no database")
    async with engine.begin() as connection:
        yield connection
