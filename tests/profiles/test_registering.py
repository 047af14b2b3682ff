"""Registering an enterprise over the API: once, with true numbers, and visible to its owner alone."""

import asyncio
import json
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth import queries
from tests.factories.enterprises import a_resident_id, a_uscc, draft, enterprise
from tests.factories.people import Bearer, person, sign_in

Client = AsyncClient
PATH = "/api/v1/enterprises"

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"uscc": "91370102MAXX90014C"}, "profiles.uscc_check_digit"),
    ({"uscc": "1234"}, "profiles.uscc_malformed"),
    ({"owner_id_number": "370102198503141230"}, "profiles.resident_id_refused"),
    ({"owner_id_number": "37010219850314"}, "profiles.resident_id_malformed"),
    ({"entity_type": "kingdom"}, "profiles.entity_type_refused"),
    ({"name": ""}, "input.invalid"),
    ({"name": "   "}, "input.invalid"),
    ({"name": "x" * 201}, "input.invalid"),
    ({"name": "a\u0000b"}, "input.invalid"),
    ({"name": "a\u0007b"}, "input.invalid"),
    ({"name": "a\u202eb"}, "input.invalid"),
    ({"name": "a\nb"}, "input.invalid"),
    ({"name": 7}, "input.invalid"),
    ({"name": None}, "input.invalid"),
    ({"uscc": 91370102}, "input.invalid"),
    ({"uscc": 10**30}, "input.invalid"),
    ({"uscc": True}, "input.invalid"),
    ({"owner_name": ["王"]}, "input.invalid"),
    ({"id": "00000000-0000-0000-0000-000000000000"}, "input.invalid"),
    ({"role": "operator"}, "input.invalid"),
    ({"bank_id": "ccb"}, "input.invalid"),
    ({"status": "verified"}, "input.invalid"),
    ({"created_by": "x"}, "input.invalid"),
]


@pytest.fixture
async def owner(client: Client, session: AsyncSession, now: datetime) -> Bearer:
    return await sign_in(client, await person(session, now))


async def register(client: Client, who: Bearer, **changes: Any) -> Any:
    return await client.post(PATH, json=draft(**changes), headers=who.headers)


class TestRegistering:
    """The way in."""

    async def test_answers_with_the_enterprise_and_never_the_whole_resident_id(
        self, client: Client, owner: Bearer
    ) -> None:
        sent = draft()
        answer = await client.post(PATH, json=sent, headers=owner.headers)
        assert answer.status_code == 201
        body = answer.json()
        assert (body["uscc"], body["name"], body["entity_type"]) == (sent["uscc"], sent["name"], "company")
        assert body["owner_id_masked"] == f"370102********{sent['owner_id_number'][-4:]}"
        assert sent["owner_id_number"] not in answer.text
        assert "hmac" not in answer.text

    async def test_makes_the_caller_its_owner(
        self, client: Client, session: AsyncSession, now: datetime
    ) -> None:
        who = await person(session, now)
        made = (await register(client, await sign_in(client, who))).json()
        assert {str(found) for found in await queries.enterprise_ids(session, who.user_id)} == {made["id"]}

    async def test_keeps_the_resident_id_nowhere_in_the_database(
        self, client: Client, owner: Bearer, session: AsyncSession
    ) -> None:
        number = a_resident_id(777)
        await register(client, owner, owner_id_number=number)
        tables = await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        for table in tables.all():
            rows = await session.scalars(text(f'SELECT t::text FROM "{table}" t'))
            assert not any(number in row or number[6:] in row for row in rows), table

    async def test_knows_the_entity_type_as_a_fact_from_then_on(self, client: Client, owner: Bearer) -> None:
        made = (await register(client, owner, entity_type="individual_business")).json()
        known = (await client.get(f"{PATH}/{made['id']}/facts", headers=owner.headers)).json()
        assert known["facts"] == {"entity_type": "individual_business"}

    async def test_of_a_code_of_somebody_else_is_a_409_that_says_what_to_do(
        self, client: Client, owner: Bearer, session: AsyncSession, now: datetime
    ) -> None:
        theirs = await enterprise(session, await person(session, now), now)
        answer = await register(client, owner, uscc=theirs.uscc)
        assert (answer.status_code, answer.json()["code"]) == (409, "profiles.uscc_taken")
        assert "12345" in answer.json()["messages"]["zh-CN"]
        assert str(theirs.id) not in answer.text

    async def test_again_is_a_409_that_points_to_ones_own(self, client: Client, owner: Bearer) -> None:
        code = a_uscc()
        await register(client, owner, uscc=code)
        answer = await register(client, owner, uscc=code.lower())
        assert (answer.status_code, answer.json()["code"]) == (409, "profiles.uscc_yours")

    async def test_of_one_code_by_many_at_once_succeeds_once(
        self, client: Client, session: AsyncSession, now: datetime
    ) -> None:
        people = [await sign_in(client, await person(session, now)) for _ in range(6)]
        code = a_uscc()
        answers = await asyncio.gather(*(register(client, who, uscc=code) for who in people))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]

    async def test_with_anything_wrong_is_a_422_in_both_languages(
        self, client: Client, owner: Bearer, session: AsyncSession
    ) -> None:
        for changes, code in REFUSED:
            sent = {**draft(), **changes}
            in_english = await client.post(f"{PATH}?lang=en", json=sent, headers=owner.headers)
            in_chinese = await client.post(f"{PATH}?lang=zh", json=sent, headers=owner.headers)
            for answer in (in_english, in_chinese):
                assert (answer.status_code, answer.json()["code"]) == (422, code), (changes, answer.text)
                assert answer.json()["errors"][0]["field"] == next(iter(changes))
            assert in_english.json()["errors"][0]["detail"] != in_chinese.json()["errors"][0]["detail"]
            assert not any("\u4e00" <= letter <= "\u9fff" for letter in in_english.json()["title"])
        assert await session.scalar(text("SELECT count(*) FROM enterprises")) == 0

    async def test_without_a_field_names_the_field(self, client: Client, owner: Bearer) -> None:
        for missing in draft():
            sent = {name: value for name, value in draft().items() if name != missing}
            answer = await client.post(PATH, json=sent, headers=owner.headers)
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, missing)

    async def test_with_a_lone_surrogate_is_the_callers_fault(self, client: Client, owner: Bearer) -> None:
        raw = json.dumps(draft(name="\ud800")).encode()
        headers = {**owner.headers, "Content-Type": "application/json"}
        assert (await client.post(PATH, content=raw, headers=headers)).status_code in (400, 422)


class TestLookingAtThem:
    """One's own, and no others."""

    async def test_lists_mine_in_the_order_i_made_them(
        self, client: Client, owner: Bearer, session: AsyncSession, now: datetime
    ) -> None:
        await enterprise(session, await person(session, now), now)
        codes = [(await register(client, owner)).json()["uscc"] for _ in range(2)]
        listed = (await client.get(PATH, headers=owner.headers)).json()
        assert sorted(row["uscc"] for row in listed) == sorted(codes)

    async def test_shows_one_of_mine(self, client: Client, owner: Bearer) -> None:
        made = (await register(client, owner)).json()
        assert (await client.get(f"{PATH}/{made['id']}", headers=owner.headers)).json() == made

    @pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("GET", "/facts"), ("PUT", "/facts")])
    async def test_of_another_says_what_it_says_of_a_missing_one(
        self, client: Client, owner: Bearer, session: AsyncSession, now: datetime, method: str, tail: str
    ) -> None:
        theirs = await enterprise(session, await person(session, now), now)
        answers = []
        for enterprise_id in (theirs.id, uuid4()):
            answer = await client.request(
                method,
                f"{PATH}/{enterprise_id}{tail}",
                headers=owner.headers,
                json={"facts": {"employees_end": 8}},
            )
            assert answer.status_code == 404
            answers.append({name: value for name, value in answer.json().items() if name != "instance"})
        assert answers[0] == answers[1]

    async def test_by_something_that_is_no_id_is_a_404(self, client: Client, owner: Bearer) -> None:
        for odd in ("1", "x", "' OR 1=1 --", "..%2f", "%00", "9" * 5000):
            answer = await client.get(f"{PATH}/{odd}", headers=owner.headers)
            assert answer.status_code in (404, 422), odd[:20]
