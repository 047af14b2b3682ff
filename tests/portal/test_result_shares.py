"""Shares and stated figures in the database: under a hash, ended by the clock or their maker, gone with the check."""

import json
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.tables import AuditEntry
from eligibility import Facts
from marketplace.portal import amounts, checks, shares
from marketplace.portal.amounts import Whose
from marketplace.portal.errors import ShareEnded, ShareNotFound, TooManyShares
from marketplace.portal.tables import CheckSession, ResultShare, StatedAmount
from policies import advising, keeper
from tests.factories.enterprises import enterprise
from tests.factories.people import person
from tests.policies.test_matching_api import ENTERPRISES

DAY = date(2020, 4, 15)
CONTENT = {"as_of": "2020-04-15", "least": "0", "most": None}


@pytest.fixture
async def whose(session: AsyncSession, now: datetime) -> Whose:
    return await a_check(session, now)


async def a_check(session: AsyncSession, now: datetime) -> Whose:
    token = await checks.save(session, None, {"employees_end": 8}, (), now)
    check = await checks.find(session, token)
    assert check is not None
    await session.commit()
    return Whose(check_id=check.id)


class TestShares:
    """Made, read, ended."""

    async def test_are_read_by_their_token_which_is_kept_nowhere(
        self, session: AsyncSession, whose: Whose, now: datetime
    ) -> None:
        token = await shares.make(session, whose, CONTENT, None, now)
        assert (await shares.read(session, token, now)).content == CONTENT
        rows = (
            (await session.execute(text("SELECT row_to_json(s)::text FROM result_shares s"))).scalars().all()
        )
        assert len(rows) == 1
        assert token not in rows[0]

    @pytest.mark.parametrize("token", ["", "x", "a" * 200, "\u4f60\u597d"])
    async def test_are_not_found_by_any_other(
        self, session: AsyncSession, whose: Whose, now: datetime, token: str
    ) -> None:
        await shares.make(session, whose, CONTENT, None, now)
        with pytest.raises(ShareNotFound):
            await shares.read(session, token, now)

    async def test_end_after_thirty_days_to_the_second(
        self, session: AsyncSession, whose: Whose, now: datetime
    ) -> None:
        token = await shares.make(session, whose, CONTENT, None, now)
        last = now + timedelta(days=30) - timedelta(seconds=1)
        assert await shares.read(session, token, last)
        with pytest.raises(ShareEnded):
            await shares.read(session, token, now + timedelta(days=30))

    async def test_hold_nothing_any_more_once_withdrawn_and_cannot_be_withdrawn_twice(
        self, session: AsyncSession, whose: Whose, now: datetime
    ) -> None:
        token = await shares.make(session, whose, CONTENT, None, now)
        (share,) = await shares.live(session, whose, now)
        await shares.withdraw(session, whose, share.id, None, now)
        assert share.content is None
        with pytest.raises(ShareEnded):
            await shares.read(session, token, now)
        with pytest.raises(ShareNotFound):
            await shares.withdraw(session, whose, share.id, None, now)

    async def test_are_withdrawn_by_their_maker_alone(
        self, session: AsyncSession, whose: Whose, now: datetime
    ) -> None:
        token = await shares.make(session, whose, CONTENT, None, now)
        (share,) = await shares.live(session, whose, now)
        owner = await person(session, now)
        for other in (
            await a_check(session, now),
            Whose(enterprise_id=(await enterprise(session, owner, now)).id),
        ):
            assert await shares.live(session, other, now) == []
            with pytest.raises(ShareNotFound):
                await shares.withdraw(session, other, share.id, None, now)
        assert await shares.read(session, token, now)

    async def test_are_twenty_at_most_and_ended_ones_do_not_count(
        self, session: AsyncSession, whose: Whose, now: datetime
    ) -> None:
        for _ in range(shares.MOST_LIVE):
            await shares.make(session, whose, CONTENT, None, now)
        with pytest.raises(TooManyShares):
            await shares.make(session, whose, CONTENT, None, now)
        assert await shares.make(session, await a_check(session, now), CONTENT, None, now)
        assert await shares.make(session, whose, CONTENT, None, now + shares.LIFETIME)

    async def test_long_over_are_deleted_when_somebody_makes_one(
        self, session: AsyncSession, whose: Whose, now: datetime
    ) -> None:
        await shares.make(session, whose, CONTENT, None, now)
        await shares.make(session, whose, CONTENT, None, now + 2 * shares.LIFETIME + timedelta(seconds=1))
        assert await session.scalar(select(func.count()).select_from(ResultShare)) == 1

    async def test_go_with_the_answers_they_were_made_of(
        self, session: AsyncSession, whose: Whose, now: datetime
    ) -> None:
        token = await shares.make(session, whose, CONTENT, None, now)
        await session.execute(delete(CheckSession).where(col(CheckSession.id) == whose.check_id))
        with pytest.raises(ShareNotFound):
            await shares.read(session, token, now)

    async def test_of_an_enterprise_are_audited_as_its_own(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        mine = await enterprise(session, owner, now)
        about = Whose(enterprise_id=mine.id)
        await shares.make(session, about, CONTENT, owner, now)
        (share,) = await shares.live(session, about, now)
        await shares.withdraw(session, about, share.id, owner, now)
        found = await session.execute(
            select(AuditEntry.action, AuditEntry.tenant, AuditEntry.actor_id)
            .where(col(AuditEntry.action).like("results.%"))
            .order_by(col(AuditEntry.action))
        )
        assert [tuple(row) for row in found] == [
            ("results.share", str(mine.id), owner.user_id),
            ("results.withdraw", str(mine.id), owner.user_id),
        ]


@pytest.mark.seeded
async def test_what_is_shared_holds_verdicts_and_amounts_and_not_one_answer(session: AsyncSession) -> None:
    facts = ENTERPRISES[0]["facts"] | {"vat_period_sales_yuan": 271_828, "employees_end": 7}
    pack = await keeper.load_pack(session)
    content = shares.content_of(advising.advise(pack, Facts.from_json(facts), DAY))
    told = json.dumps(content, ensure_ascii=False)
    judged = [row for name in ("eligible", "undetermined", "ineligible") for row in content[name]]
    assert len(judged) == len(pack.on(DAY).records)
    assert all(name not in told for name in facts)
    assert "271828" not in told
    assert content.keys() == {
        "as_of", "pack_version", "least", "most", "eligible", "undetermined", "ineligible", "chosen",
    }  # fmt: skip
    assert all(policy in pack.history and version >= 1 for policy, version, _ in judged)


class TestStatedFigures:
    """Kept beside the answers."""

    async def test_replace_those_before_and_are_forgotten_when_emptied(
        self, session: AsyncSession, whose: Whose, now: datetime
    ) -> None:
        await a_policy(session, now)
        await amounts.state(session, whose, "P", {"due_yuan": 1, "months": 2}, now)
        await amounts.state(session, whose, "P", {"due_yuan": 3}, now)
        assert await amounts.stated(session, whose) == {"P": {"due_yuan": 3}}
        await amounts.state(session, whose, "P", {}, now)
        assert await amounts.stated(session, whose) == {}

    async def test_are_seen_by_nobody_else_and_go_with_the_check(
        self, session: AsyncSession, whose: Whose, now: datetime
    ) -> None:
        await a_policy(session, now)
        await amounts.state(session, whose, "P", {"due_yuan": 1}, now)
        assert await amounts.stated(session, await a_check(session, now)) == {}
        await session.execute(delete(CheckSession).where(col(CheckSession.id) == whose.check_id))
        assert await session.scalar(select(func.count()).select_from(StatedAmount)) == 0

    async def test_follow_a_visitor_to_his_enterprise(
        self, session: AsyncSession, whose: Whose, now: datetime
    ) -> None:
        await a_policy(session, now)
        mine = await enterprise(session, await person(session, now), now)
        about = Whose(enterprise_id=mine.id)
        await amounts.state(session, whose, "P", {"due_yuan": 1}, now)
        assert whose.check_id is not None
        await amounts.adopt(session, whose.check_id, mine.id, now)
        assert await amounts.stated(session, about) == {"P": {"due_yuan": 1}}
        await amounts.state(session, whose, "P", {"due_yuan": 2}, now)
        await amounts.adopt(session, whose.check_id, mine.id, now)
        assert await amounts.stated(session, about) == {"P": {"due_yuan": 1}}

    def test_are_somebodys_and_only_one_bodys(self) -> None:
        with pytest.raises(ValueError, match="exactly one"):
            Whose()


async def a_policy(session: AsyncSession, now: datetime) -> None:
    await session.execute(text("INSERT INTO policies (id, created_at) VALUES ('P', :now)"), {"now": now})
