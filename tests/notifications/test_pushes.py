"""A publication tells those who newly qualify, each once, with what decided it; nobody else is told anything."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.tables import Membership
from eligibility import Facts
from marketplace.jobs.worker import Worker
from marketplace.notifications import inbox, pushes
from marketplace.notifications.tables import InboxItem, Push
from marketplace.profiles import service as profiles
from tests.factories.enterprises import enterprise
from tests.factories.people import person
from tests.factories.publishing import AFTER, BEFORE, RENT, published, seeded
from tests.factories.stored import store

STAFF = (3, 5, 6, 10, 11, None)


async def told(session: AsyncSession) -> Sequence[InboxItem]:
    found = await session.scalars(select(InboxItem).execution_options(populate_existing=True))
    return found.all()


async def push_of(session: AsyncSession, push_id: UUID) -> Push:
    return await session.get_one(Push, push_id, populate_existing=True)


async def stored_staff(session: AsyncSession, owner: UUID | None = None) -> dict[int | None, str]:
    """An enterprise of each size, and one whose size nobody stated."""
    facts = [Facts({} if n is None else {"employees_end": n, "loan_start_date": None}) for n in STAFF]
    ids = await store(session, facts, owner)
    await session.commit()
    return dict(zip(STAFF, ids, strict=True))


class TestPublication:
    """Under what held before they were not eligible; now they are."""

    async def test_tells_those_who_newly_qualify_and_nobody_else(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        await seeded(session, now)
        ids = await stored_staff(session)
        version = await published(session, now)
        await worker.begin_pushes()
        await worker.push(version.id)
        items = await told(session)
        assert {str(item.enterprise_id) for item in items} == {ids[6], ids[10]}
        assert {item.kind for item in items} == {"policy"}
        assert all(item.policies == [[RENT, 2]] for item in items)

    async def test_keeps_the_facts_that_decided_it_and_no_others(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        await seeded(session, now)
        await stored_staff(session)
        version = await published(session, now)
        await worker.begin_pushes()
        await worker.push(version.id)
        assert sorted(str(item.facts) for item in await told(session)) == [
            "{'employees_end': 10}",
            "{'employees_end': 6}",
        ]

    async def test_counts_who_was_looked_at_qualified_and_was_told(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        await seeded(session, now)
        await stored_staff(session)
        version = await published(session, now)
        await worker.begin_pushes()
        await worker.push(version.id)
        push = await push_of(session, version.id)
        assert (push.state, push.looked, push.was, push.now, push.told) == ("done", 6, 2, 4, 2)

    async def test_that_narrows_a_policy_tells_nobody(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        await seeded(session, now, AFTER)
        await stored_staff(session)
        version = await published(session, now, BEFORE)
        await worker.begin_pushes()
        await worker.push(version.id)
        assert await told(session) == []

    async def test_of_two_in_a_row_compares_the_last_with_what_was_told_before(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        await seeded(session, now)
        ids = await stored_staff(session)
        between = await published(session, now, "employees_end <= 6")
        last = await published(session, now + timedelta(seconds=1))
        await worker.begin_pushes()
        assert (await push_of(session, between.id)).state == "skipped"
        assert (await push_of(session, last.id)).before_version == 1
        await worker.push(last.id)
        assert {str(item.enterprise_id) for item in await told(session)} == {ids[6], ids[10]}

    async def test_of_what_a_pack_brings_is_no_news(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        await seeded(session, now)
        await worker.begin_pushes()
        assert (await session.scalars(select(Push))).all() == []

    async def test_judges_what_begins_later_on_its_first_day(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        await seeded(session, now)
        later = date(2021, 1, 1)
        version = await published(session, now, effective_from=later)
        await worker.begin_pushes()
        assert (await push_of(session, version.id)).day == later

    async def test_that_is_over_already_tells_nobody(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        await seeded(session, now)
        await stored_staff(session)
        version = await published(
            session, now, effective_from=date(2020, 2, 1), effective_to=date(2020, 3, 1)
        )
        await worker.begin_pushes()
        assert (await push_of(session, version.id)).state == "skipped"

    async def test_settles_in_the_engine_what_sql_cannot_say_exactly(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        rule = 'sme_size == "micro" || employees_end > 5 && employees_end * 2 <= 20'
        await seeded(session, now)
        known = {"industry_code": "6210", "operating_revenue_yuan": 900_000, "total_assets_yuan": 1}
        facts = [Facts({**known, "employees_end": n}) for n in (4, 6, 10, 11, 400)]
        ids = await store(session, [*facts, Facts({"employees_end": 8})])
        version = await published(session, now, rule)
        await worker.begin_pushes()
        await worker.push(version.id)
        found = {str(item.enterprise_id) for item in await told(session)}
        assert found == {ids[1], ids[2], ids[3], ids[4], ids[5]}

    async def test_goes_on_after_a_stop_where_it_was(
        self,
        session: AsyncSession,
        worker: Worker,
        now: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(pushes, "BATCH", 2)
        await seeded(session, now)
        await stored_staff(session)
        version = await published(session, now)
        await worker.begin_pushes()
        worker.stop()
        await worker.push(version.id)
        assert (await push_of(session, version.id)).looked == 2
        worker.stopping.clear()
        await worker.push(version.id)
        await worker.push(version.id)
        push = await push_of(session, version.id)
        assert (push.state, push.looked, push.told) == ("done", 6, 2)
        assert len(await told(session)) == 2

    async def test_that_lost_its_job_gets_another(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        await seeded(session, now)
        await published(session, now)
        await worker.begin_pushes()
        await session.execute(text("DELETE FROM jobs.pgqueuer"))
        await session.commit()
        await worker.look_round()
        await worker.look_round()
        jobs = await session.execute(text("SELECT count(*) FROM jobs.pgqueuer WHERE entrypoint = 'push'"))
        assert jobs.scalar_one() == 1


class TestObjection:
    """Who does not want his facts matched is told what is new, and nobody looks at his facts."""

    async def test_gives_a_plain_list_of_what_is_new(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        await seeded(session, now)
        owner = await person(session, now)
        ids = await stored_staff(session, owner.user_id)
        await session.execute(
            text(
                "INSERT INTO notification_settings (user_id, mode, muted, personalised, language, updated_at)"
                " VALUES (:user, 'none', '[]', false, 'zh-CN', now())"
            ),
            {"user": owner.user_id},
        )
        version = await published(session, now)
        await worker.begin_pushes()
        await worker.push(version.id)
        items = await told(session)
        assert {str(item.enterprise_id) for item in items} == set(ids.values())
        assert {(item.kind, str(item.facts)) for item in items} == {("news", "{}")}
        push = await push_of(session, version.id)
        assert (push.was, push.now) == (0, 0)


class TestChangeOfFacts:
    """An enterprise whose own facts changed is told what newly applies."""

    async def test_is_told_in_one_message_a_day(
        self, session: AsyncSession, settings: Any, now: datetime
    ) -> None:
        await seeded(session, now)
        owner = await person(session, now)
        one = await enterprise(session, owner, now)
        await profiles.save_facts(session, owner, one.id, {"employees_end": 4}, source="declared", now=now)
        await session.commit()
        moment = now
        worker = Worker(settings, lambda: moment)
        await worker.tell_changes()
        assert await told(session) == []  # the owner may still be typing
        moment = now + timedelta(seconds=10)
        await worker.tell_changes()
        await worker.tell_changes()
        (item,) = await told(session)
        assert (item.kind, item.policies, item.facts) == ("facts", [[RENT, 1]], {"employees_end": 4})
        await worker.engine.dispose()

    async def test_that_takes_something_away_is_not_told(
        self, session: AsyncSession, settings: Any, now: datetime
    ) -> None:
        await seeded(session, now)
        owner = await person(session, now)
        one = await enterprise(session, owner, now)
        for count in (4, 40):
            await profiles.save_facts(
                session, owner, one.id, {"employees_end": count}, source="declared", now=now
            )
        await session.commit()
        worker = Worker(settings, lambda: now + timedelta(seconds=10))
        await worker.tell_changes()
        assert await told(session) == []
        await worker.engine.dispose()


class TestReminders:
    """Quiet reminders before a policy ends."""

    @pytest.mark.parametrize(("left", "stage"), [(31, None), (30, 30), (8, 30), (7, 7), (0, 7)])
    async def test_come_within_thirty_and_within_seven_days(
        self, session: AsyncSession, worker: Worker, now: datetime, left: int, stage: int | None
    ) -> None:
        await seeded(session, now, effective_to=worker.settings.as_of + timedelta(days=left))
        ids = await stored_staff(session)
        await worker.look_round()
        begun = (await session.scalars(select(Push))).all()
        assert [push.stage for push in begun] == ([] if stage is None else [stage])
        for push in begun:
            await worker.push(push.id)
        expected = set() if stage is None else {ids[3], ids[5]}
        assert {str(item.enterprise_id) for item in await told(session)} == expected

    async def test_come_once_and_not_to_who_claimed_or_dismissed_it(
        self, session: AsyncSession, worker: Worker, now: datetime
    ) -> None:
        await seeded(session, now, effective_to=worker.settings.as_of + timedelta(days=5))
        owner = await person(session, now)
        ids = await stored_staff(session, owner.user_id)
        await session.execute(
            text(
                "INSERT INTO policy_marks (enterprise_id, policy_id, mark, marked_by, marked_at)"
                " VALUES (:one, :policy, 'claimed', :user, now())"
            ),
            {"one": UUID(ids[3]), "policy": RENT, "user": owner.user_id},
        )
        await session.commit()
        await worker.look_round()
        (push,) = (await session.scalars(select(Push))).all()
        await worker.push(push.id)
        later = Worker(worker.settings, lambda: now + timedelta(days=1))
        await later.look_round()
        await later.push(push.id)
        items = await told(session)
        assert [str(item.enterprise_id) for item in items] == [ids[5]]
        assert (await push_of(session, push.id)).told == 1
        await later.engine.dispose()


class TestInbox:
    """An inbox is its owner's."""

    async def test_is_nobody_elses(self, session: AsyncSession, worker: Worker, now: datetime) -> None:
        await seeded(session, now)
        owner, stranger = await person(session, now), await person(session, now)
        await stored_staff(session, owner.user_id)
        version = await published(session, now)
        await worker.begin_pushes()
        await worker.push(version.id)
        mine = await inbox.listing(session, owner)
        assert (mine.total, mine.unread) == (2, 2)
        theirs = await inbox.listing(session, stranger)
        assert (theirs.total, theirs.unread, theirs.items) == (0, 0, [])
        item = mine.items[0]
        with pytest.raises(inbox.ItemNotFound):
            await inbox.opened(session, stranger, item.push_id, item.enterprise_id, now)
        await inbox.read_all(session, stranger, now)
        assert await inbox.unread_of(session, owner) == 2
        await inbox.opened(session, owner, item.push_id, item.enterprise_id, now)
        assert await inbox.unread_of(session, owner) == 1
        assert (await session.scalars(select(col(Membership.user_id)).distinct())).all() == [owner.user_id]
