"""Writing, submitting and publishing on PostgreSQL: what is stored, who is refused, and what the next match uses.

The database's own promises (one version in force, one open) are tried directly too, past every service.
"""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col

from auth.actor import Actor
from auth.roles import Role
from auth.tables import AuditEntry
from eligibility import Facts, Rule, RuleError, Vocabulary
from eligibility import Status as Verdict
from marketplace.db import open_session
from marketplace.shipped import shipped_policies
from policies import content, keeper, matching, queries, service
from policies.errors import (
    ChangedMeanwhile,
    DatesCross,
    ExclusionItself,
    ExclusionUnknown,
    NothingChanged,
    OwnWork,
    PolicyNotFound,
    RuleFails,
    WrongState,
)
from policies.schemas import PolicyDraft, Rejection
from policies.tables import Policy, PolicyVersion
from tests.factories.people import person
from tests.factories.publishing import made_ready

RENT = "SD-RENT-2020-4"
AS_OF = date(2020, 4, 15)
NARROW = 'province_code == "370000" && landlord_type == "state_owned" && sme_size in ["micro"]'
NARROWEST = f"{NARROW} && affected_by_epidemic"
TENANT = {
    "entity_type": "company", "province_code": "370000", "industry_code": "1411", "employees_end": 60,
    "operating_revenue_yuan": 10_000_000, "landlord_type": "state_owned",
}  # fmt: skip


@pytest.fixture
async def policy(session: AsyncSession, now: datetime) -> str:
    """The Shandong rent policy in force, as the pack has it."""
    entry = next(entry for entry in shipped_policies() if entry["id"] == RENT)
    await service.store_published(session, RENT, content.from_pack(entry), now)
    session.add_all(Policy(id=other, created_at=now) for other in (*entry["exclusions"], "CN-OTHER"))
    await session.commit()
    return RENT


@pytest.fixture
async def lin(session: AsyncSession, now: datetime) -> Actor:
    return await person(session, now, Role.POLICY_ADMIN, username="lin")


@pytest.fixture
async def ma(session: AsyncSession, now: datetime) -> Actor:
    return await person(session, now, Role.POLICY_ADMIN, username="ma")


@pytest.fixture
async def admins(session: AsyncSession, now: datetime, lin: Actor, ma: Actor) -> list[Actor]:
    return [lin, ma, await person(session, now, Role.POLICY_ADMIN, username="tang")]


def draft_of(row: PolicyVersion, **changes: Any) -> PolicyDraft:
    """What the editor's form holds for a version, with changes."""
    found = {name: getattr(row, name) for name in PolicyDraft.model_fields}
    return PolicyDraft(**{**found, **changes})


async def saved(session: AsyncSession, who: Actor, now: datetime, **changes: Any) -> PolicyVersion:
    """An edit on top of what is there now."""
    base = await queries.open_version(session, RENT) or await queries.current(session, RENT)
    assert base is not None
    return await service.save_draft(
        session, who, RENT, draft_of(base, **changes), seen_sha256=base.content_sha256, now=now
    )


async def submitted(session: AsyncSession, who: Actor, now: datetime, rule: str = NARROW) -> PolicyVersion:
    """A version waiting for a second person, committed."""
    row = await saved(session, who, now, rule=rule)
    await made_ready(session, who, row, now)
    row = await service.submit(session, who, RENT, row.version, seen_sha256=row.content_sha256, now=now)
    await session.commit()
    return row


async def states(session: AsyncSession) -> list[tuple[int, str]]:
    """Every version with its state, oldest first."""
    session.expire_all()
    return [(row.version, row.status) for row in reversed(await queries.history(session, RENT))]


@pytest.mark.usefixtures("policy")
class TestPublishing:
    """The way from an edit to the next match."""

    async def test_puts_the_new_version_in_force_and_supersedes_the_old_one(
        self, session: AsyncSession, lin: Actor, ma: Actor, now: datetime
    ) -> None:
        row = await submitted(session, lin, now)
        await service.publish(session, ma, RENT, row.version, seen_sha256=row.content_sha256, now=now)
        assert await states(session) == [(1, "superseded"), (2, "published")]
        current = await queries.current(session, RENT)
        assert current is not None
        assert current.rule == NARROW
        assert (current.decided_by, current.submitted_by) == (ma.user_id, lin.user_id)

    async def test_is_used_by_the_next_match(
        self, session: AsyncSession, lin: Actor, ma: Actor, now: datetime
    ) -> None:
        async def verdict() -> Verdict:
            pack = await keeper.load_pack(session)
            found = matching.match(pack, Facts.from_json(TENANT, Vocabulary.shipped()), AS_OF)
            (judged,) = (*found.eligible, *found.undetermined, *found.ineligible)
            return judged.verdict.status

        assert await verdict() is Verdict.ELIGIBLE
        row = await submitted(session, lin, now)
        assert await verdict() is Verdict.ELIGIBLE
        await service.publish(session, ma, RENT, row.version, seen_sha256=row.content_sha256, now=now)
        assert await verdict() is Verdict.INELIGIBLE

    async def test_is_refused_to_everybody_who_wrote_edited_or_submitted_it(
        self, session: AsyncSession, lin: Actor, ma: Actor, now: datetime
    ) -> None:
        tang = await person(session, now, Role.POLICY_ADMIN, username="tang")
        hu = await person(session, now, Role.POLICY_ADMIN, username="hu")
        await saved(session, lin, now, rule=NARROWEST)
        await saved(session, ma, now, rule=NARROW)
        row = await submitted(session, tang, now)
        for who in (lin, ma, tang):
            with pytest.raises(OwnWork):
                await service.publish(
                    session, who, RENT, row.version, seen_sha256=row.content_sha256, now=now
                )
            with pytest.raises(OwnWork):
                await service.reject(session, who, RENT, row.version, Rejection(reason="x"), now=now)
        await service.publish(session, hu, RENT, row.version, seen_sha256=row.content_sha256, now=now)

    async def test_binds_the_content_that_was_read(
        self, session: AsyncSession, lin: Actor, ma: Actor, now: datetime
    ) -> None:
        read = await submitted(session, lin, now)
        seen = read.content_sha256
        await service.take_back(session, lin, RENT, read.version, now=now)
        again = await submitted(session, lin, now, rule=NARROWEST)
        assert again.version == read.version
        with pytest.raises(ChangedMeanwhile):
            await service.publish(session, ma, RENT, read.version, seen_sha256=seen, now=now)
        assert await states(session) == [(1, "published"), (2, "submitted")]

    async def test_by_two_people_at_once_has_one_winner(
        self, session: AsyncSession, engine: AsyncEngine, lin: Actor, ma: Actor, now: datetime
    ) -> None:
        tang = await person(session, now, Role.POLICY_ADMIN, username="tang")
        row = await submitted(session, lin, now)
        number, seen = row.version, row.content_sha256

        async def publish(who: Actor) -> None:
            async with open_session(engine) as own:
                await service.publish(own, who, RENT, number, seen_sha256=seen, now=now)
                await own.commit()

        outcomes = await asyncio.gather(publish(ma), publish(tang), return_exceptions=True)
        assert sorted(type(each) for each in outcomes if each) in ([ChangedMeanwhile], [WrongState])
        assert await states(session) == [(1, "superseded"), (2, "published")]

    async def test_of_a_rejected_version_is_impossible_and_a_reason_is_kept(
        self, session: AsyncSession, lin: Actor, ma: Actor, now: datetime
    ) -> None:
        row = await submitted(session, lin, now)
        why = Rejection(reason=" 第三部分\r\n没有这样写 ")
        gone = await service.reject(session, ma, RENT, row.version, why, now=now)
        assert gone.reason == "第三部分\n没有这样写"
        with pytest.raises(WrongState):
            await service.publish(session, ma, RENT, row.version, seen_sha256=row.content_sha256, now=now)
        assert (await saved(session, lin, now, rule=NARROWEST)).version == 3

    async def test_leaves_a_line_in_the_audit_log_for_every_step(
        self, session: AsyncSession, lin: Actor, ma: Actor, now: datetime
    ) -> None:
        await saved(session, lin, now, rule=NARROWEST)
        row = await submitted(session, lin, now)
        await service.publish(session, ma, RENT, row.version, seen_sha256=row.content_sha256, now=now)
        lines = await session.scalars(
            select(AuditEntry).where(col(AuditEntry.subject_id) == f"{RENT}/2").order_by(col(AuditEntry.at))
        )
        found = [(line.action, line.actor_id, line.detail["content_sha256"]) for line in lines]
        assert [(action, who) for action, who, _ in found] == [
            ("policies.draft", lin.user_id),
            ("policies.edit", lin.user_id),
            ("policies.answer_findings", lin.user_id),
            ("policies.simulate", lin.user_id),
            ("policies.submit", lin.user_id),
            ("policies.publish", ma.user_id),
        ]
        assert found[0][2] != found[1][2]
        assert found[1][2] == found[5][2]


@pytest.mark.usefixtures("policy")
class TestEditing:
    """Drafts."""

    async def test_a_submitted_version_is_refused(
        self, session: AsyncSession, lin: Actor, ma: Actor, now: datetime
    ) -> None:
        await submitted(session, lin, now)
        with pytest.raises(WrongState):
            await saved(session, ma, now, rule=NARROWEST)

    async def test_over_somebody_elses_edit_is_refused_and_loses_nothing(
        self, session: AsyncSession, lin: Actor, ma: Actor, now: datetime
    ) -> None:
        base = await queries.current(session, RENT)
        assert base is not None
        seen, mine = base.content_sha256, draft_of(base, rule=NARROWEST)
        await saved(session, lin, now, rule=NARROW)
        with pytest.raises(ChangedMeanwhile):
            await service.save_draft(session, ma, RENT, mine, seen_sha256=seen, now=now)
        draft = await queries.open_version(session, RENT)
        assert draft is not None
        assert draft.rule == NARROW

    async def test_by_two_people_at_once_opens_one_draft(
        self, session: AsyncSession, engine: AsyncEngine, lin: Actor, ma: Actor, now: datetime
    ) -> None:
        base = await queries.current(session, RENT)
        assert base is not None
        seen, drafts = base.content_sha256, [draft_of(base, rule=rule) for rule in (NARROW, NARROWEST)]

        async def save(who: Actor, draft: PolicyDraft) -> None:
            async with open_session(engine) as own:
                await service.save_draft(own, who, RENT, draft, seen_sha256=seen, now=now)
                await own.commit()

        outcomes = await asyncio.gather(save(lin, drafts[0]), save(ma, drafts[1]), return_exceptions=True)
        assert [type(each) for each in outcomes if each] == [ChangedMeanwhile]
        assert await states(session) == [(1, "published"), (2, "draft")]

    async def test_stores_the_rule_in_its_one_canonical_form(
        self, session: AsyncSession, lin: Actor, now: datetime
    ) -> None:
        row = await saved(
            session, lin, now, rule="  (landlord_type=='state_owned')&&( true == jobs_commitment )"
        )
        again = await saved(session, lin, now, rule=row.rule)
        assert again.rule == row.rule
        assert "  " not in row.rule

    async def test_what_no_rule_can_be_or_no_calendar_has_is_refused(
        self, session: AsyncSession, lin: Actor, now: datetime
    ) -> None:
        with pytest.raises(RuleError):
            await saved(session, lin, now, rule="employees > 3")
        with pytest.raises(DatesCross):
            await saved(session, lin, now, effective_to=date(2019, 1, 1))
        base = await queries.current(session, RENT)
        assert base is not None
        with pytest.raises(PolicyNotFound):
            await service.save_draft(session, lin, "NO-SUCH", draft_of(base), seen_sha256="", now=now)

    async def test_policies_that_exclude_nobody_or_themselves_are_refused(
        self, session: AsyncSession, lin: Actor, now: datetime
    ) -> None:
        with pytest.raises(ExclusionUnknown) as unknown:
            await saved(session, lin, now, exclusions=["CN-OTHER", "NO-SUCH", "NEITHER"])
        assert (unknown.value.field, unknown.value.params) == ("exclusions", {"ids": ["NEITHER", "NO-SUCH"]})
        with pytest.raises(ExclusionItself):
            await saved(session, lin, now, exclusions=["CN-OTHER", RENT])
        assert (await saved(session, lin, now, exclusions=["CN-OTHER"])).exclusions == ["CN-OTHER"]

    async def test_nothing_is_no_change_to_hand_in(
        self, session: AsyncSession, lin: Actor, now: datetime
    ) -> None:
        row = await saved(session, lin, now)
        with pytest.raises(NothingChanged):
            await service.submit(session, lin, RENT, row.version, seen_sha256=row.content_sha256, now=now)


@pytest.mark.usefixtures("policy")
class TestARuleThatCannotBeJudged:
    """However it comes about: it reads well, and judging it raises."""

    @pytest.fixture(params=["evaluate", "explain", "sentence", "compute"])
    def broken(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[object]:
        """One part of the engine fails on the facts of TENANT; what it was given before."""
        part, given = request.param, []

        def fail(*arguments: Any) -> Any:
            given.append(arguments)
            if part == "sentence" or "landlord_type" in arguments[1]:
                raise RecursionError
            return real(*arguments)

        real = getattr(service, part)
        monkeypatch.setattr(service, part, fail)
        return given

    async def test_is_not_handed_in(
        self, session: AsyncSession, lin: Actor, now: datetime, broken: list[object]
    ) -> None:
        row = await saved(session, lin, now, rule=NARROW)
        row.benefit = {**row.benefit, "amount": "operating_revenue_yuan"}
        row.content_sha256 = content.sha256_of(content.content_of(row))
        facts = [Facts.from_json(TENANT, Vocabulary.shipped())]
        with pytest.raises(RuleFails):
            await service.submit(
                session, lin, RENT, row.version, seen_sha256=row.content_sha256, tried_on=facts, now=now
            )
        assert broken

    async def test_does_not_come_into_force(
        self, session: AsyncSession, lin: Actor, ma: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = await submitted(session, lin, now)

        def fail(rule: Rule, facts: Mapping[str, object]) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(service, "evaluate", fail)
        with pytest.raises(RuleFails):
            await service.publish(session, ma, RENT, row.version, seen_sha256=row.content_sha256, now=now)
        assert await states(session) == [(1, "published"), (2, "submitted")]


class TestTexts:
    """What people type."""

    @pytest.mark.parametrize(
        "sign", ["\0", "\x01", "\x7f", "\x85", "\u202e", "\u2066", "\ufffd", "\ufffe", "\uffff", "\ufdd0",
        "\ufdef", "\U0001fffe", "\U0010ffff"]
    )  # fmt: skip
    def test_with_what_is_no_character_are_refused_in_every_field(self, sign: str) -> None:
        with pytest.raises(ValidationError, match="reason"):
            Rejection(reason=f"原文{sign}没有这样写")
        good = {
            "name_zh": "名", "name_en": "name", "rule": NARROW, "issued_on": "2020-02-06",
            "effective_from": "2020-02-06", "eligibility_zh": "条件", "eligibility_en": "terms", "clause_zh": "第一条",
            "clause_en": "Article 1", "exclusions": ["CN-OTHER"], "note": "附注",
        }  # fmt: skip
        PolicyDraft.model_validate(good)
        for name in good.keys() - {"rule", "issued_on", "effective_from"}:
            typed = [f"A{sign}B"] if name == "exclusions" else f"A{sign}B"
            with pytest.raises(ValidationError, match=name):
                PolicyDraft.model_validate({**good, name: typed})

    def test_may_run_over_lines_and_hold_rare_characters(self) -> None:
        assert Rejection(reason="一\r\n二\n\n三\t𠮷").reason == "一\n二\n\n三\t𠮷"

    @pytest.mark.parametrize("reason", ["", " \r\n ", "长" * 2001])
    def test_that_are_none_or_too_long_are_refused_whole(self, reason: str) -> None:
        with pytest.raises(ValidationError, match="reason"):
            Rejection(reason=reason)


@pytest.mark.usefixtures("policy")
class TestDatabase:
    """What holds even past the service."""

    async def test_has_one_version_in_force_and_one_open_at_most(
        self, session: AsyncSession, lin: Actor, now: datetime
    ) -> None:
        row_id = (await saved(session, lin, now, rule=NARROW)).id
        await session.commit()
        for status in ("published", "nonsense"):
            with pytest.raises(IntegrityError):
                await session.execute(
                    update(PolicyVersion).where(col(PolicyVersion.id) == row_id).values(status=status)
                )
            await session.rollback()
