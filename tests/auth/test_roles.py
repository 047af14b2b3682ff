"""Each route of signing in, consents and enterprises against each role and a visitor.

The table is written out: a route added without a line here fails.
"""

from datetime import datetime
from uuid import UUID

import pytest
from httpx import AsyncClient
from litestar import Litestar
from litestar.routes import HTTPRoute
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import access
from auth.roles import Role
from tests.auth.clock import Clock
from tests.factories.people import person, sign_in

SOMEBODYS = UUID(int=7)
EVERYBODY = frozenset(Role)
OWNERS = frozenset({Role.OWNER})
ROUTES = {
    ("GET", "/api/v1/consents"): OWNERS,
    ("POST", "/api/v1/consents/{consent_id:uuid}/revoke"): OWNERS,
    ("GET", "/api/v1/enterprises"): OWNERS,
    ("POST", "/api/v1/enterprises"): OWNERS,
    ("GET", "/api/v1/enterprises/{enterprise_id:uuid}"): OWNERS,
    ("GET", "/api/v1/enterprises/{enterprise_id:uuid}/facts"): OWNERS,
    ("PUT", "/api/v1/enterprises/{enterprise_id:uuid}/facts"): OWNERS,
    ("GET", "/api/v1/enterprises/{enterprise_id:uuid}/commitments"): OWNERS,
    ("POST", "/api/v1/enterprises/{enterprise_id:uuid}/commitments"): OWNERS,
    ("POST", "/api/v1/enterprises/{enterprise_id:uuid}/commitments/text"): OWNERS,
    ("POST", "/api/v1/enterprises/{enterprise_id:uuid}/commitments/{commitment_id:uuid}/withdraw"): OWNERS,
    ("POST", "/api/v1/enterprises/{enterprise_id:uuid}/commitments/{commitment_id:uuid}/objection"): OWNERS,
    ("POST", "/api/v1/auth/logout"): EVERYBODY,  # last, since it ends the session
}
OPEN = {("POST", "/api/v1/auth/token"), ("POST", "/api/v1/auth/refresh")}


def ours(app: Litestar) -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        and route.path.startswith(("/api/v1/auth", "/api/v1/consents", "/api/v1/enterprises"))
        for handler in route.route_handlers
        for method in handler.http_methods
        if method != "OPTIONS"
    }


class TestEveryRoute:
    """Role by method."""

    def test_is_in_the_table(self, app: Litestar) -> None:
        assert ours(app) == set(ROUTES) | OPEN

    async def test_turns_visitors_away(self, client: AsyncClient) -> None:
        for method, path in ROUTES:
            answer = await client.request(method, _filled(path), json={})
            assert (answer.status_code, answer.json()["code"]) == (401, "auth.not_authenticated"), path

    @pytest.mark.parametrize("role", list(Role))
    async def test_lets_in_its_roles_alone(
        self, client: AsyncClient, session: AsyncSession, now: datetime, role: Role
    ) -> None:
        who = await person(session, now, role)
        mine = await sign_in(client, who)
        for (method, path), allowed in ROUTES.items():
            answer = await client.request(method, _filled(path), json={}, headers=mine.headers)
            if role in allowed:
                assert answer.status_code in (200, 204, 404, 422), (path, answer.text)
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "auth.forbidden"), path

    async def test_judges_the_role_of_this_moment_not_of_the_sign_in(
        self, client: AsyncClient, session: AsyncSession, now: datetime
    ) -> None:
        who = await person(session, now, Role.OWNER)
        mine = await sign_in(client, who)
        connection = await session.connection()
        await connection.exec_driver_sql(f"UPDATE users SET role = 'auditor' WHERE id = '{who.user_id}'")
        await session.commit()
        assert (await client.get("/api/v1/enterprises", headers=mine.headers)).status_code == 403


def test_a_route_names_its_roles() -> None:
    with pytest.raises(TypeError):
        access()


def _filled(path: str) -> str:
    for name in ("{consent_id:uuid}", "{enterprise_id:uuid}", "{commitment_id:uuid}"):
        path = path.replace(name, str(SOMEBODYS))
    return path


class TestPublicRoutesOfTheApi:
    """Open to whoever comes without a token; a token that is none is told so even there."""

    @staticmethod
    def public(app: Litestar) -> list[tuple[str, str]]:
        return [
            (method, route.path)
            for route in app.routes
            if isinstance(route, HTTPRoute) and route.path.startswith("/api/v1/")
            for handler in route.route_handlers
            if handler.opt.get("access") == "public"
            for method in handler.http_methods
            if method != "OPTIONS"
        ]

    async def test_refuse_a_forged_expired_or_foreign_token(
        self, app: Litestar, client: AsyncClient, session: AsyncSession, clock: Clock
    ) -> None:
        mine = await sign_in(client, await person(session, clock()))
        clock.turn(minutes=11)
        routes = set(self.public(app)) - OPEN
        assert ("POST", "/api/v1/eligibility/match") in routes
        for method, path in routes:
            for said in (f"Bearer {mine.access_token}", "Bearer x", "Bearer ", "Bearer", "Basic YTpi", ""):
                answer = await client.request(method, path, json={}, headers={"Authorization": said})
                assert (answer.status_code, answer.json()["code"]) == (401, "auth.invalid_token"), (
                    path,
                    said,
                )

    async def test_are_open_without_one_and_with_a_good_one(
        self, client: AsyncClient, session: AsyncSession, clock: Clock
    ) -> None:
        mine = await sign_in(client, await person(session, clock()))
        for headers in ({}, mine.headers):
            answer = await client.post("/api/v1/eligibility/match", json={"facts": {}}, headers=headers)
            assert answer.status_code == 200

    async def test_that_give_out_tokens_do_not_ask_for_one_that_still_holds(
        self, client: AsyncClient, session: AsyncSession, clock: Clock
    ) -> None:
        mine = await sign_in(client, await person(session, clock()))
        clock.turn(minutes=11)
        body = {"refresh_token": mine.refresh_token}
        answer = await client.post("/api/v1/auth/refresh", json=body, headers=mine.headers)
        assert answer.status_code == 200
