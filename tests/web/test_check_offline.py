"""What makes the service installable and the check usable without a network: manifest, worker, the kept form."""

import json
import re

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.portal.questions import askable
from marketplace.portal.tables import CheckSession
from tests.factories.pages import form_of
from tests.web.conftest import Arrive

pytestmark = pytest.mark.seeded


async def test_the_manifest_names_icons_that_are_there_in_the_readers_language(arrive: Arrive) -> None:
    visitor = arrive()
    for lang, name in (("zh", "小微服务专栏"), ("en", "Small Business Service")):
        answer = await visitor.get(f"/manifest.webmanifest?lang={lang}")
        assert answer.headers["content-type"].startswith("application/manifest+json")
        told = answer.json()
        assert (told["name"], told["start_url"], told["display"]) == (name, "/check", "standalone")
        assert {"192x192", "512x512"} <= {icon["sizes"] for icon in told["icons"]}
        assert "maskable" in {icon["purpose"] for icon in told["icons"]}
        for icon in told["icons"]:
            assert (await visitor.get(icon["src"])).status_code == 200
    assert '<link rel="manifest" href="/manifest.webmanifest">' in (await visitor.get("/")).text


async def test_the_worker_comes_from_the_root_and_keeps_only_the_form_and_our_own_files(
    arrive: Arrive,
) -> None:
    visitor = arrive()
    answer = await visitor.get("/sw.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    found = re.match(r"const SHELL = (\{.*?\});\n", answer.text)
    assert found is not None
    shell = json.loads(found[1])
    assert shell["pages"] == ["/check/offline?lang=zh", "/check/offline?lang=en"]
    for address in shell["pages"] + shell["assets"]:
        assert (await visitor.get(address)).status_code == 200
    page = (await visitor.get("/check/offline")).text
    assert set(re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css)[^"]*)"', page)) <= set(shell["assets"])


async def test_the_form_asks_everything_and_holds_nothing_of_anybody(arrive: Arrive) -> None:
    visitor = arrive()
    await visitor.post("/check/size", {"employees_end": "4711"})
    page = await visitor.get("/check/offline")
    assert "4711" not in page.text
    assert set(askable()) - {"province_code"} <= form_of(page).fields.keys() | form_of(page).ids
    assert len(page.content) < 100_000


async def test_what_is_sent_is_added_and_what_was_left_empty_forgets_nothing(
    arrive: Arrive, session: AsyncSession
) -> None:
    visitor = arrive()
    await visitor.post("/check/size", {"employees_end": "8"})
    sent = await visitor.post(
        "/check/offline", {"entity_type": "company", "city_code": "济南", "employees_end": ""}
    )
    assert sent.headers["location"] == "/check?sent=3"
    assert await session.scalar(select(col(CheckSession.answers))) == {
        "employees_end": 8, "entity_type": "company", "city_code": "370100", "province_code": "370000",
    }  # fmt: skip
    assert "已收到 3 个回答" in (await visitor.get("/check?sent=3")).text


async def test_a_province_sent_later_forgets_a_city_elsewhere(arrive: Arrive, session: AsyncSession) -> None:
    visitor = arrive()
    await visitor.post("/check/identity", {"entity_type": "company", "city_code": "济南"})
    await visitor.post("/check/offline", {"entity_type": "company", "city_code": "湖北省"})
    answers = await session.scalar(select(col(CheckSession.answers)))
    assert answers == {"entity_type": "company", "province_code": "420000"}


async def test_errors_are_told_with_everything_typed_and_store_nothing(
    arrive: Arrive, session: AsyncSession
) -> None:
    page = await arrive().post("/check/offline", {"entity_type": "company", "employees_end": "many"})
    assert (page.status_code, form_of(page).summary) == (422, ["employees_end"])
    assert form_of(page).fields["entity_type"] == "company"
    assert (await session.scalars(select(CheckSession))).all() == []


async def test_a_made_up_count_is_not_repeated(arrive: Arrive) -> None:
    visitor = arrive()
    await visitor.post("/check/size", {"employees_end": "8"})
    for made_up in ("x", "-1", "9999", "٣", "<b>"):
        assert "data-answers-sent" not in (await visitor.get(f"/check?sent={made_up}")).text
