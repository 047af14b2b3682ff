"""Signing in and out over the API, and an owner's consents.

Thin on purpose: a handler turns bodies into service calls and the result into a Read model, once.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.connection import Request
from litestar.params import Body
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT
from sqlalchemy.ext.asyncio import AsyncSession

from auth import consent, service
from auth.actor import Actor
from auth.guards import SIGNING_IN, access, client_address
from auth.roles import Role
from auth.schemas import ConsentRead, PasswordLogin, RefreshLogin, TokenRead
from auth.sessions import SignedIn
from auth.state import auth_state
from auth.tokens import LIFETIME

NO_STORE = {"Cache-Control": "no-store"}
AnyRequest = Request[Any, Any, Any]


@post("/auth/token", status_code=HTTP_200_OK, **SIGNING_IN)
async def token(
    request: AnyRequest, session: AsyncSession, data: Annotated[PasswordLogin, Body()], now: datetime
) -> Response[TokenRead]:
    """Sign in with username and password."""
    signed_in = await service.login(session, data.username, data.password, client_address(request), now)
    return _tokens(request, signed_in, now)


@post("/auth/refresh", status_code=HTTP_200_OK, **SIGNING_IN)
async def refresh(
    request: AnyRequest, session: AsyncSession, data: Annotated[RefreshLogin, Body()], now: datetime
) -> Response[TokenRead]:
    """Trade a refresh token for the next one; a token used twice ends its session."""
    signed_in = await service.refresh(session, data.refresh_token, now)
    return _tokens(request, signed_in, now)


@post("/auth/logout", status_code=HTTP_204_NO_CONTENT, **access(*Role))
async def logout(session: AsyncSession, actor: Actor, now: datetime) -> None:
    """End this session: its access token and its refresh tokens stop working."""
    await service.logout(session, actor, now)


@get("/consents", **access(Role.OWNER))
async def consents(session: AsyncSession, actor: Actor) -> list[ConsentRead]:
    """The consents of the caller's enterprises, newest first."""
    return [ConsentRead.model_validate(row) for row in await consent.given_by(session, actor)]


@post("/consents/{consent_id:uuid}/revoke", status_code=HTTP_200_OK, **access(Role.OWNER))
async def revoke_consent(session: AsyncSession, actor: Actor, consent_id: UUID, now: datetime) -> ConsentRead:
    """Withdraw a consent; what the bank received before stays received, nothing follows."""
    return ConsentRead.model_validate(await consent.revoke(session, actor, consent_id, now=now))


def _tokens(request: AnyRequest, signed_in: SignedIn, now: datetime) -> Response[TokenRead]:
    if signed_in.refresh_token is None:
        raise TypeError("an API session always carries a refresh token")
    access_token = auth_state(request).key.encode(signed_in.actor.user_id, signed_in.session_id, now)
    return Response(
        TokenRead(
            access_token=access_token,
            refresh_token=signed_in.refresh_token,
            expires_in=int(LIFETIME.total_seconds()),
            role=signed_in.actor.role.value,
        ),
        headers=NO_STORE,
    )


router = Router(
    path="/api/v1",
    route_handlers=[token, refresh, logout, consents, revoke_consent],
    tags=["auth"],
)
