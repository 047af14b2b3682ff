"""The bank's side: its own queue, one officer a case, one decision, a second person above a million, one pay-out."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col

from auth import consent
from auth.actor import Actor
from auth.roles import Role
from auth.tables import AuditEntry
from loans import applications, cases, decisions, officer, queries
from loans.deadlines import Standing
from loans.errors import (
    ActionNotAllowed,
    ActionNotPossible,
    AlreadyDisbursed,
    ChangedMeanwhile,
    ClaimedByAnother,
    LoansError,
    NotClaimed,
    NotFound,
    QueueEmpty,
    ReasonsNeeded,
    SecondPersonNeeded,
    TermsDiffer,
    TermsOutside,
)
from loans.schemas import DecisionInput, DeclineReason
from loans.tables import Application, ApplicationEvent, Decision, Disbursement
from marketplace.db import open_session
from tests.factories import lending
from tests.factories.people import person

WEDNESDAY = datetime(2020, 4, 15, 2, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return WEDNESDAY


@pytest.fixture(autouse=True)
async def market(session: AsyncSession, now: datetime) -> None:
    await lending.banks_and_products(session, now)


def approval(amount: object = 300_000, rate: object = "4.35", months: int = 12, **more: Any) -> DecisionInput:
    return DecisionInput(
        kind="approve",
        amount_yuan=Decimal(str(amount)),
        annual_rate_pct=Decimal(str(rate)),
        term_months=months,
        **more,
    )


def decline(*reasons: DeclineReason) -> DecisionInput:
    return DecisionInput(kind="decline", reasons=list(reasons or (DeclineReason(code="credit_record"),)))


async def status_of(session: AsyncSession, application_id: UUID) -> str | None:
    return await session.scalar(select(col(Application.status)).where(col(Application.id) == application_id))


async def claimed(session: AsyncSession, who: Actor, now: datetime, **asked: Any) -> Application:
    """A fresh application taken by `who`."""
    made = await lending.submitted(session, await person(session, now), now, **asked)
    await officer.claim(session, who, made.application.id, now=now)
    await session.commit()
    return made.application


class TestQueue:
    async def test_the_worst_deadline_comes_first_and_other_banks_are_not_counted(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        ours = await lending.enterprise(session, owner, now)
        ages = {1: "within", 2: "near", 6: "outside"}
        made = {
            age: await lending.submitted(session, owner, now - timedelta(days=age), enterprise_id=ours)
            for age in ages
        }
        await lending.submitted(session, owner, now, "ABC-NSED", enterprise_id=ours, bank_id="abc")
        who = await person(session, now, Role.OFFICER)
        found = await officer.queue(session, who, now=now)
        assert [row.id for row in found.cases] == [made[age].application.id for age in (6, 2, 1)]
        assert [row.standing for row in found.cases] == ["outside", "near", "within"]
        assert (found.counters.outside, found.counters.near, found.counters.within) == (1, 1, 1)
        only = await officer.queue(session, who, now=now, only=Standing.NEAR)
        assert [row.id for row in only.cases] == [made[2].application.id]
        assert only.total == 1
        assert only.counters == found.counters
        second = await officer.queue(session, who, now=now, size=2, page=2)
        assert [row.id for row in second.cases] == [made[1].application.id]
        assert second.total == 3

    async def test_the_next_case_is_the_worst_and_an_empty_queue_says_so(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        ours = await lending.enterprise(session, owner, now)
        new = await lending.submitted(session, owner, now, enterprise_id=ours)
        old = await lending.submitted(session, owner, now - timedelta(days=5), enterprise_id=ours)
        who = await person(session, now, Role.OFFICER)
        taken = [(await officer.claim_next(session, who, now=now)).id for _ in range(2)]
        assert taken == [old.application.id, new.application.id]
        with pytest.raises(QueueEmpty):
            await officer.claim_next(session, who, now=now)
        mine = await officer.queue(session, who, now=now, show="mine")
        assert mine.total == 2
        assert all(row.claimed_by_me and row.claimed_by == "王小雨" for row in mine.cases)

    async def test_a_consent_taken_back_hides_the_case_from_the_bank(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await person(session, now), await person(session, now, Role.OFFICER)
        ours = await lending.enterprise(session, owner, now)
        waiting = await lending.submitted(session, owner, now, enterprise_id=ours)
        taken = await lending.submitted(session, owner, now, enterprise_id=ours)
        await officer.claim(session, who, taken.application.id, now=now)
        for each in (waiting, taken):
            await consent.revoke(session, owner, each.application.consent_id, now=now)
        for show in ("all", "mine"):
            seen = await officer.queue(session, who, now=now, show=show)
            assert (seen.total, seen.counters.within) == (0, 0)
        with pytest.raises(QueueEmpty):
            await officer.claim_next(session, who, now=now)
        for each in (waiting, taken):
            with pytest.raises(NotFound):
                await queries.application_for(session, who, each.application.id)
            assert (
                await queries.application_for(session, owner, each.application.id)
            ).id == each.application.id
        with pytest.raises(NotFound):
            await decisions.decide(session, who, taken.application.id, decline(), now=now)

    async def test_twenty_takers_at_once_share_no_case(
        self, session: AsyncSession, engine: AsyncEngine, now: datetime
    ) -> None:
        owner = await person(session, now)
        ours = await lending.enterprise(session, owner, now)
        for _ in range(12):
            await lending.submitted(session, owner, now, enterprise_id=ours)
        staff = [await person(session, now, Role.OFFICER) for _ in range(4)]

        async def take(who: Actor) -> UUID | None:
            async with open_session(engine) as own:
                try:
                    found = await officer.claim_next(own, who, now=now)
                except QueueEmpty:
                    return None
                await own.commit()
                return found.id

        taken = await asyncio.gather(*(take(staff[k % 4]) for k in range(20)))
        cases_taken = [each for each in taken if each]
        assert len(cases_taken) == len(set(cases_taken)) == 12
        events = await session.scalar(select(func.count()).where(col(ApplicationEvent.kind) == "claim"))
        assert events == 12

    async def test_a_case_belongs_to_who_took_it_until_given_back(
        self, session: AsyncSession, now: datetime
    ) -> None:
        first, colleague = [await person(session, now, Role.OFFICER) for _ in range(2)]
        senior = await person(session, now, Role.SENIOR_OFFICER)
        case = await claimed(session, first, now)
        with pytest.raises(ClaimedByAnother):
            await officer.claim(session, colleague, case.id, now=now)
        for deed in (officer.release(session, colleague, case.id, now=now),):
            with pytest.raises(NotClaimed):
                await deed
        with pytest.raises(NotClaimed):
            await decisions.decide(session, colleague, case.id, approval(), now=now)
        await officer.release(session, senior, case.id, now=now)
        again = await officer.claim(session, colleague, case.id, now=now)
        assert again.claimed_by == colleague.user_id

    async def test_another_banks_case_is_not_there(self, session: AsyncSession, now: datetime) -> None:
        first = await person(session, now, Role.OFFICER)
        stranger = await person(session, now, Role.SENIOR_OFFICER, bank_id="icbc")
        case = await claimed(session, first, now)
        for deed in (
            officer.claim(session, stranger, case.id, now=now),
            officer.release(session, stranger, case.id, now=now),
            decisions.decide(session, stranger, case.id, approval(), now=now),
            decisions.disburse(session, stranger, case.id, now=now),
            cases.case(session, stranger, case.id, now=now),
        ):
            with pytest.raises(NotFound):
                await deed
        assert (await officer.queue(session, stranger, now=now)).total == 0
        with pytest.raises(QueueEmpty):
            await officer.claim_next(session, stranger, now=now)


class TestDecidedCases:
    async def test_are_listed_newest_first_and_found_by_number_or_enterprise_at_their_own_bank_only(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        ours = await lending.enterprise(session, owner, now)
        first = (await lending.submitted(session, owner, now, enterprise_id=ours)).application
        second = (await lending.submitted(session, owner, now, enterprise_id=ours)).application
        waiting = (await lending.submitted(session, owner, now, enterprise_id=ours)).application
        who = await lending.approved(session, first, now)
        await lending.approved(session, second, now + timedelta(minutes=1))
        stranger = await person(session, now, Role.OFFICER, bank_id="icbc")
        decided = await officer.queue(session, who, now=now, show="decided")
        assert [row.id for row in decided.cases] == [second.id, first.id]
        assert decided.cases[0].agreed_amount_yuan == Decimal(250_000)
        assert decided.cases[0].standing is None
        for text, expected in (
            (first.serial, {first.id}),
            (first.serial.lower()[4:], {first.id}),
            ("和润食品", {first.id, second.id, waiting.id}),
            ("%", set()),
            ("不存在", set()),
        ):
            found = await officer.queue(session, who, now=now, search=text)
            assert {row.id for row in found.cases} == expected, text
        for asked in ({"show": "decided"}, {"search": first.serial}, {"search": "和润食品"}):
            assert (await officer.queue(session, stranger, now=now, **asked)).total == 0  # type: ignore[arg-type]

    async def test_are_hidden_with_the_consent_taken_back(self, session: AsyncSession, now: datetime) -> None:
        owner = await person(session, now)
        case = (await lending.submitted(session, owner, now)).application
        who = await lending.approved(session, case, now)
        await consent.revoke(session, owner, case.consent_id, now=now)
        assert (await officer.queue(session, who, now=now, show="decided")).total == 0
        assert (await officer.queue(session, who, now=now, search=case.serial)).total == 0


class TestDeciding:
    async def test_what_was_agreed_stays_and_only_the_bank_learns_who_decided(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        case = (await lending.submitted(session, owner, now)).application
        who = await lending.approved(session, case, now)
        await applications.accept(session, owner, case.id, now=now)
        await decisions.disburse(session, who, case.id, now=now)
        for reader, name in ((owner, None), (who, "孙志强")):
            seen = await cases.case(session, reader, case.id, now=now)
            assert seen.agreed_quote is not None
            assert seen.agreed_quote.annual_rate_pct == Decimal("4.35")
            assert seen.agreed_quote.total_yuan == 250_000 + seen.agreed_quote.cost_yuan
            assert [each.decided_by for each in seen.decisions] == [name]
        (mine,) = await cases.summaries(session, owner)
        assert (mine.amount_yuan, mine.agreed_amount_yuan) == (Decimal(300_000), Decimal(250_000))

    async def test_every_term_outside_is_named(self, session: AsyncSession, now: datetime) -> None:
        case = (await lending.submitted(session, await person(session, now), now)).application
        product = (
            await cases.case(session, await person(session, now, Role.OFFICER), case.id, now=now)
        ).product
        terms = {"amount_yuan": Decimal(1), "annual_rate_pct": Decimal(24), "term_months": Decimal(99)}
        refused = decisions.outside(product, Decimal(300_000), terms)
        assert [(each.field, each.params["least"], each.params["most"]) for each in refused] == [
            ("amount_yuan", "10,000", "300,000"),
            ("annual_rate_pct", "3.25", "5"),
            ("term_months", "1", "12"),
        ]

    async def test_on_what_was_seen_and_is_so_no_more_is_refused(
        self, session: AsyncSession, now: datetime
    ) -> None:
        who = await person(session, now, Role.SENIOR_OFFICER)
        case = await claimed(session, who, now, amount_yuan=1_500_000)
        await decisions.decide(session, who, case.id, approval(1_200_000), now=now, seen="in_review")
        with pytest.raises(ChangedMeanwhile):
            await decisions.decide(session, who, case.id, approval(1_200_000), now=now, seen="in_review")

    async def test_the_whole_way_to_the_pay_out(self, session: AsyncSession, now: datetime) -> None:
        who = await person(session, now, Role.OFFICER)
        owner = await person(session, now)
        made = (await lending.submitted(session, owner, now)).application
        await officer.claim(session, who, made.id, now=now)
        await decisions.decide(session, who, made.id, approval(250_000, "4.10", note="主营稳定"), now=now)
        offered = await cases.case(session, owner, made.id, now=now)
        assert (offered.status, offered.actions) == ("offered", ["accept", "withdraw"])
        assert (offered.agreed_amount_yuan, offered.agreed_rate_pct) == (Decimal(250_000), Decimal("4.10"))
        decision = offered.decisions[0]
        assert decision.quote is not None
        assert decision.quote.apr_pct > Decimal("4.10")
        assert decision.note is None
        assert (await cases.case(session, who, made.id, now=now)).decisions[0].note == "主营稳定"
        await applications.accept(session, owner, made.id, now=now)
        paid = await decisions.disburse(session, who, made.id, now=now)
        assert paid.amount_yuan == Decimal(250_000)
        with pytest.raises(AlreadyDisbursed):
            await decisions.disburse(session, who, made.id, now=now)
        done = await cases.case(session, owner, made.id, now=now)
        kinds = [event.kind for event in done.events]
        assert kinds == ["submit", "claim", "approve", "accept", "disburse"]
        audited = await session.scalars(
            select(col(AuditEntry.action))
            .where(col(AuditEntry.subject_id) == str(made.id))
            .order_by(col(AuditEntry.id))
        )
        assert list(audited) == [f"loans.{kind}" for kind in kinds]
        assert done.actions == []

    @pytest.mark.parametrize(
        ("terms", "field"),
        [
            ({"amount": 300_001}, "amount_yuan"),
            ({"amount": 9_999}, "amount_yuan"),
            ({"rate": "5.01"}, "annual_rate_pct"),
            ({"rate": "3.24"}, "annual_rate_pct"),
            ({"months": 13}, "term_months"),
        ],
    )
    async def test_terms_stay_inside_the_product_and_the_need(
        self, session: AsyncSession, now: datetime, terms: dict[str, Any], field: str
    ) -> None:
        who = await person(session, now, Role.OFFICER)
        case = await claimed(session, who, now)
        with pytest.raises(TermsOutside) as refused:
            await decisions.decide(session, who, case.id, approval(**terms), now=now)
        assert refused.value.field == field
        assert await status_of(session, case.id) == "in_review"

    async def test_a_decline_gives_reasons_and_other_needs_words(
        self, session: AsyncSession, now: datetime
    ) -> None:
        who = await person(session, now, Role.OFFICER)
        case = await claimed(session, who, now)
        for reasons in ([], [DeclineReason(code="other")]):
            with pytest.raises(ReasonsNeeded):
                await decisions.decide(
                    session, who, case.id, DecisionInput(kind="decline", reasons=reasons), now=now
                )
        reason = DeclineReason(
            code="short_history", rule_clause="months_paying_tax >= 24", fact="months_paying_tax"
        )
        await decisions.decide(session, who, case.id, decline(reason), now=now)
        found = await cases.case(session, who, case.id, now=now)
        assert found.status == "declined"
        assert found.decisions[0].reasons[0].fact == "months_paying_tax"
        assert found.events[-1].detail == {"reasons": ["short_history"]}

    async def test_nobody_decides_what_was_not_taken_or_is_over(
        self, session: AsyncSession, now: datetime
    ) -> None:
        senior = await person(session, now, Role.SENIOR_OFFICER)
        owner = await person(session, now)
        case = (await lending.submitted(session, owner, now)).application
        with pytest.raises(NotClaimed):
            await decisions.decide(session, senior, case.id, approval(), now=now)
        await applications.withdraw(session, owner, case.id, now=now)
        for deed in (
            officer.claim(session, senior, case.id, now=now),
            decisions.decide(session, senior, case.id, decline(), now=now),
            decisions.disburse(session, senior, case.id, now=now),
            applications.accept(session, owner, case.id, now=now),
        ):
            with pytest.raises(ActionNotPossible):
                await deed

    async def test_twenty_decisions_at_once_have_one_winner(
        self, session: AsyncSession, engine: AsyncEngine, now: datetime
    ) -> None:
        who = await person(session, now, Role.OFFICER)
        case = await claimed(session, who, now)

        async def one(k: int) -> str:
            async with open_session(engine) as own:
                try:
                    await decisions.decide(own, who, case.id, approval() if k % 2 else decline(), now=now)
                except LoansError as refused:
                    return type(refused).__name__
                await own.commit()
                return "won"

        outcome = Counter(await asyncio.gather(*(one(k) for k in range(20))))
        assert outcome["won"] == 1
        assert set(outcome) <= {"won", ChangedMeanwhile.__name__, ActionNotPossible.__name__}
        decided = await session.scalar(select(func.count()).where(col(Decision.application_id) == case.id))
        events = await session.scalar(
            select(func.count()).where(
                col(ApplicationEvent.application_id) == case.id,
                col(ApplicationEvent.kind).in_(["approve", "decline"]),
            )
        )
        assert (decided, events) == (1, 1)


class TestSecondPerson:
    async def proposed(self, session: AsyncSession, who: Actor, now: datetime) -> Application:
        case = await claimed(session, who, now, amount_yuan=1_500_000)
        await decisions.decide(session, who, case.id, approval(1_200_000), now=now)
        await session.commit()
        return case

    async def test_a_million_itself_needs_one_person_and_a_fen_more_needs_two(
        self, session: AsyncSession, now: datetime
    ) -> None:
        who = await person(session, now, Role.OFFICER)
        for amount, expected in (("1000000", "offered"), ("1000000.01", "second_approval")):
            case = await claimed(session, who, now, amount_yuan=1_500_000)
            await decisions.decide(session, who, case.id, approval(amount), now=now)
            assert await status_of(session, case.id) == expected

    async def test_another_senior_officer_confirms_the_same_terms(
        self, session: AsyncSession, now: datetime
    ) -> None:
        first = await person(session, now, Role.SENIOR_OFFICER)
        other = await person(session, now, Role.SENIOR_OFFICER)
        case = await self.proposed(session, first, now)
        with pytest.raises(SecondPersonNeeded):
            await decisions.decide(session, first, case.id, approval(1_200_000), now=now)
        with pytest.raises(TermsDiffer) as refused:
            await decisions.decide(session, other, case.id, approval(1_300_000), now=now)
        assert refused.value.params == {"amount": "1,200,000", "rate": "4.35", "months": 12}
        await decisions.decide(session, other, case.id, approval(1_200_000), now=now)
        assert await status_of(session, case.id) == "offered"
        assert [each.stage for each in (await cases.case(session, first, case.id, now=now)).decisions] == [
            1,
            2,
        ]

    async def test_an_officer_has_no_second_word(self, session: AsyncSession, now: datetime) -> None:
        first, colleague = [await person(session, now, Role.OFFICER) for _ in range(2)]
        case = await self.proposed(session, first, now)
        for who in (first, colleague):
            with pytest.raises(ActionNotAllowed):
                await decisions.decide(session, who, case.id, approval(1_200_000), now=now)

    async def test_the_owner_learns_of_a_proposal_only_when_it_is_an_offer(
        self, session: AsyncSession, now: datetime
    ) -> None:
        who = await person(session, now, Role.OFFICER)
        owner = await person(session, now)
        made = (await lending.submitted(session, owner, now, amount_yuan=1_500_000)).application
        await officer.claim(session, who, made.id, now=now)
        await decisions.decide(session, who, made.id, approval(1_200_000), now=now)
        seen = await cases.case(session, owner, made.id, now=now)
        assert (seen.status, seen.decisions, seen.agreed_amount_yuan) == ("second_approval", [], None)
        assert seen.events[-1].detail == {}


class TestPayOut:
    async def test_twenty_pay_outs_at_once_pay_once(
        self, session: AsyncSession, engine: AsyncEngine, now: datetime
    ) -> None:
        who = await person(session, now, Role.OFFICER)
        owner = await person(session, now)
        made = (await lending.submitted(session, owner, now)).application
        await officer.claim(session, who, made.id, now=now)
        await decisions.decide(session, who, made.id, approval(), now=now)
        await applications.accept(session, owner, made.id, now=now)
        await session.commit()

        async def pay() -> bool:
            async with open_session(engine) as own:
                try:
                    await decisions.disburse(own, who, made.id, now=now)
                except LoansError:
                    return False
                await own.commit()
                return True

        assert sum(await asyncio.gather(*(pay() for _ in range(20)))) == 1
        paid = await session.scalar(select(func.count()).select_from(Disbursement))
        assert paid == 1

    async def test_nothing_is_paid_before_the_owner_accepts(
        self, session: AsyncSession, now: datetime
    ) -> None:
        who = await person(session, now, Role.OFFICER)
        case = await claimed(session, who, now)
        await decisions.decide(session, who, case.id, approval(), now=now)
        with pytest.raises(ActionNotPossible):
            await decisions.disburse(session, who, case.id, now=now)
