"""The owner's loan pages: a need, a comparison, one application however often the button is pressed."""

import asyncio
import re
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from eligibility import Vocabulary
from loans import cases, decisions, offers, products
from loans.schedule import RepaymentMethod
from loans.tables import Application, FinancingRequest
from marketplace.profiles import service as profiles
from marketplace.web.format import pct, yuan
from tests.factories import lending
from tests.factories.pages import Visitor, form_of
from tests.pdf import reading
from tests.web.conftest import Arrive, SignedIn
from tests.web.reading import read, terms_of

pytestmark = pytest.mark.seeded
NEED = {"amount_yuan": "30万", "term_months": "12", "purpose": "购进原料"}

IMPOSSIBLE = [
    ("amount_yuan", "a lot"),
    ("amount_yuan", "-5"),
    ("amount_yuan", "0"),
    ("amount_yuan", "9" * 15),
    ("amount_yuan", "9" * 7000),
    ("amount_yuan", "100.001"),
    ("amount_yuan", "12\0"),
    ("amount_yuan", ""),
    ("term_months", "a year"),
    ("term_months", "1.5"),
    ("term_months", "100000"),
    ("term_months", "1e9"),
    ("purpose", ""),
    ("purpose", "x" * 201),
    ("purpose", "a\u202eb"),
    ("enterprise_id", "x"),
]


async def count(session: AsyncSession, table: type) -> int:
    return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def an_owner(
    signed_in: SignedIn, session: AsyncSession, now: datetime, **facts: object
) -> tuple[Visitor, UUID]:
    """An owner at the pages, and his enterprise that fits the tax loan."""
    owner, who = await signed_in()
    return owner, await lending.enterprise(session, who, now, **facts)


async def a_need(owner: Visitor, enterprise: UUID) -> str:
    """A stated need; the address of its comparison."""
    answer = await owner.post("/loans/requests", {"enterprise_id": str(enterprise), **NEED})
    assert answer.status_code == 303
    return answer.headers["location"]


class TestNeed:
    """The form on /loans."""

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_that_cannot_be_is_told_and_everything_typed_stays(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime, lang: str
    ) -> None:
        owner, enterprise = await an_owner(signed_in, session, now)
        for name, text in IMPOSSIBLE:
            typed = {"enterprise_id": str(enterprise), **NEED, name: text}
            page = await owner.post(f"/loans/requests?lang={lang}", typed)
            found = form_of(page)
            assert (page.status_code, found.summary, len(found.errors)) == (422, [name], 1), (name, text)
            assert {field: found.fields[field] for field in NEED.keys() - {name}} == {
                field: value for field, value in NEED.items() if field != name
            }
        assert await count(session, FinancingRequest) == 0

    async def test_of_somebody_elses_enterprise_is_refused(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        _, theirs = await an_owner(signed_in, session, now)
        owner, _ = await an_owner(signed_in, session, now)
        for enterprise in (theirs, uuid4()):
            answer = await owner.post("/loans/requests", {"enterprise_id": str(enterprise), **NEED})
            assert answer.status_code in {404, 422}
        assert await count(session, FinancingRequest) == 0

    async def test_without_the_forms_token_is_refused(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, enterprise = await an_owner(signed_in, session, now)
        answer = await owner.post_bare("/loans/requests", {"enterprise_id": str(enterprise), **NEED})
        assert answer.status_code == 403
        assert await count(session, FinancingRequest) == 0

    async def test_is_asked_of_owners_only_while_products_are_for_all_to_read(self, arrive: Arrive) -> None:
        stranger = arrive()
        page = await stranger.get("/loans")
        assert page.status_code == 200
        assert "云税贷" in page.text
        assert (await stranger.post("/loans/requests", NEED)).headers["location"].startswith("/login")


class TestApplying:
    """From the comparison to an application."""

    async def test_without_a_tick_sends_nothing_and_says_why(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, enterprise = await an_owner(signed_in, session, now)
        path = f"{await a_need(owner, enterprise)}/apply/CCB-YSD"
        form = form_of(await owner.get(path))
        page = await owner.post(
            path, {**form.fields, "repayment_method": "interest_monthly_principal_at_maturity"}
        )
        assert page.status_code == 422
        again = form_of(page)
        assert again.summary == ["consent"]
        assert again.fields["key"] == form.fields["key"]
        assert again.fields["repayment_method"] == "interest_monthly_principal_at_maturity"
        assert await count(session, Application) == 0

    async def test_twice_with_one_form_makes_one_application(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, enterprise = await an_owner(signed_in, session, now)
        path = f"{await a_need(owner, enterprise)}/apply/CCB-YSD"
        fields = {**form_of(await owner.get(path)).fields, "consent": "yes"}
        answers = await asyncio.gather(*(owner.post(path, fields) for _ in range(4)))
        later = await owner.post(path, fields)
        places = {one.headers["location"] for one in (*answers, later) if one.status_code == 303}
        assert len(places) == 1
        assert later.status_code == 303
        assert {one.status_code for one in answers} <= {303, 422}
        assert await count(session, Application) == 1

    async def test_again_from_a_second_form_is_refused_on_the_page(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, enterprise = await an_owner(signed_in, session, now)
        path = f"{await a_need(owner, enterprise)}/apply/CCB-YSD"
        for expected in (303, 422):
            fields = {**form_of(await owner.get(path)).fields, "consent": "yes"}
            assert (await owner.post(path, fields)).status_code == expected
        assert await count(session, Application) == 1

    async def test_for_what_does_not_fit_or_is_not_there_is_refused(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, enterprise = await an_owner(signed_in, session, now, owner_bad_credit=True)
        need = await a_need(owner, enterprise)
        fields = {"consent": "yes", "key": str(uuid4())}
        assert (await owner.post(f"{need}/apply/CCB-YSD", fields)).status_code == 422
        for product, refusals in (("NO-SUCH", {404}), ("a" * 300, {404}), ("%00", {404, 422})):
            assert (await owner.post(f"{need}/apply/{product}", fields)).status_code in refusals
            assert (await owner.get(f"{need}/apply/{product}")).status_code in refusals
        assert await count(session, Application) == 0

    @pytest.mark.parametrize(
        "changes",
        [{"key": ""}, {"key": "k" * 6000}, {"key": "\0"}, {"repayment_method": "never"}, {"consent": "no"}],
    )
    async def test_with_a_tampered_form_is_refused(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime, changes: dict[str, str]
    ) -> None:
        owner, enterprise = await an_owner(signed_in, session, now)
        path = f"{await a_need(owner, enterprise)}/apply/CCB-YSD"
        fields = {**form_of(await owner.get(path)).fields, "consent": "yes", **changes}
        assert (await owner.post(path, fields)).status_code == 422
        assert await count(session, Application) == 0

    async def test_says_what_each_way_to_repay_costs_before_anything_is_sent(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, enterprise = await an_owner(signed_in, session, now)
        path = f"{await a_need(owner, enterprise)}/apply/CCB-YSD?lang=zh"
        cost = read((await owner.get(path)).text).text
        cost = cost[cost.index("要还多少") : cost.index("会看到的资料")]
        product = await products.current_product(session, "CCB-YSD")
        assert len(product.repayment_methods) > 1
        need = offers.Need(Decimal(300_000), 12)
        for method in product.repayment_methods:
            for each in offers.quotes_of(product, need, RepaymentMethod(method), lending.AS_OF):
                for said in (each.payment_yuan, each.final_payment_yuan, each.cost_yuan):
                    assert yuan(said, "zh-CN") in cost
                assert pct(each.apr_pct) in cost
        assert cost.count("内部收益率法") == len(product.repayment_methods)

    async def test_lists_each_fact_that_goes_to_the_bank_and_sends_no_other(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        enterprise = await lending.enterprise(session, who, now)
        path = f"{await a_need(owner, enterprise)}/apply/CCB-YSD?lang=zh"
        page = await owner.get(path)
        shown = page.text[page.text.index('id="consented"') :]
        known = Vocabulary.shipped().facts
        assert all(known[name].label("zh-CN") in shown for name in lending.FACTS)
        assert "中国建设银行会看到的资料" in page.text
        await profiles.save_facts(
            session, who, enterprise, {"vat_taxpayer_type": "small_scale"}, source="declared", now=now
        )
        await session.commit()
        sent = await owner.post(path, {**form_of(page).fields, "consent": "yes"})
        assert sent.status_code == 303
        (case,) = (await session.scalars(select(Application))).all()
        assert set(case.facts) == set(lending.FACTS)
        account = (await owner.get("/account?lang=zh")).text
        assert "资产总额" in account
        assert "增值税" not in account

    async def test_with_two_faults_tells_both_and_keeps_the_tick(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, enterprise = await an_owner(signed_in, session, now)
        path = f"{await a_need(owner, enterprise)}/apply/CCB-YSD"
        form = form_of(await owner.get(path)).fields
        page = await owner.post(f"{path}?lang=zh", {**form, "repayment_method": "never"})
        assert form_of(page).summary == ["repayment_method", "consent"]
        assert "从列出的还款方式里选一种" in read(page.text).text
        kept = form_of(await owner.post(path, {**form, "repayment_method": "never", "consent": "yes"}))
        assert (kept.summary, kept.fields["consent"]) == (["repayment_method"], "yes")


class TestCase:
    """The application's own page."""

    async def test_shows_the_agreed_terms_from_the_approval_to_the_pay_out(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        case = (await lending.submitted(session, who, now)).application
        path = f"/applications/{case.id}"
        assert "购进原料" in (await owner.get(path)).text
        assert 'id="terms"' not in (await owner.get(path)).text
        decider = await lending.approved(session, case, now)
        quote = (await cases.case(session, who, case.id, now=now)).agreed_quote
        assert quote is not None
        for deed in (
            None,
            owner.post(f"{path}/accept", {"agree": "yes"}),
            decisions.disburse(session, decider, case.id, now=now),
        ):
            if deed is not None:
                await deed
                await session.commit()
            page = read((await owner.get(f"{path}?lang=zh")).text).text
            for said in ("250,000 元", "4.35%", "12 个月", *terms_of(quote)):
                assert said in page
            account = read((await owner.get("/account?lang=zh")).text).text
            assert "批准 250,000 元（申请 300,000 元）" in account

    async def test_offers_the_newest_paper_by_its_name(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        case = (await lending.submitted(session, who, now)).application
        path = f"/applications/{case.id}"
        assert "下载回执" in (await owner.get(f"{path}?lang=zh")).text
        await lending.approved(session, case, now)
        assert "下载批准书" in (await owner.get(f"{path}?lang=zh")).text
        await owner.post(f"{path}/accept", {"agree": "yes"})
        assert "下载条件确认书" in (await owner.get(f"{path}?lang=zh")).text
        paper = await owner.get(f"{path}/confirmation.pdf")
        assert "250,000元" in reading.text(paper.content)

    async def test_accepting_without_a_tick_says_so_beside_the_box_and_in_the_title(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        case = (await lending.submitted(session, who, now)).application
        await lending.approved(session, case, now)
        page = await owner.post(f"/applications/{case.id}/accept?lang=zh", {})
        found = form_of(page)
        assert (page.status_code, found.summary, len(found.errors)) == (422, ["agree"], 1)
        assert "<title>有几处要改: " in page.text

    async def test_and_its_paper_are_the_owners_alone(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        case = (await lending.submitted(session, who, now)).application
        stranger, _ = await signed_in()
        path = f"/applications/{case.id}"
        assert (await owner.get(path)).status_code == 200
        for address in (path, f"{path}/withdraw", f"{path}/confirmation.pdf"):
            theirs, nobodys = (
                await stranger.get(address),
                await stranger.get(address.replace(str(case.id), str(uuid4()))),
            )
            assert (theirs.status_code, nobodys.status_code) == (404, 404)
            assert _said(theirs.text) == _said(nobodys.text)
        for verb, fields in (("withdraw", {}), ("accept", {"agree": "yes"})):
            assert (await stranger.post(f"{path}/{verb}", fields)).status_code == 404
        assert case.serial in (await owner.get(path)).text

    async def test_can_be_withdrawn_once(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        case = (await lending.submitted(session, who, now)).application
        path = f"/applications/{case.id}"
        assert (await owner.get(f"{path}/withdraw")).status_code == 200
        assert (await owner.post(f"{path}/withdraw")).status_code == 303
        assert (await owner.post(f"{path}/withdraw")).status_code == 409

    async def test_cannot_be_accepted_before_there_is_an_offer(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        case = (await lending.submitted(session, who, now)).application
        assert (await owner.post(f"/applications/{case.id}/accept", {"agree": "yes"})).status_code == 409


def _said(page: str) -> str:
    """A page without the address it repeats and its token."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64,}", "", page)
