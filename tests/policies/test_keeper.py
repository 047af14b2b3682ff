"""What is published anywhere is in the next answer here: heard as it commits, asked for while nobody listens.

And the day in the past: which text held then, whatever has been published since.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime

import asyncpg
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from auth.actor import Actor
from auth.roles import Role
from eligibility import Facts, Vocabulary
from marketplace.db import create_engine, open_session, plain_url
from marketplace.shipped import shipped_policies
from policies import content, keeper, matching, queries, service
from policies.pack import Pack, PolicyRecord, PublishedText, pack_of
from policies.schemas import PolicyDraft
from policies.tables import PolicyVersion
from tests.factories.people import person
from tests.factories.publishing import made_ready

RENT = "SD-RENT-2020-4"
DAY = date(2020, 4, 15)
SOON = 5.0


@pytest.fixture
async def admins(session: AsyncSession, now: datetime) -> list[Actor]:
    entry = next(entry for entry in shipped_policies() if entry["id"] == RENT)
    await service.store_published(session, RENT, {**content.from_pack(entry), "exclusions": []}, now)
    found = [await person(session, now, Role.POLICY_ADMIN, username=name) for name in ("lin", "ma")]
    await session.commit()
    return found


async def publish(
    session: AsyncSession, admins: list[Actor], now: datetime, **changes: object
) -> PolicyVersion:
    """A change written by one admin and put in force by the other, committed."""
    base = await queries.current(session, RENT)
    assert base is not None
    draft = PolicyDraft(**{**{n: getattr(base, n) for n in PolicyDraft.model_fields}, **changes})
    row = await service.save_draft(session, admins[0], RENT, draft, seen_sha256=base.content_sha256, now=now)
    seen = row.content_sha256
    await made_ready(session, admins[0], row, now)
    await service.submit(session, admins[0], RENT, row.version, seen_sha256=seen, now=now)
    row = await service.publish(session, admins[1], RENT, row.version, seen_sha256=seen, now=now)
    await session.commit()
    session.expire_all()
    return row


@asynccontextmanager
async def listening(one: keeper.PackKeeper, engine: AsyncEngine) -> AsyncIterator[keeper.Kept]:
    """A keeper that hears of publications, as another worker's would."""
    name = str(engine.url)
    task = asyncio.create_task(one.listen(plain_url(engine), name))
    try:
        await until(lambda: one.of(name).listening)
        yield one.of(name)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not true():  # noqa: ASYNC110 - what is waited for is told by nobody
            await asyncio.sleep(0.01)


async def test_another_worker_answers_by_what_was_just_published(
    engine: AsyncEngine, session: AsyncSession, admins: list[Actor], now: datetime
) -> None:
    other = keeper.PackKeeper()
    async with listening(other, engine) as kept, open_session(engine) as mine:
        before = await other.get(mine)
        assert before.by_id[RENT].version == 1
        await mine.rollback()
        await publish(session, admins, now, rule="employees_end < 7")
        await until(lambda: kept.current is None)
        after = await other.get(mine)
        assert (after.by_id[RENT].version, after.by_id[RENT].rule.text) == (2, "employees_end < 7")
        assert after.version != before.version
        assert before.by_id[RENT].version == 1  # whoever still holds the old pack answers from it whole
        assert after.history[RENT][0] is before.history[RENT][0]  # parsed once


async def test_while_it_listens_an_answer_asks_the_database_nothing(
    engine: AsyncEngine, admins: list[Actor]
) -> None:
    del admins
    one, asked = keeper.PackKeeper(), []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    async with listening(one, engine), open_session(engine) as mine:
        first = await one.get(mine)
        asked.clear()
        assert await one.get(mine) is first
        assert asked == []


async def test_a_lost_connection_is_made_anew_and_what_was_missed_is_seen(
    engine: AsyncEngine, session: AsyncSession, admins: list[Actor], now: datetime
) -> None:
    one = keeper.PackKeeper()
    async with listening(one, engine) as kept, open_session(engine) as mine:
        await one.get(mine)
        await mine.rollback()
        killer = await asyncpg.connect(plain_url(engine))
        killed = await killer.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'LISTEN%' OR query = 'SELECT 1'"
        )
        await killer.close()
        assert killed >= 1
        await until(lambda: not kept.listening)
        await publish(session, admins, now, rule="employees_end < 7")
        assert (await one.get(mine)).by_id[RENT].version == 2  # nobody listens, so each answer asks
        await mine.rollback()
        await until(lambda: kept.listening)
        await publish(session, admins, now, rule="employees_end < 8")
        await until(lambda: kept.current is None)
        assert (await one.get(mine)).by_id[RENT].version == 3


async def test_the_worker_that_publishes_uses_it_at_once_though_it_listens(
    engine: AsyncEngine, session: AsyncSession, admins: list[Actor], now: datetime
) -> None:
    async with listening(keeper.KEEPER, engine):
        async with open_session(engine) as mine:
            assert (await keeper.load_pack(mine)).by_id[RENT].version == 1
        await publish(session, admins, now, rule="employees_end < 7")
        async with open_session(engine) as mine:
            assert (await keeper.load_pack(mine)).by_id[RENT].version == 2


async def test_a_database_that_cannot_be_reached_is_tried_again_until_stopped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = create_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none", pooled=False)
    one = keeper.PackKeeper()
    task = asyncio.create_task(one.listen(plain_url(engine), str(engine.url)))
    await until(lambda: caplog.text.count("not listening") >= 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class TestAPastDay:
    """Which text a day is judged by."""

    async def pack(self, session: AsyncSession) -> Pack:
        return pack_of(await queries.ever_published(session), "test")

    async def test_before_a_new_text_begins_the_old_one_rules(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        later = {
            "rule": "employees_end < 7",
            "effective_from": date(2020, 6, 1),
            "effective_to": date(2020, 12, 31),
        }
        await publish(session, admins, now, **later)
        pack = await self.pack(session)
        assert [pack.on(day).records[RENT].version for day in (DAY, date(2020, 6, 1))] == [1, 2]

    async def test_a_text_mended_for_the_same_days_rules_them_alone(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        base = await queries.current(session, RENT)
        assert base is not None
        await publish(session, admins, now, effective_to=max(base.issued_on, base.effective_from))
        pack = await self.pack(session)
        assert RENT not in pack.on(DAY).records
        assert RENT not in pack.on(date(2019, 1, 1)).records

    async def test_a_day_is_worked_out_once_and_many_days_are_not_kept_for_ever(
        self, session: AsyncSession, admins: list[Actor]
    ) -> None:
        del admins
        pack = await self.pack(session)
        assert pack.on(DAY) is pack.on(DAY)
        for ordinal in range(700_000, 700_100):
            pack.on(date.fromordinal(ordinal))
        assert len(pack.days) <= 32


async def test_a_text_that_no_longer_parses_costs_nobody_else_an_answer(
    session: AsyncSession, admins: list[Actor], caplog: pytest.LogCaptureFixture
) -> None:
    del admins
    (row,) = await queries.ever_published(session)
    broken = PolicyVersion(**{**row.model_dump(), "policy_id": "BROKEN", "rule": "no_such_fact"})
    pack = pack_of([broken, row], "test")
    day = pack.on(DAY)
    assert isinstance(pack.history["BROKEN"][0], PublishedText)
    assert not isinstance(pack.history["BROKEN"][0], PolicyRecord)
    assert [text.id for text in day.unreadable] == ["BROKEN"]
    assert list(day.records) == [RENT]
    assert "cannot be read" in caplog.text
    result = matching.match(pack, Facts(), DAY)
    assert [text.id for text in result.unavailable] == ["BROKEN"]
    assert [judged.policy.id for judged in result.undetermined] == [RENT]
    mended = pack_of([row], "test", Vocabulary.shipped(), pack)
    assert list(mended.history) == [RENT]
    assert mended.on(DAY).match(Facts()).undetermined == [RENT]
