"""An enterprise is in one place: no door takes a city and a province apart, and each says which two do not agree."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from marketplace.profiles import attesting, service
from tests.factories.attesting import AUDIENCE, signer
from tests.factories.enterprises import enterprise
from tests.factories.people import Bearer, person, sign_in

APART = {"province_code": "110000", "city_code": "370100"}


@dataclass
class Mine:
    client: AsyncClient
    owner: Actor
    bearer: Bearer
    id: UUID
    session: AsyncSession
    now: datetime

    async def put(self, facts: dict[str, Any], lang: str = "zh") -> Response:
        path = f"/api/v1/enterprises/{self.id}/facts?lang={lang}"
        return await self.client.put(path, json={"facts": facts}, headers=self.bearer.headers)

    async def known(self) -> dict[str, Any]:
        facts = (await service.facts_of(self.session, self.id)).to_json()
        return {name: value for name, value in facts.items() if name != "entity_type"}

    async def attest(self, facts: dict[str, Any]) -> None:
        registry = await signer(self.session, self.now, kind="market_regulation")
        mine = await service.enterprise_of(self.session, self.owner, self.id)
        statement = registry.sign(registry.claims(mine.uscc, facts))
        await attesting.take_in(self.session, statement, audience=AUDIENCE, now=self.now)
        await self.session.commit()


@pytest.fixture
async def mine(client: AsyncClient, session: AsyncSession, now: datetime) -> Mine:
    owner = await person(session, now)
    made = await enterprise(session, owner, now)
    return Mine(client, owner, await sign_in(client, owner), made.id, session, now)


@pytest.mark.parametrize(
    ("lang", "names"), [("zh", ("济南市", "山东省", "北京市")), ("en", ("Jinan", "Shandong", "Beijing"))]
)
async def test_both_in_one_change_are_refused_by_name(mine: Mine, lang: str, names: tuple[str, ...]) -> None:
    answer = await mine.put(APART, lang)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["field"], fault["code"]) == ("facts.city_code", "fact_elsewhere")
    assert all(name in fault["detail"] for name in names)
    assert await mine.known() == {}


@pytest.mark.seeded
async def test_an_enterprise_that_cannot_be_gets_no_answer(client: AsyncClient) -> None:
    for detail in ("ids", "full", "advice"):
        body = {"facts": APART, "as_of": "2020-04-15", "detail": detail}
        answer = await client.post("/api/v1/eligibility/match", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "facts.city_code"


async def test_a_changed_province_forgets_the_city_of_another(mine: Mine, session: AsyncSession) -> None:
    await mine.put({"province_code": "370000", "city_code": "370100"})
    await mine.put({"province_code": "370000"})
    assert (await mine.known())["city_code"] == "370100"
    await mine.put({"province_code": "110000"})
    assert await mine.known() == {"province_code": "110000"}
    last = text("SELECT forgotten FROM fact_versions WHERE name = 'city_code' ORDER BY id DESC LIMIT 1")
    assert await session.scalar(last) is True
    assert await session.scalar(text("SELECT region_code FROM enterprises")) == "110000"


async def test_a_city_brings_its_province_along(mine: Mine) -> None:
    for city, province in (("370100", "370000"), ("420100", "420000")):
        await mine.put({"city_code": city})
        assert await mine.known() == {"province_code": province, "city_code": city}


async def test_an_attested_city_is_not_lost_by_a_declared_province(mine: Mine) -> None:
    await mine.attest({"city_code": "370100"})
    answer = await mine.put({"province_code": "110000"})
    assert (answer.status_code, answer.json()["code"]) == (409, "profiles.fact_attested")
    assert await mine.known() == {"province_code": "370000", "city_code": "370100"}


async def test_an_attested_province_forgets_a_declared_city_elsewhere(mine: Mine) -> None:
    await mine.put({"city_code": "370100"})
    await mine.attest({"province_code": "110000"})
    assert await mine.known() == {"province_code": "110000"}


async def test_what_was_stored_apart_before_counts_as_unknown_and_is_told(mine: Mine) -> None:
    await mine.put({"province_code": "370000", "city_code": "370100"})
    await mine.session.execute(
        text("UPDATE enterprise_facts SET value = '\"110000\"' WHERE name = 'province_code'")
    )
    await mine.session.commit()
    answer = await mine.client.get(f"/api/v1/enterprises/{mine.id}/facts", headers=mine.bearer.headers)
    assert "city_code" not in answer.json()["facts"]
    (problem,) = answer.json()["problems"]
    assert (problem["fact"], "济南市" in problem["messages"]["zh-CN"]) == ("city_code", True)
