"""The worker: a process beside the servers that empties the queue, hears of publications, and looks round each minute.

A process of its own, because judging and writing take the interpreter's lock from answers, and because it can then be
killed without anybody's request noticing. Whatever it lost hold of is taken up by the next within seconds.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.models import Job, Schedule
from sqlalchemy.ext.asyncio import AsyncEngine

from marketplace.db import create_engine, open_session, plain_url, transaction
from marketplace.jobs import queue
from marketplace.notifications import changes, mails, pushes, reminders, webhooks
from marketplace.profiles import verifying
from marketplace.settings import Settings
from marketplace.simulating import service as simulating
from policies import findings, queries, scheduling
from policies.errors import PoliciesError
from policies.keeper import CHANNEL, WRITTEN, load_pack

HELD = timedelta(seconds=1.5)
"""So long a job is its worker's without a sign of life; signs come twice as often."""
LOOKS = timedelta(seconds=0.5)
"""A worker that hears nothing looks this often, for jobs that fell due and for those of the dead."""
GENTLE = 0.25
"""After each batch of a push the database rests for this share of the time the batch took."""
LOG = logging.getLogger(__name__)


class Worker:
    """Everything the queue asks for, on one database. `now`: the clock of what is told; leases go by the database's."""

    def __init__(
        self, settings: Settings, now: Callable[[], datetime], *, door: webhooks.Door | None = None
    ) -> None:
        if settings.database_url is None:
            raise ValueError("a worker needs a database_url")
        self.settings, self.now = settings, now
        self.engine: AsyncEngine = create_engine(settings.database_url)
        self.mailer = mails.Mailer(self.engine, settings, now)
        self.caller = webhooks.Caller(self.engine, settings, now, door or webhooks.Door())
        self.stopping = asyncio.Event()
        self.written = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop`; what is under way is brought to its end first. Raises when the database goes."""
        pool = await asyncpg.create_pool(plain_url(self.engine), min_size=1, max_size=3, timeout=5)
        driver = AsyncpgPoolDriver(pool)
        jobs = PgQueuer(driver, queries=queue.queries_of(driver))
        self._register(jobs)
        jobs.shutdown = jobs.qm.shutdown = jobs.sm.shutdown = self.stopping
        hearing = asyncio.create_task(self._hear_publications())
        looking = asyncio.create_task(self._look_at_drafts())
        try:
            await self._warm()
            await self.look_round()
            await jobs.run(
                dequeue_timeout=LOOKS, heartbeat_timeout=HELD, batch_size=2, max_concurrent_tasks=4
            )
        finally:
            for task in (hearing, looking):
                task.cancel()
            await asyncio.gather(hearing, looking, return_exceptions=True)
            await pool.close()
            await self.engine.dispose()

    async def _warm(self) -> None:
        """Parse the pack, so that no transaction waits for it."""
        async with open_session(self.engine) as session:
            await load_pack(session)

    def stop(self) -> None:
        """End after what is under way."""
        self.stopping.set()

    def _register(self, jobs: PgQueuer) -> None:
        deeds: dict[str, Callable[[Job], Awaitable[None]]] = {
            queue.PUSH: self._push,
            queue.FACTS: lambda _: self.tell_changes(),
            queue.MAIL: lambda _: self.mailer.work(),
            queue.WEBHOOKS: lambda _: self.caller.work(),
            queue.EFFECT: lambda _: self.take_effect(),
            queue.SIMULATE: self._simulate,
        }
        for name, deed in deeds.items():
            jobs.entrypoint(name, accepts_context=False)(_named(deed))

        @jobs.schedule("look_round", "* * * * *", accepts_context=False)
        async def look_round(_: Schedule) -> None:
            await self.look_round()

    async def _push(self, job: Job) -> None:
        await self.push(UUID((job.payload or b"").decode()))

    async def push(self, push_id: UUID) -> None:
        """A push to its end, or until the worker is to stop; the next one goes on where this one was."""
        clock = asyncio.get_running_loop().time
        more = True
        while more:
            began = clock()
            async with transaction(self.engine) as session:
                more = await pushes.advance(session, push_id, self.now())
                if more and self.stopping.is_set():
                    await queue.enqueue(session, queue.PUSH, push_id)
                    return
            await asyncio.sleep((clock() - began) * GENTLE)

    async def _simulate(self, job: Job) -> None:
        """A simulation somebody waits for: everybody counted, beside whatever else is done."""
        await simulating.work(self.engine, UUID((job.payload or b"").decode()), self.now)

    async def tell_changes(self) -> None:
        """Everybody whose facts have settled."""
        told = changes.AT_ONCE
        while told == changes.AT_ONCE:
            async with transaction(self.engine) as session:
                told = await changes.tell_changes(session, self.settings.as_of, self.now(), queue.SETTLED)
                if told:
                    await queue.enqueue(session, queue.MAIL)
                    await queue.enqueue(session, queue.WEBHOOKS)

    async def look_round(self) -> None:
        """Whatever is due by the clock, and whatever a lost message did not say. Doing it twice changes nothing."""
        self.written.set()
        await self.take_effect()
        async with transaction(self.engine) as session:
            await pushes.begin(session, self.settings.as_of, self.now())
            await reminders.remind(session, self.settings.as_of, self.now())
            await pushes.wake_stranded(session)
            await simulating.wake_stranded(session)
        await self.lapse_commitments()
        await self.tell_changes()
        await self.mailer.work()
        await self.caller.work()

    async def take_effect(self) -> None:
        """What was approved for a moment that has come. One that cannot stays as it is and costs the others nothing."""
        async with transaction(self.engine) as session:
            due = await scheduling.due(session, self.now())
        for policy_id, number in due:
            try:
                async with transaction(self.engine) as session:
                    await scheduling.take_effect(session, policy_id, number, self.now())
            except PoliciesError:
                LOG.exception("%s v%s is due and cannot take effect", policy_id, number)

    async def _look_at_drafts(self) -> None:
        """The analysis of what is being written, beside everything else: it may take seconds."""
        while True:
            await self.written.wait()
            self.written.clear()
            try:
                await self.analyse_drafts()
            except Exception:  # no connection: the minute's look comes back to it
                LOG.exception("drafts could not be looked at")

    async def analyse_drafts(self) -> None:
        """Each version nobody has looked at yet, in a transaction of its own; one that fails costs the others nothing,
        and its submission asks again.
        """
        async with transaction(self.engine) as session:
            waiting = [(row.policy_id, row.version) for row in await findings.unanalysed(session)]
        for policy_id, number in waiting:
            try:
                async with transaction(self.engine) as session:
                    row = await queries.version(session, policy_id, number)
                    if row is not None:
                        await findings.made(session, row, self.now())
            except Exception:
                LOG.exception("%s v%s could not be analysed", policy_id, number)

    async def lapse_commitments(self) -> None:
        """Commitments nobody verified in time."""
        ended = verifying.AT_ONCE
        while ended == verifying.AT_ONCE:
            async with transaction(self.engine) as session:
                ended = await verifying.lapse(session, self.now())

    async def begin_pushes(self) -> None:
        """Pushes for what was published."""
        async with transaction(self.engine) as session:
            await pushes.begin(session, self.settings.as_of, self.now())

    async def _hear_publications(self) -> None:
        """Begin a push as soon as a publication commits; while the line is down, the minute's look finds it."""
        heard = asyncio.Event()
        while True:
            connection: asyncpg.Connection[Any] | None = None
            try:
                connection = await asyncpg.connect(plain_url(self.engine), timeout=5)
                connection.add_termination_listener(lambda *_: heard.set())
                await connection.add_listener(CHANNEL, lambda *_: heard.set())
                await connection.add_listener(WRITTEN, lambda *_: self.written.set())
                while not connection.is_closed():
                    await self.begin_pushes()
                    self.written.set()  # what was found of drafts was found in the pack of before
                    await heard.wait()
                    heard.clear()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                LOG.warning("not hearing of publications: %s", error)
            finally:
                if connection is not None:
                    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                        connection.terminate()
            await asyncio.sleep(1)


def _named(deed: Callable[[Job], Awaitable[None]]) -> Callable[[Job], Awaitable[None]]:
    """The queue takes coroutine functions only."""

    async def do(job: Job) -> None:
        await deed(job)

    return do


def work(settings: Settings, now: Callable[[], datetime]) -> None:
    """Run a worker in this process until it is told to stop (SIGTERM, SIGINT)."""

    async def main() -> None:
        worker = Worker(settings, now)
        loop = asyncio.get_running_loop()
        for order in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(order, worker.stop)
        await worker.run()

    asyncio.run(main())
