"""The loans API through the real application: the contract's endpoints, their refusals, and nobody else's data."""

import asyncio
import json
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from pypdf import PdfReader
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from auth.actor import Actor
from auth.roles import Role
from loans import confirmations
from loans.tables import Application
from marketplace.db import open_session
from marketplace.documents.keys import trusted
from marketplace.lending import state_of
from marketplace.settings import Settings
from pdf.verify import verify
from tests.factories import lending
from tests.factories.people import person, sign_in
from tests.pdf import reading

Client = AsyncTestClient[Litestar]
API = "/api/v1"


@pytest.fixture(autouse=True)
async def market(session: AsyncSession, now: datetime) -> None:
    await lending.banks_and_products(session, now)


class Caller:
    """A signed-in person at the API."""

    def __init__(self, client: Client, headers: dict[str, str]) -> None:
        self.client, self.headers = client, headers

    async def get(self, path: str, **more: Any) -> Any:
        return await self.client.get(API + path, headers=self.headers, **more)

    async def post(self, path: str, body: object = None, **headers: str) -> Any:
        return await self.client.post(API + path, json=body, headers={**self.headers, **headers})

    async def apply(self, body: object, key: str | None = None) -> Any:
        return await self.post("/applications", body, **{"Idempotency-Key": key or uuid4().hex})


async def caller(client: Client, who: Actor) -> Caller:
    return Caller(client, (await sign_in(client, who)).headers)


@pytest.fixture
async def owner(client: Client, session: AsyncSession, now: datetime) -> tuple[Caller, UUID]:
    """An owner at the API and his enterprise."""
    who = await person(session, now)
    return await caller(client, who), await lending.enterprise(session, who, now)


def wanting(enterprise_id: UUID, **changes: Any) -> dict[str, Any]:
    return {
        "enterprise_id": str(enterprise_id),
        "amount_yuan": 300_000,
        "term_months": 12,
        "purpose": "购进原料",
        **changes,
    }


async def request_and_body(at: Caller, enterprise_id: UUID) -> dict[str, Any]:
    """A need, and the body of an application for CCB-YSD that echoes the consent its offer asks for."""
    made = await at.post("/financing-requests", wanting(enterprise_id))
    assert made.status_code == 201, made.text
    offers = (await at.get(f"/financing-requests/{made.json()['id']}/offers")).json()["offers"]
    offer = next(each for each in offers if each["product"]["id"] == "CCB-YSD")
    assert offer["status"] == "eligible"
    return {"financing_request_id": made.json()["id"], "product_id": "CCB-YSD", "consent": offer["consent"]}


class TestTheWholePath:
    async def test_from_a_need_to_the_pay_out(
        self, client: Client, session: AsyncSession, now: datetime, owner: tuple[Caller, UUID]
    ) -> None:
        at, enterprise_id = owner
        body = await request_and_body(at, enterprise_id)
        made = await at.apply(body)
        assert made.status_code == 201, made.text
        case = made.json()
        assert made.headers["location"] == f"{API}/applications/{case['id']}"
        assert (case["status"], case["amount_yuan"]) == ("submitted", 300_000)
        officer = await caller(client, await person(session, now, Role.OFFICER))
        queue = (await officer.get("/officer/queue")).json()
        assert [row["id"] for row in queue["cases"]] == [case["id"]]
        assert queue["counters"] == {"outside": 0, "near": 0, "within": 1}
        taken = await officer.post("/officer/queue/claim-next")
        assert (taken.status_code, taken.json()["status"]) == (200, "in_review")
        empty = await officer.post("/officer/queue/claim-next")
        assert (empty.status_code, empty.json()["code"]) == (404, "loans.queue_empty")
        decided = await officer.post(
            f"/applications/{case['id']}/decisions",
            {"kind": "approve", "amount_yuan": 250_000.5, "annual_rate_pct": 4.1, "term_months": 12},
        )
        assert (decided.status_code, decided.json()["status"]) == (201, "offered")
        accepted = await at.post(f"/applications/{case['id']}/accept")
        assert accepted.json()["agreed_amount_yuan"] == 250_000.5
        paid = await officer.post(f"/applications/{case['id']}/disbursements")
        assert (paid.status_code, paid.json()["amount_yuan"]) == (201, 250_000.5)
        again = await officer.post(f"/applications/{case['id']}/disbursements")
        assert (again.status_code, again.json()["code"]) == (409, "loans.already_disbursed")
        mine = (await at.get("/applications")).json()["applications"]
        assert [(row["id"], row["status"]) for row in mine] == [(case["id"], "disbursed")]
        seen = (await at.get(f"/applications/{case['id']}")).json()
        assert [event["kind"] for event in seen["events"]] == [
            "submit",
            "claim",
            "approve",
            "accept",
            "disburse",
        ]

    async def test_the_confirmation_is_printed_once_signed_and_stays(
        self, owner: tuple[Caller, UUID], settings: Settings
    ) -> None:
        at, enterprise_id = owner
        case = (await at.apply(await request_and_body(at, enterprise_id))).json()
        first = await at.get(f"/applications/{case['id']}/confirmation.pdf")
        assert first.status_code == 200, first.text
        assert first.headers["content-type"].startswith("application/pdf")
        assert case["serial"] in first.headers["content-disposition"]
        second = await at.get(f"/applications/{case['id']}/confirmation.pdf?lang=en")
        assert second.content == first.content
        sealed = verify(first.content, trusted(settings.keys))
        assert (sealed.valid, sealed.serial) == (True, case["serial"])
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(first.content)).pages)
        for expected in (case["serial"], "淄博和润食品有限公司", "300,000 元", "中国建设银行", "初步意向"):
            assert expected in text

    async def test_a_case_that_moves_on_gets_another_paper_and_the_older_one_says_so(
        self,
        client: Client,
        session: AsyncSession,
        now: datetime,
        owner: tuple[Caller, UUID],
        settings: Settings,
    ) -> None:
        at, enterprise_id = owner
        case = (await at.apply(await request_and_body(at, enterprise_id))).json()
        one = f"/applications/{case['id']}"
        officer = await caller(client, await person(session, now, Role.OFFICER))
        await officer.post(f"{one}/claim")
        papers: dict[str, bytes] = {}
        terms = {"kind": "approve", "amount_yuan": 250_000, "annual_rate_pct": 4.35, "term_months": 12}
        for step in (
            None,
            officer.post(f"{one}/decisions", terms),
            at.post(f"{one}/accept"),
            officer.post(f"{one}/disbursements"),
        ):
            if step is not None:
                assert (await step).status_code in (200, 201)
            for _ in range(2):
                pdf = (await at.get(f"{one}/confirmation.pdf")).content
                papers[verify(pdf, trusted(settings.keys)).serial or ""] = pdf
        receipt, approval, agreed = papers
        assert receipt == case["serial"]
        for serial, strength, title, amount, newer in (
            (receipt, "indicative", "融资申请回执", "300,000元", True),
            (approval, "in_principle", "贷款批准书", "250,000元", True),
            (agreed, "binding", "贷款条件确认书", "250,000元", False),
        ):
            text = reading.text(papers[serial])
            assert title in text
            assert amount in text
            assert case["serial"] in text
            found = (await client.post(f"{API}/documents/verify", content=papers[serial])).json()
            assert (found["valid"], found["serial"], found["strength"]) == (True, serial, strength)
            assert (found["state"], found["newer_paper"], found["application"]) == (
                "disbursed",
                newer,
                "ended",
            )
            page = (await client.get(f"/verify/{serial}")).text
            assert "已放款" in page
            assert ("有更新的文件" in page) is newer
        for serial in (approval, agreed):
            assert "年利率4.35%" in reading.text(papers[serial])
        assert "不高于" not in reading.text(papers[agreed])

    async def test_a_case_that_ended_keeps_its_strongest_paper_which_holds_no_more(
        self,
        client: Client,
        session: AsyncSession,
        now: datetime,
        owner: tuple[Caller, UUID],
        settings: Settings,
    ) -> None:
        at, enterprise_id = owner
        case = (await at.apply(await request_and_body(at, enterprise_id))).json()
        application = await session.get(Application, UUID(case["id"]))
        assert application is not None
        await lending.approved(session, application, now)
        one = f"/applications/{case['id']}"
        before = (await at.get(f"{one}/confirmation.pdf")).content
        await at.post(f"{one}/withdraw")
        assert (await at.get(f"{one}/confirmation.pdf")).content == before
        serial = verify(before, trusted(settings.keys)).serial
        page = (await client.get(f"/verify/{serial}")).text
        assert "不要再凭这份文件办事" in page
        assert "有更新的文件" not in page

    async def test_five_first_downloads_at_once_give_one_paper(
        self, session: AsyncSession, engine: AsyncEngine, now: datetime, settings: Settings
    ) -> None:
        who = await person(session, now)
        case = (await lending.submitted(session, who, now)).application
        await lending.approved(session, case, now)
        press = state_of(settings).press

        async def download() -> bytes:
            async with open_session(engine) as own:
                paper = await confirmations.confirmation(
                    own, who, case.id, press=press, language="zh-CN", now=now
                )
                await own.commit()
                return paper.pdf

        assert len(set(await asyncio.gather(*(download() for _ in range(5))))) == 1

    async def test_products_are_public(self, client: Client) -> None:
        listed = (await client.get(f"{API}/products")).json()
        assert len(listed) == 19
        one = (await client.get(f"{API}/products/CCB-YYD")).json()
        assert one["campaign"]["to"] == "2020-12-31"
        assert one["marks"]["sources"]
        assert (await client.get(f"{API}/products/NONE")).status_code == 404


class TestIdempotency:
    async def test_the_same_key_gives_the_same_application(self, owner: tuple[Caller, UUID]) -> None:
        at, enterprise_id = owner
        body = await request_and_body(at, enterprise_id)
        answers = await asyncio.gather(*(at.apply(body, "one-key") for _ in range(5)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.text for answer in answers}) == 1
        assert len((await at.get("/applications")).json()["applications"]) == 1

    async def test_the_key_is_needed_and_not_for_another_body(self, owner: tuple[Caller, UUID]) -> None:
        at, enterprise_id = owner
        body = await request_and_body(at, enterprise_id)
        assert (await at.post("/applications", body)).status_code == 422
        assert (await at.apply(body, "k")).status_code == 201
        other = await at.apply({**body, "repayment_method": "revolving_daily_interest"}, "k")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency.reused")
        second = await at.apply(body, "k2")
        assert (second.status_code, second.json()["code"]) == (409, "loans.already_applied")

    async def test_a_refused_application_leaves_its_key_free(self, owner: tuple[Caller, UUID]) -> None:
        at, enterprise_id = owner
        body = await request_and_body(at, enterprise_id)
        wrong = {**body, "consent": {**body["consent"], "bank_id": "icbc"}}
        refused = await at.apply(wrong, "k")
        assert (refused.status_code, refused.json()["code"]) == (422, "loans.consent_mismatch")
        assert refused.json()["errors"][0]["field"] == "consent.bank_id"
        assert set(refused.json()["messages"]) == {"zh-CN", "en"}
        assert (await at.apply(body, "k")).status_code == 201


BAD_NEEDS: list[dict[str, Any]] = [
    {"amount_yuan": "300000"},
    {"amount_yuan": True},
    {"amount_yuan": 0},
    {"amount_yuan": -5},
    {"amount_yuan": 0.001},
    {"amount_yuan": 1e30},
    {"amount_yuan": 10**30},
    {"amount_yuan": None},
    {"term_months": 0},
    {"term_months": 481},
    {"term_months": 1.5},
    {"term_months": "12"},
    {"term_months": 2**70},
    {"purpose": ""},
    {"purpose": "a\x00b"},
    {"purpose": "\ud800"},
    {"purpose": "x" * 201},
    {"preferred_method": "barter"},
    {"status": "offered"},
    {"bank_id": "ccb"},
    {"enterprise_id": "1"},
]


class TestRefusals:
    @pytest.mark.parametrize("change", BAD_NEEDS, ids=str)
    async def test_a_bad_need_is_a_422(self, owner: tuple[Caller, UUID], change: dict[str, Any]) -> None:
        at, enterprise_id = owner
        answer = await at.client.post(
            f"{API}/financing-requests",
            content=json.dumps({**wanting(enterprise_id), **change}).encode(),
            headers={**at.headers, "Content-Type": "application/json"},
        )
        assert answer.status_code in (400, 422), answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")

    async def test_decisions_are_one_or_the_other(
        self, client: Client, session: AsyncSession, now: datetime, owner: tuple[Caller, UUID]
    ) -> None:
        at, enterprise_id = owner
        case = (await at.apply(await request_and_body(at, enterprise_id))).json()
        officer = await caller(client, await person(session, now, Role.OFFICER))
        await officer.post(f"/applications/{case['id']}/claim")
        for body in (
            {"kind": "approve"},
            {"kind": "approve", "amount_yuan": 1, "annual_rate_pct": 4, "term_months": 12},
            {"kind": "approve", "amount_yuan": "300000", "annual_rate_pct": 4, "term_months": 12},
            {"kind": "decline"},
            {"kind": "decline", "reasons": [{"code": "i_do_not_like_him"}]},
            {"kind": "decline", "reasons": [{"code": "other"}]},
            {"kind": "decline", "reasons": [{"code": "credit_record"}], "amount_yuan": 5},
            {"kind": "decline", "reasons": [{"code": "credit_record"}], "status": "offered"},
        ):
            answer = await officer.post(f"/applications/{case['id']}/decisions", body)
            assert answer.status_code == 422, (body, answer.text)
        assert (await at.get(f"/applications/{case['id']}")).json()["status"] == "in_review"

    async def test_queue_parameters_are_bounded(
        self, client: Client, session: AsyncSession, now: datetime
    ) -> None:
        officer = await caller(client, await person(session, now, Role.OFFICER))
        for query in (
            "page=0",
            "size=101",
            "size=-1",
            "page=99999999999999999999",
            "standing=late",
            "show=%00",
        ):
            assert (await officer.get(f"/officer/queue?{query}")).status_code in (400, 422), query


class TestAccess:
    async def test_not_yours_and_not_there_are_one_answer(
        self, client: Client, session: AsyncSession, now: datetime, owner: tuple[Caller, UUID]
    ) -> None:
        at, enterprise_id = owner
        body = await request_and_body(at, enterprise_id)
        case = (await at.apply(body)).json()
        strangers = [
            await caller(client, await person(session, now)),
            await caller(client, await person(session, now, Role.OFFICER, bank_id="icbc")),
        ]
        for stranger in strangers:
            for path in ("", "/confirmation.pdf"):
                theirs = await stranger.get(f"/applications/{case['id']}{path}")
                missing = await stranger.get(f"/applications/{uuid4()}{path}")
                assert theirs.status_code == missing.status_code == 404
                assert {**theirs.json(), "instance": ""} == {**missing.json(), "instance": ""}
        stranger, bank = strangers
        assert (
            await stranger.get(f"/financing-requests/{body['financing_request_id']}/offers")
        ).status_code == 404
        assert (await stranger.apply(body)).status_code == 404
        assert (await stranger.post("/financing-requests", wanting(enterprise_id))).status_code == 404
        assert (await stranger.post(f"/applications/{case['id']}/withdraw")).status_code == 404
        assert (await bank.post(f"/applications/{case['id']}/claim")).status_code == 404
        assert (await stranger.get("/applications")).json() == {"applications": []}

    async def test_each_role_keeps_to_its_side(
        self, client: Client, session: AsyncSession, now: datetime, owner: tuple[Caller, UUID]
    ) -> None:
        at, enterprise_id = owner
        case = (await at.apply(await request_and_body(at, enterprise_id))).json()
        one = f"/applications/{case['id']}"
        officer = await caller(client, await person(session, now, Role.OFFICER))
        auditor = await caller(client, await person(session, now, Role.AUDITOR))
        admin = await caller(client, await person(session, now, Role.POLICY_ADMIN))
        assert (await auditor.get(one)).status_code == 200
        assert (await admin.get(one)).status_code == 403
        assert (await officer.post(f"{one}/accept")).status_code == 403
        assert (await at.post(f"{one}/claim")).status_code == 403
        assert (await at.post(f"{one}/decisions", {"kind": "decline"})).status_code == 403
        assert (await at.get("/officer/queue")).status_code == 403
        assert (await auditor.post(f"{one}/withdraw")).status_code == 403
        nobody = Caller(client, {})
        assert (await nobody.get(one)).status_code == 401
        assert (await nobody.post("/officer/queue/claim-next")).status_code == 401
