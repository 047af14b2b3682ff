"""The officers' desk: one's own bank only, decisions inside the product's limits.

Every refusal comes back on the case's page with everything typed kept.
"""

import asyncio
from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.roles import Role
from loans.tables import Application, Decision, Disbursement
from tests.factories import lending
from tests.factories.pages import Visitor, form_of
from tests.factories.people import person
from tests.web.conftest import SignedIn

pytestmark = pytest.mark.seeded
TERMS = {"kind": "approve", "amount_yuan": "250000", "annual_rate_pct": "4.35", "term_months": "12"}

OUTSIDE = [
    ("amount_yuan", "300001"),
    ("amount_yuan", "1"),
    ("amount_yuan", "much"),
    ("amount_yuan", "9" * 9000),
    ("amount_yuan", ""),
    ("annual_rate_pct", "24"),
    ("annual_rate_pct", "3.2"),
    ("annual_rate_pct", "4.123456"),
    ("annual_rate_pct", "x\0"),
    ("term_months", "13"),
    ("term_months", "0"),
    ("term_months", "1.5"),
    ("note", "a\u202eb"),
    ("note", "长" * 2001),
]


async def a_case(session: AsyncSession, now: datetime, **asked: object) -> Application:
    """A fresh application to CCB for 300,000 yuan."""
    owner = await person(session, now)
    return (await lending.submitted(session, owner, now, **asked)).application


async def taken(signed_in: SignedIn, session: AsyncSession, now: datetime) -> tuple[Visitor, str]:
    """An officer who has taken a case; its address."""
    officer, _ = await signed_in(Role.OFFICER)
    await a_case(session, now)
    answer = await officer.post("/officer/next")
    return officer, answer.headers["location"]


async def status_of(session: AsyncSession, path: str) -> str:
    session.expire_all()
    case = await session.get(Application, path.rpartition("/")[2])
    assert case is not None
    return case.status


async def decided(session: AsyncSession) -> int:
    return int(await session.scalar(select(func.count()).select_from(Decision)) or 0)


class TestQueue:
    """The bank's waiting cases."""

    async def test_shows_the_own_banks_cases_only(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        case = await a_case(session, now)
        ours, _ = await signed_in(Role.OFFICER)
        theirs, _ = await signed_in(Role.OFFICER, bank_id="icbc")
        assert case.serial in (await ours.get("/officer")).text
        assert case.serial not in (await theirs.get("/officer")).text
        assert (await theirs.post("/officer/next")).headers["location"] == "/officer?empty=1"
        path = f"/officer/cases/{case.id}"
        assert (await theirs.get(path)).status_code == 404
        for verb in ("claim", "release", "decide", "disburse"):
            assert (await theirs.post(f"{path}/{verb}", TERMS)).status_code == 404
        assert await status_of(session, path) == "submitted"

    @pytest.mark.parametrize(
        "query",
        [
            "show=x",
            "only=x",
            "page=0",
            "page=-1",
            "page=99999999999999999999",
            "page=%00",
            "page=²",
            "show=%ff",
        ],
    )
    async def test_takes_any_address_and_falls_back(self, signed_in: SignedIn, query: str) -> None:
        officer, _ = await signed_in(Role.OFFICER)
        assert (await officer.get(f"/officer?{query}")).status_code == 200

    async def test_gives_one_case_to_one_officer_however_many_ask(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        officers = [(await signed_in(Role.OFFICER))[0] for _ in range(3)]
        for _ in range(2):
            await a_case(session, now)
        answers = await asyncio.gather(*(officer.post("/officer/next") for officer in officers))
        places = [answer.headers["location"] for answer in answers]
        assert len(set(places)) == 3
        assert places.count("/officer?empty=1") == 1


class TestDeciding:
    """Approving and declining."""

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_outside_the_limits_is_refused_with_everything_typed_kept(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime, lang: str
    ) -> None:
        officer, path = await taken(signed_in, session, now)
        for name, text in OUTSIDE:
            typed = {**TERMS, "note": "看过流水", name: text}
            page = await officer.post(f"{path}/decide?lang={lang}", typed)
            found = form_of(page)
            assert (page.status_code, found.summary, len(found.errors)) == (422, [name], 1), (name, text)
            for field in {"amount_yuan", "annual_rate_pct", "term_months"} - {name}:
                assert found.fields[field] == typed[field]
            assert ("看过流水" in page.text) is (name != "note")
        assert await status_of(session, path) == "in_review"
        assert await decided(session) == 0

    async def test_with_nothing_a_decision_needs_is_refused(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        officer, path = await taken(signed_in, session, now)
        for fields in ({}, {"kind": "approve"}, {"kind": "perhaps"}, {"kind": "decline"}):
            page = await officer.post(f"{path}/decide", fields)
            assert page.status_code == 422, fields
            assert form_of(page).summary != []
        assert await decided(session) == 0

    async def test_a_decline_without_words_for_other_keeps_its_ticks(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        officer, path = await taken(signed_in, session, now)
        ticked = {"kind": "decline", "reason.other": "1", "reason.short_history": "1"}
        page = await officer.post(f"{path}/decide", ticked)
        assert page.status_code == 422
        found = form_of(page)
        assert found.summary == ["reasons"]
        assert {"reason.other", "reason.short_history"} <= found.fields.keys()
        assert await status_of(session, path) == "in_review"

    async def test_twice_is_refused_on_the_page(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        officer, path = await taken(signed_in, session, now)
        answers = await asyncio.gather(*(officer.post(f"{path}/decide", TERMS) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) in ([303, 409, 409], [303, 422, 422])
        assert await decided(session) == 1

    async def test_a_case_a_colleague_has_taken_is_refused(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        _, path = await taken(signed_in, session, now)
        other, _ = await signed_in(Role.OFFICER)
        assert (await other.get(path)).status_code == 200
        assert (await other.post(f"{path}/claim")).status_code == 409
        assert (await other.post(f"{path}/decide", TERMS)).status_code in {409, 422}
        assert await decided(session) == 0

    async def test_without_the_forms_token_is_refused(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        officer, path = await taken(signed_in, session, now)
        assert (await officer.post_bare(f"{path}/decide", TERMS)).status_code == 403
        assert await decided(session) == 0

    async def test_is_closed_to_auditors_who_may_read(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        _, path = await taken(signed_in, session, now)
        auditor, _ = await signed_in(Role.AUDITOR)
        assert (await auditor.get(path)).status_code == 200
        assert (await auditor.post(f"{path}/decide", TERMS)).status_code == 403


class TestDeclined:
    """The other way it ends."""

    async def test_reasons_reach_the_owner_in_his_language_and_the_note_does_not(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        case = (await lending.submitted(session, who, now)).application
        officer, _ = await signed_in(Role.OFFICER)
        await officer.post("/officer/next")
        fields = {
            "kind": "decline",
            "reason.short_history": "1",
            "reason_note": "经营不足两年",
            "note": "内部意见",
        }
        assert (await officer.post(f"/officer/cases/{case.id}/decide", fields)).status_code == 303
        page = (await owner.get(f"/applications/{case.id}?lang=zh")).text
        assert "经营不足两年" in page
        assert "内部意见" not in page
        english = (await owner.get(f"/applications/{case.id}?lang=en")).text
        assert "Too short a time in business" in english


class TestPayingOut:
    """Once, after acceptance."""

    async def test_happens_once_however_many_press(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        case = (await lending.submitted(session, who, now)).application
        officer, _ = await signed_in(Role.OFFICER)
        path = f"/officer/cases/{case.id}"
        await officer.post("/officer/next")
        assert (await officer.post(f"{path}/disburse")).status_code == 409
        await officer.post(f"{path}/decide", TERMS)
        assert (await officer.post(f"{path}/disburse")).status_code == 409
        assert (await owner.post(f"/applications/{case.id}/accept", {"agree": "yes"})).status_code == 303
        answers = await asyncio.gather(*(officer.post(f"{path}/disburse") for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
        assert await session.scalar(select(func.count()).select_from(Disbursement)) == 1

    async def test_of_a_case_that_is_not_there_is_not_found(self, signed_in: SignedIn) -> None:
        officer, _ = await signed_in(Role.OFFICER)
        assert (await officer.post(f"/officer/cases/{uuid4()}/disburse")).status_code == 404
        assert (await officer.get("/officer/cases/x")).status_code == 404
