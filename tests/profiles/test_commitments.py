"""Commitments: made by whoever may, for values as they stand, verified afterwards, and what follows from either."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from auth.actor import Actor
from auth.errors import MatterNotCovered
from auth.roles import Role
from auth.tables import Membership
from marketplace.db import transaction
from marketplace.jobs.worker import Worker
from marketplace.notifications import inbox, notices
from marketplace.notifications.tables import InboxItem
from marketplace.profiles import attesting, commitments, people, service, verifying
from marketplace.profiles.commitment_steps import EXCLUDED_FOR, OBJECT_WITHIN, VERIFY_WITHIN
from marketplace.profiles.commitments import Wanted
from marketplace.profiles.declaration import STATEMENTS
from marketplace.profiles.errors import (
    CommitmentExcluded,
    CommitmentNotFound,
    CommitmentRefused,
    CommitmentSettled,
    CommitmentTextChanged,
    EnterpriseNotFound,
    OwnCommitment,
)
from marketplace.profiles.people import HERE, Offer
from marketplace.profiles.tables import Commitment
from marketplace.settings import Settings
from tests.factories import lending
from tests.factories.attesting import AUDIENCE, Signer, signer
from tests.factories.committing import commitment
from tests.factories.people import person

FACTS = ("employees_end", "tax_credit_rating")


@dataclass
class Scene:
    """An enterprise of one owner, two people at the policy desk, and a tax office."""

    session: AsyncSession
    owner: Actor
    id: UUID
    desk: Actor
    second: Actor
    tax: Signer
    now: datetime

    async def make(self, *facts: str, **changes: Any) -> Commitment:
        return await commitment(self.session, self.owner, self.id, facts or FACTS, self.now, **changes)

    async def sources(self) -> dict[str, str]:
        rows = (await service.profile_of(self.session, self.id)).rows
        return {row.name: row.source for row in rows}

    async def save(self, source: Any = "declared", **facts: Any) -> None:
        await service.save_facts(self.session, self.owner, self.id, facts, source=source, now=self.now)
        await self.session.commit()

    async def attest(self, **facts: Any) -> None:
        uscc = (await service.enterprise_of(self.session, self.owner, self.id)).uscc
        statement = self.tax.sign(self.tax.claims(uscc, facts))
        await attesting.take_in(self.session, statement, audience=AUDIENCE, now=self.now)
        await self.session.commit()

    async def refute(self, made: Commitment, *untrue: str) -> None:
        await verifying.verify(
            self.session, self.desk, made.id, untrue=untrue, ground="现场只有 3 人", now=self.now
        )
        await self.session.commit()

    async def status(self, made: Commitment) -> str:
        found = await commitments.one(self.session, self.owner, self.id, made.id)
        return found.status

    async def messages(self) -> list[InboxItem]:
        return list((await inbox.listing(self.session, self.owner)).items)

    async def log(self, made: Commitment) -> list[tuple[str, str | None]]:
        rows = await self.session.execute(
            text("SELECT action, tenant FROM audit_log WHERE subject_id = :id ORDER BY id"),
            {"id": str(made.id)},
        )
        return [(row[0].removeprefix("profiles."), row[1]) for row in rows]


@pytest.fixture
async def scene(session: AsyncSession, now: datetime) -> Scene:
    owner = await person(session, now)
    desk, second = [await person(session, now, Role.POLICY_ADMIN) for _ in range(2)]
    mine = await lending.enterprise(session, owner, now)
    return Scene(session, owner, mine, desk, second, await signer(session, now), now)


class TestMaking:
    """Declaring instead of handing in papers."""

    async def test_keeps_the_very_text_that_was_read_with_its_values(self, scene: Scene) -> None:
        made = await scene.make()
        assert made.wording_sha256 == hashlib.sha256(made.wording.encode()).hexdigest()
        for words in ("淄博和润食品有限公司", "18 人", "B", scene.owner.display_name, "退回", "陈述申辩"):
            assert words in made.wording, words
        kept = {fact.name: fact.value for fact in await commitments.facts_of(scene.session, made.id)}
        assert kept == {"employees_end": 18, "tax_credit_rating": "B"}
        assert made.verify_by == scene.now.astimezone(HERE).date() + VERIFY_WITHIN
        assert await scene.log(made) == [("commit", str(scene.id))]

    async def test_makes_the_facts_committed_until_they_say_something_else(self, scene: Scene) -> None:
        await scene.make()
        assert {(await scene.sources())[name] for name in FACTS} == {"committed"}
        await scene.save(employees_end=18)
        await scene.save("imported", employees_end=18)
        assert (await scene.sources())["employees_end"] == "committed"
        await scene.save(employees_end=19)
        sources = await scene.sources()
        assert (sources["employees_end"], sources["tax_credit_rating"]) == ("declared", "committed")

    @pytest.mark.parametrize("facts", [(), ("insured_employees",), ("sme_size",), ("no_such_fact",)])
    async def test_takes_known_facts_alone(self, scene: Scene, facts: tuple[str, ...]) -> None:
        wanted = Wanted(facts, None, "zh-CN")
        with pytest.raises(CommitmentRefused) as refused:
            await commitments.draft(scene.session, scene.owner, scene.id, wanted, lending.AS_OF, scene.now)
        assert refused.value.field == "facts"

    async def test_needs_none_for_what_is_attested_or_committed_already(self, scene: Scene) -> None:
        await scene.attest(tax_credit_rating="B")
        await scene.make("employees_end")
        for fact in FACTS:
            with pytest.raises(CommitmentRefused):
                await scene.make(fact)

    async def test_needs_every_statement_and_the_text_that_stands_now(self, scene: Scene) -> None:
        wanted = Wanted(FACTS, None, "zh-CN")
        text_ = await commitments.draft(
            scene.session, scene.owner, scene.id, wanted, lending.AS_OF, scene.now
        )

        async def send(agreed: tuple[str, ...], now: datetime) -> None:
            await commitments.make(
                scene.session, scene.owner, scene.id, wanted,
                seen=text_.sha256, agreed=agreed, as_of=lending.AS_OF, now=now,
            )  # fmt: skip

        for missing in STATEMENTS:
            with pytest.raises(CommitmentRefused):
                await send(tuple(each for each in STATEMENTS if each != missing), scene.now)
        with pytest.raises(CommitmentTextChanged):
            await send(STATEMENTS, scene.now + timedelta(days=1))
        await scene.save(employees_end=30)
        with pytest.raises(CommitmentTextChanged):
            await send(STATEMENTS, scene.now)

    @pytest.mark.parametrize(
        ("part", "matters", "may"),
        [
            ("applicant", (), True),
            ("editor", (), False),
            ("reader", (), False),
            ("agent", ("facts", "apply"), False),
            ("agent", ("commit",), True),
        ],
    )
    async def test_is_for_whom_the_matter_covers(
        self, scene: Scene, part: str, matters: tuple[str, ...], may: bool
    ) -> None:
        who = await person(scene.session, scene.now)
        last = scene.now.astimezone(HERE).date() + timedelta(days=9) if part == "agent" else None
        code = await people.invite(
            scene.session, scene.owner, scene.id, Offer("小李", part, matters, last), scene.now
        )
        await people.accept(scene.session, who, code, scene.now)
        await scene.session.commit()
        if may:
            made = await commitment(scene.session, who, scene.id, FACTS, scene.now)
            assert made.made_by == who.user_id
        else:
            with pytest.raises(MatterNotCovered):
                await commitment(scene.session, who, scene.id, FACTS, scene.now)

    async def test_is_not_there_for_others(self, scene: Scene) -> None:
        made = await scene.make()
        stranger = await person(scene.session, scene.now)
        theirs = await lending.enterprise(scene.session, stranger, scene.now)
        with pytest.raises(EnterpriseNotFound):
            await commitment(scene.session, stranger, scene.id, FACTS, scene.now)
        with pytest.raises(EnterpriseNotFound):
            await commitments.withdraw(scene.session, stranger, scene.id, made.id, "x", scene.now)
        for deed in (commitments.withdraw, commitments.object_to):
            with pytest.raises(CommitmentNotFound):
                await deed(scene.session, stranger, theirs, made.id, "x", scene.now)
        assert await scene.status(made) == "made"

    async def test_twice_at_once_commits_each_fact_once(self, scene: Scene, engine: AsyncEngine) -> None:
        wanted = Wanted(FACTS, None, "zh-CN")
        seen = (
            await commitments.draft(scene.session, scene.owner, scene.id, wanted, lending.AS_OF, scene.now)
        ).sha256
        await scene.session.rollback()

        async def send() -> None:
            async with transaction(engine) as own:
                await commitments.make(
                    own, scene.owner, scene.id, wanted,
                    seen=seen, agreed=STATEMENTS, as_of=lending.AS_OF, now=scene.now,
                )  # fmt: skip

        ends = await asyncio.gather(send(), send(), return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["CommitmentRefused", "NoneType"]
        assert len(await commitments.listed(scene.session, scene.id)) == 1


class TestWithdrawing:
    """An owner who thinks better of it in time."""

    async def test_makes_the_facts_declared_again(self, scene: Scene) -> None:
        made = await scene.make()
        with pytest.raises(CommitmentRefused):
            await commitments.withdraw(scene.session, scene.owner, scene.id, made.id, " ", scene.now)
        await commitments.withdraw(scene.session, scene.owner, scene.id, made.id, "改交材料", scene.now)
        await scene.session.commit()
        assert await scene.status(made) == "withdrawn"
        assert {(await scene.sources())[name] for name in FACTS} == {"declared"}
        assert [action for action, _ in await scene.log(made)] == ["commit", "withdraw_commitment"]
        with pytest.raises(CommitmentSettled):
            await commitments.withdraw(scene.session, scene.owner, scene.id, made.id, "再来", scene.now)
        await scene.make()


class TestAttestations:
    """Verifying by what an agency attests."""

    async def test_of_every_fact_with_its_value_verify(self, scene: Scene) -> None:
        made = await scene.make("tax_credit_rating", "months_paying_tax")
        await scene.attest(tax_credit_rating="B")
        assert await scene.status(made) == "made"
        await scene.attest(months_paying_tax=36)
        assert await scene.status(made) == "verified"
        assert [item.facts["event"] for item in await scene.messages()] == ["verified"]
        assert [action for action, _ in await scene.log(made)] == ["commit", "confirm_commitment"]

    async def test_of_another_value_refute_and_stand(self, scene: Scene) -> None:
        made = await scene.make()
        await scene.attest(tax_credit_rating="D")
        found = await commitments.one(scene.session, scene.owner, scene.id, made.id)
        assert (found.status, found.attestation_id is not None) == ("refuted", True)
        known = (await service.facts_of(scene.session, scene.id)).to_json()
        assert (known["tax_credit_rating"], known["employees_end"]) == ("D", 18)
        sources = await scene.sources()
        assert (sources["tax_credit_rating"], sources["employees_end"]) == ("attested", "declared")
        outcomes = {f.name: f.outcome for f in await commitments.facts_of(scene.session, made.id)}
        assert outcomes == {"tax_credit_rating": "refuted", "employees_end": "open"}
        told = notices.paragraphs((await scene.messages())[0], "zh-CN")
        assert "济南市税务局" in told[1]

    async def test_say_nothing_of_what_was_changed_since(self, scene: Scene) -> None:
        made = await scene.make()
        await scene.save(tax_credit_rating="C")
        await scene.attest(tax_credit_rating="C")
        assert await scene.status(made) == "made"

    async def test_come_too_late_for_one_whose_time_is_over(self, scene: Scene) -> None:
        made = await scene.make()
        scene.now += VERIFY_WITHIN + timedelta(days=1)
        scene.tax.now = scene.now
        await scene.attest(tax_credit_rating="D")
        assert await scene.status(made) == "made"
        assert await verifying.lapse(scene.session, scene.now) == 1
        assert await scene.status(made) == "lapsed"


class TestFindings:
    """Verifying by a person."""

    async def test_confirm_and_leave_the_facts_committed(self, scene: Scene) -> None:
        made = await scene.make()
        await verifying.verify(
            scene.session, scene.desk, made.id, untrue=None, ground="看了社保记录", now=scene.now
        )
        await scene.session.commit()
        assert await scene.status(made) == "verified"
        assert {(await scene.sources())[name] for name in FACTS} == {"committed"}

    async def test_of_an_untrue_fact_end_its_use_tell_why_and_exclude(self, scene: Scene) -> None:
        made = await scene.make()
        await scene.session.execute(text("DELETE FROM fact_changes"))
        await scene.refute(made, "employees_end")
        known = (await service.facts_of(scene.session, scene.id)).to_json()
        assert "employees_end" not in known
        assert known["tax_credit_rating"] == "B"
        changed = text("SELECT before->>'employees_end' FROM fact_changes WHERE enterprise_id = :id")
        assert await scene.session.scalar(changed, {"id": scene.id}) == "18"  # policies are judged anew
        item = (await scene.messages())[0]
        said = "\n".join(notices.paragraphs(item, "zh-CN"))
        day = scene.now.astimezone(HERE).date() + OBJECT_WITHIN
        for words in ("现场只有 3 人", f"{day.month}月{day.day}日", "退回", "不能再作承诺"):
            assert words in said, words
        with pytest.raises(CommitmentExcluded):
            await scene.make("tax_credit_rating")
        scene.now += EXCLUDED_FOR
        await scene.make("tax_credit_rating")

    async def test_leave_alone_what_the_owner_has_corrected_since(self, scene: Scene) -> None:
        made = await scene.make()
        await scene.save(employees_end=3)
        await scene.refute(made, "employees_end")
        assert (await service.facts_of(scene.session, scene.id))["employees_end"] == 3

    @pytest.mark.parametrize(
        ("untrue", "ground", "field"),
        [
            ((), "x", "untrue"),
            (("owner_age",), "x", "untrue"),
            (None, " ", "ground"),
            (None, "x" * 1001, "ground"),
        ],
    )
    async def test_name_what_is_untrue_and_why(
        self, scene: Scene, untrue: tuple[str, ...] | None, ground: str, field: str
    ) -> None:
        made = await scene.make()
        with pytest.raises(CommitmentRefused) as refused:
            await verifying.verify(
                scene.session, scene.desk, made.id, untrue=untrue, ground=ground, now=scene.now
            )
        assert refused.value.field == field

    async def test_are_not_made_about_oneself(self, scene: Scene) -> None:
        made = await scene.make()
        scene.session.add(
            Membership(
                user_id=scene.desk.user_id, enterprise_id=scene.id, role="reader", created_at=scene.now
            )
        )
        await scene.session.commit()
        for who in (scene.desk, scene.owner):
            with pytest.raises(OwnCommitment):
                await verifying.verify(scene.session, who, made.id, untrue=None, ground="x", now=scene.now)
        with pytest.raises(CommitmentNotFound):
            await verifying.verify(
                scene.session, scene.second, uuid4(), untrue=None, ground="x", now=scene.now
            )

    async def test_at_once_have_one_winner(self, scene: Scene, engine: AsyncEngine) -> None:
        made = await scene.make()

        async def find(who: Actor, untrue: tuple[str, ...] | None) -> None:
            async with transaction(engine) as own:
                await verifying.verify(own, who, made.id, untrue=untrue, ground="x", now=scene.now)

        async def withdraw() -> None:
            async with transaction(engine) as own:
                await commitments.withdraw(own, scene.owner, scene.id, made.id, "x", scene.now)

        ends = await asyncio.gather(
            find(scene.desk, None), find(scene.second, FACTS), withdraw(), return_exceptions=True
        )
        assert sorted(type(end).__name__ for end in ends) == [
            "CommitmentSettled",
            "CommitmentSettled",
            "NoneType",
        ]
        assert len(await scene.log(made)) == 2
        outcomes = {fact.outcome for fact in await commitments.facts_of(scene.session, made.id)}
        status = await scene.status(made)
        assert outcomes == {{"verified": "confirmed", "refuted": "refuted", "withdrawn": "open"}[status]}


class TestObjections:
    """Who does not agree is heard by somebody else."""

    async def test_that_are_right_take_the_finding_and_its_consequences_back(self, scene: Scene) -> None:
        made = await scene.make()
        await scene.refute(made, "employees_end")
        await commitments.object_to(scene.session, scene.owner, scene.id, made.id, "那天在培训", scene.now)
        with pytest.raises(OwnCommitment):
            await verifying.answer(scene.session, scene.desk, made.id, lifted=False, text="x", now=scene.now)
        await verifying.answer(
            scene.session, scene.second, made.id, lifted=True, text="查了考勤", now=scene.now
        )
        await scene.session.commit()
        assert await scene.status(made) == "verified"
        assert (await service.facts_of(scene.session, scene.id))["employees_end"] == 18
        assert (await scene.sources())["employees_end"] == "committed"
        assert {item.facts["event"] for item in await scene.messages()} == {"refuted", "lifted"}
        await scene.make("tax_credit_rating")

    async def test_that_are_wrong_change_nothing(self, scene: Scene) -> None:
        made = await scene.make()
        await scene.refute(made, "employees_end")
        await commitments.object_to(scene.session, scene.owner, scene.id, made.id, "不服", scene.now)
        await verifying.answer(
            scene.session, scene.second, made.id, lifted=False, text="考勤也只有 3 人", now=scene.now
        )
        await scene.session.commit()
        assert await scene.status(made) == "refuted"
        with pytest.raises(CommitmentSettled):
            await verifying.answer(scene.session, scene.second, made.id, lifted=True, text="x", now=scene.now)
        with pytest.raises(CommitmentExcluded):
            await scene.make("tax_credit_rating")

    async def test_come_once_in_time_and_about_a_finding(self, scene: Scene) -> None:
        made = await scene.make()

        async def send(now: datetime) -> None:
            await commitments.object_to(scene.session, scene.owner, scene.id, made.id, "不服", now)

        with pytest.raises(CommitmentSettled):
            await send(scene.now)
        await scene.refute(made, "employees_end")
        with pytest.raises(CommitmentSettled):
            await send(scene.now + OBJECT_WITHIN + timedelta(days=1))
        await send(scene.now + OBJECT_WITHIN)
        with pytest.raises(CommitmentSettled):
            await send(scene.now)


class TestLapsing:
    """Nobody came to verify."""

    async def test_costs_the_enterprise_nothing_and_happens_once(
        self, scene: Scene, settings: Settings
    ) -> None:
        made = await scene.make()
        worker = Worker(settings, lambda: scene.now)
        scene.now += VERIFY_WITHIN
        await worker.lapse_commitments()
        assert await scene.status(made) == "made"
        scene.now += timedelta(days=1)
        for _ in range(2):
            await worker.lapse_commitments()
        await worker.engine.dispose()
        assert await scene.status(made) == "lapsed"
        assert {(await scene.sources())[name] for name in FACTS} == {"declared"}
        assert [action for action, _ in await scene.log(made)] == ["commit", "lapse_commitment"]
        assert [item.facts["event"] for item in await scene.messages()] == ["lapsed"]
        await scene.make()

    async def test_leaves_nothing_to_verify(self, scene: Scene) -> None:
        made = await scene.make()
        day = made.verify_by
        assert [case.commitment.id for case in await verifying.to_verify(scene.session, day)] == [made.id]
        assert not await verifying.to_verify(scene.session, day + timedelta(days=1))
        with pytest.raises(CommitmentSettled):
            await verifying.verify(
                scene.session, scene.desk, made.id, untrue=None, ground="x",
                now=scene.now + VERIFY_WITHIN + timedelta(days=1),
            )  # fmt: skip


async def test_the_database_itself_knows_no_finding_without_its_consequences(scene: Scene) -> None:
    made = await scene.make()
    with pytest.raises(IntegrityError):
        await scene.session.execute(
            text("UPDATE commitments SET status = 'refuted', ended_at = now() WHERE id = :id"),
            {"id": made.id},
        )
    await scene.session.rollback()
    assert (await scene.session.scalars(select(Commitment.status))).all() == ["made"]
