"""The policy library on the seeded database: finding, filtering, and one policy with all it is tied to."""

from datetime import UTC, datetime

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.shipped import in_force, shipped_policies
from marketplace.web.library import PAGE_SIZE
from policies.tables import SearchMiss
from tests.factories.publishing import RENT, published
from tests.web.reading import Page, read

pytestmark = pytest.mark.seeded
Client = AsyncTestClient[Litestar]
AS_OF = datetime(2020, 4, 15, tzinfo=UTC).date()


async def at(client: Client, address: str, **params: str) -> Page:
    answer = await client.get(address, params=params)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def listed(page: Page) -> list[str]:
    """The policies of a list, in order."""
    return [link.removeprefix("/policies/") for link in page.links if link.startswith("/policies/")]


class TestFinding:
    """/policies with words and filters."""

    async def test_shows_what_is_in_force_unless_asked_for_all(self, client: Client) -> None:
        now = [policy["id"] for policy in shipped_policies() if in_force(policy, AS_OF)]
        assert f"找到 {len(now)} 项政策" in (await at(client, "/policies")).text
        assert "找到 90 项政策" in (await at(client, "/policies", when="all")).text

    async def test_turns_pages_without_losing_or_repeating_a_policy(self, client: Client) -> None:
        seen: list[str] = []
        for number in range(1, 6):
            page = await at(client, "/policies", when="all", page=str(number))
            assert f"第 {number} 页，共 5 页" in page.text
            seen += listed(page)
        assert sorted(seen) == sorted(policy["id"] for policy in shipped_policies())
        assert len(listed(page)) == 90 - 4 * PAGE_SIZE

    async def test_filters_by_kind_and_level_together(self, client: Client) -> None:
        page = await at(client, "/policies", category="fee_reduction", level="city", when="all")
        wanted = [
            policy["id"]
            for policy in shipped_policies()
            if policy["category"] == "fee_reduction" and policy["level"] == "city"
        ]
        assert sorted(listed(page)) == sorted(wanted)

    @pytest.mark.parametrize("words", ["财税〔2019〕13号", "CN-VAT-2019-13-1", "免征增值税 30 万元"])
    async def test_finds_by_number_id_and_words(self, client: Client, words: str) -> None:
        assert "CN-VAT-2019-13-1" in listed(await at(client, "/policies", q=words))

    async def test_says_where_each_stands_on_the_day(self, client: Client) -> None:
        page = await at(client, "/policies", q="CN-TRAIN-2020-30", when="all")
        assert "5月9日才发布" in page.text
        page = await at(client, "/policies", q="CN-STABLE-2018-39", when="all")
        assert "现行有效" in page.text

    async def test_counts_each_choice_beside_the_others(self, client: Client) -> None:
        page = await at(client, "/policies", category="fee_reduction", when="all")
        cities = [p for p in shipped_policies() if p["category"] == "fee_reduction" and p["level"] == "city"]
        taxes = [p for p in shipped_policies() if p["category"] == "tax_reduction"]
        assert f"市级 {len(cities)}" in page.text
        assert f"减税 {len(taxes)}" in page.text
        ended = [p for p in shipped_policies() if p["effective_to"] and p["effective_to"] < AS_OF.isoformat()]
        assert f"已到期 {len(ended)}" in (await at(client, "/policies")).text

    async def test_filters_by_area_and_by_one_of_several_issuers(self, client: Client) -> None:
        page = await at(client, "/policies", area="370600", when="all")
        assert sorted(listed(page)) == ["YT-CAPEX-2020", "YT-LANDLORD-2020", "YT-ONEOFF-2020"]
        page = await at(client, "/policies", issuer="退役军人部", when="all")
        assert sorted(listed(page)) == ["CN-EMP-2019-21-E", "CN-EMP-2019-21-I"]
        assert (
            "找到 90 项政策"
            in (await at(client, "/policies", area="999999", issuer="无此机关", when="all")).text
        )

    async def test_finds_what_is_mistyped_and_marks_what_was_meant(self, client: Client) -> None:
        answer = await client.get("/policies", params={"q": "stmap duty", "lang": "en", "when": "all"})
        assert listed(read(answer.text))[0] == "CN-STAMP-2017-77"
        assert "<mark>stamp</mark>" in answer.text.lower()

    async def test_says_where_else_the_words_are_found(self, client: Client) -> None:
        page = await at(client, "/policies", q="以工代训")
        assert "别的时间段里有" in page.text
        assert any("when=coming" in link for link in page.links)

    async def test_tells_what_to_do_when_nothing_is_found(
        self, client: Client, session: AsyncSession
    ) -> None:
        for _ in range(2):
            page = await at(client, "/policies", q="铁路货运价格")
        assert "没有找到“铁路货运价格”" in page.text
        assert "/check" in page.links
        misses = list(await session.scalars(select(SearchMiss)))
        assert [(miss.words, miss.searches) for miss in misses] == [("铁路货运价格", 2)]

    @pytest.mark.parametrize(
        "words", ["370102199001011234", "囧 138 0013 8000", "囧@example.com", "囧" * 61, "%_"]
    )
    async def test_writes_nothing_down_that_may_be_personal(
        self, client: Client, session: AsyncSession, words: str
    ) -> None:
        await at(client, "/policies", q=words)
        assert list(await session.scalars(select(SearchMiss))) == []

    async def test_the_api_searches_alike_and_counts_alike(
        self, client: Client, session: AsyncSession
    ) -> None:
        found = (await client.get("/api/v1/policies", params={"q": "stmap duty"})).json()
        assert [item["id"] for item in found["items"]] == ["CN-STAMP-2017-77"]
        assert found["total"] == 1
        found = (await client.get("/api/v1/policies", params={"q": "2020 13号", "limit": 2})).json()
        assert {item["id"] for item in found["items"]} == {"CN-VAT-2020-13-HB", "CN-VAT-2020-13-OT"}
        assert (await client.get("/api/v1/policies", params={"q": "囧囧"})).json() == {
            "total": 0,
            "items": [],
        }
        assert [miss.words for miss in await session.scalars(select(SearchMiss))] == ["囧囧"]

    async def test_finds_a_new_version_at_once_and_the_old_words_no_more(
        self, client: Client, session: AsyncSession, now: datetime
    ) -> None:
        assert listed(await at(client, "/policies", q="囧囧减免", when="all"))[:1] != [RENT]
        await published(session, now, name_zh="囧囧减免办法")
        assert listed(await at(client, "/policies", q="囧囧减免办法", when="all"))[0] == RENT
        assert len(listed(await at(client, "/policies", q=RENT.lower(), when="all"))) > 0

    @pytest.mark.parametrize(
        "query",
        [
            "q=%00%1f%7f",
            "q=%ED%A0%80",
            "q=%25_%5C",
            "q=" + "x" * 5000,
            "page=0",
            "page=-3",
            "page=%C2%B2",
            "page=99999999999999999999",
            "category=nonsense&level=%00&when=%27",
            "q=a&q=b",
        ],
    )
    async def test_takes_any_address_calmly(self, client: Client, query: str) -> None:
        assert (await client.get(f"/policies?{query}")).status_code == 200

    async def test_shows_what_was_typed_as_text_never_as_markup(self, client: Client) -> None:
        answer = await client.get("/policies", params={"q": '"><script>alert(1)</script>'})
        assert "<script>alert" not in answer.text


def test_every_shipped_policy_has_a_short_heading_of_its_own() -> None:
    for lang, longest in (("zh", 28), ("en", 90)):
        names = [policy[f"name_{lang}"] for policy in shipped_policies()]
        assert len(set(names)) == len(names) == 90
        assert max(map(len, names)) <= longest
