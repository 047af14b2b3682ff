"""The queue's tables are those its library expects: a new release of it comes with a migration of ours."""

import asyncpg

from marketplace.jobs import queue


async def test_the_installed_library_would_change_nothing(database_url: str) -> None:
    pool = await asyncpg.create_pool(database_url.replace("+asyncpg", "", 1), min_size=1, max_size=2)
    try:
        plan = await queue.queries_of(queue.AsyncpgPoolDriver(pool)).plan_upgrade()
    finally:
        await pool.close()
    assert list(plan.statements) == []
