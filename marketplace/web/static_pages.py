"""Pages that only tell: how accessible the service is, and what it keeps about people.

Their words are promises, so each sentence names something the code does; change both together.
"""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Router, get
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


@get("/accessibility", **PUBLIC, sync_to_thread=False)
def accessibility(request: AnyRequest) -> Response[str]:
    """What works for whom, what does not yet, and where to ask for help."""
    return page(request, "pages/accessibility.html")


@get("/privacy", **PUBLIC, sync_to_thread=False)
def privacy(request: AnyRequest) -> Response[str]:
    """What is kept in the check and in an account, consents, cookies."""
    return page(request, "pages/privacy.html", cookies=COOKIES)


router = Router("/", route_handlers=[accessibility, privacy], include_in_schema=False)
