"""Pages that only tell: how accessible the service is, what it keeps about people, and what search engines may read.

Their words are promises, so each sentence names something the code does; change both together.
"""

from collections.abc import Sequence
from typing import Any

from litestar import MediaType, Request, Router, get
from litestar.response import Response

from auth import cookies
from auth.guards import PUBLIC
from marketplace import language
from marketplace.portal import checks
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]

# Every cookie the service sets, and the key of what it is for; `*` stands for the installation's own mark.
COOKIES: Sequence[tuple[str, str]] = (
    (checks.COOKIE, "check"),
    (cookies.ACCESS, "access"),
    (cookies.REFRESH, "refresh"),
    ("mp_csrf_*", "csrf"),
    (language.COOKIE, "language"),
)


NOT_READ: Sequence[str] = (
    "/api/",
    "/r/",
    "/check/find/",
    "/unsubscribe",
    "/admin",
    "/officer",
    "/operations",
    "/audit",
)
"""Beginnings of addresses for programs, one reader or staff; an owner's own pages ask for signing in anyhow."""


@get("/accessibility", **PUBLIC, sync_to_thread=False)
def accessibility(request: AnyRequest) -> Response[str]:
    """What works for whom, what does not yet, and where to ask for help."""
    return page(request, "pages/accessibility.html")


@get("/privacy", **PUBLIC, sync_to_thread=False)
def privacy(request: AnyRequest) -> Response[str]:
    """What is kept in the check and in an account, consents, cookies."""
    return page(request, "pages/privacy.html", cookies=COOKIES)


@get("/robots.txt", **PUBLIC, sync_to_thread=False)
def robots() -> Response[str]:
    """What search engines leave alone."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_READ)]
    return Response("\n".join(lines) + "\n", media_type=MediaType.TEXT)


router = Router("/", route_handlers=[accessibility, privacy, robots], include_in_schema=False)
