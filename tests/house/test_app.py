"""The composition root with real requests: commits, refusals, headers, limits and what may leave.

Small routes are added to the real application, so that its own middleware, handlers and encoders are at work.
"""

import json
from typing import Annotated, Any
from uuid import UUID

import pytest
from litestar import Litestar, Router, get, post
from litestar.testing import AsyncTestClient
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from auth.errors import TooManyAttempts
from auth.guards import PUBLIC
from auth.schemas import Input, PlainText
from marketplace.app import UnguardedRouteError, refuse_unguarded
from marketplace.portal.tables import Region

INSERT = text("INSERT INTO regions (code, level, name_zh) VALUES ('990000', 'province', 'x')")


class Order(Input):
    """A body with a field of each awkward kind."""

    id: UUID
    count: Annotated[int, Field(ge=1, le=2**63 - 1)]
    name: PlainText


@get("/api/v1/try/write", **PUBLIC)
async def write(session: AsyncSession) -> dict[str, str]:
    await session.execute(INSERT)
    return {}


@get("/api/v1/try/write-then-fail", **PUBLIC)
async def write_then_fail(session: AsyncSession) -> dict[str, str]:
    await session.execute(INSERT)
    raise TooManyAttempts(retry_after=7)


@get("/api/v1/try/write-badly", **PUBLIC)
async def write_badly(session: AsyncSession) -> dict[str, str]:
    """Leaves a fault that only the commit finds."""
    await session.execute(text("CREATE TEMP TABLE later (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
    await session.execute(text("INSERT INTO later VALUES (1), (1)"))
    return {}


@get("/api/v1/try/row", **PUBLIC)
async def row() -> Region:
    return Region(code="990000", level="province", name_zh="x")


@get("/api/v1/try/crash", **PUBLIC)
async def crash() -> dict[str, str]:
    raise ZeroDivisionError


@get("/try/page", **PUBLIC)
async def crashing_page() -> dict[str, str]:
    raise ZeroDivisionError


@post("/api/v1/try/order", **PUBLIC)
async def order(data: Order) -> dict[str, Any]:
    return {"count": data.count}


@get("/api/v1/try/number/{number:int}", **PUBLIC)
async def number(number: int, session: AsyncSession) -> dict[str, Any]:
    await session.execute(text("SELECT code FROM regions WHERE length(code) = :n"), {"n": number})
    return {}


@post("/try/form", **PUBLIC)
async def form() -> dict[str, str]:
    return {}


@pytest.fixture
def app(app: Litestar) -> Litestar:
    """The real application with the routes above."""
    routes = [write, write_then_fail, write_badly, row, crash, crashing_page, order, number, form]
    app.register(Router(path="/", route_handlers=list(routes)))
    return app


Client = AsyncTestClient[Litestar]
GOOD = {"id": "7d1c9f4e-3b0a-4d1e-9a53-111111111111", "count": 2, "name": "a"}


async def regions(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM regions"))).scalar_one())


class TestUnitOfWork:
    """One transaction a request."""

    async def test_is_committed_when_the_answer_is_good(self, client: Client, engine: AsyncEngine) -> None:
        assert (await client.get("/api/v1/try/write")).status_code == 200
        assert await regions(engine) == 1

    async def test_is_rolled_back_when_the_answer_is_a_refusal(
        self, client: Client, engine: AsyncEngine
    ) -> None:
        assert (await client.get("/api/v1/try/write-then-fail")).status_code == 429
        assert await regions(engine) == 0

    async def test_answers_with_an_error_when_the_commit_itself_fails(self, client: Client) -> None:
        answer = await client.get("/api/v1/try/write-badly")
        assert answer.status_code == 500
        assert answer.json()["code"] == "http.unexpected"
        assert (await client.get("/health/ready")).status_code == 200


class TestProblems:
    """RFC 9457 for the API, pages for people."""

    async def test_carry_their_code_and_both_languages(self, client: Client) -> None:
        answer = await client.get("/api/v1/try/write-then-fail", headers={"accept-language": "en"})
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "7"
        problem = answer.json()
        assert problem["code"] == "auth.too_many_attempts"
        assert problem["status"] == 429
        assert problem["detail"] == problem["messages"]["en"] != problem["messages"]["zh-CN"]

    async def test_of_an_unknown_address_are_problems_under_api_and_pages_elsewhere(
        self, client: Client
    ) -> None:
        assert (await client.get("/api/v1/nowhere")).json()["code"] == "http.not_found"
        page = await client.get("/nowhere?lang=en")
        assert page.status_code == 404
        assert page.headers["content-type"].startswith("text/html")
        assert 'lang="en"' in page.text

    async def test_say_nothing_about_an_unexpected_error(self, client: Client) -> None:
        answer = await client.get("/api/v1/try/crash")
        assert answer.status_code == 500
        assert "ZeroDivision" not in answer.text
        page = await client.get("/try/page")
        assert page.status_code == 500
        assert "ZeroDivision" not in page.text

    async def test_of_another_method_and_of_another_content_type(self, client: Client) -> None:
        assert (await client.delete("/api/v1/try/row")).status_code == 405


class TestInput:
    """Strict, and never a 500."""

    async def test_takes_json_text_for_an_id(self, client: Client) -> None:
        assert (await client.post("/api/v1/try/order", json=GOOD)).status_code == 201

    @pytest.mark.parametrize(
        ("change", "field", "code"),
        [
            ({"count": "2"}, "count", "int_type"),
            ({"count": True}, "count", "int_type"),
            ({"count": 2.5}, "count", "int_type"),
            ({"count": 0}, "count", "greater_than_equal"),
            ({"count": 10**30}, "count", None),
            ({"id": "no"}, "id", "uuid_parsing"),
            ({"name": "a\x00b"}, "name", "text.unstorable"),
            ({"extra": 1}, "extra", "extra_forbidden"),
        ],
    )
    async def test_names_the_field_at_fault(
        self, client: Client, change: dict[str, Any], field: str, code: str | None
    ) -> None:
        answer = await client.post("/api/v1/try/order", json={**GOOD, **change})
        assert answer.status_code == 422
        faults = answer.json()["errors"]
        assert [fault["field"] for fault in faults] == [field]
        assert code is None or faults[0]["code"] == code

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b'"text"',
            b"\xff\xfe",
            b'{"\xff": 1}',
            b'{"name": "\xff"}',
            b'{"name": "\xed\xa0\x80"}',
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"name": "\\ud800"}',
            b'{"count": 1e999}',
            b'{"count": NaN}',
        ],
    )
    async def test_that_is_no_object_of_ours_is_refused(self, client: Client, body: bytes) -> None:
        answer = await client.post(
            "/api/v1/try/order", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code in {400, 422}
        assert answer.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize(
        "said",
        [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/merge-patch+json",
            "application/vnd.a.b+json",
        ],
    )
    async def test_says_that_it_is_json(self, client: Client, said: str) -> None:
        answer = await client.post(
            "/api/v1/try/order", content=json.dumps(GOOD), headers={"content-type": said}
        )
        assert answer.status_code == 201

    @pytest.mark.parametrize(
        "said",
        [
            None,
            "",
            "text/plain",
            "text/plain; application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/json",
            "application/jsonp",
            "application/+json",
            "application/xml",
        ],
    )
    async def test_that_says_it_is_something_else_is_refused(self, client: Client, said: str | None) -> None:
        headers = {} if said is None else {"content-type": said}
        answer = await client.post("/api/v1/try/order", content=json.dumps(GOOD), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "http.unsupported_media_type")

    @pytest.mark.parametrize(
        ("body", "field", "code"),
        [
            ('{"count": 2, "count": 3}', "count", "json_duplicate"),
            ('{"count": 2, "c\\u006funt": 2}', "count", "json_duplicate"),
            ('{"a": [{"b": {"c": 1, "c": 1}}]}', "c", "json_duplicate"),
            ('{"count": ' + "9" * 400 + "}", "", "finite_number"),
        ],
    )
    async def test_that_can_be_read_in_two_ways_is_refused(
        self, client: Client, body: str, field: str, code: str
    ) -> None:
        headers = {"content-type": "application/json"}
        answer = await client.post("/api/v1/try/order", content=body, headers=headers)
        assert answer.status_code == 422
        assert [(fault["field"], fault["code"]) for fault in answer.json()["errors"]] == [(field, code)]

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
    async def test_with_a_number_past_all_bounds_is_refused(self, client: Client, number: str) -> None:
        headers = {"content-type": "application/json"}
        body = f'{{"count": {number}}}'
        answer = await client.post("/api/v1/try/order", content=body, headers=headers)
        assert answer.status_code == 422

    async def test_that_is_not_there_is_missed_and_not_an_unknown_field(self, client: Client) -> None:
        answer = await client.post("/api/v1/try/order", content=b"")
        assert [(fault["field"], fault["code"]) for fault in answer.json()["errors"]] == [("", "missing")]

    async def test_past_the_size_limit_is_refused(self, client: Client) -> None:
        answer = await client.post("/api/v1/try/order", json={**GOOD, "name": "a" * 1_100_000})
        assert answer.status_code == 413

    async def test_numbers_past_64_bits_in_an_address_are_refused(self, client: Client) -> None:
        assert (await client.get(f"/api/v1/try/number/{10**30}")).status_code == 422


class TestFiles:
    """Only what was built, and never an error."""

    @pytest.mark.parametrize("name", ["%00", "..%2fapp.py", "../app.py", "a" * 300, "%ff", "fonts"])
    async def test_that_are_not_there_are_not_found(self, client: Client, name: str) -> None:
        assert (await client.get(f"/static/{name}")).status_code == 404


class TestOutput:
    """Rows stay inside."""

    async def test_refuses_a_database_row(self, client: Client) -> None:
        answer = await client.get("/api/v1/try/row")
        assert answer.status_code == 500
        assert "990000" not in answer.text


class TestForms:
    """Pages' unsafe methods need the token of the page's form."""

    async def test_without_the_token_are_refused(self, client: Client) -> None:
        answer = await client.post("/try/form", data={"a": "1"})
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("text/html")

    async def test_with_the_token_pass(self, client: Client) -> None:
        await client.get("/login")
        token = next(value for name, value in client.cookies.items() if name.startswith("mp_csrf_"))
        assert (await client.post("/try/form", data={"_csrf_token": token})).status_code == 201


class TestHeaders:
    """What a browser is told."""

    @pytest.mark.parametrize("path", ["/health/live", "/nowhere", "/api/v1/try/crash"])
    async def test_forbid_foreign_content_on_every_answer(self, client: Client, path: str) -> None:
        headers = (await client.get(path)).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


class TestRoutes:
    """Deny by default."""

    def test_that_do_not_say_who_may_use_them_stop_the_start(self, app: Litestar) -> None:
        @get("/forgotten")
        async def forgotten() -> None:
            return None

        app.register(forgotten)
        with pytest.raises(UnguardedRouteError, match="GET /forgotten"):
            refuse_unguarded(app.routes)


class TestOperations:
    """What an operator's tools ask."""

    async def test_ready_asks_the_database_and_its_revision(
        self, client: Client, engine: AsyncEngine
    ) -> None:
        assert (await client.get("/health/ready")).json()["status"] == "ready"
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["database"] == "at revision 0001"

    async def test_metrics_count_by_route_and_not_by_address(self, client: Client) -> None:
        await client.get("/api/v1/try/number/1")
        answer = await client.get("/metrics")
        assert answer.headers["content-type"].count("charset") == 1
        figures = answer.text
        assert 'route="/api/v1/try/number/{number}"' in figures.replace(":int", "")

    async def test_the_api_describes_itself(self, client: Client) -> None:
        answer = await client.get("/api/openapi.json")
        description = answer.json()
        assert description["openapi"].startswith("3.1")
        operation = description["paths"]["/api/v1/try/order"]["post"]
        assert "400" not in operation["responses"]
        assert description["components"]["schemas"]["Order"]["additionalProperties"] is False
        assert "Problem" in description["components"]["schemas"]
        assert (await client.get("/api/anything")).json()["code"] == "http.not_found"


async def test_pages_are_compressed_for_who_takes_it(client: AsyncTestClient[Litestar]) -> None:
    plain = await client.get("/", headers={"accept-encoding": "identity"})
    packed = await client.get("/", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert int(packed.headers["content-length"]) < len(plain.content) // 2
