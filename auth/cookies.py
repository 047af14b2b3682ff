"""The cookies of a page's session: short access token, rotating refresh token, and the token of its forms.

HttpOnly so that no script reads them, SameSite=Lax so that no other site's form sends them, Secure over
https. They are noted on the request and written as the response leaves, so an error page renews a session
as well as any other.
"""

from typing import Any
from uuid import UUID

from litestar.datastructures import Cookie
from litestar.types import Message, Scope

from auth.sessions import SignedIn
from auth.state import Connection, auth_state
from auth.tokens import LIFETIME

ACCESS = "mp_access"
REFRESH = "mp_refresh"
_NOTED = "auth_cookies"
_FORM_TOKEN = "auth_form_token"  # noqa: S105 (a key of the request's state, no secret)


def set_session(connection: Connection, signed_in: SignedIn) -> None:
    """Make this request's response carry the session: after `service.login`, and when a refresh cookie was
    used.
    """
    state = auth_state(connection)
    now = state.now()
    token = state.key.encode(signed_in.actor.user_id, signed_in.session_id, now)
    _note(connection, ACCESS, token, int(LIFETIME.total_seconds()))
    if signed_in.refresh_token is not None:
        left = int((signed_in.refresh_expires_at - now).total_seconds())
        _note(connection, REFRESH, signed_in.refresh_token, left)
    form_token(connection, signed_in.session_id)


def clear_session(connection: Connection) -> None:
    """Make this request's response end the session in the browser: after `service.logout`, and for a dead
    refresh cookie.
    """
    _note(connection, ACCESS, "", 0)
    _note(connection, REFRESH, "", 0)
    form_token(connection, None)


def form_token(connection: Connection, session_id: UUID | None) -> str:
    """The token for forms of this session (None: of a visitor): the browser's own where it fits, else a new one,
    which this request's response brings along.
    """
    tokens = auth_state(connection).form_tokens
    memory = connection.scope["state"]
    for known in (memory.get(_FORM_TOKEN), connection.cookies.get(tokens.cookie)):
        if tokens.fits(known, session_id):
            return str(known)
    memory[_FORM_TOKEN] = tokens.make(session_id)
    _note(connection, tokens.cookie, memory[_FORM_TOKEN], None)
    return str(memory[_FORM_TOKEN])


async def write_noted(message: Message, scope: Scope) -> None:
    """before_send hook: add the noted cookies to whatever response leaves, and keep it out of every cache."""
    noted: dict[str, str] = scope.get("state", {}).get(_NOTED, {})
    if message["type"] != "http.response.start" or not noted:
        return
    headers: list[Any] = [item for item in message.get("headers", []) if item[0].lower() != b"cache-control"]
    headers.append((b"cache-control", b"no-store"))
    headers.extend((b"set-cookie", value.encode("latin-1")) for value in noted.values())
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


def _note(connection: Connection, name: str, value: str, max_age: int | None) -> None:
    """Remember a cookie for the response; the last one of a name is sent. max_age None: until the browser closes."""
    cookie = Cookie(
        key=name,
        value=value,
        path="/",
        max_age=max_age,
        httponly=True,
        samesite="lax",
        secure=auth_state(connection).secure_cookies,
    )
    connection.scope["state"].setdefault(_NOTED, {})[name] = cookie.to_header(header="")
