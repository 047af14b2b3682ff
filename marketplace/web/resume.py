"""Stopping and going on: a code for another device, taking one up there, and deleting everything.

A code is shown once, by the answer to the form that asked for it, and is never in an address; a wrong one, one that has
run out and one that was replaced are told the same, and each address has few tries.
"""

from datetime import datetime
from typing import Any

from litestar import Request, Router, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import limits
from auth.errors import TooManyAttempts
from auth.guards import PUBLIC, client_address
from auth.standing import standing
from marketplace import secrets_kept
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.portal import checks, codes_to_resume
from marketplace.settings import Settings
from marketplace.web import check_cookie, forms
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]


@get("/check/resume", **PUBLIC)
async def resume(request: AnyRequest, session: AsyncSession) -> Response[str]:
    """Get a code for the answers here, or enter one from elsewhere."""
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    return _page(request, has_answers=check is not None)


@post("/check/code", status_code=HTTP_200_OK, **PUBLIC)
async def give_code(
    request: AnyRequest, session: AsyncSession, settings: Settings, now: datetime
) -> Response[Any]:
    """A new code, shown this once; the one before it opens nothing any more."""
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    if check is None:
        return Redirect("/check/resume", status_code=HTTP_303_SEE_OTHER)
    code = await codes_to_resume.issue(session, check, now, secret=_secret(settings))
    return _page(request, has_answers=True, given=code, until=(now + codes_to_resume.LASTS).date())


@post("/check/resume", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def take_up(
    request: AnyRequest, session: AsyncSession, settings: Settings, now: datetime
) -> Response[Any]:
    """Open the answers a code belongs to in this browser, in place of those it had."""
    typed = (await forms.read(request)).get("code", "")
    try:
        async with standing(session) as connection:
            await limits.charge_resuming(connection, client_address(request), now)
    except TooManyAttempts as refused:
        minutes = -(-refused.retry_after // 60)
        answer = await _refused(request, session, typed, "resume.too_many", 429, minutes=minutes)
        answer.headers["retry-after"] = str(refused.retry_after)
        return answer
    token = await codes_to_resume.open_with(session, typed, now, secret=_secret(settings))
    if token is None:
        return await _refused(request, session, typed, "resume.wrong", 422)
    return check_cookie.given(Redirect("/check?resumed=1", status_code=HTTP_303_SEE_OTHER), token, request)


@get("/check/delete", **PUBLIC)
async def ask_to_delete(request: AnyRequest, session: AsyncSession) -> Response[Any]:
    """Say what would be deleted."""
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    if check is None:
        return Redirect("/check", status_code=HTTP_303_SEE_OTHER)
    return page(request, "check/delete.html", answered=len(check.answers))


@post("/check/delete", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def delete(request: AnyRequest, session: AsyncSession) -> Response[Any]:
    """Delete the answers, here and on every device that opened them."""
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    if check is not None:
        await checks.erase(session, check)
    response = Redirect("/check?erased=1", status_code=HTTP_303_SEE_OTHER)
    response.set_cookie(Cookie(key=checks.COOKIE, value="", max_age=0, httponly=True, samesite="lax"))
    return response


def _secret(settings: Settings) -> str:
    return secrets_kept.text(settings.keys / "check-code-secret")


async def _refused(
    request: AnyRequest, session: AsyncSession, typed: str, why: str, status: int, **params: object
) -> Response[str]:
    mine = await checks.find(session, request.cookies.get(checks.COOKIE))
    error = translate(language_of(request), why, **params)
    return _page(request, has_answers=mine is not None, status=status, typed=typed, error=error)


def _page(
    request: AnyRequest, *, has_answers: bool, status: int = HTTP_200_OK, **context: Any
) -> Response[str]:
    shown = {"given": None, "until": None, "typed": "", "error": None, **context}
    return page(request, "check/resume.html", status_code=status, has_answers=has_answers, **shown)


router = Router(
    "/", route_handlers=[resume, give_code, take_up, ask_to_delete, delete], include_in_schema=False
)
