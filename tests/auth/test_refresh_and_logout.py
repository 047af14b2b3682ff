"""Refresh tokens work once; a second use, a logout or a disabled user kills the whole session.

The access token dies with it: every request asks the session's row.
"""

import asyncio

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.sessions import REFRESH_LIFETIME
from tests.auth.clock import Clock
from tests.factories.people import Bearer, person, sign_in

Client = AsyncClient


async def refresh(client: Client, token: str) -> Response:
    return await client.post("/api/v1/auth/refresh", json={"refresh_token": token})


async def alive(client: Client, access_token: str) -> bool:
    answer = await client.get("/api/v1/consents", headers={"Authorization": f"Bearer {access_token}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


@pytest.fixture
async def bearer(client: Client, session: AsyncSession, clock: Clock) -> Bearer:
    return await sign_in(client, await person(session, clock()))


class TestRefresh:
    """One token for the next."""

    async def test_gives_new_tokens_that_work(self, client: Client, bearer: Bearer, clock: Clock) -> None:
        clock.turn(minutes=11)
        assert not await alive(client, bearer.access_token)
        answer = await refresh(client, bearer.refresh_token)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json()["refresh_token"] != bearer.refresh_token
        assert await alive(client, answer.json()["access_token"])

    async def test_goes_on_link_by_link(self, client: Client, bearer: Bearer, clock: Clock) -> None:
        token = bearer.refresh_token
        for _ in range(4):
            clock.turn(days=6)
            answer = await refresh(client, token)
            assert answer.status_code == 200
            token = answer.json()["refresh_token"]

    async def test_ends_with_the_session_after_thirty_days(
        self, client: Client, bearer: Bearer, clock: Clock
    ) -> None:
        token = bearer.refresh_token
        for _ in range(4):
            clock.turn(days=6)
            token = (await refresh(client, token)).json()["refresh_token"]
        clock.turn(days=6, seconds=1)
        assert (await refresh(client, token)).status_code == 401

    async def test_of_an_expired_token_is_a_401(self, client: Client, bearer: Bearer, clock: Clock) -> None:
        clock.turn(seconds=REFRESH_LIFETIME.total_seconds())
        assert (await refresh(client, bearer.refresh_token)).status_code == 401

    async def test_of_a_disabled_users_token_is_a_401(
        self, client: Client, bearer: Bearer, session: AsyncSession
    ) -> None:
        await session.execute(text("UPDATE users SET disabled_at = now()"))
        await session.commit()
        assert (await refresh(client, bearer.refresh_token)).status_code == 401
        assert not await alive(client, bearer.access_token)

    async def test_of_a_made_up_token_is_a_401(self, client: Client) -> None:
        for token in ("x", "A" * 43, "' OR 1=1 --", "a.b.c"):
            assert (await refresh(client, token)).status_code == 401

    async def test_of_a_body_that_does_not_fit_is_a_422(self, client: Client) -> None:
        for token in (None, "", 1, "x" * 257, "\u0000", ["x"]):
            answer = await client.post("/api/v1/auth/refresh", json={"refresh_token": token})
            assert answer.status_code == 422, token
        assert (await client.post("/api/v1/auth/refresh", json={})).status_code == 422

    async def test_does_not_take_an_access_token(self, client: Client, bearer: Bearer) -> None:
        answer = await client.post("/api/v1/auth/refresh", json={"refresh_token": bearer.access_token})
        assert answer.status_code in (401, 422)

    async def test_is_stored_as_a_hash_alone(self, bearer: Bearer, session: AsyncSession) -> None:
        rows = await session.scalars(text("SELECT refresh_tokens::text FROM refresh_tokens"))
        assert not any(bearer.refresh_token in row for row in rows)


class TestReplay:
    """A token seen twice means a thief: the session is over for both."""

    async def test_of_a_used_token_ends_the_whole_session(
        self, client: Client, bearer: Bearer, session: AsyncSession
    ) -> None:
        newer = (await refresh(client, bearer.refresh_token)).json()
        assert (await refresh(client, bearer.refresh_token)).status_code == 401
        assert (await refresh(client, newer["refresh_token"])).status_code == 401
        assert not await alive(client, newer["access_token"])
        assert not await alive(client, bearer.access_token)
        ended = text("SELECT count(*) FROM audit_log WHERE action = 'auth.session_end'")
        assert await session.scalar(ended) == 1

    async def test_leaves_other_sessions_of_the_user_alone(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        owner = await person(session, clock())
        stolen, other = await sign_in(client, owner), await sign_in(client, owner)
        await refresh(client, stolen.refresh_token)
        await refresh(client, stolen.refresh_token)
        assert not await alive(client, stolen.access_token)
        assert await alive(client, other.access_token)

    async def test_by_two_at_once_lets_one_through_and_ends_the_session(
        self, client: Client, second_worker: Client, session: AsyncSession, clock: Clock
    ) -> None:
        for _ in range(4):
            mine = await sign_in(client, await person(session, clock()))
            workers = [client, second_worker, client, second_worker]
            answers = await asyncio.gather(*(refresh(worker, mine.refresh_token) for worker in workers))
            assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
            winner = next(answer.json() for answer in answers if answer.status_code == 200)
            assert not await alive(client, winner["access_token"])
            assert (await refresh(client, winner["refresh_token"])).status_code == 401


class TestLogout:
    """Signing out, from the next request on."""

    async def test_kills_the_access_token_and_the_refresh_token(
        self, client: Client, second_worker: Client, bearer: Bearer
    ) -> None:
        answer = await client.post("/api/v1/auth/logout", headers=bearer.headers)
        assert (answer.status_code, answer.content) == (204, b"")
        for worker in (client, second_worker):
            assert not await alive(worker, bearer.access_token)
            assert (await refresh(worker, bearer.refresh_token)).status_code == 401

    async def test_twice_is_a_401(self, client: Client, bearer: Bearer) -> None:
        await client.post("/api/v1/auth/logout", headers=bearer.headers)
        assert (await client.post("/api/v1/auth/logout", headers=bearer.headers)).status_code == 401

    async def test_leaves_the_persons_other_sessions(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        owner = await person(session, clock())
        phone, desk = await sign_in(client, owner), await sign_in(client, owner)
        await client.post("/api/v1/auth/logout", headers=phone.headers)
        assert await alive(client, desk.access_token)

    async def test_without_a_token_is_a_401(self, client: Client) -> None:
        answer = await client.post("/api/v1/auth/logout")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
