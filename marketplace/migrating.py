"""Brings a database from any revision to any other, and says where it stands; migrations/ holds the steps.

Alembic without an ini file: the one thing it needs to be told, the database's address, is only known at run
time.
"""

import asyncio
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from marketplace.db import create_engine

SCRIPTS = Path(__file__).resolve().parents[1] / "migrations"


def configuration(url: str) -> Config:
    """Alembic's configuration for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def head() -> str:
    """The newest revision this code knows."""
    revision = ScriptDirectory.from_config(configuration("")).get_current_head()
    if revision is None:
        raise RuntimeError(f"no migrations in {SCRIPTS}")
    return revision


def upgrade(url: str, revision: str = "head") -> None:
    """Apply the missing migrations, one transaction each. Not callable inside a running event loop."""
    command.upgrade(configuration(url), revision)


def downgrade(url: str, revision: str = "base") -> None:
    """Undo migrations down to `revision`. Loses what they stored."""
    command.downgrade(configuration(url), revision)


async def current(engine: AsyncEngine) -> str | None:
    """The revision the database stands at; None for an empty one."""

    def ask(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    async with engine.connect() as connection:
        return await connection.run_sync(ask)


def drift(url: str) -> list[str]:
    """What differs between the migrated database at `url` and the table classes, one line each; none is
    right.
    """

    def compare(connection: Connection) -> list[str]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [repr(difference) for difference in compare_metadata(context, SQLModel.metadata)]

    async def ask() -> list[str]:
        engine = create_engine(url, pooled=False)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(compare)
        finally:
            await engine.dispose()

    return asyncio.run(ask())
