"""The pack a process answers from, kept current: whatever is published anywhere is in every worker's next answer.

PostgreSQL tells of a publication as it commits (NOTIFY). While a process listens, an answer asks the database nothing;
while it does not (the connection was lost, or nobody started listening), each answer first asks whether something was
published since.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from contextlib import suppress
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from policies import queries
from policies.pack import Pack, pack_of

CHANNEL = "policies_published"
WRITTEN = "policies_written"
"""Told when a draft was saved: somebody may look at it before its writer asks."""
PATIENCE = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries to listen again."""
HEARTBEAT = 3.0
"""Seconds a lost connection can go unnoticed."""
LOG = logging.getLogger(__name__)


class Kept:
    """The pack of one database. `changes` counts what was heard; `checked`: its value when the pack was current."""

    def __init__(self) -> None:
        self.pack: Pack | None = None
        self.stamp: tuple[int, datetime | None] | None = None
        self.lock = asyncio.Lock()
        self.browsing = asyncio.Lock()
        self.listening = False
        self.changes = 0
        self.checked = -1

    @property
    def current(self) -> Pack | None:
        """The pack, when it is known to be what is published."""
        return self.pack if self.listening and self.checked == self.changes else None


class PackKeeper:
    """Packs by database."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def of(self, database: str) -> Kept:
        """What is kept for a database, named by its URL without a password."""
        return self._kept.setdefault(database, Kept())

    async def get(self, session: AsyncSession) -> Pack:
        """The pack in force now. Reads and parses only what was published since the last time."""
        kept = self.of(database_of(session))
        found = kept.current
        if found is not None:
            return found
        heard = kept.changes
        stamp = await queries.stamp(session)
        async with kept.lock:
            if kept.pack is None or kept.stamp != stamp:
                versions = await queries.ever_published(session)
                kept.pack = await asyncio.to_thread(pack_of, versions, version_name(stamp), None, kept.pack)
                kept.stamp = stamp
            kept.checked = heard
            return kept.pack

    async def listen(self, dsn: str, database: str) -> None:
        """Runs until cancelled: hears of publications, and tries again whenever the connection is lost."""
        kept, tries = self.of(database), 0
        while True:
            connection: asyncpg.Connection[Any] | None = None
            lost = asyncio.Event()
            try:
                connection = await asyncpg.connect(dsn, timeout=5)
                connection.add_termination_listener(lambda *_: lost.set())  # noqa: B023 - one a connection
                await connection.add_listener(CHANNEL, lambda *_: hear(kept))
                hear(kept)  # what was published while nobody listened
                kept.listening, tries = True, 0
                while not lost.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(lost.wait(), HEARTBEAT)
                    await connection.execute("SELECT 1", timeout=HEARTBEAT)  # a silent line is a lost one
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                LOG.warning("not listening for publications: %s", error)
            finally:
                kept.listening = False
                if connection is not None:
                    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                        connection.terminate()
            await asyncio.sleep(PATIENCE[min(tries, len(PATIENCE) - 1)])
            tries += 1


def hear(kept: Kept) -> None:
    """Something was published: what is kept has to be looked at again."""
    kept.changes += 1


def database_of(session: AsyncSession) -> str:
    """The session's database by name."""
    return _name(session.get_bind().engine.url)


_name = functools.lru_cache(maxsize=64)(str)


@functools.lru_cache(maxsize=16)
def _name_of(engine: AsyncEngine) -> str:
    """By the engine itself: hashing a URL takes longer than a match."""
    return _name(engine.url)


async def tell(session: AsyncSession, policy_id: str) -> None:
    """Tells every process of a publication when the transaction commits; this one at that very moment."""
    await session.execute(
        text("SELECT pg_notify(:channel, :policy)"), {"channel": CHANNEL, "policy": policy_id}
    )
    kept = KEEPER.of(database_of(session))
    event.listen(session.sync_session, "after_commit", lambda _: hear(kept), once=True)


async def tell_written(session: AsyncSession, policy_id: str) -> None:
    """Tells the workers of a saved draft when the transaction commits."""
    await session.execute(
        text("SELECT pg_notify(:channel, :policy)"), {"channel": WRITTEN, "policy": policy_id}
    )


def version_name(stamp: tuple[int, datetime | None]) -> str:
    """The pack's name in answers: the day of the last publication or withdrawal, and how many there were."""
    count, last = stamp
    return f"{last:%Y-%m-%d}.{count}" if last else "empty"


KEEPER = PackKeeper()


def current(engine: AsyncEngine) -> Pack | None:
    """The pack, where this process hears of publications and has it at hand; None where the database must be asked."""
    return KEEPER.of(_name_of(engine)).current


async def load_pack(session: AsyncSession) -> Pack:
    """The published policies, parsed."""
    return await KEEPER.get(session)
