"""One question at a time: what may be answered, what is an error, what comes next, and what a visitor can break."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from eligibility import Vocabulary
from marketplace.portal import checks, offers_in_force
from marketplace.portal.questions import askable
from marketplace.portal.tables import CheckSession
from tests.factories.pages import form_of
from tests.web.conftest import Arrive
from tests.web.reading import read

pytestmark = pytest.mark.seeded


async def stored(session: AsyncSession) -> tuple[dict[str, object], list[str]]:
    """The answers and the facts asked for, of the one check there is."""
    session.expire_all()
    check = (await session.scalars(select(CheckSession))).one()
    return check.answers, check.asked


class TestPages:
    """Every question has an address."""

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_open_for_every_fact_and_say_what_is_asked(self, arrive: Arrive, lang: str) -> None:
        visitor = arrive()
        for name in askable():
            page = await visitor.get(f"/check/q/{name}?lang={lang}")
            assert page.status_code == 200, name
            assert len(page.content) < 60_000
            shown = form_of(page).fields["shown"].split()
            assert name in shown

    @pytest.mark.parametrize("name", ["nothing", "sme_size", "lpr_1y_pct", "as_of_date", "%00", "a" * 400])
    async def test_of_what_nobody_asks_are_not_found(self, arrive: Arrive, name: str) -> None:
        visitor = arrive()
        assert (await visitor.get(f"/check/q/{name}")).status_code == 404
        assert (await visitor.post(f"/check/q/{name}", {name[:20]: "1"})).status_code == 404

    async def test_start_with_one_click_and_store_nothing_before_an_answer(
        self, arrive: Arrive, session: AsyncSession
    ) -> None:
        visitor = arrive()
        assert "/check/next" in read((await visitor.get("/check")).text).links
        first = await visitor.get("/check/next")
        assert (first.status_code, first.headers["location"]) == (303, "/check/q/entity_type")
        await visitor.get("/check/q/entity_type")
        assert (await session.scalars(select(CheckSession))).all() == []
        assert (await visitor.get("/check/done")).headers["location"] == "/check"


class TestAnswers:
    """What a page's form may say."""

    async def test_sent_at_once_are_all_kept(self, arrive: Arrive, session: AsyncSession) -> None:
        visitor = arrive()
        await visitor.post("/check/q/entity_type", {"entity_type": "company"})
        names = [name for name in askable() if Vocabulary.shipped().facts[name].type == "int"][:8]
        answers = await asyncio.gather(*(visitor.post(f"/check/q/{name}", {name: "8"}) for name in names))
        assert {answer.status_code for answer in answers} == {303}
        assert {**dict.fromkeys(names, 8), "entity_type": "company"} == (await stored(session))[0]

    async def test_are_kept_and_lead_to_the_next_best_question(
        self, arrive: Arrive, session: AsyncSession
    ) -> None:
        visitor = arrive()
        sent = await visitor.post("/check/q/entity_type", {"entity_type": "company"})
        assert sent.headers["location"] == "/check/q/place?after=entity_type"
        sent = await visitor.post("/check/q/place", {"city_code": "济南"})
        assert sent.headers["location"] != "/check/q/place?after=place"
        answers, asked = await stored(session)
        assert answers == {"entity_type": "company", "province_code": "370000", "city_code": "370100"}
        assert asked == ["entity_type", "province_code", "city_code"]

    async def test_of_not_knowing_are_remembered_and_not_asked_again_in_this_round(
        self, arrive: Arrive, session: AsyncSession
    ) -> None:
        visitor = arrive()
        await visitor.post("/check/q/entity_type", {"entity_type": "unknown"})
        shown = form_of(await visitor.get("/check/q/place")).fields["shown"]
        await visitor.post("/check/q/place", {"shown": shown, "city_code": "", "skip": "1"})
        answers, asked = await stored(session)
        assert answers == {}
        assert asked == ["entity_type", "province_code", "city_code"]
        assert (await visitor.get("/check/next")).headers["location"] not in (
            "/check/q/entity_type", "/check/q/place",
        )  # fmt: skip
        page = await visitor.get("/check/q/entity_type")
        assert form_of(page).fields["entity_type"] == "unknown"
        assert "/check/q/entity_type" in read((await visitor.get("/check/done")).text).links
        again = await visitor.post("/check/again")
        assert again.headers["location"] == "/check/q/entity_type"

    async def test_that_are_empty_are_told_beside_the_question(self, arrive: Arrive) -> None:
        visitor = arrive()
        for name, field, words in (
            ("entity_type", "entity_type", "选一个；拿不准，选“我不知道”"),
            ("place", "city_code", "写下答案；拿不准，点“我不知道”"),
            ("employees_end", "employees_end", "写下答案；拿不准，点“我不知道”"),
        ):
            page = await visitor.post(f"/check/q/{name}", {field: ""})
            assert (page.status_code, form_of(page).summary, form_of(page).told) == (422, [field], [words])

    async def test_that_are_wrong_stay_as_they_were_typed(self, arrive: Arrive) -> None:
        visitor = arrive()
        page = await visitor.post("/check/q/employees_end", {"employees_end": "十八"})
        assert page.status_code == 422
        assert form_of(page).fields["employees_end"] == "十八"
        page = await visitor.post("/check/q/entity_type", {"entity_type": "emperor"})
        assert (page.status_code, form_of(page).summary) == (422, ["entity_type"])

    async def test_can_be_changed_to_not_knowing(self, arrive: Arrive, session: AsyncSession) -> None:
        visitor = arrive()
        await visitor.post("/check/q/employees_end", {"employees_end": "8"})
        await visitor.post("/check/q/employees_end", {"employees_end": "8", "skip": "1"})
        assert await stored(session) == ({}, ["employees_end"])

    async def test_of_a_group_and_of_questions_are_the_same(self, arrive: Arrive) -> None:
        visitor = arrive()
        await visitor.post("/check/size", {"employees_end": "18"})
        assert form_of(await visitor.get("/check/q/employees_end")).fields["employees_end"] == "18"
        await visitor.post("/check/q/employees_end", {"employees_end": "19"})
        assert form_of(await visitor.get("/check/size")).fields["employees_end"] == "19"

    async def test_lead_to_the_result_when_that_is_wanted(self, arrive: Arrive) -> None:
        sent = await arrive().post("/check/q/employees_end", {"employees_end": "8", "to_result": "1"})
        assert sent.headers["location"] == "/check/result"


class TestLists:
    """Several facts to tick on one page."""

    async def test_make_what_is_not_ticked_a_no(self, arrive: Arrive, session: AsyncSession) -> None:
        visitor = arrive()
        shown = form_of(await visitor.get("/check/q/dues")).fields["shown"].split()
        assert len(shown) > 2
        await visitor.post("/check/q/dues", {"shown": " ".join(shown), shown[0]: "true"})
        answers, _ = await stored(session)
        assert answers == {name: name == shown[0] for name in shown}
        page = form_of(await visitor.get("/check/q/dues"))
        assert page.fields[shown[0]] == "true"
        assert "none_of_these" not in page.fields

    async def test_answer_only_what_was_on_the_page(self, arrive: Arrive, session: AsyncSession) -> None:
        await arrive().post("/check/q/dues", {"shown": "uses_toll_roads", "uses_toll_roads": "true"})
        assert await stored(session) == ({"uses_toll_roads": True}, ["uses_toll_roads"])

    async def test_take_none_of_these_for_a_no_to_each_and_not_knowing_for_nothing(
        self, arrive: Arrive, session: AsyncSession
    ) -> None:
        visitor = arrive()
        await visitor.post("/check/q/owner", {"skip": "1"})
        answers, asked = await stored(session)
        assert answers == {}
        assert set(asked) <= {"owner_is_veteran", "owner_is_key_group", "owner_infected_covid"}
        await visitor.post("/check/q/owner", {"none_of_these": "1"})
        answers, _ = await stored(session)
        assert answers
        assert set(answers.values()) == {False}
        assert form_of(await visitor.get("/check/q/owner")).fields["none_of_these"] == "1"

    async def test_refuse_nothing_at_all_and_none_beside_some(self, arrive: Arrive) -> None:
        visitor = arrive()
        assert (await visitor.post("/check/q/dues", {})).status_code == 422
        both = {"uses_toll_roads": "true", "none_of_these": "1"}
        page = await visitor.post("/check/q/dues", both)
        assert page.status_code == 422
        assert form_of(page).fields["uses_toll_roads"] == "true"
        assert len(form_of(page).summary) == 1

    async def test_of_numbers_leave_open_what_is_left_empty(
        self, arrive: Arrive, session: AsyncSession
    ) -> None:
        await arrive().post("/check/q/hires", {"hires_veterans": "2", "hires_key_group": ""})
        answers, asked = await stored(session)
        assert answers == {"hires_veterans": 2}
        assert "hires_key_group" in asked


class TestPanel:
    """What stands beside the question."""

    async def test_counts_as_the_result_does(self, arrive: Arrive) -> None:
        visitor = arrive()
        await visitor.post("/check/q/entity_type", {"entity_type": "individual_business"})
        await visitor.post("/check/q/place", {"city_code": "济南"})
        await visitor.post(
            "/check/vat",
            {"vat_taxpayer_type": "small_scale", "vat_period": "quarter", "vat_period_sales_yuan": "280000",
             "has_3pct_levy_sales": "true"},
        )  # fmt: skip
        aside = read((await visitor.get("/check/q/landlord_type")).text).text
        assert "确定能省 8,400 元" in aside
        assert "8,400 元" in read((await visitor.get("/check/result")).text).text

    async def test_says_in_english_what_hangs_on_a_question(self, arrive: Arrive) -> None:
        page = read((await arrive().get("/check/q/landlord_type?lang=en")).text)
        assert "wait for this answer" in page.text
        assert [link for link in page.links if link.startswith("/policies/")]

    async def test_is_about_one_catalogue_a_day_shared_by_all(self, session: AsyncSession) -> None:
        day = date(2020, 4, 15)
        one = await offers_in_force.catalogue(session, day)
        assert await offers_in_force.catalogue(session, day) is one
        assert await offers_in_force.catalogue(session, date(2020, 5, 1)) is not one
        assert len([offer for offer in one.offers if offer.is_policy]) == 63


async def test_a_fact_no_vocabulary_has_any_more_is_passed_over(
    arrive: Arrive, session: AsyncSession
) -> None:
    visitor = arrive()
    await visitor.post("/check/q/employees_end", {"employees_end": "8"})
    check = (await session.scalars(select(CheckSession))).one()
    check.asked = ["gone_with_a_release", *check.asked]
    await session.commit()
    assert checks.asked_of(check) == ("employees_end",)
    assert (await visitor.get("/check/next")).status_code == 303
    assert (await session.scalar(select(col(CheckSession.id)))) == check.id
