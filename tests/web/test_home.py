"""The home page on the seeded database: real counts, a real example, searches that find something."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
import yaml
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy.ext.asyncio import AsyncSession

from auth.roles import Role
from marketplace.seeding.enterprises import demo_enterprises
from marketplace.shipped import DATA, in_force, shipped_policies
from marketplace.web.home import SAMPLE, TRIES
from policies import queries, service
from policies.schemas import PolicyDraft
from tests.factories.people import person
from tests.factories.publishing import made_ready
from tests.web.reading import read

pytestmark = pytest.mark.seeded
Client = AsyncTestClient[Litestar]
EXEMPTION = "CN-VAT-2019-13-1"
AS_OF = datetime(2020, 4, 15, tzinfo=UTC).date()


def in_force_now() -> list[Any]:
    return [policy for policy in shipped_policies() if in_force(policy, AS_OF)]


async def test_the_counts_are_those_of_the_published_policies_and_products(client: Client) -> None:
    products = yaml.safe_load((DATA / "products.yaml").read_text(encoding="utf-8"))["products"]
    page = read((await client.get("/")).text)
    assert f"现行 {len(in_force_now())} 项扶持政策" in page.text
    assert f"比较 {len(products)} 个贷款产品" in page.text
    for category, words in (("tax_reduction", "减税"), ("fee_reduction", "降费"), ("resumption", "复工复产")):
        count = sum(policy["category"] == category for policy in in_force_now())
        assert f"{words} {count} 项" in page.text


async def test_the_example_is_what_the_check_answers_for_the_same_enterprise(client: Client) -> None:
    facts = next(entry["facts"] for entry in demo_enterprises() if entry["id"] == SAMPLE)
    answer = (
        await client.post("/api/v1/eligibility/match", json={"facts": facts, "as_of": AS_OF.isoformat()})
    ).json()
    page = read((await client.get("/")).text)
    assert answer["total_yuan"] == 8400
    assert "8,400 元" in page.text
    assert f"一共确定符合 {len(answer['eligible'])} 项" in page.text


async def test_the_newest_policies_were_issued_by_the_day_and_are_linked(client: Client) -> None:
    page = read((await client.get("/")).text)
    shown = page.text.partition("最新发布的政策")[2]
    assert "创业担保贷款" in shown.partition("今日起")[0]
    newest = max(p["issued_on"] for p in shipped_policies() if p["issued_on"] <= AS_OF.isoformat())
    assert newest == "2020-04-15"
    assert "/policies/CN-STARTUP-2020-21-E" in page.links


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_every_suggested_search_finds_something(client: Client, lang: str) -> None:
    page = read((await client.get("/", params={"lang": lang})).text)
    tried = [link for link in page.links if link.startswith("/policies?q=")]
    assert len(tried) == len(TRIES)
    for link in tried:
        assert "/policies/" in (await client.get(link)).text, link


async def test_every_link_of_the_page_leads_somewhere(client: Client) -> None:
    page = read((await client.get("/")).text)
    for link in sorted({link.partition("#")[0] for link in page.links if link.startswith("/")}):
        assert (await client.get(link)).status_code in {200, 302, 303, 307}, link


async def test_it_speaks_english_when_asked_and_remembers_it(client: Client) -> None:
    page = read((await client.get("/?lang=en")).text)
    assert page.lang == "en"
    assert "See what your business need not pay" in page.text
    assert read((await client.get("/")).text).lang == "en"


async def test_a_published_change_reaches_the_example_at_once(
    client: Client, session: AsyncSession, now: datetime
) -> None:
    assert "8,400 元" in read((await client.get("/")).text).text
    writer, reviewer = [await person(session, now, Role.POLICY_ADMIN) for _ in range(2)]
    base = await queries.current(session, EXEMPTION)
    assert base is not None
    fields = {name: getattr(base, name) for name in PolicyDraft.model_fields}
    draft = PolicyDraft(**{**fields, "effective_to": date(2020, 4, 1)})
    row = await service.save_draft(
        session, writer, EXEMPTION, draft, seen_sha256=base.content_sha256, now=now
    )
    seen = row.content_sha256
    await made_ready(session, writer, row, now)
    await service.submit(session, writer, EXEMPTION, row.version, seen_sha256=seen, now=now)
    await service.publish(session, reviewer, EXEMPTION, row.version, seen_sha256=seen, now=now)
    await session.commit()
    for _ in range(50):
        page = read((await client.get("/")).text).text
        if "8,400 元" not in page:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(page)
