"""Signing in with a password: what is told, what is counted, what a flood costs.

The limit is one for all workers, kept in PostgreSQL; two applications on one database stand for two processes.
"""

import asyncio
import time
from contextlib import ExitStack
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth import limits, passwords
from auth.actor import Actor
from auth.errors import LoginFailed, PasswordRefused, TooManyAttempts, UsernameRefused, UsernameTaken
from auth.roles import Role
from auth.service import create_user, login
from tests.auth.clock import Clock
from tests.factories.people import PASSWORD, person, sign_in, try_password

Client = AsyncClient

BODIES_THAT_DO_NOT_FIT: list[Any] = [
    {},
    {"username": "a"},
    {"username": "a", "password": ""},
    {"username": "", "password": "x"},
    {"username": 1, "password": "x"},
    {"username": "a", "password": True},
    {"username": "a", "password": ["x"]},
    {"username": "a\u0000b", "password": "x"},
    {"username": "a", "password": "\u0000"},
    {"username": "a" * 65, "password": "x"},
    {"username": "a", "password": "x" * 257},
    {"username": "a", "password": "x", "role": "operator"},
    {"username": "a", "password": "x", "bank_id": "ccb"},
    {"username": {"$ne": ""}, "password": "x"},
    [],
    None,
    "text",
]
BROKEN_JSON = [
    b"",
    b"{",
    b"\xff\xfe",
    b'{"username":"\\ud800","password":"x"}',
    b"[" * 5000,
    b'{"username":1e999}',
]


class TestTheRightPassword:
    """What a person gets for it."""

    async def test_opens_a_session_that_the_api_takes(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        officer = await person(session, clock(), Role.OFFICER)
        answer = await try_password(client, officer.username)
        assert answer.status_code == 200
        body = answer.json()
        assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in", "role"}
        assert (body["token_type"], body["expires_in"], body["role"]) == ("Bearer", 600, "officer")
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers

    async def test_does_for_the_username_in_capitals_too(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        await person(session, clock(), username="xiaoyu")
        assert (await try_password(client, " XiaoYu ")).status_code == 200

    async def test_makes_a_new_session_each_time(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        owner = await person(session, clock())
        first, second = await sign_in(client, owner), await sign_in(client, owner)
        assert first.refresh_token != second.refresh_token
        assert await session.scalar(text("SELECT count(*) FROM login_sessions")) == 2

    async def test_is_audited_without_being_written_down(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        owner = await person(session, clock())
        await sign_in(client, owner)
        await try_password(client, owner.username, "not the password")
        rows = (await session.execute(text("SELECT action, detail::text FROM audit_log ORDER BY id"))).all()
        assert [row.action for row in rows] == ["auth.login", "auth.login_refused"]
        assert not any(PASSWORD in row.detail or "not the password" in row.detail for row in rows)


class TestTheWrongPassword:
    """What is said, and what it does not give away."""

    async def test_is_a_401_in_both_languages(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        owner = await person(session, clock())
        answer = await try_password(client, owner.username, "wrong password")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "auth.login_failed"
        assert set(answer.json()["messages"]) == {"zh-CN", "en"}

    async def test_looks_the_same_for_known_unknown_and_disabled_people(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        known, gone = await person(session, clock()), await person(session, clock())
        await session.execute(
            text("UPDATE users SET disabled_at = now() WHERE id = :id"), {"id": gone.user_id}
        )
        await session.commit()
        answers = [
            await try_password(client, known.username, "wrong password"),
            await try_password(client, "nobody-at-all", "wrong password"),
            await try_password(client, gone.username),
        ]
        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.text for answer in answers}) == 1

    async def test_takes_as_long_for_unknown_people(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        known = await person(session, clock())
        await try_password(client, known.username, "warming up")

        async def fastest(username: str) -> float:
            taken = []
            for _ in range(4):
                begun = time.perf_counter()
                assert (await try_password(client, username, "wrong password")).status_code == 401
                taken.append(time.perf_counter() - begun)
            return min(taken)

        there, missing = await fastest(known.username), await fastest("nobody-at-all")
        assert 0.5 < there / missing < 2

    async def test_in_letters_no_name_can_have_is_just_wrong(
        self, session: AsyncSession, clock: Clock
    ) -> None:
        for username, password in (
            ("a\x00b", "x"),
            ("\ud800", "x"),
            ("王小雨", "x"),
            ("xiaoyu", "\ud800\x00"),
        ):
            with pytest.raises(LoginFailed):
                await login(session, username, password, "127.0.0.1", clock())

    def test_is_checked_against_a_hash_of_todays_cost_where_there_is_nobody(self) -> None:
        todays = passwords.PasswordHash((passwords.Argon2Hasher(),)).hash("x")
        assert passwords.NOBODYS_HASH.split("$")[:4] == todays.split("$")[:4]

    async def test_in_a_body_that_does_not_fit_is_a_422(self, client: Client) -> None:
        for body in BODIES_THAT_DO_NOT_FIT:
            answer = await client.post("/api/v1/auth/token", json=body)
            assert answer.status_code == 422, (body, answer.text)
            assert set(answer.json()["messages"]) == {"zh-CN", "en"}

    async def test_in_broken_json_is_the_callers_fault(self, client: Client) -> None:
        for raw in BROKEN_JSON:
            headers = {"Content-Type": "application/json"}
            answer = await client.post("/api/v1/auth/token", content=raw, headers=headers)
            assert answer.status_code in (400, 422), (raw[:40], answer.text)


class TestGuessing:
    """Counted before the password is looked at, forgiven when it fits."""

    async def test_stops_at_the_limit_of_a_username_from_one_address_over_all_workers(
        self, client: Client, second_worker: Client, session: AsyncSession, clock: Clock
    ) -> None:
        owner = await person(session, clock())
        for attempt in range(limits.PER_USERNAME_AND_ADDRESS):
            worker = client if attempt % 2 else second_worker
            spoofed = {"X-Forwarded-For": f"203.0.113.{attempt}", "Forwarded": f"for=203.0.113.{attempt}"}
            answer = await try_password(worker, owner.username.upper(), f"guess {attempt}", headers=spoofed)
            assert answer.status_code == 401
        for worker in (client, second_worker):
            answer = await try_password(worker, owner.username)
            assert answer.status_code == 429
            assert 0 < int(answer.headers["retry-after"]) <= limits.WINDOW.total_seconds()

    async def test_from_elsewhere_locks_nobody_out(
        self, app: Litestar, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        owner = await person(session, clock())
        async with speaking_from("203.0.113.7", app) as stranger:
            guesses = [
                (await try_password(stranger, owner.username, f"guess {n}")).status_code for n in range(12)
            ]
            assert guesses == [401] * 10 + [429] * 2
            assert (await try_password(client, owner.username)).status_code == 200
            assert (await try_password(stranger, owner.username, "guess 13")).status_code == 429

    @pytest.mark.parametrize("known", [True, False])
    async def test_from_everywhere_stops_at_the_limit_of_a_username(
        self, app: Litestar, session: AsyncSession, clock: Clock, monkeypatch: pytest.MonkeyPatch, known: bool
    ) -> None:
        monkeypatch.setattr(limits, "PER_USERNAME", 4)
        name = (await person(session, clock())).username if known else "nobody-at-all"
        answers = []
        for n in range(5):
            async with speaking_from(f"203.0.113.{n}", app) as stranger:
                answers.append((await try_password(stranger, name, "a guess")).status_code)
        assert answers == [401] * 4 + [429]

    async def test_from_elsewhere_stays_counted_when_the_bearer_signs_in(
        self,
        app: Litestar,
        client: Client,
        session: AsyncSession,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(limits, "PER_USERNAME", 4)
        owner = await person(session, clock())
        async with speaking_from("203.0.113.7", app) as first, speaking_from("203.0.113.8", app) as second:
            for stranger in (first, second, second):
                assert (await try_password(stranger, owner.username, "a guess")).status_code == 401
            assert (await try_password(client, owner.username)).status_code == 200
            assert (await try_password(first, owner.username, "a guess")).status_code == 401
            assert (await try_password(second, owner.username, "a guess")).status_code == 429

    async def test_of_a_name_nobody_has_is_limited_alike(self, client: Client, clock: Clock) -> None:
        statuses = [
            (await try_password(client, "nobody-at-all", f"guess {n}")).status_code for n in range(11)
        ]
        assert statuses == [401] * 10 + [429]

    async def test_may_go_on_when_the_window_is_over(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        owner = await person(session, clock())
        for n in range(11):
            answer = await try_password(client, owner.username, f"guess {n}")
        clock.turn(seconds=int(answer.headers["retry-after"]) + 1)
        assert (await try_password(client, owner.username)).status_code == 200

    async def test_once_forgotten_by_the_right_password_starts_anew(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        owner = await person(session, clock())
        for _ in range(2):
            for n in range(9):
                assert (await try_password(client, owner.username, f"guess {n}")).status_code == 401
            assert (await try_password(client, owner.username)).status_code == 200

    async def test_many_names_from_one_address_is_limited_too(
        self, client: Client, session: AsyncSession, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "PER_ADDRESS", 6)
        statuses = [(await try_password(client, f"name-{n}", "a guess")).status_code for n in range(7)]
        assert statuses == [401] * 6 + [429]

    async def test_at_once_gets_no_more_tries_than_in_a_row(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        owner = await person(session, clock())
        guesses = (try_password(client, owner.username, f"guess {n}") for n in range(30))
        statuses = [answer.status_code for answer in await asyncio.gather(*guesses)]
        assert statuses.count(401) <= limits.PER_USERNAME_AND_ADDRESS
        assert set(statuses) <= {401, 429}

    async def test_leaves_no_name_typed_in_the_table(self, client: Client, session: AsyncSession) -> None:
        await try_password(client, "my-secret-password", "oops")
        kept = (
            (await session.execute(text("SELECT login_attempts::text FROM login_attempts"))).scalars().all()
        )
        assert len(kept) == 3
        assert not any("my-secret-password" in row or "127.0.0.1" in row for row in kept)


class TestAFlood:
    """Two hundred at once: most are turned away, the rest of the service answers."""

    async def test_of_sign_ins_leaves_the_service_answering(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        flood = [asyncio.create_task(try_password(client, f"name-{n}", "a guess")) for n in range(200)]
        await asyncio.sleep(0.05)
        begun = time.perf_counter()
        alive = await client.get("/health/live")
        waited = time.perf_counter() - begun
        statuses = [answer.status_code for answer in await asyncio.gather(*flood)]
        assert alive.status_code == 200
        assert waited < 2
        assert set(statuses) == {401, 429}
        assert statuses.count(401) <= limits.PER_ADDRESS

    async def test_is_turned_away_at_once_beyond_a_few_places(self, client: Client) -> None:
        async def timed(n: int) -> tuple[int, float]:
            begun = time.perf_counter()
            answer = await try_password(client, f"name-{n}", "a guess")
            return answer.status_code, time.perf_counter() - begun

        answers = await asyncio.gather(*(timed(n) for n in range(60)))
        refused = [waited for status, waited in answers if status == 429]
        assert len(refused) >= 60 - 2 * passwords.PLACES
        assert max(refused) < 3
        assert (await try_password(client, "name-0", "a guess")).status_code == 401

    def test_gives_the_places_back(self) -> None:
        for _ in range(3):
            with ExitStack() as taken:
                for _ in range(passwords.PLACES):
                    taken.enter_context(passwords.place())
                with pytest.raises(TooManyAttempts):
                    taken.enter_context(passwords.place())


class TestMakingUsers:
    """Names and passwords a user may have."""

    async def test_refuses_odd_usernames(self, session: AsyncSession, clock: Clock) -> None:
        for name in ("ab", "-abc", "a b c", "王小雨", "a" * 65, "a/b/c", "<b>x</b>", ""):
            with pytest.raises(UsernameRefused):
                await made(session, clock, username=name)

    async def test_refuses_short_and_endless_passwords(self, session: AsyncSession, clock: Clock) -> None:
        for password in ("", "short one", "x" * 257):
            with pytest.raises(PasswordRefused):
                await made(session, clock, password=password)

    async def test_refuses_a_name_somebody_has_in_any_case(self, session: AsyncSession, clock: Clock) -> None:
        await made(session, clock, username="xiaoyu")
        with pytest.raises(UsernameTaken):
            await made(session, clock, username="XiaoYu")

    async def test_makes_people_who_can_sign_in(
        self, client: Client, session: AsyncSession, clock: Clock
    ) -> None:
        await made(session, clock, username="Xiaoyu", password="ten letters at least")
        await session.commit()
        assert (await try_password(client, "xiaoyu", "ten letters at least")).status_code == 200
        assert await session.scalar(text("SELECT action FROM audit_log ORDER BY id")) == "auth.create_user"

    @pytest.mark.parametrize(
        ("role", "bank"), [(Role.OWNER, "ccb"), (Role.OFFICER, None), (Role.AUDITOR, "ccb")]
    )
    async def test_ties_a_bank_to_bank_roles_alone(
        self, session: AsyncSession, clock: Clock, role: Role, bank: str | None
    ) -> None:
        with pytest.raises(ValueError, match="do not go together"):
            await made(session, clock, role=role, bank_id=bank)


def speaking_from(address: str, app: Litestar) -> AsyncClient:
    """A client of the running application at another address."""
    transport = ASGITransport(app=app, client=(address, 1234), raise_app_exceptions=False)  # type: ignore[arg-type]
    return AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")


async def made(session: AsyncSession, clock: Clock, **details: Any) -> Actor:
    """A user made by the service, as sign-up and seeding do."""
    usual = {"username": "xiaoyu", "password": PASSWORD, "display_name": "王小雨", "role": Role.OWNER}
    return await create_user(session, **{**usual, **details}, now=clock())
