"""What this room needs of the running application, handed over by the composition root as `app.state.auth`.

One typed value instead of loose state keys, so that a missing part fails at start and not in a request.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.types import Scope
from sqlalchemy.ext.asyncio import AsyncSession

from auth.addresses import Network
from auth.form_tokens import FormTokens
from auth.tokens import TokenKey

Connection = ASGIConnection[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class AuthState:
    """`session_of` gives the request's own database session, the one its handler gets; `now` is the
    injected clock; `public_url` is what people type to reach the service;
    `trusted_proxies` may say for whom they speak.
    """

    key: TokenKey
    now: Callable[[], datetime]
    session_of: Callable[[Scope, State], Awaitable[AsyncSession]]
    secure_cookies: bool
    form_tokens: FormTokens
    public_url: str
    trusted_proxies: tuple[Network, ...] = ()


def auth_state(connection: Connection) -> AuthState:
    """The application's `AuthState`."""
    found = connection.app.state.auth
    if not isinstance(found, AuthState):
        raise TypeError("the application was built without auth.plugin.AuthPlugin")
    return found


async def request_session(connection: Connection) -> AsyncSession:
    """The request's own database session: the same one its handler gets."""
    return await auth_state(connection).session_of(connection.scope, connection.app.state)
