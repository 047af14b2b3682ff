"""People at the pages without a browser: cookies and CSRF tokens of their own, forms as a browser would send them.

Several people talk to one running application side by side, so that one can meet what another left.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar

from tests.factories.browser import running
from tests.factories.people import PASSWORD

FORM = "application/x-www-form-urlencoded"


@dataclass
class Form(HTMLParser):
    """What a page's fields hold and what is said beside them.

    fields: by name, of ticked radios and boxes only. errors: the error messages in order. summary: the fields
    the error summary leads to; told: its words, link by link.
    title: of the window. ids: every id, so that a link can be seen to arrive.
    """

    fields: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    title: str = ""
    ids: set[str] = field(default_factory=set)
    _in_title: bool = False
    _into: str | None = None
    _select: str | None = None
    _error: bool = False
    _in_summary: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note fields, ids and where errors begin."""
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        self.ids.add(given.get("id", ""))
        self._in_title = tag == "title" and not self.title
        self._error = self._error or "govuk-error-message" in classes
        self._in_summary = self._in_summary or "govuk-error-summary__list" in classes
        if self._error and "govuk-error-message" in classes:
            self.errors.append("")
        if self._in_summary and tag == "a":
            self.summary.append(given["href"].removeprefix("#"))
            self.told.append("")
        name = given.get("name", "")
        if tag == "input" and (given.get("type") not in {"radio", "checkbox"} or "checked" in given):
            self.fields[name] = given.get("value", "")
        elif tag == "textarea":
            self._into, self.fields[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self.fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Leave what ended."""
        self._in_title = False
        if tag == "textarea":
            self._into = None
        if tag == "select":
            self._select = None
        if tag == "p":
            self._error = False
        if tag == "ul":
            self._in_summary = False

    def handle_data(self, data: str) -> None:
        """Keep a textarea's text, the words of errors and the window's title."""
        if self._in_title:
            self.title += data
        if self._in_summary and self.told:
            self.told[-1] = f"{self.told[-1]} {data}".strip()
        if self._into is not None:
            self.fields[self._into] += data
        if self._error:
            self.errors[-1] += data


def form_of(answer: Response) -> Form:
    """The fields of a page. A page with an error summary leads to fields that are there."""
    found = Form()
    found.feed(answer.text)
    assert set(found.summary) <= found.ids, f"the error summary leads nowhere: {found.summary}"
    return found


@dataclass
class Visitor:
    """Somebody with cookies of their own; follows no redirect by itself."""

    client: AsyncClient

    async def get(self, path: str) -> Response:
        """Open a page."""
        return await self.client.get(path)

    async def post(self, path: str, fields: dict[str, str] | None = None) -> Response:
        """Send a form with the page's token, as the browser would."""
        if not any(name.startswith("mp_csrf_") for name in self.client.cookies):
            await self.client.get("/login")
        token = next(value for name, value in self.client.cookies.items() if name.startswith("mp_csrf_"))
        return await self.post_bare(path, {**(fields or {}), "_csrf_token": token})

    async def post_bare(self, path: str, fields: dict[str, str]) -> Response:
        """Send a form as it stands, without adding a token."""
        return await self.client.post(path, content=urlencode(fields), headers={"content-type": FORM})

    async def sign_in(self, username: str, password: str = PASSWORD, wanted: str = "") -> "Visitor":
        """Sign in on the sign-in page."""
        answer = await self.post("/login", {"username": username, "password": password, "next": wanted})
        assert answer.status_code == 303, answer.text
        return self


@asynccontextmanager
async def visitors(app: Litestar) -> AsyncIterator[Callable[[], Visitor]]:
    """Call what this gives for a new visitor of the running application. Errors arrive as answers."""
    transport = ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with running(app), AsyncExitStack() as stack:
        made: list[AsyncClient] = []

        def visitor() -> Visitor:
            made.append(AsyncClient(transport=transport, base_url="http://127.0.0.1:8000"))
            stack.push_async_callback(made[-1].aclose)
            return Visitor(made[-1])

        yield visitor
