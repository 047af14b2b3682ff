"""The two cookies of a page's session: short access token, rotating refresh token.

HttpOnly so that no script reads them, SameSite=Lax so that no other site's form sends them, Secure over
https. They are noted on the request and written as the response leaves, so an error page renews a session
as well as any other.
"""

from typing import Any

from litestar.datastructures import Cookie
from litestar.types import Message, Scope

from auth.sessions import SignedIn
from auth.state import AuthState, Connection, auth_state
from auth.tokens import LIFETIME

ACCESS = "mp_access"
REFRESH = "mp_refresh"
_NOTED = "auth_cookies"


def set_session(connection: Connection, signed_in: SignedIn) -> None:
    """Make this request's response carry the session: after `service.login`, and when a refresh cookie was
    used.
    """
    state = auth_state(connection)
    now = state.now()
    token = state.key.encode(signed_in.actor.user_id, signed_in.session_id, now)
    noted = [_cookie(state, ACCESS, token, int(LIFETIME.total_seconds()))]
    if signed_in.refresh_token is not None:
        left = int((signed_in.refresh_expires_at - now).total_seconds())
        noted.append(_cookie(state, REFRESH, signed_in.refresh_token, left))
    connection.scope["state"][_NOTED] = noted


def clear_session(connection: Connection) -> None:
    """Make this request's response remove both cookies: after `service.logout`, and for a dead refresh
    cookie.
    """
    state = auth_state(connection)
    connection.scope["state"][_NOTED] = [_cookie(state, ACCESS, "", 0), _cookie(state, REFRESH, "", 0)]


async def write_noted(message: Message, scope: Scope) -> None:
    """before_send hook: add the noted cookies to whatever response leaves, and keep it out of every cache."""
    noted: list[str] = scope.get("state", {}).get(_NOTED, [])
    if message["type"] != "http.response.start" or not noted:
        return
    headers: list[Any] = [item for item in message.get("headers", []) if item[0].lower() != b"cache-control"]
    headers.append((b"cache-control", b"no-store"))
    headers.extend((b"set-cookie", value.encode("latin-1")) for value in noted)
    message["headers"] = headers


def safe_next(target: str | None, otherwise: str = "/") -> str:
    """Where to go after signing in: `target` when it is a path of this site, else `otherwise`.

    Refuses other hosts in every spelling browsers accept ("//x", "/\\x", control characters).
    """
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return otherwise
    if any(character <= " " or character == "\x7f" for character in target):
        return otherwise
    return target


def _cookie(state: AuthState, name: str, value: str, max_age: int) -> str:
    cookie = Cookie(
        key=name,
        value=value,
        path="/",
        max_age=max_age,
        httponly=True,
        samesite="lax",
        secure=state.secure_cookies,
    )
    return cookie.to_header(header="")
