"""The result's pages: every state, filters with honest counts, stated figures, shares, the PDF; and who may."""

import json
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.roles import Role
from auth.tables import AuditEntry
from marketplace.portal import checks
from marketplace.portal.tables import CheckSession, ResultShare, StatedAmount
from policies import content, service
from policies.tables import PolicyVersion
from tests.factories.enterprises import enterprise
from tests.factories.pages import Visitor, form_of
from tests.policies.test_matching_api import ENTERPRISES
from tests.web.conftest import Arrive, SignedIn
from tests.web.reading import read

pytestmark = pytest.mark.seeded
FACTS: dict[str, Any] = ENTERPRISES[0]["facts"]
MEDICAL = "CN-MED-2020-6"
AMOUNTS = f"/check/result/amounts/{MEDICAL}"


async def knowing(visitor: Visitor, session: AsyncSession, now: datetime, facts: dict[str, Any]) -> Visitor:
    """The visitor after answering these facts."""
    token = await checks.save(session, None, json.loads(json.dumps(facts, default=str)), (), now)
    await session.commit()
    assert token is not None
    visitor.client.cookies.set(checks.COOKIE, token)
    return visitor


def row_of(html: str, policy: str) -> str:
    """What is read of one policy on the page."""
    return read(html.partition(f'id="p-{policy}"')[2].partition("</details>")[0]).text


def heading(html: str) -> str:
    return read(html.partition("<h1>")[2].partition("</h1>")[0]).text


class TestStates:
    """Nothing known, nothing certain, all decided, something broken."""

    async def test_nothing_known_promises_nothing_and_leads_to_the_questions(self, arrive: Arrive) -> None:
        page = (await arrive().get("/check/result")).text
        assert heading(page) == "回答几题，就知道能省多少"
        assert 'id="open"' in page
        assert 'id="not-now"' not in page
        assert 'id="take"' not in page
        assert "/check" in read(page).links

    @pytest.mark.parametrize(
        ("lang", "told"), [("zh", "确定能省 8,400 元"), ("en", "You save ¥8,400 for certain")]
    )
    async def test_all_decided_says_the_amount_first(
        self, arrive: Arrive, session: AsyncSession, now: datetime, lang: str, told: str
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        page = (await visitor.get(f"/check/result?lang={lang}")).text
        assert heading(page) == told
        assert 'id="open"' not in page
        assert 'id="not-now"' in page

    async def test_partly_known_links_what_is_missing_to_its_question(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        few = {name: FACTS[name] for name in ("entity_type", "province_code", "city_code")}
        visitor = await knowing(arrive(), session, now, few)
        page = (await visitor.get("/check/result")).text
        asked = [link for link in read(page).links if link.startswith("/check/q/")]
        assert asked
        for link in sorted(set(asked))[:5]:
            assert (await visitor.get(link)).status_code == 200

    async def test_a_policy_that_cannot_be_judged_is_named_apart_as_our_fault(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        broken = (
            update(PolicyVersion).where(col(PolicyVersion.policy_id) == MEDICAL).values(rule="no_such_fact")
        )
        await session.execute(broken)
        visitor = await knowing(arrive(), session, now, FACTS)
        page = (await visitor.get("/check/result")).text
        assert "现在判断不了的政策" in page
        assert f'id="p-{MEDICAL}"' not in page

    async def test_nothing_that_applies_says_so_and_whom_to_ask(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        others = update(PolicyVersion).where(col(PolicyVersion.policy_id) != MEDICAL)
        await session.execute(others.values(effective_from=date(2010, 1, 1), effective_to=date(2019, 12, 31)))
        none = FACTS | {"in_social_insurance_as_unit": False}
        visitor = await knowing(arrive(), session, now, none)
        page = (await visitor.get("/check/result")).text
        assert heading(page) == "按现在的情况，没有适用的政策"
        assert "12345" in page


class TestOnePolicy:
    """What is told of each."""

    async def test_says_how_to_have_it_with_papers_place_time_and_source(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        at_once = (
            "8,400 元", "还有 350 天", "到 2021年3月31日", "财税〔2019〕13号", "财政部 税务总局", "2019年1月17日发布",
            "全国，减税", "为什么符合、怎么办、要哪些材料",
        )  # fmt: skip
        row = row_of((await visitor.get("/check/result")).text, "CN-VAT-2019-13-1")
        assert [told for told in at_once if told not in row] == []
        opened = (
            "自己申报享受", "小微企业免税销售额", "电子税务局", "国家税务总局公告2019年第4号", "一个申报期",
            "本站编写人员对照下列网页核对过", "录入本站", "查原文到 国家税务总局政策法规库",
        )  # fmt: skip
        assert [told for told in opened if told in row] == []
        part = read((await visitor.get("/check/result/policies/CN-VAT-2019-13-1")).text).text
        page = (await visitor.get("/check/result?open=CN-VAT-2019-13-1")).text
        assert part in row_of(page, "CN-VAT-2019-13-1")
        assert [told for told in opened if told not in part] == []

    async def test_without_a_written_way_sends_to_the_issuer_and_the_hotline(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        row = (
            await session.scalars(select(PolicyVersion).where(col(PolicyVersion.policy_id) == MEDICAL))
        ).one()
        kept = content.content_of(row)
        await service.store_published(session, "XX-NEW", kept, now)
        visitor = await knowing(arrive(), session, now, FACTS)
        own = read((await visitor.get("/check/result/policies/XX-NEW")).text).text
        assert "这条政策的办法还没整理" in own
        assert "国家医保局" in own
        assert "12345" in own

    async def test_a_no_says_the_condition_the_answer_and_what_would_change_it(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        page = (await visitor.get("/check/result")).text
        own = read(page.partition('id="p-CN-EMP-2019-21-E"')[2].partition("</details>")[0]).text
        assert "要求：" in own
        assert "你填的是 0 人" in own
        assert "到 1 人 就符合" in own or "到 1 人就符合" in own

    async def test_a_change_that_leaves_answers_open_is_said_to_meet_one_condition_only(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, {"hires_veterans": 0})
        for lang, meets, applies in (
            ("zh", "就满足这一条；是否符合还要看：", "就符合"),
            ("en", "it would meet this condition", "it would apply"),
        ):
            page = (await visitor.get(f"/check/result?lang={lang}")).text
            own = read(page.partition('id="p-CN-EMP-2019-21-E"')[2].partition("</details>")[0]).text
            assert meets in own
            assert applies not in own

    async def test_warns_of_a_cliff_with_what_is_lost(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS | {"on_job_employees": 30})
        told = read((await visitor.get("/check/result")).text).text
        assert "留意门槛" in told
        assert "在职职工人数再多 1 人（到 31 人），会失去" in told

    async def test_tells_what_goes_together_and_what_it_was_chosen_over(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        page = (await visitor.get("/check/result")).text
        told = read(page.partition('id="together"')[2].partition("</aside>")[0]).text
        assert "合计 8,400 元" in told
        assert "小规模纳税人增值税征收率从 3% 降到 1%" in told
        assert "换成它少 2,800 元" in told
        assert "次一组合计 5,600 元" in told


class TestUnfolding:
    """Few rows and no details at once; the rest where it is asked for."""

    async def test_cuts_long_lists_with_a_way_to_the_rest_that_keeps_the_filters(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        page = (await visitor.get("/check/result?level=national")).text
        way = next(link for link in read(page).links if "all=1" in link)
        anchor = way.partition("#")[2]
        assert page.partition('id="not-now"')[2].count('<details class="mp-pol"') == 20
        assert f'id="{anchor}"' not in page
        whole = (await visitor.get(way.partition("#")[0])).text
        assert f'id="{anchor}"' in whole
        assert "level=national" in way
        assert "all=1" not in whole.partition('id="not-now"')[2]

    async def test_opens_what_the_cut_would_hide(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        page = (await visitor.get("/check/result")).text
        hidden = next(link for link in read(page).links if "all=1" in link).partition("#p-")[2]
        opened = (await visitor.get(f"/check/result?open={hidden}")).text
        assert f'id="p-{hidden}" open' in opened
        assert '<details class="govuk-details mp-more" open>' in opened

    async def test_prints_every_row_with_its_details(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        page = (await visitor.get("/check/result?view=print")).text
        assert page.count('<details class="mp-pol"') == page.count("查原文到") > 60
        assert "hx-get" not in page
        assert "这里只印了清单" not in page

    async def test_a_part_is_told_to_who_may_see_the_result_alone(
        self, arrive: Arrive, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        mine = await enterprise(session, who, now)
        other, _ = await signed_in()
        address = f"/check/result/policies/{MEDICAL}?enterprise={mine.id}"
        assert (await owner.get(address)).status_code == 200
        assert (await other.get(address)).status_code == 404
        assert (await arrive().get(address)).status_code == 303
        for unknown in ("NO-SUCH", "%00", "a" * 300):
            assert (await arrive().get(f"/check/result/policies/{unknown}")).status_code == 404


class TestFilters:
    """GET parameters that narrow the lists and nothing else."""

    async def test_narrow_the_lists_and_keep_the_totals(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        whole = (await visitor.get("/check/result")).text
        for query in (
            "category=tax_reduction",
            "level=city",
            "amounts=1",
            "within=90",
            "within=30&amounts=1",
        ):
            page = (await visitor.get(f"/check/result?{query}")).text
            assert heading(page) == heading(whole)
            assert "确定符合 25 项" in read(page).text
            shown = page.count('<details class="mp-pol"')
            assert 0 < shown < whole.count('<details class="mp-pol"'), query
        told = read((await visitor.get("/check/result?category=tax_reduction")).text).text
        assert "25 项中的" in told

    async def test_that_leave_nothing_say_how_many_they_hide(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        told = read((await visitor.get("/check/result?category=comprehensive&amounts=1&within=30")).text).text
        assert "这里有 25 项，都被筛掉了" in told

    @pytest.mark.parametrize(
        "query", ["category=x", "level=%00", "within=7", "amounts=2", "within=-1", "open=%3Cb%3E"]
    )
    async def test_that_nobody_understands_count_as_not_asked(self, arrive: Arrive, query: str) -> None:
        page = await arrive().get(f"/check/result?{query}")
        assert page.status_code == 200
        assert "项中的" not in page.text


class TestFigures:
    """A policy's own figures, stated where its amount stands."""

    async def test_make_the_amount_exact_and_are_kept_with_the_answers(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        answer = await visitor.post(AMOUNTS, {f"{MEDICAL}.due_yuan": "1.28万"})
        assert answer.headers["location"] == f"/check/result?open={MEDICAL}#p-{MEDICAL}"
        page = await visitor.get(answer.headers["location"].partition("#")[0])
        assert heading(page.text) == "确定能省 14,800 元"
        assert form_of(page).fields[f"{MEDICAL}.due_yuan"] == "12800"
        assert f'id="p-{MEDICAL}" open' in page.text

    async def test_that_are_no_number_are_told_beside_the_field_and_stay_typed(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        for text in ("lots", "-1", "1.234", "9" * 40):
            page = await visitor.post(AMOUNTS, {f"{MEDICAL}.due_yuan": text})
            found = form_of(page)
            assert (page.status_code, found.summary, len(found.errors)) == (
                422,
                [f"{MEDICAL}.due_yuan"],
                1,
            ), text
            assert found.fields[f"{MEDICAL}.due_yuan"] == text
            assert f'id="p-{MEDICAL}" open' in page.text
            assert found.title.startswith("有几处要改")
        assert (await session.scalars(select(StatedAmount))).all() == []

    async def test_emptied_are_forgotten(self, arrive: Arrive, session: AsyncSession, now: datetime) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        await visitor.post(AMOUNTS, {f"{MEDICAL}.due_yuan": "12800"})
        await visitor.post(AMOUNTS, {f"{MEDICAL}.due_yuan": " "})
        assert heading((await visitor.get("/check/result")).text) == "确定能省 8,400 元"

    async def test_begin_a_check_for_who_has_none(self, arrive: Arrive, session: AsyncSession) -> None:
        visitor = arrive()
        await visitor.post(AMOUNTS, {f"{MEDICAL}.due_yuan": "12800"})
        assert checks.COOKIE in visitor.client.cookies
        assert len((await session.scalars(select(CheckSession))).all()) == 1

    @pytest.mark.parametrize("policy", ["NO-SUCH", "CN-RES-2020-14", "%00", "a" * 300])
    async def test_of_a_policy_that_asks_for_none_are_not_found(self, arrive: Arrive, policy: str) -> None:
        assert (await arrive().post(f"/check/result/amounts/{policy}", {})).status_code == 404

    async def test_of_an_enterprise_are_its_owners_alone_and_audited_without_values(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        mine = await enterprise(session, who, now)
        sent = {"enterprise": str(mine.id), f"{MEDICAL}.due_yuan": "4321"}
        assert (
            (await owner.post(AMOUNTS, sent))
            .headers["location"]
            .startswith(f"/check/result?enterprise={mine.id}&open=")
        )
        row = (
            await session.scalars(select(AuditEntry).where(col(AuditEntry.action) == "profiles.state_amount"))
        ).one()
        assert (row.tenant, row.detail) == (str(mine.id), {"policy": MEDICAL, "figures": ["due_yuan"]})
        other, _ = await signed_in()
        for wrong in (str(mine.id), str(uuid4()), "no-id"):
            assert (await other.post(AMOUNTS, {**sent, "enterprise": wrong})).status_code == 404
        assert len((await session.scalars(select(StatedAmount))).all()) == 1


class TestShares:
    """An address for others."""

    async def test_shows_others_verdicts_and_amounts_without_name_or_answers(
        self, arrive: Arrive, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        mine = await enterprise(session, who, now, name="济南独一无二餐饮有限公司")
        await owner.post(f"/account/enterprises/{mine.id}/facts/size", {"employees_end": "17"})
        made = await owner.post("/check/result/shares", {"enterprise": str(mine.id)})
        address = made.headers["location"]
        assert address.startswith("/r/")
        seen = await arrive().get(address)
        assert seen.status_code == 200
        assert seen.headers["x-robots-tag"].startswith("noindex")
        assert seen.headers["referrer-policy"] == "no-referrer"
        assert seen.headers["cache-control"] == "no-store"
        for secret in ("独一无二", mine.uscc, "17 人", str(mine.id)):
            assert secret not in seen.text
        assert "仅供参考" in seen.text
        assert "失效" in seen.text
        assert "撤回" not in read(seen.text).text
        assert "撤回" in read((await owner.get(address)).text).text

    async def test_ends_when_withdrawn_and_when_its_time_is_over(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        addresses = [(await visitor.post("/check/result/shares")).headers["location"] for _ in range(2)]
        shares = (await session.scalars(select(ResultShare).order_by(col(ResultShare.created_at)))).all()
        page = (await visitor.get("/check/result")).text
        assert all(f"/check/result/shares/{share.id}/withdraw" in page for share in shares)
        stranger = arrive()
        assert (await stranger.post(f"/check/result/shares/{shares[0].id}/withdraw")).status_code == 404
        for share in shares:
            gone = await visitor.post(f"/check/result/shares/{share.id}/withdraw")
            assert gone.headers["location"].startswith("/check/result?withdrawn=1")
        assert "已撤回" in (await visitor.get("/check/result?withdrawn=1")).text
        for address in addresses:
            ended = await stranger.get(address)
            assert (ended.status_code, "这份结果已经失效" in ended.text) == (410, True)
        late = (await visitor.post("/check/result/shares")).headers["location"]
        await session.execute(update(ResultShare).values(expires_at=now - timedelta(seconds=1)))
        await session.commit()
        assert (await stranger.get(late)).status_code == 410

    async def test_is_not_made_of_nothing_nor_by_who_may_not(
        self, arrive: Arrive, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        assert (await arrive().post("/check/result/shares")).status_code == 409
        _, who = await signed_in()
        mine = await enterprise(session, who, now)
        other, _ = await signed_in()
        officer, _ = await signed_in(Role.POLICY_ADMIN)
        sent = {"enterprise": str(mine.id)}
        assert (await arrive().post("/check/result/shares", sent)).headers["location"] == "/login"
        assert (await other.post("/check/result/shares", sent)).status_code == 404
        assert (await officer.post("/check/result/shares", sent)).status_code == 403
        assert (await session.scalars(select(ResultShare))).all() == []

    @pytest.mark.parametrize("token", ["x", "%00", "a" * 3000, "%E4%BD%A0"])
    async def test_is_not_found_by_guessing(self, arrive: Arrive, token: str) -> None:
        assert (await arrive().get(f"/r/{token}")).status_code == 404

    async def test_says_so_when_the_library_has_changed_since(
        self, arrive: Arrive, session: AsyncSession, now: datetime
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        address = (await visitor.post("/check/result/shares")).headers["location"]
        share = (await session.scalars(select(ResultShare))).one()
        share.content = {**(share.content or {}), "pack_version": "2019-01-01.1"}
        await session.commit()
        assert "政策库之后有更新" in (await visitor.get(address)).text


class TestPdf:
    """The summary to take along."""

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_says_what_the_page_says_and_that_it_binds_nobody(
        self, arrive: Arrive, session: AsyncSession, now: datetime, lang: str
    ) -> None:
        visitor = await knowing(arrive(), session, now, FACTS)
        answer = await visitor.get(f"/check/result.pdf?lang={lang}")
        assert answer.headers["content-type"] == "application/pdf"
        told = "".join("".join(p.extract_text() for p in PdfReader(BytesIO(answer.content)).pages).split())
        wanted = {
            "zh": ("自查结果摘要", "8,400元", "仅供参考，不是决定", "不盖章", "电子税务局", "政策库版本"),
            "en": (
                "Summaryofthecheck",
                "¥8,400",
                "Indicative,notadecision",
                "norsealed",
                "electronictaxoffice",
            ),
        }[lang]
        assert [each for each in wanted if each not in told] == []
        assert b"/ByteRange" not in answer.content

    async def test_of_an_enterprise_is_its_owners_alone(
        self, arrive: Arrive, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        mine = await enterprise(session, who, now)
        other, _ = await signed_in()
        address = f"/check/result.pdf?enterprise={mine.id}"
        assert (await owner.get(address)).status_code == 200
        assert (await other.get(address)).status_code == 404
        sent_to = (await arrive().get(address)).headers["location"]
        assert sent_to.startswith("/login?next=%2Fcheck%2Fresult.pdf")

    async def test_of_nothing_is_refused_with_what_to_do(self, arrive: Arrive) -> None:
        answer = await arrive().get("/check/result.pdf")
        assert answer.status_code == 409
        assert "先回答几题" in answer.text
