"""Regions, towns and industries from data/reference, by COPY because 41,352 towns should not delay a first
start.

A list that is there is left alone; one that is half there cannot be, since each loads in one transaction.
"""

import csv
from functools import partial
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from marketplace.portal.tables import Industry, Region, Town
from marketplace.seeding.step import Progress, Step

FOLDER = Path(__file__).resolve().parents[1] / "data" / "reference"
CHUNK = 5_000


def rows_of(file: str, columns: tuple[str, ...]) -> list[tuple[str | None, ...]]:
    """The named columns of a reference file; an empty field is None."""
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        return [tuple(row[column] or None for column in columns) for row in csv.DictReader(lines)]


async def load(
    table: type[SQLModel], file: str, columns: tuple[str, ...], session: AsyncSession, progress: Progress
) -> None:
    """Fill an empty table from its file, in the session's transaction."""
    present = (await session.execute(select(func.count()).select_from(table))).scalar_one()
    if present:
        progress(present, present)
        return
    rows = rows_of(file, columns)
    progress(0, len(rows))
    connection = await (await session.connection()).get_raw_connection()
    driver = connection.driver_connection
    if driver is None:
        raise RuntimeError("the session has no open connection")
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        await driver.copy_records_to_table(str(table.__tablename__), records=chunk, columns=columns)
        progress(start + len(chunk), len(rows))


STEPS = (
    Step("regions", partial(load, Region, "regions.csv", ("code", "level", "parent", "name_zh"))),
    Step("towns", partial(load, Town, "towns.csv", ("code", "parent", "name_zh"))),
    Step("industries", partial(load, Industry, "industries.csv", ("code", "level", "section", "name_zh"))),
)
