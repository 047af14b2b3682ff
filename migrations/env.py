"""How Alembic reaches the database: over asyncpg, one migration a transaction, never waiting long for a lock.

A migration that waits for a lock makes every later query wait behind it, so it gives up after four seconds
and is run again; an advisory lock keeps two starting services from migrating at once.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import marketplace.models  # noqa: F401 (fills SQLModel.metadata)
from marketplace.db import create_engine

ONE_MIGRATOR = 4_154_001
"""Key of the advisory lock; any number no other part of the service uses."""

TIMEOUTS = {"lock_timeout": "4s", "statement_timeout": "120s"}


def run_on(connection: Connection) -> None:
    """Run the migrations Alembic was asked for on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run() -> None:
    """Open the database named by the configuration, take the migrators' lock and run."""
    engine = create_engine(context.config.attributes["url"], pooled=False, timeouts=TIMEOUTS)
    try:
        async with engine.connect() as guard, engine.connect() as connection:
            await guard.execute(text("SET idle_in_transaction_session_timeout = 0"))
            await guard.execute(text("SET lock_timeout = '60s'"))
            await guard.execute(text(f"SELECT pg_advisory_lock({ONE_MIGRATOR})"))
            await guard.commit()
            await connection.run_sync(run_on)
            await connection.commit()
    finally:
        await engine.dispose()


if context.is_offline_mode():
    raise RuntimeError("migrations run against a database; SQL scripts without one are not supported")
asyncio.run(run())
