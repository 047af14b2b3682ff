"""The check's pages: every group opens, nothing typed is lost, and what no answer can be is told beside its field."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from eligibility import Vocabulary
from marketplace.portal.tables import CheckSession
from marketplace.web.check import group_names
from tests.factories import lending
from tests.factories.pages import form_of
from tests.web.conftest import Arrive, SignedIn

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
            assert asked <= form_of(page).fields.keys() | form_of(page).ids

    async def test_of_a_group_that_is_not_there_are_not_found(self, arrive: Arrive) -> None:
        visitor = arrive()
        for group in ["nothing", "system", "identity%00", "%E4%BD%A0", "a" * 500]:
            assert (await visitor.get(f"/check/{group}")).status_code == 404
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

    async def test_about_the_city_answer_the_province_too(self, arrive: Arrive) -> None:
        visitor = arrive()
        await visitor.post("/check/identity", {"city_code": "370300", "province_code": ""})
        assert form_of(await visitor.get("/check/identity")).fields["province_code"] == "370000"

    async def test_can_be_unanswered_again(self, arrive: Arrive) -> None:
        visitor = arrive()
        await visitor.post("/check/size", {"employees_end": "18"})
        await visitor.post("/check/size", {"employees_end": ""})
        assert form_of(await visitor.get("/check/size")).fields["employees_end"] == ""

    async def test_about_an_industry_offer_what_may_be_meant(self, arrive: Arrive) -> None:
        visitor = arrive()
        page = await visitor.post("/check/identity", {"industry_code": "餐饮"})
        assert page.status_code == 422
        assert "mp-candidates" in page.text
        assert form_of(page).fields["industry_code"] == "餐饮"


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
    ("identity", "province_code", "999999"),
    ("identity", "city_code", "37"),
    ("identity", "industry_code", "no such trade at all"),
    ("vat", "has_3pct_levy_sales", "perhaps"),
    ("finance", "loan_start_date", "2020-02-30"),
    ("finance", "loan_start_date", "yesterday"),
]


class TestWrongAnswers:
    """Errors stand beside their field."""

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
        self, arrive: Arrive, signed_in: SignedIn, session: AsyncSession, now: object
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

    async def test_changes_only_what_was_answered(
        self, signed_in: SignedIn, session: AsyncSession, now: object
    ) -> None:
        owner, who = await signed_in()
        mine = await lending.enterprise(session, who, now)
        await owner.post("/check/size", {"employees_end": "44"})
        answer = await owner.post("/check/save", {"enterprise": str(mine)})
        assert answer.headers["location"] == f"/check/result?enterprise={mine}"
        found = form_of(await owner.get(f"/account/enterprises/{mine}/facts/size")).fields
        assert found["employees_end"] == "44"
        assert found["total_assets_yuan"] == "2100000"
