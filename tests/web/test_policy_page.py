"""One policy on its page: its rule ticking by what is answered there, its course, and everything it is tied to."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from markupsafe import escape
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.app import create_app
from marketplace.profiles import service
from marketplace.settings import Settings
from marketplace.shipped import in_force, shipped_policies
from marketplace.web.format import day
from tests.factories import lending
from tests.factories.enterprises import enterprise
from tests.factories.pages import Visitor, form_of
from tests.factories.publishing import RENT, published
from tests.web.conftest import Arrive, SignedIn
from tests.web.reading import Page, read

pytestmark = pytest.mark.seeded
Client = AsyncTestClient[Litestar]
AS_OF = date(2020, 4, 15)
TENANT = {
    "province_code": "山东", "industry_code": "1411", "employees_end": "60", "operating_revenue_yuan": "1000万",
    "total_assets_yuan": "", "landlord_type": "state_owned",
}  # fmt: skip


async def at(client: Client, address: str, **params: str) -> Page:
    """A page that is there."""
    answer = await client.get(address, params=params)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


async def seen(visitor: Visitor, address: str) -> Page:
    """The same for somebody with cookies of his own."""
    answer = await visitor.get(address)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


class TestOnePolicy:
    """/policies/{id}."""

    async def test_tells_the_rule_as_a_sentence_and_condition_by_condition(self, client: Client) -> None:
        page = await at(client, "/policies/SD-SI-2020-SME")
        assert "所在省是山东省，且以单位方式参加社会保险" in page.text
        assert all(
            f"还不能定 {words}" in page.text
            for words in ("同时满足", "所在省是山东省", "以单位方式参加社会保险")
        )
        assert 'province_code == "370000"' in page.text

    async def test_links_what_it_excludes_extends_and_carries_out(self, client: Client) -> None:
        page = await at(client, "/policies/CN-SI-2020-49-SME")
        assert {"/policies/CN-SI-2020-11-SME", "/policies/CN-SI-2020-11-HB"} <= set(page.links)
        page = await at(client, "/policies/SD-SI-2020-SME")
        assert "落实的上级文件" in page.text
        assert "/policies/CN-SI-2020-11-SME" in page.links

    async def test_says_an_exclusion_on_both_sides(self, client: Client) -> None:
        stated = [(policy["id"], other) for policy in shipped_policies() for other in policy["exclusions"]]
        for one, other in stated[:12]:
            assert f"/policies/{other}" in (await at(client, f"/policies/{one}")).links
            assert f"/policies/{one}" in (await at(client, f"/policies/{other}")).links

    async def test_shows_source_mark_and_what_was_first_written(self, client: Client) -> None:
        page = await at(client, "/policies/CN-STAMP-2017-77")
        assert "最初发布时写的是到 2020年12月31日" in page.text
        assert "最初发布时没有写截止日期" in (await at(client, "/policies/CN-TAX-2020-8-1")).text
        page = await at(client, "/policies/CN-TAX-2020-8-2")
        assert "本站编写人员一部分对照下列网页核对，一部分凭记忆写成、把握较大" in page.text
        assert "news.hangzhou.com.cn 网页日期 2020年2月7日" in page.text
        assert "没有对照发文机关的原文" in page.text
        assert "https://fgk.chinatax.gov.cn/" in page.links
        own = (
            "https://hrss.shandong.gov.cn/articles/ch08160/202305/94830cdb-88da-498c-aa7e-8ea3f78d4723.shtml"
        )
        assert own in (await at(client, "/policies/SD-SI-2020-SME")).links

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_keeps_the_editors_notes_and_pseudo_code_to_itself(self, client: Client, lang: str) -> None:
        for policy in shipped_policies():
            page = (await client.get(f"/policies/{policy['id']}", params={"lang": lang})).text
            editors = [source["text"] for source in policy["sources"]]
            editors += [policy.get("note"), policy["benefit"].get("formula_text")]
            for words in filter(None, editors):
                assert str(escape(words)) not in page, (policy["id"], words)

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_every_shipped_policy_has_a_page(self, client: Client, lang: str) -> None:
        for policy in shipped_policies():
            page = await at(client, f"/policies/{policy['id']}", lang=lang)
            assert policy[f"name_{lang}"] in page.text
            assert policy["document_no"] in page.text

    @pytest.mark.parametrize("name", ["NOPE", "%00", "x" * 3000, "%F0%9F%90%9F", "CN-VAT-2019-13-1%20"])
    async def test_that_is_not_there_is_a_404_page(self, client: Client, name: str) -> None:
        answer = await client.get(f"/policies/{name}", headers={"accept": "text/html"})
        assert answer.status_code == 404
        assert "没有这条政策" in answer.text


class TestAnswering:
    """The form beside the rule."""

    async def test_asks_what_its_rule_depends_on_and_nothing_else(self, client: Client) -> None:
        form = form_of(await client.get(f"/policies/{RENT}"))
        assert {name for name in form.fields if name != "_csrf_token"} >= set(TENANT)
        assert "tax_credit_rating" not in form.ids

    async def test_ticks_what_holds_and_says_so_once_all_is_known(self, arrive: Arrive) -> None:
        visitor = arrive()
        page = await seen(visitor, f"/policies/{RENT}")
        assert "还没有回答" in page.text
        kept = await visitor.post(f"/policies/{RENT}", {"province_code": "山东"})
        assert kept.status_code == 303
        assert kept.headers["location"] == f"/policies/{RENT}#yours"
        page = await seen(visitor, f"/policies/{RENT}")
        assert "符合 所在省是山东省 你填的是山东省" in page.text
        assert "先答这几题，可能就定了" in page.text
        await visitor.post(f"/policies/{RENT}", TENANT)
        page = await seen(visitor, f"/policies/{RENT}")
        assert "你符合吗 符合" in page.text
        assert "还不能定" not in page.text

    async def test_says_why_not_and_what_would_change_it(self, arrive: Arrive) -> None:
        visitor = arrive()
        await visitor.post(f"/policies/{RENT}", {**TENANT, "landlord_type": "private"})
        page = await seen(visitor, f"/policies/{RENT}")
        assert "你符合吗 目前不符合" in page.text
        assert "要求：经营用房出租人类型是国有单位的房子" in page.text

    async def test_the_answers_are_the_checks_own(self, arrive: Arrive) -> None:
        visitor = arrive()
        await visitor.post(f"/policies/{RENT}", TENANT)
        result = (await visitor.get("/check/result")).text
        assert f'id="p-{RENT}"' in result.partition('aria-labelledby="sure"')[2].partition("</section>")[0]
        assert form_of(await visitor.get(f"/policies/{RENT}")).fields["employees_end"] == "60"

    async def test_shows_the_amount_as_soon_as_it_is_known(self, arrive: Arrive) -> None:
        visitor, address = arrive(), "/policies/CN-VAT-2020-13-OT"
        sales = {
            "vat_taxpayer_type": "small_scale",
            "has_3pct_levy_sales": "true",
            "vat_period_sales_yuan": "40万",
        }
        await visitor.post(address, {**sales, "province_code": "山东"})
        assert "8,000 元" in (await seen(visitor, address)).text

    async def test_keeps_what_was_typed_beside_what_is_wrong_with_it(self, arrive: Arrive) -> None:
        visitor = arrive()
        answer = await visitor.post(f"/policies/{RENT}", {**TENANT, "employees_end": "好多"})
        assert answer.status_code == 422
        form = form_of(answer)
        assert form.summary == ["employees_end"]
        assert form.fields["employees_end"] == "好多"
        assert form.fields["operating_revenue_yuan"] == "1000万"
        assert form.title.startswith("有几处要改")
        assert "还没有回答" in (await seen(visitor, f"/policies/{RENT}")).text

    async def test_an_empty_answer_forgets_the_one_before(self, arrive: Arrive) -> None:
        visitor = arrive()
        await visitor.post(f"/policies/{RENT}", TENANT)
        await visitor.post(f"/policies/{RENT}", {**TENANT, "landlord_type": ""})
        page = await seen(visitor, f"/policies/{RENT}")
        assert "你符合吗 还不能定" in page.text

    async def test_refuses_a_form_that_is_not_its_own(self, arrive: Arrive) -> None:
        assert (await arrive().post_bare(f"/policies/{RENT}", TENANT)).status_code == 403
        assert (await arrive().post("/policies/NOPE", TENANT)).status_code == 404

    @pytest.mark.parametrize("policy", [one["id"] for one in shipped_policies() if in_force(one, AS_OF)])
    async def test_every_policy_in_force_can_be_answered(self, arrive: Arrive, policy: str) -> None:
        visitor = arrive()
        form = form_of(await visitor.get(f"/policies/{policy}"))
        assert (
            form.ids & set(form.fields) or "还没有回答" not in (await visitor.get(f"/policies/{policy}")).text
        )
        assert (await visitor.post(f"/policies/{policy}", {})).status_code == 303


class TestCourse:
    """How it came about and what became of it."""

    async def test_one_that_has_ended_says_so_at_once_and_where_to_go(
        self, settings: Settings, now: datetime
    ) -> None:
        later = create_app(replace(settings, as_of=date(2021, 6, 1)), clock=lambda: now)
        async with AsyncTestClient(app=later, base_url="http://127.0.0.1:8000") as client:
            answer = await client.get("/policies/CN-PROC-2011-181")
            first = read(answer.text.partition('id="says"')[0])
            assert "2021年6月1日 这一天，它不在执行期内 现在请看：" in first.text
            assert "/policies/CN-PROC-2020-46" in first.links
            assert "执行到这一天，已到期" in read(answer.text).text
            assert "在这里回答" not in answer.text
            listed = read((await client.get("/policies?when=ended&q=CN-PROC-2011-181")).text)
            assert "/policies/CN-PROC-2011-181" in listed.links
            assert "已于" in listed.text

    async def test_one_that_has_ended_without_a_successor_says_that_too(
        self, client: Client, session: AsyncSession, now: datetime
    ) -> None:
        await published(session, now, effective_to=date(2020, 3, 31))
        page = await at(client, f"/policies/{RENT}")
        assert "没有找到接替它的政策" in page.text.partition("政策怎么说")[0]

    async def test_one_still_to_come_says_from_when(self, client: Client) -> None:
        page = await at(client, "/policies/CN-VAT-2020-24-OT")
        assert "从 2020年6月1日 起才能享受" in page.text

    async def test_what_replaced_it_is_told_on_both_sides_in_order(self, client: Client) -> None:
        page = await at(client, "/policies/SD-SIX-2019")
        course = page.text.partition("来龙去脉")[2]
        assert course.index("开始执行") < course.index("后来被取代为")
        assert "/policies/CN-SIX-2022-10" in page.links
        assert "/policies/SD-SIX-2019" in (await at(client, "/policies/CN-SIX-2022-10")).links
        assert "/policies/SD-SI-2020-SME" in (await at(client, "/policies/CN-SI-2020-11-SME")).links

    async def test_a_new_version_tells_what_it_changed_and_names_nobody(
        self, client: Client, session: AsyncSession, now: datetime
    ) -> None:
        page = await at(client, f"/policies/{RENT}")
        assert "第 1 版" in page.text
        row = await published(
            session,
            now,
            rule='province_code == "370000"',
            effective_to=date(2020, 12, 31),
            note="只给管理员看",
        )
        answer = (await client.get(f"/policies/{RENT}")).text
        page = read(answer)
        assert page.text.index("第 2 版") < page.text.index("第 1 版")
        told = page.text.partition("第 2 版")[2].partition("第 1 版")[0]
        assert "享受的条件改了 原来： 所在省是山东省，且" in told
        assert "现在： 所在省是山东省 日期改了" in told
        assert f"到：{day(date(2020, 12, 31), 'zh-CN')}" in told
        assert "名称改了" not in told
        assert "只给管理员看" not in answer
        assert all(str(editor) not in answer for editor in row.editors)


class TestWhose:
    """A signed-in owner's enterprise is judged by its own facts, unless he asks for the check's answers."""

    async def test_is_the_enterprises_with_its_name_and_a_way_to_the_answers(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        mine = await lending.enterprise(session, who, now)
        name = (await service.enterprise_of(session, who, mine)).name
        other = await enterprise(session, who, now + timedelta(hours=1))
        await session.commit()
        await owner.post("/check/size", {"employees_end": "9999"})
        page = await owner.get(f"/policies/{RENT}?lang=zh")
        seen = read(page.text)
        assert f"按{name}现有的信息" in seen.text
        assert "企业资料里是" in seen.text
        assert "你填的是" not in seen.text
        assert f"/account/enterprises/{mine}" in page.text
        assert f"/check/result?enterprise={mine}" in page.text
        assert f'action="/policies/{RENT}"' not in page.text
        assert f'value="{other.id}"' in page.text
        answers = await owner.get(f"/policies/{RENT}?by=answers")
        assert f'action="/policies/{RENT}"' in answers.text
        assert f"按{name}现有的信息" not in read(answers.text).text
        kept = await owner.post(f"/policies/{RENT}", {"province_code": "山东"})
        assert kept.headers["location"] == f"/policies/{RENT}?by=answers#yours"
        chosen = await owner.get(f"/policies/{RENT}?by={other.id}")
        assert f"/account/enterprises/{other.id}" in chosen.text

    async def test_is_nobody_elses(self, signed_in: SignedIn, session: AsyncSession, now: datetime) -> None:
        _, theirs = await signed_in()
        secret = await lending.enterprise(session, theirs, now)
        await session.commit()
        stranger, _ = await signed_in()
        page = await stranger.get(f"/policies/{RENT}?by={secret}")
        assert f"enterprises/{secret}" not in page.text
        assert f'action="/policies/{RENT}"' in page.text
