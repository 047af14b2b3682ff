"""The check's pages: every group opens, nothing typed is lost, and what no answer can be is told beside its field."""

from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from eligibility import Facts, Vocabulary, explain, parse
from marketplace.portal.tables import CheckSession
from marketplace.profiles import service
from marketplace.web.check import group_names
from marketplace.web.verdicts import Reason, reasons_of
from tests.factories import lending
from tests.factories.enterprises import draft, enterprise
from tests.factories.pages import form_of
from tests.web.conftest import Arrive, SignedIn
from tests.web.reading import read

pytestmark = pytest.mark.seeded


class TestQuestions:
    """One group a page."""

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_of_every_group_open_and_ask_every_fact(self, arrive: Arrive, lang: str) -> None:
        visitor = arrive()
        for group in group_names():
            page = await visitor.get(f"/check/{group}?lang={lang}")
            assert page.status_code == 200, group
            asked = {fact.name for fact in Vocabulary.shipped().in_group(group)}
            assert asked - {"province_code"} <= form_of(page).fields.keys() | form_of(page).ids

    async def test_of_a_group_that_is_not_there_are_not_found(self, arrive: Arrive) -> None:
        visitor = arrive()
        for group in ["nothing", "system", "identity%00", "%E4%BD%A0", "a" * 500]:
            page = await visitor.get(f"/check/{group}")
            assert page.status_code == 404
            assert "找不到这一页" in page.text
            assert (await visitor.post(f"/check/{group}", {"employees_end": "5"})).status_code == 404

    async def test_may_all_be_skipped_and_the_result_promises_nothing(self, arrive: Arrive) -> None:
        visitor = arrive()
        for group in group_names():
            answer = await visitor.post(f"/check/{group}", {})
            assert answer.status_code == 303
        assert answer.headers["location"] == "/check/result"
        page = (await visitor.get("/check/result")).text
        assert 'id="open"' in page
        assert 'id="not-now"' not in page

    async def test_are_answered_as_people_write_numbers(self, arrive: Arrive) -> None:
        visitor = arrive()
        typed = {
            "employees_end": "１８人",
            "operating_revenue_yuan": "360万",
            "total_assets_yuan": "¥2,100,000.50",
        }
        assert (await visitor.post("/check/size", typed)).status_code == 303
        found = form_of(await visitor.get("/check/size")).fields
        assert found["employees_end"] == "18"
        assert found["operating_revenue_yuan"] == "3600000"
        assert found["total_assets_yuan"] == "2100000.5"

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("370300", {"city_code": "370300", "province_code": "370000"}),
            ("济南市", {"city_code": "370100", "province_code": "370000"}),
            ("山东省济南市章丘区", {"city_code": "370100", "province_code": "370000"}),
            ("Jinan, Shandong", {"city_code": "370100", "province_code": "370000"}),
            ("北京", {"city_code": "110100", "province_code": "110000"}),
            ("山东省", {"province_code": "370000"}),
            ("湖北省", {"province_code": "420000"}),
            ("仙桃市", {"city_code": "429000", "province_code": "420000"}),
        ],
    )
    async def test_about_the_place_answer_city_and_province_from_one_field(
        self, arrive: Arrive, session: AsyncSession, typed: str, kept: dict[str, str]
    ) -> None:
        visitor = arrive()
        await visitor.post("/check/identity", {"city_code": "420100"})
        assert (await visitor.post("/check/identity", {"city_code": typed})).status_code == 303
        assert await session.scalar(select(col(CheckSession.answers))) == kept
        shown = form_of(await visitor.get("/check/identity")).fields["city_code"]
        assert (await visitor.post("/check/identity", {"city_code": shown})).status_code == 303
        assert await session.scalar(select(col(CheckSession.answers))) == kept

    async def test_about_a_place_offer_what_may_be_meant_and_take_the_choice(self, arrive: Arrive) -> None:
        visitor = arrive()
        page = await visitor.post("/check/identity", {"city_code": "jn"})
        assert (page.status_code, form_of(page).summary) == (422, ["city_code"])
        assert form_of(page).fields["city_code"] == "jn"
        assert 'name="pick.city_code" value="370800"' in page.text
        chosen = {"city_code": "jn", "pick.city_code": "370800"}
        assert (await visitor.post("/check/identity", chosen)).status_code == 303
        assert form_of(await visitor.get("/check/identity")).fields["city_code"] == "山东省济宁市"
        unknown = form_of(await visitor.post("/check/identity", {"city_code": "no such place"}))
        assert unknown.errors == ["没有找到这个地方，写省、市或区县的名字，例如“济南”"]

    async def test_can_be_unanswered_again(self, arrive: Arrive) -> None:
        visitor = arrive()
        await visitor.post("/check/size", {"employees_end": "18"})
        await visitor.post("/check/size", {"employees_end": ""})
        assert form_of(await visitor.get("/check/size")).fields["employees_end"] == ""

    async def test_about_an_industry_offer_what_may_be_meant(self, arrive: Arrive) -> None:
        visitor = arrive()
        page = await visitor.post("/check/identity", {"industry_code": "餐饮"})
        assert page.status_code == 422
        assert form_of(page).fields["industry_code"] == "餐饮"
        assert 'name="pick.industry_code" value="6210"' in page.text
        await visitor.post("/check/identity", {"industry_code": "餐饮", "pick.industry_code": "6210"})
        assert form_of(await visitor.get("/check/identity")).fields["industry_code"] == "6210 正餐服务"

    async def test_about_an_industry_understand_everyday_english(self, arrive: Arrive) -> None:
        visitor = arrive()
        page = await visitor.post("/check/identity?lang=en", {"industry_code": "restaurant"})
        assert "6210 Full-service restaurants" in page.text
        await visitor.post("/check/identity", {"industry_code": "6299 anything"})
        shown = form_of(await visitor.get("/check/identity?lang=en")).fields["industry_code"]
        assert shown == "6299 Other catering not listed elsewhere"
        assert (
            form_of(await visitor.get("/check/identity?lang=zh")).fields["industry_code"]
            == "6299 其他未列明餐饮业"
        )


class TestFinding:
    """What the browser asks while somebody types."""

    async def test_gives_codes_and_labels_in_the_readers_language(self, arrive: Arrive) -> None:
        visitor = arrive()
        zh = (await visitor.get("/check/find/places?q=jn&lang=zh")).json()
        assert zh[0] == {"code": "370100", "label": "山东省济南市"}
        en = (await visitor.get("/check/find/places?q=jn&lang=en")).json()
        assert en[0] == {"code": "370100", "label": "Jinan, Shandong"}
        trades = (await visitor.get("/check/find/industries?q=hotel&lang=en")).json()
        assert trades[0] == {"code": "6110", "label": "6110 Tourist hotels"}
        cy = (await visitor.get("/check/find/industries?q=cy&lang=zh")).json()
        assert {"code": "6210", "label": "6210 正餐服务"} in cy[:3]

    @pytest.mark.parametrize("typed", ["", "%20", "%00", "%F0%9F%8D%9C", "a" * 5000, "%25", "-1", "%C3%BC"])
    async def test_of_nonsense_finds_nothing_and_fails_at_nothing(self, arrive: Arrive, typed: str) -> None:
        visitor = arrive()
        for kind in ("places", "industries"):
            answer = await visitor.get(f"/check/find/{kind}?q={typed}")
            assert answer.status_code == 200
            assert len(answer.json()) <= 20


WRONG = {
    "employees_end": [
        "abc",
        "-1",
        "1.5",
        "9" * 40,
        "12\0",
        "0x10",
        "１２\x00",
        "NaN",
        "1e5",
        "\ud7ff",
        "十八",
    ],
    "operating_revenue_yuan": ["1.2.3", "999999999999999亿", "12万万", "<script>", "1" * 6000],
}

NO_CHOICE = [
    ("identity", "entity_type", "emperor"),
    ("identity", "city_code", "999999"),
    ("identity", "city_code", "37"),
    ("identity", "industry_code", "no such trade at all"),
    ("vat", "has_3pct_levy_sales", "perhaps"),
    ("finance", "loan_start_date", "2020-02-30"),
    ("finance", "loan_start_date", "yesterday"),
]


class TestWrongAnswers:
    """Errors stand beside their field."""

    async def test_that_are_too_large_say_how_large_they_may_be(
        self, arrive: Arrive, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        page = await arrive().post("/check/size", {"employees_end": "9" * 30})
        assert form_of(page).errors == ["期末从业人员数不能大于 10,000,000 人"]
        owner, who = await signed_in()
        mine = await lending.enterprise(session, who, now)
        need = {"amount_yuan": "99999999999999999999", "term_months": "12", "purpose": "x"}
        page = await owner.post("/loans/requests", {**need, "enterprise_id": str(mine)})
        assert [words.endswith("不能大于 10,000,000,000") for words in form_of(page).told] == [True]

    async def test_are_named_by_their_question_in_the_summary(self, arrive: Arrive) -> None:
        visitor = arrive()
        typed = {"employees_end": "-1", "total_assets_yuan": "x"}
        zh = form_of(await visitor.post("/check/size", typed))
        assert zh.told == ["期末从业人员数不能小于 0 人", "资产总额：要填数字，例如 120000"]
        en = form_of(await visitor.post("/check/size?lang=en", typed))
        assert all(words.startswith(("Employees", "Total assets")) for words in en.told), en.told

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_are_told_and_everything_typed_stays(self, arrive: Arrive, lang: str) -> None:
        visitor = arrive()
        for name, text in [(name, text) for name, texts in WRONG.items() for text in texts]:
            page = await visitor.post(f"/check/size?lang={lang}", {"total_assets_yuan": "77", name: text})
            found = form_of(page)
            assert (page.status_code, found.summary, len(found.errors)) == (422, [name], 1), text
            assert found.fields["total_assets_yuan"] == "77"
            assert found.fields[name] == text.replace("\0", "\ufffd")

    async def test_that_are_no_choice_are_refused(self, arrive: Arrive) -> None:
        visitor = arrive()
        for group, name, text in NO_CHOICE:
            page = await visitor.post(f"/check/{group}", {name: text})
            assert (page.status_code, form_of(page).summary) == (422, [name]), text

    async def test_store_nothing(self, arrive: Arrive, session: AsyncSession) -> None:
        await arrive().post("/check/size", {"employees_end": "18", "total_assets_yuan": "x"})
        assert await session.scalar(select(func.count()).select_from(CheckSession)) == 0

    async def test_without_the_forms_token_are_refused_and_store_nothing(
        self, arrive: Arrive, session: AsyncSession
    ) -> None:
        visitor = arrive()
        await visitor.get("/check/size")
        assert (await visitor.post_bare("/check/size", {"employees_end": "18"})).status_code == 403
        assert await session.scalar(select(func.count()).select_from(CheckSession)) == 0

    @pytest.mark.parametrize("cookie", ["", "x", "a" * 4000, "%00", "../.."])
    async def test_of_a_made_up_cookie_are_nobodys(self, arrive: Arrive, cookie: str) -> None:
        visitor = arrive()
        visitor.client.cookies.set("mp_check", cookie)
        assert (await visitor.get("/check/result")).status_code == 200
        assert (await visitor.post("/check/size", {"employees_end": "18"})).status_code == 303


class TestKeeping:
    """Taking the answers along."""

    async def test_needs_the_owner_of_the_enterprise(
        self, arrive: Arrive, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        _, other = await signed_in()
        theirs = await lending.enterprise(session, other, now)
        owner, _ = await signed_in()
        await owner.post("/check/size", {"employees_end": "18"})
        assert (await owner.post("/check/save", {"enterprise": str(theirs)})).status_code == 404
        assert (await owner.get(f"/check/result?enterprise={theirs}")).status_code == 404
        assert (await owner.post("/check/save", {"enterprise": "x"})).status_code == 404
        assert (await owner.get("/check/result?enterprise=x")).status_code in {400, 404, 422}
        assert (await arrive().get(f"/check/result?enterprise={theirs}")).status_code in {303, 403}

    async def test_shows_old_and_new_first_and_then_changes_only_what_was_answered(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        mine = await lending.enterprise(session, who, now)
        await owner.post("/check/size", {"employees_end": "44", "operating_revenue_yuan": "3600000"})
        await owner.post("/check/vat", {"vat_period": "quarter"})
        page = await owner.get(f"/check/save?enterprise={mine}")
        seen = read(page.text).text
        assert "会改掉 1 项" in seen
        assert "18 人 自己填的 44 人" in seen
        assert "会新加 1 项" in seen
        assert "另有 1 项和现有资料一样" in seen
        unconfirmed = await owner.post("/check/save", {"enterprise": str(mine)})
        assert unconfirmed.headers["location"] == f"/check/save?enterprise={mine}"
        size = f"/account/enterprises/{mine}/facts/size"
        assert form_of(await owner.get(size)).fields["employees_end"] == "18"
        fields = form_of(page).fields
        answer = await owner.post("/check/save", {n: fields[n] for n in ("enterprise", "seen")})
        assert answer.headers["location"] == f"/check/result?enterprise={mine}"
        found = form_of(await owner.get(f"/account/enterprises/{mine}/facts/size")).fields
        assert found["employees_end"] == "44"
        assert found["total_assets_yuan"] == "2100000"

    async def test_tells_what_an_agency_attested_otherwise_and_keeps_the_rest(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        mine = await lending.enterprise(session, who, now)
        attested = {"employees_end": 18, "city_code": "370300"}
        await service.save_facts(session, who, mine, attested, source="attested", now=now)
        await session.commit()
        await owner.post("/check/size", {"employees_end": "44", "operating_revenue_yuan": "9900000"})
        await owner.post("/check/identity", {"entity_type": "company", "city_code": "武汉"})
        page = await owner.get(f"/check/save?enterprise={mine}")
        seen = read(page.text).text
        assert "3 项由机构证明，保持不变" in seen  # the province cannot move without the attested city
        assert "18 人 部门证明 您填的： 44 人" in seen
        assert "会改掉 1 项" in seen
        answer = await owner.post("/check/save", form_of(page).fields)
        assert answer.headers["location"] == f"/check/result?enterprise={mine}"
        kept = (await service.facts_of(session, mine)).to_json()
        told = ("employees_end", "city_code", "province_code", "operating_revenue_yuan")
        assert [kept[name] for name in told] == [18, "370300", "370000", 9900000]
        again = await owner.get(f"/check/save?enterprise={mine}")
        assert "按现有信息看结果" in again.text
        assert 'action="/check/save"' not in again.text

    async def test_of_another_province_shows_that_the_city_is_forgotten(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        mine = await lending.enterprise(session, who, now)
        await owner.post("/check/identity", {"entity_type": "company", "city_code": "湖北省"})
        page = await owner.get(f"/check/save?enterprise={mine}")
        assert "淄博市 自己填的 不再保留" in read(page.text).text
        assert (await owner.post("/check/save", form_of(page).fields)).status_code == 303
        kept = (await service.facts_of(session, mine)).to_json()
        assert (kept["province_code"], "city_code" in kept) == ("420000", False)

    async def test_of_what_has_changed_since_it_was_shown_is_shown_again(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        mine = await lending.enterprise(session, who, now)
        await owner.post("/check/size", {"employees_end": "44"})
        fields = form_of(await owner.get(f"/check/save?enterprise={mine}")).fields
        size = f"/account/enterprises/{mine}/facts/size"
        await owner.post(size, {"employees_end": "19"})
        page = await owner.post("/check/save", {n: fields[n] for n in ("enterprise", "seen")})
        assert page.status_code == 409
        assert "19 人 自己填的 44 人" in read(page.text).text
        assert form_of(await owner.get(size)).fields["employees_end"] == "19"

    async def test_asks_which_enterprise_and_still_offers_to_register_one(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        await owner.post("/check/size", {"employees_end": "44"})
        for _ in range(2):
            await enterprise(session, who, now)
        result = await owner.get("/check/result")
        choice = result.text.partition('id="enterprise"')[2].partition("</select>")[0]
        assert choice.partition("<option")[2].startswith(' value="">')
        assert "selected" not in choice
        assert "/account/enterprises/new" in read(result.text).links
        page = await owner.get("/check/save?enterprise=")
        assert (page.status_code, form_of(page).summary) == (422, ["enterprise"])

    async def test_follows_the_owner_into_the_enterprise_he_registers(self, signed_in: SignedIn) -> None:
        owner, _ = await signed_in()
        await owner.post("/check/identity", {"entity_type": "individual_business", "city_code": "370100"})
        await owner.post("/check/size", {"employees_end": "4"})
        page = await owner.get("/account/enterprises/new")
        assert form_of(page).fields["entity_type"] == "individual_business"
        assert "把 4 个回答存进这家企业的资料" in page.text
        made = await owner.post("/account/enterprises/new", draft(entity_type="individual_business"))
        told = await owner.get(made.headers["location"])
        assert "自查里的 4 个回答已存进这家企业的资料" in told.text
        known = form_of(await owner.get(f"{told.url.path}/facts/size")).fields
        assert known["employees_end"] == "4"

    async def test_stays_behind_when_the_new_enterprise_is_another_business(
        self, signed_in: SignedIn
    ) -> None:
        owner, _ = await signed_in()
        await owner.post("/check/size", {"employees_end": "4"})
        new = "/account/enterprises/new"
        for typed, kept in ((draft(answers="leave"), ""), (draft(), "4"), (draft(), "")):
            made = (await owner.post(new, typed)).headers["location"].partition("?")[0]
            assert form_of(await owner.get(f"{made}/facts/size")).fields["employees_end"] == kept


def failing(rule: str, facts: dict[str, object]) -> list[Reason]:
    words = Vocabulary.shipped()
    return reasons_of(explain(parse(rule, words), Facts.from_json(facts, words)), "zh-CN")


def told(reasons: list[Reason]) -> list[object]:
    return [[told(list(way)) for way in r.ways] if r.ways else r.condition for r in reasons]


class TestReasons:
    """Why a policy does not apply, as the result page says it."""

    def test_keeps_alternatives_together(self) -> None:
        rule = 'province_code == "370000" && (employees_end <= 3 || total_assets_yuan < 5 && jobs_commitment)'
        facts = {
            "province_code": "370000",
            "employees_end": 8,
            "total_assets_yuan": 9,
            "jobs_commitment": False,
        }
        (found,) = failing(rule, facts)
        assert found.condition == "满足其一"
        assert [len(way) for way in found.ways] == [1, 2]
        assert found.ways[0][0].answered == "你填的是 8 人"

    def test_tells_plain_conditions_one_by_one(self) -> None:
        found = failing(
            "employees_end <= 3 && total_assets_yuan < 5", {"employees_end": 8, "total_assets_yuan": 9}
        )
        assert [reason.ways for reason in found] == [(), ()]

    def test_turns_round_what_stands_under_a_not(self) -> None:
        both = {"employees_end": 8, "total_assets_yuan": 9}
        none_of = failing("!(employees_end > 3 || total_assets_yuan > 5)", both)
        assert [reason.ways for reason in none_of] == [(), ()]
        assert "不" in none_of[0].condition
        (one_of,) = failing("!(employees_end > 3 && total_assets_yuan > 5)", both)
        assert len(one_of.ways) == 2

    async def test_are_read_as_one_of_several_on_the_page(self, arrive: Arrive) -> None:
        visitor = arrive()
        await visitor.post("/check/identity", {"entity_type": "company", "province_code": "370000"})
        page = (await visitor.get("/check/result")).text
        assert "mp-why" in page
