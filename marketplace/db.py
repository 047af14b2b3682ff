"""The database as the service uses it: the pool, a request's session, and the only commits in the house.

A request's work is one transaction that ends at the response's first byte: committed before it leaves, or
rolled back when the answer is an error. Jobs and commands use `transaction`. Domain code flushes and never
commits.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

SESSION = "marketplace_session"
DROP = "marketplace_drop_changes"

TIMEOUTS = {
    "statement_timeout": "15s",
    "lock_timeout": "4s",
    "idle_in_transaction_session_timeout": "30s",
}
"""Limits on every connection of the service: a stuck request must fail, not hold locks against the others."""


def create_engine(url: str, *, pooled: bool = True, timeouts: dict[str, str] | None = None) -> AsyncEngine:
    """The pool on `url` (postgresql+asyncpg://...): at most 15 connections, 5 s of waiting for one.

    pooled=False opens a connection per use, for commands and tests that live in several event loops.
    """
    arguments = {"server_settings": {**TIMEOUTS, **(timeouts or {})}, "timeout": 5}
    if not pooled:
        return create_async_engine(url, poolclass=NullPool, connect_args=arguments)
    return create_async_engine(
        url, pool_size=10, max_overflow=5, pool_timeout=5, pool_pre_ping=True, connect_args=arguments
    )


def plain_url(engine: AsyncEngine) -> str:
    """The engine's database as asyncpg takes it, password included."""
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def open_session(engine: AsyncEngine) -> AsyncSession:
    """A session whose rows stay readable after the commit (they become Read models, not new queries)."""
    return AsyncSession(engine, expire_on_commit=False)


async def finish(scope: Mapping[str, Any], status: int) -> None:
    """Ends the transaction of a request whose answer has this status, if it has one: see unit_of_work.py."""
    state = scope["state"]
    session: AsyncSession | None = state.get(SESSION)
    if session is None or not session.in_transaction():
        return
    if status < 400 and not state.get(DROP):
        await session.commit()
    else:
        await session.rollback()


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """One unit of work of a job or a command: commits at the end of the block, rolls back on any error."""
    async with open_session(engine) as session:
        try:
            yield session
        except BaseException:
            await session.rollback()
            raise
        await session.commit()
