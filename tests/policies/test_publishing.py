"""Beyond writing and approving: one person with two accounts, a later moment, a withdrawal, findings, comments.

On PostgreSQL, with sessions of their own where two people act at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col

from auth import persons
from auth.actor import Actor
from auth.errors import StaffNumberRefused, UserNotFound
from auth.roles import Role
from auth.tables import AuditEntry
from eligibility import Facts, Vocabulary
from marketplace.db import open_session
from policies import comments, findings, keeper, pending, queries, scheduling, service, told, withdrawing
from policies.errors import (
    ChangedMeanwhile,
    DraftOpen,
    EffectPast,
    FindingBlocks,
    FindingGone,
    FindingUnanswered,
    Hindered,
    NoWithdrawal,
    OwnWork,
    PoliciesError,
    WithdrawalAsked,
    WrongState,
)
from policies.schemas import FindingReply, PolicyDraft, Rejection
from policies.tables import PolicyVersion
from tests.factories.people import person
from tests.factories.publishing import AFTER, BEFORE, RENT, made_ready, seeded

WHY = Rejection(reason="写窄了")
FIVE = {"employees_end": 8}


@pytest.fixture(autouse=True)
async def policy(session: AsyncSession, now: datetime) -> None:
    await seeded(session, now)


@pytest.fixture
async def admins(session: AsyncSession, now: datetime) -> list[Actor]:
    return [await person(session, now, Role.POLICY_ADMIN) for _ in range(3)]


async def written(session: AsyncSession, who: Actor, now: datetime, rule: str = AFTER) -> PolicyVersion:
    """A draft over what is there, committed."""
    base = await queries.to_edit(session, RENT)
    assert base is not None
    fields = {name: getattr(base, name) for name in PolicyDraft.model_fields}
    draft = PolicyDraft(**{**fields, "rule": rule})
    row = await service.save_draft(session, who, RENT, draft, seen_sha256=base.content_sha256, now=now)
    await session.commit()
    return row


async def submitted(session: AsyncSession, who: Actor, now: datetime, rule: str = AFTER) -> dict[str, Any]:
    """A version in review; what a second person needs to approve it."""
    row = await written(session, who, now, rule)
    await made_ready(session, who, row, now)
    row = await service.submit(session, who, RENT, row.version, seen_sha256=row.content_sha256, now=now)
    await session.commit()
    return {"number": row.version, "seen_sha256": row.content_sha256, "now": now}


async def in_force(session: AsyncSession, admins: list[Actor], now: datetime, rule: str = AFTER) -> int:
    """The next version, written by the first and approved by the second; its number."""
    found = await submitted(session, admins[0], now, rule)
    row = await service.publish(session, admins[1], RENT, found.pop("number"), **found)
    await session.commit()
    return row.version


async def holds(session: AsyncSession) -> bool:
    """Whether a firm of eight people has the policy by the pack of now."""
    session.expire_all()
    pack = await keeper.load_pack(session)
    day = pack.on(date(2020, 4, 15))
    return RENT in day.match(Facts.from_json(FIVE, Vocabulary.shipped())).eligible


async def states(session: AsyncSession) -> list[str]:
    session.expire_all()
    return [row.status for row in reversed(await queries.history(session, RENT))]


class TestPersons:
    """Two accounts of one person are one."""

    async def test_a_second_account_approves_nothing_the_first_wrote(
        self, session: AsyncSession, now: datetime
    ) -> None:
        first, other = [await person(session, now, Role.POLICY_ADMIN, person_key="SD-1") for _ in range(2)]
        found = await submitted(session, first, now)
        number = found.pop("number")
        for deed in (service.publish, scheduled_tomorrow):
            with pytest.raises(OwnWork):
                await deed(session, other, RENT, number, **found)
        with pytest.raises(OwnWork):
            await service.reject(session, other, RENT, number, WHY, now=now)
        assert not (await pending.of(session, other)).review
        third = await person(session, now, Role.POLICY_ADMIN)
        assert [row.version for row in (await pending.of(session, third)).review] == [number]
        await service.publish(session, third, RENT, number, **found)

    async def test_a_second_account_confirms_no_withdrawal_of_the_first(
        self, session: AsyncSession, now: datetime
    ) -> None:
        first, other = [await person(session, now, Role.POLICY_ADMIN, person_key="SD-1") for _ in range(2)]
        await withdrawing.ask(session, first, RENT, 1, WHY, now=now)
        with pytest.raises(OwnWork):
            await withdrawing.confirm(session, other, RENT, 1, now=now)

    async def test_whoever_is_said_to_be_one_person_later_counts_as_one_from_then_on(
        self, session: AsyncSession, now: datetime
    ) -> None:
        first, other = [await person(session, now, Role.POLICY_ADMIN) for _ in range(2)]
        operator = await person(session, now, Role.OPERATOR)
        found = await submitted(session, first, now)
        for who, number in ((first, "sd 20113"), (other, "SD20113")):
            await persons.belongs_to(session, operator, who.user_id, number, now=now)
        with pytest.raises(OwnWork):
            await service.publish(session, other, RENT, found.pop("number"), **found)

    async def test_only_admins_have_staff_numbers_that_read_as_such(
        self, session: AsyncSession, now: datetime
    ) -> None:
        operator, owner = await person(session, now, Role.OPERATOR), await person(session, now)
        with pytest.raises(UserNotFound):
            await persons.belongs_to(session, operator, owner.user_id, "SD-1", now=now)
        for typed in ("", "x", "SD_1", "工号1", "A" * 40):
            with pytest.raises(StaffNumberRefused):
                persons.staff_number(typed)

    async def test_accounts_nobody_has_said_this_of_count_apart(
        self, session: AsyncSession, now: datetime
    ) -> None:
        first, other = [await person(session, now, Role.POLICY_ADMIN, person_key=None) for _ in range(2)]
        found = await persons.of(session, [first.user_id, other.user_id])
        assert len(set(found.values())) == 2


async def scheduled_tomorrow(
    session: AsyncSession, who: Actor, policy: str, number: int, *, seen_sha256: str, now: datetime
) -> PolicyVersion:
    return await scheduling.schedule(
        session, who, policy, number, seen_sha256=seen_sha256, effect_at=now + timedelta(days=1), now=now
    )


class TestScheduling:
    """Approved now, in force later."""

    async def test_takes_effect_once_at_its_moment_and_not_before(
        self, session: AsyncSession, engine: AsyncEngine, admins: list[Actor], now: datetime
    ) -> None:
        found = await submitted(session, admins[0], now)
        number = found.pop("number")
        await scheduled_tomorrow(session, admins[1], RENT, number, **found)
        await session.commit()
        assert not await holds(session)
        later = now + timedelta(days=1, seconds=1)
        assert await scheduling.due(session, now + timedelta(hours=23)) == []
        assert await scheduling.due(session, later) == [(RENT, number)]
        await session.commit()

        async def effect() -> PolicyVersion | None:
            async with open_session(engine) as own:
                done = await scheduling.take_effect(own, RENT, number, later)
                await own.commit()
                return done

        outcomes = await asyncio.gather(*(effect() for _ in range(5)))
        assert sum(each is not None for each in outcomes) == 1
        assert await states(session) == ["superseded", "published"]
        assert await holds(session)
        assert await scheduling.take_effect(session, RENT, number, later) is None
        logged = await session.scalars(
            select(col(AuditEntry.action)).where(col(AuditEntry.action) == "policies.take_effect")
        )
        assert len(logged.all()) == 1

    async def test_is_called_off_with_a_reason_and_has_to_be_approved_anew(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        found = await submitted(session, admins[0], now)
        number = found.pop("number")
        await scheduled_tomorrow(session, admins[1], RENT, number, **found)
        row = await scheduling.call_off(session, admins[0], RENT, number, WHY, now=now)
        assert (row.status, row.decided_by, row.approved_sha256) == ("draft", None, None)
        assert [one.words for one in await comments.of(session, row.id)] == [WHY.reason]
        assert await scheduling.take_effect(session, RENT, number, now + timedelta(days=2)) is None

    @pytest.mark.parametrize("days", [-1, 0, 400])
    async def test_is_for_a_moment_to_come_within_a_year(
        self, session: AsyncSession, admins: list[Actor], now: datetime, days: int
    ) -> None:
        found = await submitted(session, admins[0], now)
        with pytest.raises(EffectPast):
            await scheduling.schedule(
                session, admins[1], RENT, found.pop("number"), effect_at=now + timedelta(days=days), **found
            )

    async def test_keeps_the_text_from_being_edited_meanwhile(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        found = await submitted(session, admins[0], now)
        await scheduled_tomorrow(session, admins[1], RENT, found.pop("number"), **found)
        with pytest.raises(WrongState):
            await written(session, admins[0], now, BEFORE)

    async def test_what_was_changed_past_the_service_does_not_take_effect(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        found = await submitted(session, admins[0], now)
        number = found.pop("number")
        row = await scheduled_tomorrow(session, admins[1], RENT, number, **found)
        await session.execute(
            update(PolicyVersion).where(col(PolicyVersion.id) == row.id).values(rule="employees_end <= 99")
        )
        with pytest.raises(ChangedMeanwhile):
            await scheduling.take_effect(session, RENT, number, now + timedelta(days=2))

    async def test_the_database_refuses_to_have_in_force_what_was_not_approved(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        number = await in_force(session, admins, now)
        change = update(PolicyVersion).where(
            col(PolicyVersion.policy_id) == RENT, col(PolicyVersion.version) == number
        )
        with pytest.raises(IntegrityError, match="ck_policy_versions_approved"):
            await session.execute(change.values(content_sha256="0" * 64))


class TestWithdrawing:
    """Out of force at once, by two."""

    async def test_takes_the_policy_out_and_brings_nothing_back(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        number = await in_force(session, admins, now)
        assert await holds(session)
        before = (await keeper.load_pack(session)).version
        await withdrawing.ask(session, admins[0], RENT, number, WHY, now=now)
        assert [r.version for r in (await pending.of(session, admins[1])).withdrawals] == [number]
        assert not (await pending.of(session, admins[0])).withdrawals
        with pytest.raises(OwnWork):
            await withdrawing.confirm(session, admins[0], RENT, number, now=now)
        await withdrawing.confirm(session, admins[1], RENT, number, now=now)
        await session.commit()
        assert await states(session) == ["superseded", "withdrawn"]
        pack = await keeper.load_pack(session)
        assert (RENT in pack.by_id, pack.version == before) == (False, False)
        assert not await holds(session)
        notice = await withdrawing.notice(session, RENT)
        assert notice is not None
        assert notice.reason == WHY.reason

    async def test_is_asked_for_once_and_can_be_refused(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        with pytest.raises(NoWithdrawal):
            await withdrawing.confirm(session, admins[1], RENT, 1, now=now)
        await withdrawing.ask(session, admins[0], RENT, 1, WHY, now=now)
        with pytest.raises(WithdrawalAsked):
            await withdrawing.ask(session, admins[2], RENT, 1, WHY, now=now)
        await withdrawing.refuse(session, admins[1], RENT, 1, now=now)
        assert await states(session) == ["published"]
        await withdrawing.ask(session, admins[2], RENT, 1, WHY, now=now)

    async def test_what_follows_is_compared_with_nothing_and_starts_from_the_withdrawn_text(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        number = await in_force(session, admins, now)
        await withdrawing.ask(session, admins[0], RENT, number, WHY, now=now)
        await withdrawing.confirm(session, admins[1], RENT, number, now=now)
        await session.commit()
        assert await in_force(session, admins, now, "employees_end <= 20") == number + 1
        assert await states(session) == ["superseded", "withdrawn", "published"]
        assert await holds(session)

    async def test_while_another_version_is_published_one_of_both_happens(
        self, session: AsyncSession, engine: AsyncEngine, admins: list[Actor], now: datetime
    ) -> None:
        await withdrawing.ask(session, admins[0], RENT, 1, WHY, now=now)
        found = await submitted(session, admins[0], now)
        number = found.pop("number")

        async def confirm(own: AsyncSession) -> object:
            return await withdrawing.confirm(own, admins[2], RENT, 1, now=now)

        async def publish(own: AsyncSession) -> object:
            return await service.publish(own, admins[1], RENT, number, **found)

        outcomes = await at_once(engine, confirm, publish)
        session.expire_all()
        refused = [each for each in outcomes if isinstance(each, Exception)]
        assert all(isinstance(each, PoliciesError) for each in refused), outcomes
        assert await states(session) in (
            ["withdrawn", "submitted"],
            ["superseded", "published"],
            ["withdrawn", "published"],
        )
        assert await holds(session) == ((await states(session))[-1] == "published")


async def at_once(engine: AsyncEngine, *deeds: Callable[[AsyncSession], Awaitable[object]]) -> list[object]:
    """Deeds in sessions of their own, at the same time; what each came to."""

    async def one(deed: Callable[[AsyncSession], Awaitable[object]]) -> object:
        async with open_session(engine) as own:
            done = await deed(own)
            await own.commit()
            return done

    return list(await asyncio.gather(*map(one, deeds), return_exceptions=True))


class TestAtOnce:
    """Two people at the same moment."""

    async def test_approving_and_editing_never_put_an_unread_text_in_force(
        self, session: AsyncSession, engine: AsyncEngine, admins: list[Actor], now: datetime
    ) -> None:
        for turn in range(4):
            rule = f"employees_end <= {11 + turn}"
            found = await submitted(session, admins[0], now, rule)
            number = found.pop("number")

            async def approve(own: AsyncSession, number: int = number, found: Any = found) -> object:
                return await service.publish(own, admins[1], RENT, number, **found)

            async def edit(own: AsyncSession, number: int = number) -> object:
                await service.take_back(own, admins[0], RENT, number, now=now)
                return await written(own, admins[0], now, "employees_end <= 9999")

            await at_once(engine, approve, edit)
            session.expire_all()
            current = await queries.current(session, RENT)
            assert current is not None
            assert current.rule != "employees_end <= 9999"
            draft = await queries.open_version(session, RENT)
            if draft is not None:  # the edit was quicker; make room for the next turn
                await made_ready(session, admins[0], draft, now)
                seen = draft.content_sha256
                await service.submit(session, admins[0], RENT, draft.version, seen_sha256=seen, now=now)
                await service.reject(session, admins[1], RENT, draft.version, WHY, now=now)
                await session.commit()

    async def test_confirming_and_refusing_a_withdrawal_have_one_winner(
        self, session: AsyncSession, engine: AsyncEngine, admins: list[Actor], now: datetime
    ) -> None:
        await withdrawing.ask(session, admins[0], RENT, 1, WHY, now=now)
        await session.commit()

        async def confirm(own: AsyncSession) -> object:
            return await withdrawing.confirm(own, admins[1], RENT, 1, now=now)

        async def refuse(own: AsyncSession) -> object:
            await withdrawing.refuse(own, admins[2], RENT, 1, now=now)
            return None

        outcomes = await at_once(engine, confirm, refuse)
        assert sum(isinstance(each, PoliciesError) for each in outcomes) == 1
        wish = (await withdrawing.of(session, (await queries.history(session, RENT))[0]))[0]
        assert (wish.state == "confirmed") == ((await states(session)) == ["withdrawn"])


class TestRestoring:
    """An old text comes back as a new version."""

    async def test_makes_a_draft_with_the_old_text_that_goes_the_usual_way(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        await in_force(session, admins, now)
        row = await service.restore(session, admins[0], RENT, 1, now=now)
        assert (row.rule, row.status, row.restores) == (BEFORE, "draft", 1)
        with pytest.raises(DraftOpen):
            await service.restore(session, admins[1], RENT, 1, now=now)
        with pytest.raises(WrongState):
            await service.publish(
                session, admins[1], RENT, row.version, seen_sha256=row.content_sha256, now=now
            )

    async def test_of_what_is_in_force_is_refused(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        with pytest.raises(WrongState):
            await service.restore(session, admins[0], RENT, 1, now=now)


class TestFindings:
    """What the analysis has against a draft."""

    async def test_a_rule_nobody_can_satisfy_blocks_whatever_is_answered(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        row = await written(session, admins[0], now, "employees_end <= 5 && employees_end > 9")
        await made_ready(session, admins[0], row, now)
        with pytest.raises(Hindered) as refused:
            await service.submit(
                session, admins[0], RENT, row.version, seen_sha256=row.content_sha256, now=now
            )
        assert FindingBlocks in {type(one) for one in refused.value.hindrances}

    async def test_a_clause_that_never_matters_blocks_and_one_in_force_already_needs_an_answer(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        dead = "employees_end <= 10 && employees_end <= 20"
        row = await written(session, admins[0], now, dead)
        (found, *_) = findings.found_in(await findings.made(session, row, now))
        assert (found.kind, found.blocks, found.part) == ("dead_clause", True, "employees_end <= 20")
        await session.execute(update(PolicyVersion).where(col(PolicyVersion.version) == 1).values(rule=dead))
        again = await written(session, admins[0], now, f"{dead} && affected_by_epidemic")
        kinds = {one.kind: one.blocks for one in findings.found_in(await findings.made(session, again, now))}
        assert kinds["dead_clause"] is False

    async def test_differences_need_an_answer_that_holds_while_the_rules_do(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        row = await written(session, admins[0], now)
        analysis = await findings.made(session, row, now)
        (gains,) = findings.found_in(analysis)
        assert gains.kind == "gains"
        assert 5 < gains.witness["employees_end"] <= 10
        with pytest.raises(Hindered) as refused:
            await service.submit(
                session, admins[0], RENT, row.version, seen_sha256=row.content_sha256, now=now
            )
        assert FindingUnanswered in {type(one) for one in refused.value.hindrances}
        reply = {gains.fingerprint: FindingReply(answer="扩大到十人")}
        row = await findings.answer(session, admins[1], RENT, row.version, reply, now=now)
        assert str(admins[1].user_id) in row.editors
        assert await findings.gate(session, row, None) == []  # type: ignore[arg-type]
        await session.commit()
        row = await written(session, admins[0], now, "employees_end <= 12")
        assert [type(one) for one in await findings.gate(session, row, None)] == [FindingUnanswered]  # type: ignore[arg-type]
        with pytest.raises(FindingGone):
            await findings.answer(session, admins[1], RENT, row.version, reply, now=now)

    async def test_a_family_with_a_gap_is_told_with_an_enterprise_none_of_it_fits(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        family = {
            "id": "SIZES", "document_no": "x", "among": "true", "from": "2020-03-01", "to": "2020-05-31",
            "members": [RENT],
        }  # fmt: skip
        row = await written(session, admins[0], now)
        await session.execute(
            update(PolicyVersion)
            .where(col(PolicyVersion.id) == row.id)
            .values(relations={**row.relations, "families": [family]})
        )
        await session.refresh(row)
        kinds = {one.kind: one for one in findings.found_in(await findings.made(session, row, now))}
        assert kinds["gap"].witness["employees_end"] is None or kinds["gap"].witness["employees_end"] > 10

    async def test_what_there_is_no_time_for_is_told_as_not_decided(
        self, session: AsyncSession, admins: list[Actor], now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(findings, "SECONDS", -1.0)
        row = await written(session, admins[0], now)
        assert "undecided" in {one.kind for one in findings.found_in(await findings.made(session, row, now))}


class TestComments:
    """What admins say to each other."""

    async def test_on_a_rejected_version_are_pointed_to_from_the_next(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        found = await submitted(session, admins[0], now)
        number = found["number"]
        gone = await service.reject(session, admins[1], RENT, number, WHY, now=now)
        await comments.say(session, admins[1], gone, "原文第三条", now)
        await session.commit()
        assert [row.version for row in (await pending.of(session, admins[0])).returned] == [number]
        assert not (await pending.of(session, admins[1])).returned
        row = await written(session, admins[0], now)
        assert await comments.of_rejected_before(session, row) == [(number, 1)]
        assert not (await pending.of(session, admins[0])).returned


class TestAsItStood:
    """The pack of a moment in the past."""

    async def test_has_the_texts_and_the_name_of_then(
        self, session: AsyncSession, admins: list[Actor], now: datetime
    ) -> None:
        names, moments = [(await keeper.load_pack(session)).version], [now]
        for hours in (1, 2):
            at = now + timedelta(hours=hours)
            await in_force(session, admins, at, f"employees_end <= {10 * hours}")
            names.append((await keeper.load_pack(session)).version)
            moments.append(at)
        at = now + timedelta(hours=3)
        await withdrawing.ask(session, admins[0], RENT, 3, WHY, now=at)
        await withdrawing.confirm(session, admins[1], RENT, 3, now=at)
        await session.commit()
        names.append((await keeper.load_pack(session)).version)
        moments.append(at)
        assert len(set(names)) == 4
        rules = []
        for name, moment in zip(names, moments, strict=True):
            pack = await told.pack_at(session, moment + timedelta(minutes=1))
            assert pack.version == name
            record = pack.by_id.get(RENT)
            rules.append(record.rule.text if record else None)
        assert rules == [BEFORE, "employees_end <= 10", "employees_end <= 20", None]
