"""Pages' sessions: cookies no script reads, renewed on the way, new at every sign-in.

Three small routes stand on the real application, because what is tested is what every page relies on.
"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar, get, post
from litestar.connection import Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth import cookies, service
from auth.actor import Actor
from auth.errors import Forbidden
from auth.guards import PUBLIC, access, actor_of, client_address
from auth.roles import Role
from marketplace.app import create_app
from marketplace.settings import Settings
from tests.auth.clock import Clock
from tests.factories.browser import talking_to
from tests.factories.people import PASSWORD, Bearer, person, sign_in, try_password

Client = AsyncClient


@get("/probe/sign-in", **PUBLIC)
async def sign_in_page(
    request: Request[Any, Any, Any], session: AsyncSession, now: Any, username: str
) -> str:
    signed_in = await service.login(session, username, PASSWORD, client_address(request), now)
    cookies.set_session(request, signed_in)
    return signed_in.actor.username


@get("/probe/sign-out", **access(*Role))
async def sign_out_page(
    request: Request[Any, Any, Any], session: AsyncSession, actor: Actor, now: Any
) -> str:
    await service.logout(session, actor, now)
    cookies.clear_session(request)
    return "bye"


@get("/probe/owner", **access(Role.OWNER))
async def owner_page(actor: Actor) -> str:
    return actor.username


@post("/probe/owner", **access(Role.OWNER))
async def owner_form(actor: Actor) -> str:
    return actor.username


@get("/probe/broken", **access(Role.OWNER))
async def broken_page(actor: Actor) -> str:
    raise Forbidden


@get("/probe/open", **PUBLIC)
async def open_page(request: Request[Any, Any, Any]) -> str:
    found = actor_of(request)
    return found.username if found else "visitor"


@post("/probe/open", **PUBLIC)
async def open_form() -> str:
    return "taken"


PAGES = (sign_in_page, sign_out_page, owner_page, owner_form, broken_page, open_page, open_form)


@pytest.fixture
def app(settings: Settings, clock: Clock) -> Litestar:
    app = create_app(settings, clock=clock)
    for page in PAGES:
        app.register(page)
    return app


@pytest.fixture
async def owner(session: AsyncSession, clock: Clock) -> Actor:
    return await person(session, clock())


async def open_session(client: Client, who: Actor) -> Response:
    answer = await client.get("/probe/sign-in", params={"username": who.username})
    assert answer.status_code == 200, answer.text
    return answer


def set_cookies(answer: Response) -> dict[str, str]:
    """name -> the whole Set-Cookie line, of our two cookies."""
    lines = answer.headers.get_list("set-cookie")
    return {line.split("=", 1)[0]: line for line in lines if line.startswith(("mp_access", "mp_refresh"))}


def with_token(client: Client) -> dict[str, str]:
    """The form of a page this client was shown."""
    token = next(value for name, value in client.cookies.items() if name.startswith("mp_csrf_"))
    return {"_csrf_token": token}


def new_client(app: Litestar) -> Client:
    """Somebody else at the running application."""
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://127.0.0.1:8000")  # type: ignore[arg-type]


def carrying(**values: str) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in values.items())}


class TestTheCookies:
    """What a browser is given."""

    async def test_are_hidden_from_scripts_and_other_sites(self, client: Client, owner: Actor) -> None:
        lines = set_cookies(await open_session(client, owner))
        assert set(lines) == {"mp_access", "mp_refresh"}
        for line in lines.values():
            attributes = {part.strip().lower() for part in line.split(";")[1:]}
            assert {"httponly", "samesite=lax", "path=/"} <= attributes
            assert "secure" not in attributes

    async def test_are_secure_over_https(self, settings: Settings, clock: Clock, owner: Actor) -> None:
        public = Settings(
            home=settings.home, database_url=settings.database_url, base_url="https://example.org"
        )
        app = create_app(public, clock=clock)
        app.register(sign_in_page)
        async with talking_to(app, "https://example.org") as client:
            for line in set_cookies(await open_session(client, owner)).values():
                assert "secure" in {part.strip().lower() for part in line.split(";")}

    async def test_never_land_in_a_cache(self, client: Client, owner: Actor) -> None:
        assert (await open_session(client, owner)).headers["cache-control"] == "no-store"

    async def test_open_the_owners_pages(self, client: Client, owner: Actor) -> None:
        await open_session(client, owner)
        assert (await client.get("/probe/owner")).text == owner.username
        assert (await client.get("/probe/open")).text == owner.username


class TestSigningIn:
    """Always a new session."""

    async def test_does_not_take_over_planted_cookies(
        self, client: Client, session: AsyncSession, owner: Actor, clock: Clock
    ) -> None:
        thief = await person(session, clock())
        planted = await sign_in(client, thief)
        headers = carrying(mp_access=planted.access_token, mp_refresh=planted.refresh_token)
        answer = await client.get("/probe/sign-in", params={"username": owner.username}, headers=headers)
        lines = set_cookies(answer)
        assert planted.access_token not in lines["mp_access"]
        assert planted.refresh_token not in lines["mp_refresh"]
        answer = await client.get("/probe/owner", headers=headers)
        assert answer.text == thief.username

    async def test_twice_gives_two_sessions(
        self, client: Client, session: AsyncSession, owner: Actor
    ) -> None:
        first = set_cookies(await open_session(client, owner))
        second = set_cookies(await open_session(client, owner))
        assert first["mp_refresh"] != second["mp_refresh"]
        assert await session.scalar(text("SELECT count(*) FROM login_sessions")) == 2


class TestWithoutASession:
    """Where a visitor is sent."""

    async def test_a_page_leads_to_the_sign_in_page_and_back(self, client: Client) -> None:
        answer = await client.get("/probe/owner?lang=zh&next=/x")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/login?next=%2Fprobe%2Fowner%3Flang%3Dzh%26next%3D%2Fx"

    async def test_an_open_page_shows_a_visitor(self, client: Client) -> None:
        assert (await client.get("/probe/open")).text == "visitor"

    async def test_bearer_tokens_open_no_page(
        self, client: Client, session: AsyncSession, owner: Actor
    ) -> None:
        mine = await sign_in(client, owner)
        assert (await client.get("/probe/owner", headers=mine.headers)).status_code == 303

    async def test_cookies_open_no_api(self, client: Client, owner: Actor) -> None:
        await open_session(client, owner)
        assert (await client.get("/api/v1/consents")).status_code == 401

    async def test_cookies_of_nobody_count_as_none(self, client: Client) -> None:
        jars = (
            {"mp_access": "x"},
            {"mp_refresh": "x"},
            {"mp_access": "x", "mp_refresh": "y"},
            {"mp_access": ""},
        )
        for jar in jars:
            assert (await client.get("/probe/owner", headers=carrying(**jar))).status_code == 303
            assert (await client.get("/probe/open", headers=carrying(**jar))).text == "visitor"

    async def test_a_wrong_role_is_told_so(self, client: Client, session: AsyncSession, clock: Clock) -> None:
        await open_session(client, await person(session, clock(), Role.AUDITOR))
        assert (await client.get("/probe/owner")).status_code == 403


class TestRenewing:
    """After ten minutes the refresh cookie carries on, unnoticed."""

    @pytest.fixture
    async def tokens(self, client: Client, owner: Actor, clock: Clock) -> Bearer:
        """Signed in eleven minutes ago."""
        tokens = await sign_in(client, owner)
        clock.turn(minutes=11)
        return tokens

    async def test_gives_new_cookies_with_the_page(
        self, client: Client, owner: Actor, tokens: Bearer
    ) -> None:
        old = carrying(mp_access=tokens.access_token, mp_refresh=tokens.refresh_token)
        answer = await client.get("/probe/owner", headers=old)
        assert (answer.status_code, answer.text) == (200, owner.username)
        assert set(set_cookies(answer)) == {"mp_access", "mp_refresh"}
        assert tokens.refresh_token not in answer.headers["set-cookie"]
        assert (await client.get("/probe/owner")).status_code == 200

    async def test_happens_on_pages_that_end_in_an_error_too(self, client: Client, tokens: Bearer) -> None:
        answer = await client.get("/probe/broken", headers=carrying(mp_refresh=tokens.refresh_token))
        assert answer.status_code == 403
        assert set(set_cookies(answer)) == {"mp_access", "mp_refresh"}
        assert (await client.get("/probe/owner")).status_code == 200

    async def test_serves_tabs_opened_side_by_side(
        self, client: Client, owner: Actor, tokens: Bearer
    ) -> None:
        jar = carrying(mp_refresh=tokens.refresh_token)
        answers = await asyncio.gather(*(client.get("/probe/owner", headers=jar) for _ in range(6)))
        assert {answer.text for answer in answers} == {owner.username}
        assert sum("mp_refresh" in set_cookies(answer) for answer in answers) == 1

    async def test_by_a_stolen_old_cookie_later_on_ends_the_session(
        self, client: Client, clock: Clock, tokens: Bearer
    ) -> None:
        jar = carrying(mp_refresh=tokens.refresh_token)
        renewed = set_cookies(await client.get("/probe/owner", headers=jar))
        client.cookies.clear()
        clock.turn(seconds=11)
        thief = await client.get("/probe/owner", headers=jar)
        assert thief.status_code == 303
        assert all("max-age=0" in line.lower() for line in set_cookies(thief).values())
        victim = {name: line.split(";")[0].split("=", 1)[1] for name, line in renewed.items()}
        client.cookies.clear()
        assert (await client.get("/probe/owner", headers=carrying(**victim))).status_code == 303

    async def test_ends_with_a_logout(self, client: Client, tokens: Bearer) -> None:
        await client.get("/probe/owner", headers=carrying(mp_refresh=tokens.refresh_token))
        answer = await client.get("/probe/sign-out")
        assert all("max-age=0" in line.lower() for line in set_cookies(answer).values())
        assert (await client.get("/probe/owner")).status_code == 303


class TestForeignForms:
    """Unsafe methods on pages need our token."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1:8001"},
            {"Origin": "http://127.0.0.1:8000.evil.example"},
            {"Origin": "ftp://127.0.0.1:8000"},
            {"Origin": ""},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"},
            {"Sec-Fetch-Site": "odd"},
        ],
        ids=str,
    )
    async def test_are_refused_even_with_cookies_and_token(
        self, client: Client, owner: Actor, headers: dict[str, str]
    ) -> None:
        await open_session(client, owner)
        answer = await client.post("/probe/owner", data=with_token(client), headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "http://127.0.0.1:8000"},
            {"Origin": "https://127.0.0.1:8000"},
            {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8000"},
            {"Sec-Fetch-Site": "none"},
        ],
        ids=str,
    )
    async def test_are_not_those_of_our_own_pages(
        self, client: Client, owner: Actor, headers: dict[str, str]
    ) -> None:
        await open_session(client, owner)
        answer = await client.post("/probe/owner", data=with_token(client), headers=headers)
        assert (answer.status_code, answer.text) == (201, owner.username)

    @pytest.mark.parametrize(
        ("origin", "status"),
        [
            ("https://service.example", 201),
            ("http://service.example", 403),
            ("https://service.example.evil", 403),
            ("http://127.0.0.1:8000", 403),
        ],
    )
    async def test_behind_a_proxy_are_told_by_the_public_address(
        self, settings: Settings, clock: Clock, owner: Actor, origin: str, status: int
    ) -> None:
        app = create_app(replace(settings, base_url="https://service.example"), clock=clock)
        for page in PAGES:
            app.register(page)
        async with talking_to(app, "https://127.0.0.1:8000") as client:
            await open_session(client, owner)
            answer = await client.post("/probe/owner", data=with_token(client), headers={"Origin": origin})
            assert answer.status_code == status

    async def test_are_refused_without_a_token_or_any_cookie(self, client: Client, owner: Actor) -> None:
        assert (await client.post("/probe/owner")).status_code == 403
        await open_session(client, owner)
        for token in ("", "x", "é", "0" * 96, "A" * 96):
            answer = await client.post("/probe/owner", data={"_csrf_token": token})
            assert answer.status_code == 403, token
        assert (await client.post("/probe/owner", json=with_token(client))).status_code == 403

    async def test_say_nothing_to_the_api(self, client: Client, owner: Actor) -> None:
        headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert (await try_password(client, owner.username, headers=headers)).status_code == 200


class TestAFormsToken:
    """Good in the session its page was shown in, and nowhere else."""

    async def test_of_a_visitor_is_worth_nothing_in_a_session(
        self, app: Litestar, client: Client, owner: Actor
    ) -> None:
        await open_session(client, owner)
        visitor = new_client(app)
        await visitor.get("/login")
        planted = with_token(visitor)
        assert (await client.post("/probe/owner", data=planted)).status_code == 403
        name = next(name for name in client.cookies if name.startswith("mp_csrf_"))
        client.cookies.set(name, planted["_csrf_token"])
        assert (await client.post("/probe/owner", data=planted)).status_code == 403
        assert (await visitor.post("/probe/open", data=planted)).status_code == 201

    async def test_of_a_visitor_is_worth_nothing_to_another(self, app: Litestar, client: Client) -> None:
        other = new_client(app)
        for each in (client, other):
            await each.get("/login")
        assert (await client.post("/probe/open", data=with_token(other))).status_code == 403
        assert (await client.post("/probe/open", data=with_token(client))).status_code == 201

    async def test_of_one_session_is_worth_nothing_in_another(
        self, app: Litestar, client: Client, session: AsyncSession, clock: Clock, owner: Actor
    ) -> None:
        thief = new_client(app)
        await open_session(thief, await person(session, clock()))
        await open_session(client, owner)
        assert (await client.post("/probe/owner", data=with_token(thief))).status_code == 403
        first = with_token(client)
        await open_session(client, owner)
        assert (await client.post("/probe/owner", data=first)).status_code == 403
        assert (await client.post("/probe/owner", data=with_token(client))).status_code == 201

    async def test_is_new_after_signing_out(self, client: Client, owner: Actor) -> None:
        await open_session(client, owner)
        before = with_token(client)
        await client.get("/probe/sign-out")
        assert (await client.post("/probe/open", data=before)).status_code == 403
        assert (await client.post("/probe/open", data=with_token(client))).status_code == 201

    async def test_outlives_the_renewal_of_the_session(
        self, client: Client, owner: Actor, clock: Clock
    ) -> None:
        await open_session(client, owner)
        before = with_token(client)
        clock.turn(minutes=11)
        assert (await client.post("/probe/owner", data=before)).status_code == 201

    async def test_stands_in_every_page_and_in_a_hidden_cookie(self, client: Client, owner: Actor) -> None:
        await open_session(client, owner)
        token = with_token(client)["_csrf_token"]
        page = await client.get("/account")
        assert f'name="_csrf_token" value="{token}"' in page.text
        client.cookies.clear()
        line = (await client.get("/login")).headers["set-cookie"]
        attributes = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"httponly", "samesite=lax", "path=/"} <= attributes


class TestWhereToGoNext:
    """Only to a path of this site."""

    @pytest.mark.parametrize("target", ["/", "/account", "/policies/CN-1?lang=zh#top", "/%2F"])
    def test_paths_of_ours_are_kept(self, target: str) -> None:
        assert cookies.safe_next(target) == target

    @pytest.mark.parametrize(
        "target",
        [
            None, "", "account", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
            "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", " /account", "/a b", "///evil.example",
        ],
    )  # fmt: skip
    def test_anything_else_leads_home(self, target: str | None) -> None:
        assert cookies.safe_next(target) == "/"
