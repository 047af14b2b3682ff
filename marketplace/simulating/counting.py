"""All stored enterprises counted for a change of a policy, in one view of the database, with word of how far it is.

Two connections share the work, because reading keeps PostgreSQL busy and counting keeps us: both at once are as fast as
the slower of the two. Nobody's facts are kept beyond the piece they came in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from eligibility.simulate import Change, Tally, tally
from marketplace.profiles import population_columns
from marketplace.profiles.population_columns import Piece

Told = Callable[[int, int], Awaitable[None]]
"""Called with how many enterprises were looked at, and about how many there are."""


@dataclass
class Count:
    """The tallies of each day so far, and the pieces that are left."""

    changes: Sequence[Change]
    told: Told
    pieces: Iterator[Piece] = field(default_factory=lambda: iter(()))
    all: int = 0
    done: int = 0
    tallies: list[Tally] = field(init=False)

    def __post_init__(self) -> None:
        self.tallies = [Tally() for _ in self.changes]
        self.facts = frozenset().union(*(change.facts for change in self.changes))

    async def work(self, connection: AsyncConnection) -> None:
        """Take pieces until there are none."""
        for piece in self.pieces:
            columns = await population_columns.read(connection, piece, self.facts)
            for sum_, change in zip(self.tallies, self.changes, strict=True):
                sum_.add(await asyncio.to_thread(tally, columns, change))
            self.done += 1
            looked = self.tallies[0].rows
            await self.told(looked, looked * self.all // self.done)


async def counted(
    connections: Sequence[AsyncConnection], changes: Sequence[Change], told: Told
) -> list[Tally]:
    """A tally of everybody for each change. The connections see the same state of the database."""
    pieces = await population_columns.pieces(connections[0])
    count = Count(changes, told, iter(pieces), len(pieces))
    async with asyncio.TaskGroup() as tasks:
        for connection in connections:
            tasks.create_task(count.work(connection))
    return count.tallies


async def counted_by(engine: AsyncEngine, changes: Sequence[Change], told: Told) -> list[Tally]:
    """The same on connections of its own, which see the moment it begins."""
    frozen = engine.execution_options(isolation_level="REPEATABLE READ")
    async with frozen.connect() as first, frozen.connect() as second:
        view = str((await first.execute(text("SELECT pg_export_snapshot()"))).scalar_one())
        await second.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{view}'")
        return await counted([first, second], changes, told)
