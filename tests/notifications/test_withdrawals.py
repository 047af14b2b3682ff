"""A withdrawal tells those the policy applied to, once each, and ends the word of its publication."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from auth.roles import Role
from marketplace.jobs.worker import Worker
from marketplace.notifications.pushes import withdrawal_id
from marketplace.notifications.words import headline, told_of
from policies import withdrawing
from policies.keeper import load_pack
from policies.schemas import Rejection
from tests.factories.people import person
from tests.factories.publishing import RENT, published, seeded
from tests.notifications.test_pushes import push_of, stored_staff, told


async def withdrawn(session: AsyncSession, now: datetime, number: int) -> None:
    """Out of force, asked by one and confirmed by another."""
    first, second = [await person(session, now, Role.POLICY_ADMIN) for _ in range(2)]
    await withdrawing.ask(session, first, RENT, number, Rejection(reason="写宽了"), now=now)
    await withdrawing.confirm(session, second, RENT, number, now=now)
    await session.commit()


async def test_those_it_applied_to_are_told_once_and_can_read_why(
    session: AsyncSession, worker: Worker, now: datetime
) -> None:
    await seeded(session, now)
    ids = await stored_staff(session)
    version = await published(session, now)
    await withdrawn(session, now, version.version)
    for _ in range(2):
        await worker.begin_pushes()
        await worker.push(version.id)
        await worker.push(withdrawal_id(version.id))
    items = await told(session)
    assert {str(item.enterprise_id) for item in items} == {ids[3], ids[5], ids[6], ids[10]}
    assert {item.kind for item in items} == {"withdrawn"}
    push = await push_of(session, withdrawal_id(version.id))
    assert (push.state, push.now, push.told) == ("done", 4, 4)
    pack = await load_pack(session)
    assert "已撤回" in headline(items[0], told_of(pack, items[0], "zh-CN"), "zh-CN")


async def test_a_publication_under_way_stops_telling(
    session: AsyncSession, worker: Worker, now: datetime
) -> None:
    await seeded(session, now)
    await stored_staff(session)
    version = await published(session, now)
    await worker.begin_pushes()
    await withdrawn(session, now, version.version)
    await worker.push(version.id)
    assert (await push_of(session, version.id)).state == "skipped"
    assert await told(session) == []


async def test_the_corrected_version_is_news_to_everybody_who_qualifies(
    session: AsyncSession, worker: Worker, now: datetime
) -> None:
    await seeded(session, now)
    ids = await stored_staff(session)
    await withdrawn(session, now, 1)
    version = await published(session, now + timedelta(seconds=1))
    await worker.begin_pushes()
    await worker.push(version.id)
    assert {str(item.enterprise_id) for item in await told(session)} == {ids[3], ids[5], ids[6], ids[10]}
