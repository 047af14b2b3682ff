"""Commitments over the API: the text is read first, and nobody but whoever acts for the enterprise meets them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth.roles import Role
from marketplace.profiles import verifying
from marketplace.profiles.declaration import STATEMENTS
from tests.factories import lending
from tests.factories.people import person, sign_in


class Mine:
    """An enterprise and its signed-in owner."""

    def __init__(self, client: AsyncClient, headers: dict[str, str], enterprise_id: UUID) -> None:
        self.client, self.headers, self.id = client, headers, enterprise_id
        self.path = f"/api/v1/enterprises/{enterprise_id}/commitments"

    async def post(self, path: str = "", body: Any = None, lang: str = "en") -> Response:
        return await self.client.post(
            f"{self.path}{path}", params={"lang": lang}, json=body, headers=self.headers
        )

    async def make(self, *facts: str, **changes: Any) -> Response:
        text = (await self.post("/text", {"facts": list(facts)})).json()
        body = {"facts": list(facts), "wording_sha256": text["wording_sha256"], "agreed": list(STATEMENTS)}
        return await self.post("", {**body, **changes})


@pytest.fixture
async def mine(client: AsyncClient, session: AsyncSession, now: datetime) -> Mine:
    owner = await person(session, now)
    bearer = await sign_in(client, owner)
    return Mine(client, bearer.headers, await lending.enterprise(session, owner, now))


async def test_a_text_is_read_confirmed_kept_and_withdrawn(mine: Mine) -> None:
    text = (await mine.post("/text", {"facts": ["employees_end"]})).json()
    assert "18" in text["wording"]
    assert set(text["statements"]) == set(STATEMENTS)
    made = await mine.make("employees_end")
    assert made.status_code == 201, made.text
    assert made.json()["wording"] == text["wording"]
    assert made.json()["facts"] == {"employees_end": {"value": 18, "outcome": "open"}}
    withdrawn = await mine.post(f"/{made.json()['id']}/withdraw", {"reason": "papers instead"})
    assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "withdrawn")
    listed = await mine.client.get(mine.path, headers=mine.headers)
    assert [one["status"] for one in listed.json()] == ["withdrawn"]


async def test_what_does_not_fit_keeps_nothing(mine: Mine) -> None:
    for changes, status, code in (
        ({"agreed": list(STATEMENTS[:3])}, 422, "profiles.commitment_refused"),
        ({"wording_sha256": "0" * 64}, 409, "profiles.commitment_text_changed"),
        ({"facts": ["owner_age"]}, 409, "profiles.commitment_text_changed"),
        ({"policy_id": "nothing"}, 422, "profiles.commitment_refused"),
        ({"status": "verified"}, 422, "input.invalid"),
        ({"agreed": "true"}, 422, "input.invalid"),
    ):
        answer = await mine.make("employees_end", **changes)
        assert (answer.status_code, answer.json()["code"]) == (status, code), changes
    other = {"facts": ["employees_end"], "agreed": list(STATEMENTS)}
    seen = (await mine.post("/text", {"facts": ["employees_end"]}, lang="zh")).json()["wording_sha256"]
    assert (await mine.post("", {**other, "wording_sha256": seen}, lang="en")).status_code == 409
    assert (await mine.client.get(mine.path, headers=mine.headers)).json() == []


async def test_a_finding_is_told_and_objected_to(mine: Mine, session: AsyncSession, now: datetime) -> None:
    made = (await mine.make("employees_end")).json()
    desk = await person(session, now, Role.POLICY_ADMIN)
    await verifying.verify(session, desk, UUID(made["id"]), untrue=["employees_end"], ground="3", now=now)
    await session.commit()
    told = (await mine.client.get(mine.path, headers=mine.headers)).json()[0]
    assert (told["status"], told["ground"], bool(told["excluded_until"])) == ("refuted", "3", True)
    refused = await mine.post("/text", {"facts": ["owner_age"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "profiles.commitment_excluded")
    answer = await mine.post(f"/{made['id']}/objection", {"objection": "They were at a training."})
    assert answer.json()["objection"] == "They were at a training."


async def test_they_are_not_there_for_anybody_else(mine: Mine, session: AsyncSession, now: datetime) -> None:
    made = (await mine.make("employees_end")).json()["id"]
    stranger = await sign_in(mine.client, await person(session, now))
    for path, body in (
        ("", {"facts": ["employees_end"], "wording_sha256": "0" * 64, "agreed": []}),
        ("/text", {"facts": ["employees_end"]}),
        (f"/{made}/withdraw", {"reason": "x"}),
        (f"/{made}/objection", {"objection": "x"}),
    ):
        answer = await mine.client.post(f"{mine.path}{path}", json=body, headers=stranger.headers)
        assert answer.status_code == 404, path
        assert (await mine.client.post(f"{mine.path}{path}", json=body)).status_code == 401
    assert (await mine.client.get(mine.path, headers=stranger.headers)).status_code == 404
