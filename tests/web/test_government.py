"""Government service and the pages that only tell, on the seeded database."""

from datetime import UTC, datetime

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.i18n import translate
from marketplace.portal.codes import english_regions
from marketplace.shipped import in_force, shipped_policies
from marketplace.web.government import GROUP_OF, MATTERS, matters
from marketplace.web.policy_words import State, state_of
from policies import queries
from tests.web.reading import read

pytestmark = pytest.mark.seeded
Client = AsyncTestClient[Litestar]
AS_OF = datetime(2020, 4, 15, tzinfo=UTC).date()


def expected() -> dict[str, str]:
    """Every matter of the pack and its group."""
    return {
        policy["id"]: GROUP_OF[policy["benefit"]["type"]]
        for policy in shipped_policies()
        if policy["category"] == "resumption" or policy["id"] in MATTERS
    }


class TestMatters:
    """/government."""

    async def test_lists_the_resumption_policies_and_the_named_matters_once(self, client: Client) -> None:
        page = read((await client.get("/government")).text)
        shown = [link.removeprefix("/policies/") for link in page.links if link.startswith("/policies/")]
        assert sorted(shown) == sorted(expected())
        assert len(expected()) == 6 + len(MATTERS)

    async def test_groups_by_the_kind_of_benefit_in_the_data(self, session: AsyncSession) -> None:
        for group in await matters(session, AS_OF):
            for policy in group.policies:
                assert expected()[policy.policy_id] == group.name

    async def test_puts_what_is_in_force_first_and_counts_it(self, session: AsyncSession) -> None:
        for group in await matters(session, AS_OF):
            states = [state_of(policy, AS_OF) for policy in group.policies]
            assert states == sorted(states, key=list(State).index)
            assert group.in_force == states.count(State.IN_FORCE)

    async def test_counts_as_the_home_page_does(self, client: Client, session: AsyncSession) -> None:
        home, here = [read((await client.get(path)).text).text for path in ("/", "/government")]
        for group in await matters(session, AS_OF):
            words = f"{translate('zh-CN', f'government.group.{group.name}')} 现行 {group.in_force} 项"
            assert words in home
            assert words in here

    async def test_shows_issuer_number_clause_dates_and_mark_of_each(self, client: Client) -> None:
        page = read((await client.get("/government")).text)
        for policy in shipped_policies():
            if policy["id"] in expected():
                for words in (policy["document_no"], policy["clause_zh"], policy["eligibility_zh"]):
                    assert " ".join(words.split()) in page.text, policy["id"]
        assert "5月9日才发布" in page.text

    async def test_marks_each_state_as_the_pack_counts_it(self, session: AsyncSession) -> None:
        rows = {row.policy_id: row for row in await queries.published(session)}
        for policy in shipped_policies():
            assert (state_of(rows[policy["id"]], AS_OF) is State.IN_FORCE) == in_force(policy, AS_OF)

    async def test_speaks_english_with_chinese_parts_marked(self, client: Client) -> None:
        html = (await client.get("/government?lang=en")).text
        assert "Low-risk areas: no approval or filing needed to open" in html
        assert '<span lang="zh-CN">国办发明电〔2020〕6号</span>' in html

    def test_names_every_area_of_the_pack_in_english(self) -> None:
        assert {policy["region_code"] for policy in shipped_policies()} <= set(english_regions())


class TestPagesThatTell:
    """/accessibility and /privacy."""

    @pytest.mark.parametrize("lang", ["zh", "en"])
    @pytest.mark.parametrize("address", ["/accessibility", "/privacy"])
    async def test_are_there_in_both_languages(self, client: Client, address: str, lang: str) -> None:
        answer = await client.get(address, params={"lang": lang})
        assert answer.status_code == 200
        assert "12345" in read(answer.text).text

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_each_page_has_a_description_and_a_policys_says_what_it_gives(
        self, client: Client, lang: str
    ) -> None:
        told = {}
        for address in ("/", "/check", "/policies", "/policies/CN-VAT-2019-13-1"):
            page = (await client.get(address, params={"lang": lang})).text
            told[address] = page.partition('<meta name="description" content="')[2].partition('">')[0]
        assert all(len(text) > 20 for text in told.values())
        assert len(set(told.values())) == len(told)
        policy = next(one for one in shipped_policies() if one["id"] == "CN-VAT-2019-13-1")
        assert told["/policies/CN-VAT-2019-13-1"].startswith(str(policy[f"eligibility_{lang}"])[:10])

    async def test_search_engines_are_kept_from_what_is_for_programs_and_single_readers(
        self, client: Client
    ) -> None:
        answer = await client.get("/robots.txt")
        assert answer.headers["content-type"].startswith("text/plain")
        assert {"User-agent: *", "Disallow: /api/", "Disallow: /r/"} <= set(answer.text.splitlines())

    async def test_the_privacy_page_names_every_cookie_a_visitor_gets(self, client: Client) -> None:
        told = read((await client.get("/privacy?lang=zh")).text).text
        form = (await client.get("/check/identity")).text
        token = form.partition('name="_csrf_token" value="')[2].partition('"')[0]
        await client.post("/check/identity", data={"_csrf_token": token, "entity_type": "company"})
        names = {cookie.name for cookie in client.cookies.jar}
        assert {"mp_check", "mp_lang"} <= names
        for name in names:
            assert (name if not name.startswith("mp_csrf_") else "mp_csrf_*") in told, name
