"""Public pages that check a confirmation: by its number, which the QR code opens, and by the file itself.

Works without script and without an account: whoever is handed the paper, at a counter or on a phone, has neither.
"""

from typing import Any
from urllib.parse import quote

from litestar import Router, get, post
from litestar.connection import Request
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_404_NOT_FOUND, HTTP_422_UNPROCESSABLE_ENTITY
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from loans.serials import normalised
from marketplace.documents.check import check
from marketplace.documents.errors import FileMissing
from marketplace.documents.register import registered
from marketplace.documents.uploads import FIELD, LARGEST_BODY, sent_file
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.settings import Settings
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
FORM = "verify/form.html"
LONGEST_NUMBER = 60


@get("/verify", **PUBLIC)
async def form(request: AnyRequest, serial: str | None = None) -> Response[Any]:
    """The form; with ?serial= it leads on to that number's page."""
    if serial is None:
        return page(request, FORM, typed="", errors={})
    typed = serial.strip()[:LONGEST_NUMBER]
    number = normalised(typed)
    if number is None:
        words = translate(language_of(request), "verify.number.malformed" if typed else "verify.number.empty")
        return page(
            request, FORM, status_code=HTTP_422_UNPROCESSABLE_ENTITY, typed=typed, errors={"serial": words}
        )
    return Redirect(f"/verify/{quote(number)}", status_code=303)


@post("/verify", status_code=HTTP_200_OK, request_max_body_size=LARGEST_BODY, **PUBLIC)
async def verify_file(request: AnyRequest, session: AsyncSession, settings: Settings) -> Response[Any]:
    """What a file comes to, above the form for the next one."""
    try:
        data = await sent_file(request)
    except FileMissing:
        words = translate(language_of(request), "verify.file.none")
        return page(request, FORM, status_code=HTTP_422_UNPROCESSABLE_ENTITY, typed="", errors={FIELD: words})
    answer = await check(session, data, settings.keys)
    return page(request, "verify/answer.html", answer=answer, paper=answer.paper, errors={}, typed="")


@get("/verify/{serial:str}", **PUBLIC)
async def paper(request: AnyRequest, session: AsyncSession, serial: str) -> Response[Any]:
    """What the register says about a number, without personal data; 404 for a number never given out."""
    found = await registered(session, serial)
    if found is None:
        typed = serial[:LONGEST_NUMBER]
        return page(request, "verify/unknown.html", status_code=HTTP_404_NOT_FOUND, typed=typed, errors={})
    return page(request, "verify/paper.html", paper=found, errors={}, typed="")


router = Router(path="/", route_handlers=[form, verify_file, paper], include_in_schema=False)
