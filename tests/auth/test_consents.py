"""Consents name one bank, one purpose, the data and the exact words; their giver can look at and end them."""

import hashlib
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from auth import consent
from auth.actor import Actor
from auth.errors import ConsentNotFound
from auth.tables import Consent
from tests.factories.enterprises import enterprise
from tests.factories.people import person, sign_in

Client = AsyncClient
WORDS = "我同意把从业人数和营业收入交给建设银行，只用于审核这笔贷款。"


async def given(session: AsyncSession, owner: Actor, now: datetime, **details: object) -> Consent:
    mine = await enterprise(session, owner, now)
    made = await consent.give(
        session,
        owner,
        enterprise_id=mine.id,
        bank_id="ccb",
        purpose="loan_application",
        data_categories=["employees", "revenue"],
        wording=WORDS,
        language="zh-CN",
        now=now,
    )
    await session.commit()
    return made


@pytest.fixture
async def owner(session: AsyncSession, now: datetime) -> Actor:
    return await person(session, now)


class TestAConsent:
    """As it is kept."""

    async def test_holds_the_exact_words_and_their_digest(
        self, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        made = await given(session, owner, now)
        assert made.wording == WORDS
        assert made.wording_sha256 == hashlib.sha256(WORDS.encode()).hexdigest()

    async def test_counts_for_its_bank_and_purpose_alone(
        self, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        made = await given(session, owner, now)

        async def counts(bank: str, purpose: str) -> bool:
            found = await consent.active(
                session, enterprise_id=made.enterprise_id, bank_id=bank, purpose=purpose
            )
            return found is not None

        assert await counts("ccb", "loan_application")
        assert not await counts("icbc", "loan_application")
        assert not await counts("ccb", "marketing")

    async def test_counts_no_more_once_revoked_and_keeps_its_first_end(
        self, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        made = await given(session, owner, now)
        for later in (1, 2):
            ended = await consent.revoke(session, owner, made.id, now=now + timedelta(days=later))
            assert ended.revoked_at == now + timedelta(days=1)
        assert (
            await consent.active(
                session, enterprise_id=made.enterprise_id, bank_id="ccb", purpose="loan_application"
            )
            is None
        )

    async def test_of_another_cannot_be_told_from_a_missing_one(
        self, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        made = await given(session, owner, now)
        other = await person(session, now)
        for consent_id in (made.id, uuid4()):
            with pytest.raises(ConsentNotFound):
                await consent.revoke(session, other, consent_id, now=now)
        standing = await consent.active(
            session, enterprise_id=made.enterprise_id, bank_id="ccb", purpose="loan_application"
        )
        assert standing is not None


class TestTheApi:
    """Looking and ending over HTTP."""

    async def test_lists_my_consents_and_nobody_elses(
        self, client: Client, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        made = await given(session, owner, now)
        await given(session, await person(session, now), now)
        answer = await client.get("/api/v1/consents", headers=(await sign_in(client, owner)).headers)
        assert [row["id"] for row in answer.json()] == [str(made.id)]
        assert answer.json()[0]["wording"] == WORDS
        assert answer.json()[0]["revoked_at"] is None

    async def test_ends_one_of_mine(
        self, client: Client, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        made = await given(session, owner, now)
        headers = (await sign_in(client, owner)).headers
        answer = await client.post(f"/api/v1/consents/{made.id}/revoke", headers=headers)
        assert answer.status_code == 200
        assert answer.json()["revoked_at"] is not None
        assert (await client.get("/api/v1/consents", headers=headers)).json() == [answer.json()]

    async def test_says_the_same_of_anothers_and_of_a_missing_one(
        self, client: Client, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        made = await given(session, await person(session, now), now)
        headers = (await sign_in(client, owner)).headers
        answers = [
            await client.post(f"/api/v1/consents/{consent_id}/revoke", headers=headers)
            for consent_id in (made.id, uuid4())
        ]
        assert {answer.status_code for answer in answers} == {404}
        bodies = [{k: v for k, v in answer.json().items() if k != "instance"} for answer in answers]
        assert bodies[0] == bodies[1]
