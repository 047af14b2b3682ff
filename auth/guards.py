"""Who may use a route, declared on the route: nothing is open unless it says so.

The API knows bearer tokens only and pages cookies only, so no cross-site form can speak to the API. The
actor is resolved once a request, in the guard, before any body is read; the session's row is asked each
time, so a logout takes effect at once.
"""

from typing import Any
from urllib.parse import quote

from litestar.connection import Request
from litestar.handlers.base import BaseRouteHandler

from auth import addresses, cookies, members, sessions
from auth.actor import Actor
from auth.errors import Forbidden, InvalidToken, LoginNeeded, NotAuthenticated
from auth.roles import Role
from auth.state import Connection, auth_state, request_session

_RESOLVED = "auth_actor"
_WITHOUT_PEOPLE = ("/health/", "/metrics", "/static/")


def access(*roles: Role) -> dict[str, Any]:
    """Keyword arguments of a route open to these roles only: `@get("/x", **access(Role.OFFICER))`."""
    if not roles:
        raise TypeError("access() names at least one role; an open route says PUBLIC")
    allowed = frozenset(roles)

    async def one_of_these_roles(connection: Connection, _: BaseRouteHandler) -> None:
        found = await resolve(connection)
        if found is None:
            raise anonymous(connection)
        if found.role not in allowed:
            raise Forbidden

    return {"guards": [one_of_these_roles], "opt": {"access": tuple(role.value for role in roles)}}


async def _notice_who_comes(connection: Connection, _: BaseRouteHandler) -> None:
    if not connection.scope["path"].startswith(_WITHOUT_PEOPLE):
        await resolve(connection)


PUBLIC: dict[str, Any] = {"guards": [_notice_who_comes], "opt": {"access": "public"}}
"""Keyword arguments of a route open to everybody. Pages still learn who is signed in, to show it; the API refuses
a bad token even where none is needed, so that a caller learns of it at once and not at the next door.
"""

SIGNING_IN: dict[str, Any] = {"opt": {"access": "public"}}
"""Keyword arguments of the routes that give out tokens: whose own has run out must be able to get the next."""


async def actor(request: Request[Any, Any, Any]) -> Actor:
    """Dependency `actor` of guarded handlers."""
    found = await resolve(request)
    if found is None:
        raise anonymous(request)
    return found


async def maybe_actor(request: Request[Any, Any, Any]) -> Actor | None:
    """Dependency `maybe_actor` of PUBLIC handlers: None for a visitor."""
    return await resolve(request)


def actor_of(connection: Connection) -> Actor | None:
    """The actor this request's guard found, for templates and logs; None before or without one."""
    found: Actor | None = connection.scope["state"].get(_RESOLVED)
    return found


def was_asked(connection: Connection) -> bool:
    """Whether this request's guard asked who comes."""
    return _RESOLVED in connection.scope["state"]


async def resolve(connection: Connection) -> Actor | None:
    """The actor of a request, asked once; raises `InvalidToken` for a bad bearer token on the API."""
    memory = connection.scope["state"]
    if _RESOLVED not in memory:
        if is_api(connection):
            memory[_RESOLVED] = await _bearer(connection)
        else:
            memory[_RESOLVED] = await _cookie(connection)
    found: Actor | None = memory[_RESOLVED]
    return found


def is_api(connection: Connection) -> bool:
    """Whether the request speaks to the API (bearer tokens, problems) or to pages (cookies, HTML)."""
    path: str = connection.scope["path"]
    return path == "/api" or path.startswith("/api/")


def client_address(connection: Connection) -> str:
    """The address a request counts against: the peer's, or the caller's behind the proxies the operator trusts."""
    peer = connection.client.host if connection.client else "unknown"
    said = connection.headers.getall(addresses.HEADER, [])
    return addresses.caller(peer, said, auth_state(connection).trusted_proxies)


async def _bearer(connection: Connection) -> Actor | None:
    state = auth_state(connection)
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise InvalidToken
    now = state.now()
    found = await sessions.actor_of(await request_session(connection), state.key.decode(token, now), now)
    if found is None:
        raise InvalidToken
    return found


async def _cookie(connection: Connection) -> Actor | None:
    """The actor of the page's cookies; an expired access cookie is renewed by a good refresh cookie on the
    way.
    """
    state = auth_state(connection)
    access_token = connection.cookies.get(cookies.ACCESS)
    refresh_token = connection.cookies.get(cookies.REFRESH)
    now = state.now()
    if access_token:
        try:
            claims = state.key.decode(access_token, now)
        except InvalidToken:
            claims = None
        if claims is not None:
            return await sessions.actor_of(await request_session(connection), claims, now)
    if not refresh_token:
        return None
    renewed = await sessions.renew_page(await request_session(connection), refresh_token, now)
    if renewed is None:
        cookies.clear_session(connection)
        return None
    if renewed.refresh_token is not None:
        cookies.set_session(connection, renewed)
    await members.end_over(await request_session(connection), renewed.actor, now)
    return renewed.actor


def anonymous(connection: Connection) -> NotAuthenticated | LoginNeeded:
    """What to raise for somebody who is not signed in and must be: a page sends him to sign in and back."""
    if is_api(connection):
        return NotAuthenticated()
    if connection.scope.get("method") not in ("GET", "HEAD"):
        return LoginNeeded(location="/login")
    query = connection.scope.get("query_string", b"").decode("latin-1")
    wanted = connection.scope["path"] + (f"?{query}" if query else "")
    return LoginNeeded(location=f"/login?next={quote(wanted, safe='', errors='replace')}")
