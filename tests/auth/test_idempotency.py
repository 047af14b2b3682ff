"""One key, one deed, one answer, also when the two requests arrive at the same instant."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from auth.actor import Actor
from auth.errors import IdempotencyKeyRefused, IdempotencyKeyReused
from auth.idempotency import StoredResponse, once, request_digest, save_response
from marketplace.db import transaction
from tests.factories.people import person

BODY = request_digest(b'{"amount_fen": 100}')


async def apply(
    engine: AsyncEngine, actor: Actor, now: datetime, key: str = "k-1", fail: bool = False
) -> Any:
    """A deed behind a key: one row in the audit log stands for the application."""
    async with transaction(engine) as session:
        stored = await once(session, actor, "POST /x", key, BODY, now=now)
        if stored is not None:
            return stored.body
        deed = await session.scalar(
            text(
                "INSERT INTO audit_log (at, actor_role, action, subject_type, subject_id, detail)"
                " VALUES (now(), 'owner', 'deed', 'x', 'x', '{}') RETURNING id"
            )
        )
        await asyncio.sleep(0.02)
        if fail:
            raise RuntimeError("the deed failed")
        await save_response(session, actor, "POST /x", key, status=201, body={"id": deed})
        return {"id": deed}


async def deeds(session: AsyncSession) -> int:
    found = await session.scalar(text("SELECT count(*) FROM audit_log WHERE action = 'deed'"))
    assert isinstance(found, int)
    return found


@pytest.fixture
async def owner(session: AsyncSession, now: datetime) -> Actor:
    return await person(session, now)


class TestTheSameKey:
    """Sent again by the same person for the same thing."""

    async def test_gives_the_first_answer_again(
        self, engine: AsyncEngine, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        first = await apply(engine, owner, now)
        assert await apply(engine, owner, now) == first
        assert await once(session, owner, "POST /x", "k-1", BODY, now=now) == StoredResponse(201, first)
        assert await deeds(session) == 1

    async def test_at_the_same_instant_does_the_deed_once(
        self, engine: AsyncEngine, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        for round_ in range(5):
            answers = await asyncio.gather(*(apply(engine, owner, now, f"k-{round_}") for _ in range(8)))
            assert len({answer["id"] for answer in answers}) == 1
        assert await deeds(session) == 5

    async def test_does_the_deed_when_the_first_try_rolled_back(
        self, engine: AsyncEngine, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        tries = [apply(engine, owner, now, fail=True), apply(engine, owner, now)]
        failed, done = await asyncio.gather(*tries, return_exceptions=True)
        assert isinstance(failed, RuntimeError) or failed == done
        assert await deeds(session) == 1

    async def test_with_another_body_is_refused(
        self, engine: AsyncEngine, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        await apply(engine, owner, now)
        with pytest.raises(IdempotencyKeyReused):
            await once(session, owner, "POST /x", "k-1", request_digest(b"other"), now=now)

    async def test_of_another_person_or_endpoint_is_another_key(
        self, engine: AsyncEngine, session: AsyncSession, owner: Actor, now: datetime
    ) -> None:
        await apply(engine, owner, now)
        other = await person(session, now)
        assert await once(session, other, "POST /x", "k-1", BODY, now=now) is None
        assert await once(session, owner, "POST /y", "k-1", BODY, now=now) is None


class TestKeys:
    """What a key may look like."""

    @pytest.mark.parametrize("key", [None, "", "a b", "x" * 201, "键", "a\nb", "\x00"])
    async def test_missing_long_or_unprintable_are_refused(
        self, session: AsyncSession, owner: Actor, now: datetime, key: str | None
    ) -> None:
        with pytest.raises(IdempotencyKeyRefused):
            await once(session, owner, "POST /x", key, BODY, now=now)

    async def test_cannot_be_answered_without_being_claimed(
        self, session: AsyncSession, owner: Actor
    ) -> None:
        with pytest.raises(LookupError):
            await save_response(session, owner, "POST /x", "never-claimed", status=201, body={})
