"""The migrations and the table classes describe one database, in both directions.

Real migrations on a real server: a model changed without a migration, or a downgrade that forgets a table,
fails.
"""

import asyncio
from pathlib import Path

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from marketplace.migrating import current, downgrade, drift, head, upgrade
from marketplace.models import ROOMS


async def tables(url: str) -> set[str]:
    """Names of the tables in the database at url."""
    connection = await asyncpg.connect(url.replace("+asyncpg", "", 1))
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return {row["tablename"] for row in rows}


class TestMigrations:
    """From nothing to the newest revision and back."""

    async def test_bring_a_database_to_the_newest_revision(self, engine: AsyncEngine) -> None:
        assert await current(engine) == head()

    async def test_leave_no_difference_between_tables_and_models(self, database_url: str) -> None:
        assert await asyncio.to_thread(drift, database_url) == []

    async def test_can_be_undone_to_an_empty_database_and_done_again(self, database_url: str) -> None:
        before = await tables(database_url)
        await asyncio.to_thread(downgrade, database_url)
        assert await tables(database_url) == {"alembic_version"}
        await asyncio.to_thread(upgrade, database_url)
        assert await tables(database_url) == before


class TestModels:
    """No table class is out of sight."""

    def test_include_every_tables_module(self) -> None:
        root = Path(__file__).resolve().parents[2]
        files = [
            path
            for room in ("auth", "policies", "loans", "marketplace")
            for path in (root / room).rglob("*tables.py")
        ]
        assert sorted(str(path) for path in files) == sorted(str(room.__file__) for room in ROOMS)
