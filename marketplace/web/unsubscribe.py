"""The links of e-mails, which work without signing in: no more e-mail, and "this address is mine".

A link only shows a page with a button, since mail programs open links by themselves; the button of mail programs
(RFC 8058) posts to the API, where no form token is asked. Whoever has the link may do the one thing it is for.
"""

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, Router, get, post
from litestar.params import Parameter
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from marketplace.notifications import preferences
from marketplace.notifications.errors import LinkRefused
from marketplace.notifications.keys import NotificationKeys
from marketplace.settings import Settings
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
Token = Annotated[str, Parameter(max_length=80)]


def _keys(settings: Settings) -> NotificationKeys:
    return NotificationKeys.load_or_create(settings.keys)


@get("/unsubscribe/{token:str}", include_in_schema=False, **PUBLIC)
async def ask(request: AnyRequest, settings: Settings, token: Token) -> Response[str]:
    """The page with the button."""
    _keys(settings).check(token, preferences.UNSUBSCRIBE)
    return page(request, "inbox/link.html", purpose="unsubscribe", done=False, token=token)


@post("/unsubscribe/{token:str}", status_code=HTTP_200_OK, include_in_schema=False, **PUBLIC)
async def unsubscribe(
    request: AnyRequest, session: AsyncSession, settings: Settings, token: Token, now: datetime
) -> Response[str]:
    """No more e-mail."""
    await preferences.unsubscribe(session, _keys(settings), token, now)
    return page(request, "inbox/link.html", purpose="unsubscribe", done=True, token=token)


@get("/inbox/email/{token:str}", include_in_schema=False, **PUBLIC)
async def ask_to_confirm(
    request: AnyRequest, session: AsyncSession, settings: Settings, token: Token
) -> Response[str]:
    """The page with the button."""
    keys = _keys(settings)
    found = await preferences.settings_of(session, keys.reader(token))
    if found is None or found.email is None:
        raise LinkRefused
    keys.check(token, preferences.CONFIRM, found.email)
    return page(request, "inbox/link.html", purpose="confirm", done=False, token=token)


@post("/inbox/email/{token:str}", status_code=HTTP_200_OK, include_in_schema=False, **PUBLIC)
async def confirm(
    request: AnyRequest, session: AsyncSession, settings: Settings, token: Token, now: datetime
) -> Response[str]:
    """The address counts from now on."""
    await preferences.confirm(session, _keys(settings), token, now)
    return page(request, "inbox/link.html", purpose="confirm", done=True, token=token)


@post("/api/v1/notifications/unsubscribe/{token:str}", status_code=HTTP_200_OK, **PUBLIC)
async def one_click(session: AsyncSession, settings: Settings, token: Token, now: datetime) -> dict[str, str]:
    """No more e-mail to whom the link of an e-mail is about (RFC 8058): the body is not read, no sign-in is asked."""
    await preferences.unsubscribe(session, _keys(settings), token, now)
    return {"status": "unsubscribed"}


@get("/api/v1/notifications/unsubscribe/{token:str}", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def one_click_opened(token: Token) -> Redirect:
    """Opened in a browser, the same address shows the page with the button."""
    return Redirect(f"/unsubscribe/{token}", status_code=HTTP_303_SEE_OTHER)


router = Router(
    "/",
    route_handlers=[ask, unsubscribe, ask_to_confirm, confirm, one_click, one_click_opened],
    tags=["notifications"],
)
