"""Every route of the house, page or API: it says who may use it, and it means it.

Walked as the application has them, so that a route added without thought of who may use it is met here.
"""

from uuid import UUID

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from auth.roles import Role
from tests.web.conftest import Arrive, SignedIn

pytestmark = pytest.mark.seeded
FILLED = {"uuid": str(UUID(int=7)), "int": "1", "str": "x", "path": "x"}


def address(path: str) -> str:
    parts = [
        FILLED[part[1:-1].partition(":")[2]] if part.startswith("{") else part for part in path.split("/")
    ]
    return "/".join(parts)


def reading(app: Litestar) -> list[tuple[str, HTTPRouteHandler]]:
    """What can be opened with a GET, with the handler that answers."""
    return [
        (route.path, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if "GET" in handler.http_methods
    ]


def test_every_route_says_who_may_use_it(app: Litestar) -> None:
    known = {role.value for role in Role}
    said = {path: handler.opt.get("access") for path, handler in reading(app)}
    closed = {path: set(access) for path, access in said.items() if access != "public"}
    assert all(roles and roles <= known for roles in closed.values()), closed
    assert {"/audit", "/operations", "/admin", "/officer", "/account", "/check/save"} <= set(closed)


async def test_strangers_are_led_to_sign_in_or_told_to(app: Litestar, arrive: Arrive) -> None:
    stranger = arrive()
    for path, handler in reading(app):
        if handler.opt["access"] == "public":
            continue
        answer = await stranger.get(address(path))
        assert answer.status_code == (401 if path.startswith("/api/") else 303), path


@pytest.mark.parametrize("role", list(Role))
async def test_only_the_named_roles_get_in(app: Litestar, signed_in: SignedIn, role: Role) -> None:
    visitor, _ = await signed_in(role)
    for path, handler in reading(app):
        if path.startswith("/api/") or handler.opt["access"] == "public":
            continue
        answer = await visitor.get(address(path))
        allowed = role.value in handler.opt["access"]
        assert (answer.status_code == 403) is not allowed, (path, answer.status_code)
