"""A bank's product desk: its own products alone, an edit from the list to the second person, and what is refused."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import Role
from loans import product_versions as versions
from loans import products
from tests.factories.pages import Visitor, form_of
from tests.web.conftest import SignedIn

pytestmark = pytest.mark.seeded
DESK = "/bank/products"
LOAN = f"{DESK}/CCB-YSD"


async def typed(visitor: Visitor, path: str, **changes: str) -> dict[str, str]:
    """What a page's form would send, with changes."""
    fields = form_of(await visitor.get(path)).fields
    return {name: value for name, value in fields.items() if name != "_csrf_token"} | changes


async def saved(visitor: Visitor, **changes: str) -> str:
    """The address of the draft with these changes."""
    answer = await visitor.post(LOAN, await typed(visitor, LOAN, save="1", **changes))
    assert answer.status_code == 303, form_of(answer).told
    return answer.headers["location"]


async def handed_in(visitor: Visitor, **changes: str) -> str:
    place = await saved(visitor, **changes)
    answer = await visitor.post(place, await typed(visitor, place, action="submit", why="贵了"))
    assert answer.status_code == 303, form_of(answer).told
    return place


async def manager(signed_in: SignedIn, **details: str) -> tuple[Visitor, Actor]:
    return await signed_in(Role.PRODUCT_MANAGER, **details)


class TestTheDesk:
    """Who sees what."""

    async def test_lists_the_readers_own_bank_and_nothing_of_another(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        mine, _ = await manager(signed_in)
        theirs, _ = await manager(signed_in, bank_id="icbc")
        listed = (await mine.get(DESK)).text
        assert "中国建设银行的贷款产品" in listed
        for product in await products.current_products(session):
            assert (f"/bank/products/{product.id}" in listed) is (product.bank_id == "ccb")
        for path in (LOAN, f"{LOAN}/versions/1", f"{LOAN}/versions/1/try"):
            assert (await mine.get(path)).status_code == 200, path
            assert (await theirs.get(path)).status_code == 404, path
            assert (await theirs.post(path, {"save": "1", "action": "publish"})).status_code == 404, path
        assert (await mine.get(f"{LOAN}/versions/{'9' * 30}")).status_code == 404

    async def test_shows_a_product_manager_no_case_and_no_applicant(self, signed_in: SignedIn) -> None:
        visitor, _ = await manager(signed_in)
        for path in ("/officer", "/admin", "/audit", "/applications/00000000-0000-0000-0000-000000000007"):
            assert (await visitor.get(path)).status_code in (403, 404), path

    async def test_lets_a_senior_officer_read_try_and_decide_but_not_write(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        writer, _ = await manager(signed_in)
        senior, _ = await signed_in(Role.SENIOR_OFFICER)
        assert 'name="save"' not in (await senior.get(LOAN)).text
        assert (await senior.post(LOAN, {"save": "1"})).status_code == 403
        place = await handed_in(writer, max_rate_pct="4.8")
        answer = await senior.post(place, await typed(senior, place, action="publish"))
        assert answer.headers["location"] == place
        on_offer = await products.current_product(session, "CCB-YSD")
        assert (on_offer.version, str(on_offer.max_rate_pct.normalize())) == (2, "4.8")


class TestAnEdit:
    """From the form to a draft."""

    async def test_reads_numbers_as_people_write_them_and_shows_what_changes(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        visitor, who = await manager(signed_in)
        place = await saved(
            visitor, max_amount_yuan="200万", min_rate_pct="3.5%", max_amount="tax_paid_12m_yuan * 7"
        )
        row = await versions.find(session, who, "CCB-YSD", 2)
        assert (row.max_amount_fen, str(row.min_rate_pct), row.max_amount) == (
            200_000_000,
            "3.5000",
            "tax_paid_12m_yuan * 7",
        )
        text = (await visitor.get(place)).text
        assert "<del>3,000,000</del> <ins>2,000,000</ins>" in text
        assert "和在售的第 1 版比" in text
        assert (await products.current_product(session, "CCB-YSD")).version == 1

    async def test_that_changes_nothing_is_the_same_content_and_is_not_handed_in(
        self, signed_in: SignedIn
    ) -> None:
        visitor, _ = await manager(signed_in)
        place = await saved(visitor)
        answer = await visitor.post(place, await typed(visitor, place, action="submit"))
        assert (answer.status_code, form_of(answer).summary) == (409, ["action"])
        assert "和在售的一样" in answer.text

    async def test_with_mistakes_comes_back_whole_and_leads_to_each(self, signed_in: SignedIn) -> None:
        visitor, _ = await manager(signed_in)
        wrong = {"min_amount_yuan": "plenty", "max_term_months": "1.5人", "name_en": "kept"}
        answer = await visitor.post(LOAN, await typed(visitor, LOAN, save="1", **wrong))
        assert (answer.status_code, form_of(answer).summary) == (422, ["min_amount_yuan", "max_term_months"])
        assert {name: form_of(answer).fields[name] for name in wrong} == wrong
        for changes, field in (
            ({"max_rate_pct": "1"}, "max_rate_pct"),
            ({"max_amount": "tax_paid_12m_yuan *"}, "max_amount"),
            ({"rule": "employes_end <= 3"}, "rule"),
            ({"max_term_months": "1.5"}, "max_term_months"),
        ):
            answer = await visitor.post(LOAN, await typed(visitor, LOAN, save="1", **changes))
            assert (answer.status_code, form_of(answer).summary) == (422, [field])
        fields = await typed(visitor, LOAN, save="1")
        none = {name: value for name, value in fields.items() if not name.startswith("method.")}
        assert form_of(await visitor.post(LOAN, none)).summary == ["repayment_methods"]

    async def test_says_a_rule_in_both_languages_and_a_formula_in_words_as_they_are_typed(
        self, signed_in: SignedIn
    ) -> None:
        visitor, _ = await manager(signed_in)
        said = await visitor.post(f"{LOAN}/check", {"rule": "employees_end <= 20"})
        assert "is at most 20 persons" in said.text
        assert "不超过 20 人" in said.text
        form = await typed(visitor, LOAN, do="row:b")
        built = (await visitor.post(f"{LOAN}/builder", form)).text
        assert f'hx-post="{LOAN}/builder"' in built
        assert "cite_zh" not in built
        words = await visitor.post(f"{LOAN}/amount", {"max_amount": "tax_paid_12m_yuan * 7"})
        assert "Tax paid in the last 12 months × 7" in words.text

    async def test_meets_what_a_colleague_saved_meanwhile_and_loses_neither(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        first, who = await manager(signed_in)
        second, _ = await manager(signed_in)
        held = await typed(second, LOAN, save="1", name_en="Mine", max_term_months="24")
        await saved(first, max_term_months="18", name_zh="他们的")
        met = await second.post(LOAN, held)
        assert (met.status_code, form_of(met).summary) == (409, ["max_term_months"])
        assert form_of(met).fields["name_zh"] == "他们的"
        chosen = {**form_of(met).fields, "take.max_term_months": "theirs", "save": "1"}
        assert (await second.post(LOAN, chosen)).status_code == 303
        row = await versions.find(session, who, "CCB-YSD", 2)
        assert (row.name_zh, row.name_en, row.max_term_months) == ("他们的", "Mine", 18)
        assert len(row.editors) == 2


class TestDeciding:
    """The second person."""

    async def test_is_somebody_else_and_is_told_why(self, signed_in: SignedIn, session: AsyncSession) -> None:
        writer, _ = await manager(signed_in)
        second, _ = await manager(signed_in)
        place = await handed_in(writer, name_en="Cloud Tax 2")
        own = await writer.get(place)
        assert 'value="publish"' not in own.text
        forced = await writer.post(place, await typed(writer, place, action="publish"))
        assert forced.status_code == 409
        assert "你写的，你不能批" in forced.text
        assert "贵了" in (await second.get(place)).text
        refused = await second.post(place, await typed(second, place, action="reject", reason=" "))
        assert (refused.status_code, form_of(refused).summary) == (422, ["reason"])
        fields = await typed(second, place, action="reject", reason="利率写错了")
        assert (await second.post(place, fields)).status_code == 303
        assert "利率写错了" in (await writer.get(place)).text
        assert (await products.current_product(session, "CCB-YSD")).version == 1

    async def test_does_not_approve_what_changed_after_he_read_it(self, signed_in: SignedIn) -> None:
        writer, _ = await manager(signed_in)
        second, _ = await manager(signed_in)
        place = await handed_in(writer, name_en="Cloud Tax 2")
        read = await typed(second, place, action="publish")
        await writer.post(place, await typed(writer, place, action="take_back"))
        await handed_in(writer, name_en="Cloud Tax 3")
        late = await second.post(place, read)
        assert (late.status_code, form_of(late).summary) == (409, ["action"])
        assert "别人刚改过" in late.text


class TestTrying:
    """A version on made-up facts."""

    async def test_tells_verdict_limits_and_what_is_missing(self, signed_in: SignedIn) -> None:
        visitor, _ = await manager(signed_in)
        place = f"{await saved(visitor, rule='employees_end <= 20', max_amount='tax_paid_12m_yuan * 7')}/try"
        fields = await typed(visitor, place, amount_yuan="30万", employees_end="8", tax_paid_12m_yuan="")

        async def result(**changes: str) -> str:
            return (await visitor.post(place, {**fields, **changes})).text.partition('id="result"')[2]

        assert "还不能定" in await result()
        assert "420,000" in (fits := await result(tax_paid_12m_yuan="6万"))
        assert "目前不符合" not in fits
        assert "目前不符合" in await result(tax_paid_12m_yuan="6万", amount_yuan="50万")
        assert "目前不符合" in await result(employees_end="80")
        wrong = await visitor.post(place, {**fields, "amount_yuan": "x", "employees_end": "-"})
        assert (wrong.status_code, form_of(wrong).summary) == (422, ["amount_yuan", "employees_end"])
