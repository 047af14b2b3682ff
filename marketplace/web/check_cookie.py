"""The cookie that opens a visitor's answers: HttpOnly, for 30 days, and nothing in it but a random token.

Apart from the pages, because both ways of answering and the code for another device give it out.
"""

from typing import Any

from litestar import Request
from litestar.datastructures import Cookie
from litestar.response import Response

from marketplace.portal import checks
from marketplace.settings import Settings


def given(response: Response[Any], token: str | None, request: Request[Any, Any, Any]) -> Response[Any]:
    """The response with the token of answers that began with it; as it is where there is none."""
    if token is not None:
        settings: Settings = request.app.state["settings"]
        response.set_cookie(
            Cookie(
                key=checks.COOKIE,
                value=token,
                max_age=int(checks.KEPT.total_seconds()),
                httponly=True,
                samesite="lax",
                secure=settings.secure,
            )
        )
    return response
