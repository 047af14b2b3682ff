"""The officers' desk: one's own bank only, decisions inside the product's limits.

Every refusal comes back on the case's page with everything typed kept.
"""

import asyncio
import re
from datetime import datetime
from urllib.parse import quote
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.roles import Role
from loans import cases
from loans.tables import Application, Decision, Disbursement
from tests.factories import lending
from tests.factories.pages import Visitor, form_of
from tests.factories.people import person
from tests.web.conftest import SignedIn
from tests.web.reading import read, terms_of

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

    async def test_finds_decided_cases_again_and_no_other_banks(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        case = await a_case(session, now)
        await lending.approved(session, case, now)
        ours, _ = await signed_in(Role.OFFICER)
        theirs, _ = await signed_in(Role.OFFICER, bank_id="icbc")
        assert case.serial not in (await ours.get("/officer")).text
        asked = ("show=decided", f"q={case.serial}", f"q={quote('和润')}")
        for query in asked:
            found = read((await ours.get(f"/officer?{query}&lang=zh")).text)
            assert f"/officer/cases/{case.id}" in found.links, query
            assert "已批准，等企业确认" in found.text
            assert f"/officer/cases/{case.id}" not in read((await theirs.get(f"/officer?{query}")).text).links

    @pytest.mark.parametrize("query", ["q=%00", "q=%ff", "q=" + "x" * 5000, "q=%25%5C", "q=%27;--"])
    async def test_takes_any_search(self, signed_in: SignedIn, query: str) -> None:
        officer, _ = await signed_in(Role.OFFICER)
        page = await officer.get(f"/officer?{query}&lang=zh")
        assert page.status_code == 200
        assert "没有找到" in page.text


class TestCase:
    """One case on the officer's page."""

    async def test_speaks_to_the_officer_and_says_who_decided_what_when(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        case = (await lending.submitted(session, who, now)).application
        await lending.approved(session, case, now)
        officer, _ = await signed_in(Role.OFFICER)
        path = f"/officer/cases/{case.id}?lang=zh"
        assert "已批准，等企业确认" in read((await officer.get(path)).text).text
        await owner.post(f"/applications/{case.id}/accept", {"agree": "yes"})
        page = read((await officer.get(path)).text).text
        assert "你" not in page.replace("你填的", "")
        assert "企业接受了条件" in page
        approval, later = page[page.index("经过") :].split("企业接受了条件")
        for said in ("孙志强（审批员）", "250,000 元，年利率 4.35%，12 个月", "主营稳定"):
            assert said in approval
            assert said not in later
        english = read((await officer.get(path.replace("zh", "en"))).text).text
        assert "Your business" not in english
        assert "The enterprise accepted the terms" in english

    async def test_shows_what_was_agreed_with_all_its_cost(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        case = (await lending.submitted(session, who, now)).application
        decider = await lending.approved(session, case, now)
        await owner.post(f"/applications/{case.id}/accept", {"agree": "yes"})
        officer, _ = await signed_in(Role.OFFICER)
        await officer.post(f"/officer/cases/{case.id}/disburse")
        seen = await cases.case(session, decider, case.id, now=now)
        assert seen.agreed_quote is not None
        page = read((await officer.get(f"/officer/cases/{case.id}?lang=zh")).text).text
        for said in terms_of(seen.agreed_quote):
            assert said in page

    async def test_opens_with_the_facts_the_product_looks_at(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        officer, path = await taken(signed_in, session, now)
        page = (await officer.get(f"{path}?lang=zh")).text
        groups = re.findall(r'<details class="mp-factgroup"( open)?>(.*?)</details>', page, re.DOTALL)
        assert [bool(opened) for opened, _ in groups] == [True] + [False] * (len(groups) - 1)
        assert "纳税信用等级" in groups[0][1]
        assert "这个产品要看的" in groups[0][1]
        assert "资产总额" not in groups[0][1]

    async def test_prefills_amounts_as_people_write_them(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        officer, path = await taken(signed_in, session, now)
        form = form_of(await officer.get(path))
        assert (form.fields["amount_yuan"], form.fields["annual_rate_pct"]) == ("300,000", "5")
        sent = {**form.fields, "kind": "approve"}
        assert (await officer.post(f"{path}/decide", sent)).status_code == 303


class TestDeciding:
    """Approving and declining."""

    async def test_tells_every_field_at_once_by_its_name(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        officer, path = await taken(signed_in, session, now)
        wrong = {"kind": "approve", "amount_yuan": "much", "annual_rate_pct": "24", "term_months": "99"}
        page = await officer.post(f"{path}/decide?lang=zh", wrong)
        assert form_of(page).summary == ["amount_yuan", "annual_rate_pct", "term_months"]
        text = read(page.text).text
        assert "年利率：" in text
        assert "3.25 到 5 之间" in text
        assert re.search(r"<title>\s*有几处要改: ", page.text)
        page = await officer.post(f"{path}/decide?lang=zh", {**wrong, "amount_yuan": "400000"})
        assert "10,000 到 300,000 之间" in read(page.text).text

    async def test_in_a_tab_that_is_out_of_date_is_a_conflict_and_nothing_more(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        await a_case(session, now, amount_yuan=1_500_000)
        first, _ = await signed_in(Role.SENIOR_OFFICER)
        second, _ = await signed_in(Role.SENIOR_OFFICER)
        path = (await first.post("/officer/next")).headers["location"]
        large = {"kind": "approve", "amount_yuan": "1,200,000"}
        for officer, status in ((first, "second_approval"), (second, "offered")):
            stale = {**form_of(await officer.get(path)).fields, **large}
            assert (await officer.post(f"{path}/decide", stale)).status_code == 303
            again = await officer.post(f"{path}/decide?lang=zh", stale)
            assert again.status_code == 409
            assert "有人比你早一步" in again.text
            assert await status_of(session, path) == status
        assert await decided(session) == 2

    async def test_above_a_million_shows_the_second_person_what_is_to_be_confirmed(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        await a_case(session, now, amount_yuan=1_500_000)
        first, _ = await signed_in(Role.OFFICER, display_name="孙志强")
        second, _ = await signed_in(Role.SENIOR_OFFICER, display_name="周敏")
        path = (await first.post("/officer/next")).headers["location"]
        await first.post(f"{path}/decide", {**TERMS, "amount_yuan": "1200000"})
        page = await second.get(f"{path}?lang=zh")
        assert "孙志强批准了这些条件" in page.text
        assert "1,200,000 元" in page.text
        confirmed = {**form_of(page).fields, "kind": "approve"}
        assert (await second.post(f"{path}/decide", confirmed)).status_code == 303
        text = read((await second.get(f"{path}?lang=zh")).text).text
        history = text[text.index("经过") :]
        assert history.index("孙志强（审批员）") < history.index("第二人复核同意")
        assert history.index("第二人复核同意") < history.index("周敏（高级审批员）")

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
        assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
        assert await decided(session) == 1

    async def test_a_case_a_colleague_has_taken_is_refused(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        _, path = await taken(signed_in, session, now)
        other, _ = await signed_in(Role.OFFICER)
        assert (await other.get(path)).status_code == 200
        assert (await other.post(f"{path}/claim")).status_code == 409
        assert (await other.post(f"{path}/decide", TERMS)).status_code == 409
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
