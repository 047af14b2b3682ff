"""An enterprise's facts: kept once, with source and age; absent is unknown, null is known to be none."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from marketplace.profiles import service
from tests.factories.enterprises import enterprise
from tests.factories.people import Bearer, person, sign_in

Client = AsyncClient

REFUSED: list[tuple[str, Any]] = [
    ("no_such_fact", 1),
    ("employees_end", "12"),
    ("employees_end", True),
    ("employees_end", 8.5),
    ("employees_end", -1),
    ("employees_end", 10**30),
    ("employees_end", [8]),
    ("employees_end", {"value": 8}),
    ("operating_revenue_yuan", 1e308),
    ("operating_revenue_yuan", 0.001),
    ("entity_type", "kingdom"),
    ("entity_type", "a\u0000b"),
    ("industry_code", "99999"),
    ("province_code", "37"),
    ("has_3pct_levy_sales", 1),
    ("x\u0000y", 1),
]

ODD_BODIES: list[Any] = [
    [],
    None,
    "x",
    {"facts": []},
    {"facts": None},
    {"unknown": "employees_end"},
    {"unknown": [1]},
    {"facts": {}, "source": "attested"},
    {"facts": {}, "enterprise_id": "x"},
    {"employees_end": 8},
    {"facts": {f"fact_{n}": 1 for n in range(201)}},
]


class Mine:
    """One enterprise and its signed-in owner."""

    def __init__(self, client: Client, owner: Actor, bearer: Bearer, enterprise_id: UUID) -> None:
        self.client, self.owner, self.bearer, self.id = client, owner, bearer, enterprise_id
        self.path = f"/api/v1/enterprises/{enterprise_id}/facts"

    async def put(self, body: Any, **params: str) -> Any:
        return await self.client.put(self.path, json=body, headers=self.bearer.headers, params=params)

    async def known(self) -> dict[str, Any]:
        answer = await self.client.get(self.path, headers=self.bearer.headers)
        assert answer.status_code == 200
        facts: dict[str, Any] = answer.json()["facts"]
        return facts


@pytest.fixture
async def mine(client: Client, session: AsyncSession, now: datetime) -> Mine:
    owner = await person(session, now)
    made = await enterprise(session, owner, now)
    return Mine(client, owner, await sign_in(client, owner), made.id)


class TestSaving:
    """Set, merge, forget."""

    async def test_merges_into_what_is_known(self, mine: Mine) -> None:
        await mine.put({"facts": {"employees_end": 8}})
        answer = await mine.put({"facts": {"industry_code": "6210"}})
        assert answer.status_code == 200
        assert answer.json()["facts"] == {
            "entity_type": "company",
            "employees_end": 8,
            "industry_code": "6210",
        }
        assert answer.json()["problems"] == []

    async def test_tells_null_from_unknown(self, mine: Mine, session: AsyncSession) -> None:
        await mine.put({"facts": {"employees_end": 8, "loan_start_date": None}})
        assert (await mine.known())["loan_start_date"] is None
        facts = await service.facts_of(session, mine.id)
        assert "loan_start_date" in facts
        assert "total_assets_yuan" not in facts
        await mine.put({"unknown": ["loan_start_date", "employees_end"]})
        assert await mine.known() == {"entity_type": "company"}

    async def test_never_stores_sql_null(self, mine: Mine, session: AsyncSession) -> None:
        await mine.put({"facts": {"loan_start_date": None}})
        kept = text("SELECT value::text FROM enterprise_facts WHERE name = 'loan_start_date'")
        assert await session.scalar(kept) == "null"

    async def test_gives_each_fact_its_source_and_age(self, mine: Mine, now: datetime) -> None:
        answer = (await mine.put({"facts": {"employees_end": 8}})).json()
        assert answer["provenance"]["employees_end"]["source"] == "declared"
        assert datetime.fromisoformat(answer["provenance"]["employees_end"]["updated_at"]) == now

    async def test_keeps_money_to_the_fen(self, mine: Mine, session: AsyncSession) -> None:
        for amount in (0, 0.01, 1100000, 280000.55, 999999999999.99, -50.5):
            answer = await mine.put({"facts": {"annual_taxable_income_yuan": amount}})
            assert answer.status_code == 200, answer.text
            facts = await service.facts_of(session, mine.id)
            assert facts["annual_taxable_income_yuan"] == Decimal(repr(amount))

    async def test_gives_the_engine_what_was_put_in(self, mine: Mine, session: AsyncSession) -> None:
        put = {
            "employees_end": 8,
            "main_revenue_share": 0.95,
            "has_3pct_levy_sales": True,
            "vat_taxpayer_type": "small_scale",
        }
        await mine.put({"facts": put})
        facts = await service.facts_of(session, mine.id)
        assert {name: facts.to_json()[name] for name in put} == put

    async def test_keeps_the_lists_columns_in_step(self, mine: Mine, session: AsyncSession) -> None:
        await mine.put({"facts": {"province_code": "370000", "industry_code": "6210"}})
        shown = (await mine.client.get(mine.path.removesuffix("/facts"), headers=mine.bearer.headers)).json()
        assert (shown["region_code"], shown["industry_code"]) == ("370000", "6210")
        await mine.put(
            {"facts": {"city_code": "370100", "entity_type": "partnership"}, "unknown": ["industry_code"]}
        )
        shown = (await mine.client.get(mine.path.removesuffix("/facts"), headers=mine.bearer.headers)).json()
        assert (shown["region_code"], shown["industry_code"]) == ("370100", None)
        assert shown["entity_type"] == "partnership"

    async def test_is_audited_by_name_without_values(self, mine: Mine, session: AsyncSession) -> None:
        await mine.put({"facts": {"operating_revenue_yuan": 987654321}})
        rows = await session.scalars(
            text("SELECT audit_log::text FROM audit_log WHERE action = 'profiles.save_facts'")
        )
        rows = rows.all()
        assert any("operating_revenue_yuan" in row for row in rows)
        assert not any("987654321" in row for row in rows)

    async def test_of_nothing_changes_nothing(self, mine: Mine) -> None:
        assert (await mine.put({})).json()["facts"] == {"entity_type": "company"}


class TestSources:
    """Where a fact comes from outlives repetition, not change."""

    async def test_an_attested_value_the_owner_repeats_stays_attested(
        self, mine: Mine, session: AsyncSession, now: datetime
    ) -> None:
        attest = {"employees_end": 8, "industry_code": "6210"}
        await service.save_facts(
            session, mine.owner, mine.id, attest, source="attested", now=now - timedelta(days=9)
        )
        await session.commit()
        answer = (await mine.put({"facts": {"employees_end": 8, "total_assets_yuan": 5}})).json()
        assert answer["provenance"]["employees_end"]["source"] == "attested"
        assert answer["provenance"]["total_assets_yuan"]["source"] == "declared"

    async def test_an_attested_value_is_neither_overwritten_nor_forgotten_by_the_owner(
        self, mine: Mine, session: AsyncSession, now: datetime
    ) -> None:
        await service.save_facts(
            session, mine.owner, mine.id, {"industry_code": "6210"}, source="attested", now=now
        )
        await session.commit()
        other = {"facts": {"industry_code": "6220", "total_assets_yuan": 5}}
        for body in (other, {"facts": {}, "unknown": ["industry_code"]}):
            answer = await mine.put(body)
            assert (answer.status_code, answer.json()["code"]) == (409, "profiles.fact_attested")
            assert answer.json()["errors"][0]["field"] == "facts.industry_code"
        known = await mine.known()
        assert known["industry_code"] == "6210"
        assert "total_assets_yuan" not in known

    async def test_each_change_is_a_line_of_its_history_and_a_repetition_none(
        self, mine: Mine, session: AsyncSession
    ) -> None:
        for body in (
            {"facts": {"employees_end": 8}},
            {"facts": {"employees_end": 8}},
            {"facts": {"employees_end": 9}},
            {"facts": {}, "unknown": ["employees_end"]},
            {"facts": {"employees_end": 9}},
        ):
            assert (await mine.put(body)).status_code == 200
        lines = await session.execute(
            text("SELECT value::text, forgotten FROM fact_versions WHERE name = 'employees_end' ORDER BY id")
        )
        assert [tuple(line) for line in lines] == [
            ("8", False), ("9", False), ("null", True), ("9", False),
        ]  # fmt: skip

    async def test_a_declared_value_repeated_is_fresh_again(
        self, mine: Mine, session: AsyncSession, now: datetime
    ) -> None:
        long_ago = now - timedelta(days=90)
        await service.save_facts(
            session, mine.owner, mine.id, {"employees_end": 8}, source="declared", now=long_ago
        )
        await session.commit()
        answer = (await mine.put({"facts": {"employees_end": 8}})).json()
        assert datetime.fromisoformat(answer["provenance"]["employees_end"]["updated_at"]) == now


class TestRefusing:
    """All or nothing, with a sentence for each fact that does not fit."""

    async def test_says_which_fact_and_why_in_both_languages(self, mine: Mine) -> None:
        before = await mine.known()
        for name, value in REFUSED:
            body = {"facts": {name: value, "vat_taxpayer_type": "small_scale"}}
            english, chinese = await mine.put(body, lang="en"), await mine.put(body, lang="zh")
            assert (english.status_code, chinese.status_code) == (422, 422), (name, value, english.text)
            first, second = english.json()["errors"][0], chinese.json()["errors"][0]
            assert first["field"].startswith("facts."), (name, value)
            assert first["detail"] != second["detail"], (name, value)
        assert await mine.known() == before

    async def test_names_every_fact_that_does_not_fit(self, mine: Mine) -> None:
        answer = await mine.put({"facts": {"employees_end": "8", "entity_type": 1}, "unknown": ["nonsense"]})
        assert {error["field"] for error in answer.json()["errors"]} == {
            "facts.employees_end", "facts.entity_type", "facts.nonsense",
        }  # fmt: skip

    async def test_a_fact_both_given_and_forgotten(self, mine: Mine) -> None:
        answer = await mine.put({"facts": {"employees_end": 8}, "unknown": ["employees_end"]})
        assert (answer.status_code, answer.json()["code"]) == (422, "profiles.fact_said_twice")

    async def test_a_derived_fact(self, mine: Mine) -> None:
        assert (await mine.put({"facts": {"sme_size": "micro"}})).status_code == 422

    async def test_a_body_of_another_shape(self, mine: Mine) -> None:
        for body in ODD_BODIES:
            assert (await mine.put(body)).status_code == 422, body

    async def test_a_deep_body_without_falling_over(self, mine: Mine) -> None:
        raw = b'{"facts":{"employees_end":' + b"[" * 20_000 + b"]" * 20_000 + b"}}"
        headers = {**mine.bearer.headers, "Content-Type": "application/json"}
        answer = await mine.client.put(mine.path, content=raw, headers=headers)
        assert answer.status_code in (400, 422)

    async def test_a_huge_body_without_reading_it_all(self, mine: Mine) -> None:
        raw = b'{"facts":{"entity_type":"' + b"x" * 5_000_000 + b'"}}'
        headers = {**mine.bearer.headers, "Content-Type": "application/json"}
        answer = await mine.client.put(mine.path, content=raw, headers=headers)
        assert answer.status_code in (413, 422)


class TestAStoredFactTheVocabularyNoLongerKnows:
    """A vocabulary moves on; what it drops counts as unknown and is said aloud."""

    async def test_is_left_out_and_named(self, mine: Mine, session: AsyncSession) -> None:
        await session.connection()
        await session.execute(
            text(
                "INSERT INTO enterprise_facts"
                " SELECT enterprise_id, 'a_fact_of_old', '1', source, updated_at, updated_by FROM enterprise_facts"
            )
        )
        await session.commit()
        answer = (await mine.client.get(mine.path, headers=mine.bearer.headers)).json()
        assert answer["facts"] == {"entity_type": "company"}
        assert answer["problems"][0]["fact"] == "a_fact_of_old"
        assert set(answer["problems"][0]["messages"]) == {"zh-CN", "en"}
