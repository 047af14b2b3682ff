"""Applying: judged at that moment, consented to exactly, pinned to what it was judged on, once."""

import asyncio
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col

from auth.roles import Role
from auth.tables import AuditEntry, Consent
from loans import applications, cases, products, queries
from loans.errors import (
    AlreadyApplied,
    ConsentMismatch,
    FactsMissing,
    MethodNotOffered,
    NotEligible,
    NotFound,
    ProductNotOffered,
)
from loans.tables import Application, ApplicationEvent, Product
from marketplace.db import open_session
from marketplace.lending import applicant_of
from marketplace.profiles import service as profiles
from marketplace.seeding.loans import shipped
from tests.factories import lending
from tests.factories.people import person


@pytest.fixture(autouse=True)
async def market(session: AsyncSession, now: datetime) -> None:
    await lending.banks_and_products(session, now)


async def count(session: AsyncSession, table: type, *where: object) -> int:
    return int(await session.scalar(select(func.count()).select_from(table).where(*where)) or 0)  # type: ignore[arg-type]


class TestOffers:
    async def test_every_product_is_judged_and_the_eligible_come_first_by_cost(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        request = await lending.need(session, owner, await lending.enterprise(session, owner, now), now)
        found = await applications.offers_for(
            session, owner, request.id, applicant_of=applicant_of, as_of=lending.AS_OF
        )
        assert len(found.offers) == len(shipped()["products"]) == 19
        statuses = [offer.status for offer in found.offers]
        assert statuses == sorted(statuses, key=["eligible", "undetermined", "ineligible"].index)
        eligible = [offer for offer in found.offers if offer.status == "eligible"]
        assert {"CCB-YSD", "ABC-NSED", "BOC-YSD"} <= {offer.product.id for offer in eligible}
        highs = [offer.quote_at_highest_rate.apr_pct for offer in eligible if offer.quote_at_highest_rate]
        assert len(highs) == len(eligible)
        assert highs == sorted(highs)
        assert [offer.rank for offer in found.offers] == list(range(1, 20))
        assert found.method == "irr"
        assert {offer.strength for offer in found.offers} == {"indicative"}

    async def test_a_missing_fact_is_named_and_a_limit_says_no(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        ours = await lending.enterprise(session, owner, now, tax_credit_rating=...)
        request = await lending.need(session, owner, ours, now, amount_yuan=600_000)
        found = await applications.offers_for(
            session, owner, request.id, applicant_of=applicant_of, as_of=lending.AS_OF
        )
        by_id = {offer.product.id: offer for offer in found.offers}
        assert (by_id["CCB-YSD"].status, by_id["CCB-YSD"].missing) == ("undetermined", ["tax_credit_rating"])
        merchant = by_id["CCB-SHYD"]
        assert merchant.status == "ineligible"
        assert [limit.code for limit in merchant.limits if limit.verdict is False] == ["amount_range"]
        assert merchant.quote_at_highest_rate is None

    async def test_a_campaign_ends_with_its_last_day(self, session: AsyncSession, now: datetime) -> None:
        product = await products.current_product(session, "CCB-ZXD-SD")
        owner = await person(session, now)
        applicant = await applicant_of(session, await lending.enterprise(session, owner, now))
        need = applications.Need(Decimal(100_000), 6)
        last = date(2020, 6, 30)
        assert applications.judge(product, need, applicant.facts, last).status == "eligible"
        assert (
            applications.judge(product, need, applicant.facts, last + timedelta(days=1)).status
            == "ineligible"
        )

    async def test_a_formula_limits_the_amount_by_the_collateral(
        self, session: AsyncSession, now: datetime
    ) -> None:
        product = await products.current_product(session, "CCB-DYKD")
        owner = await person(session, now)
        ours = await lending.enterprise(
            session, owner, now, collateral_type="residential", collateral_value_yuan=1_000_000
        )
        facts = (await applicant_of(session, ours)).facts

        def status(amount: int, known: object = facts) -> str:
            return applications.judge(
                product, applications.Need(Decimal(amount), 12), known, lending.AS_OF
            ).status  # type: ignore[arg-type]

        assert status(700_000) == "eligible"
        assert status(700_001) == "ineligible"
        assert status(300_000, facts.without("collateral_value_yuan")) == "undetermined"

    async def test_another_owners_need_is_not_there(self, session: AsyncSession, now: datetime) -> None:
        owner, other = await person(session, now), await person(session, now)
        request = await lending.need(session, owner, await lending.enterprise(session, owner, now), now)
        for asked in (request.id, uuid4()):
            with pytest.raises(NotFound):
                await applications.offers_for(
                    session, other, asked, applicant_of=applicant_of, as_of=lending.AS_OF
                )


class TestApplying:
    async def test_an_application_keeps_what_it_was_judged_on(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        made = (await lending.submitted(session, owner, now)).application
        await profiles.save_facts(
            session, owner, made.enterprise_id, {"tax_credit_rating": "D"}, source="declared", now=now
        )
        entry = next(each for each in shipped()["products"] if each["id"] == "CCB-YSD")
        await products.store(session, {**entry, "name_zh": "新名字", "rule": "employees_end > 1000"}, now=now)
        await session.commit()
        found = await cases.case(session, owner, made.id, now=now)
        assert found.product.name_zh == "小微快贷-云税贷"
        assert found.product.version == 1
        assert found.facts["tax_credit_rating"] == "B"
        assert found.rule == entry["rule"]
        assert (found.verdict, found.trace["verdict"]) == ("eligible", True)
        assert found.provenance["tax_credit_rating"].source == "declared"
        assert [event.kind for event in found.events] == ["submit"]
        assert found.quote.annual_rate_pct == Decimal("5.0")
        assert found.serial.startswith("A20200415-")

    async def test_submitting_leaves_one_event_one_audit_row_and_one_consent(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        made = (await lending.submitted(session, owner, now)).application
        assert await count(session, ApplicationEvent, col(ApplicationEvent.application_id) == made.id) == 1
        assert await count(session, AuditEntry, col(AuditEntry.subject_id) == str(made.id)) == 1
        consent = await session.scalar(select(Consent).where(col(Consent.application_id) == made.id))
        assert consent is not None
        assert (consent.bank_id, consent.purpose) == ("ccb", "loan_application")
        assert "中国建设银行" in consent.wording
        assert made.consent_id == consent.id

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"bank_id": "icbc"}, "consent.bank_id"),
            ({"purpose": "marketing"}, "consent.purpose"),
            ({"data_categories": ["enterprise_identity"]}, "consent.data_categories"),
            (
                {
                    "data_categories": [
                        "enterprise_identity",
                        "enterprise_facts",
                        "financing_request",
                        "contacts",
                    ]
                },
                "consent.data_categories",
            ),
        ],
    )
    async def test_a_consent_to_more_less_or_others_is_refused(
        self, session: AsyncSession, now: datetime, changes: dict[str, object], field: str
    ) -> None:
        owner = await person(session, now)
        request = await lending.need(session, owner, await lending.enterprise(session, owner, now), now)
        with pytest.raises(ConsentMismatch) as refused:
            await lending.apply(session, owner, lending.asking(request.id, **changes), now)  # type: ignore[arg-type]
        assert refused.value.field == field
        await session.rollback()
        assert await count(session, Consent) == 0

    async def test_the_bank_gets_the_facts_the_consent_names_and_no_other(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner, officer = await person(session, now), await person(session, now, Role.OFFICER)
        ours = await lending.enterprise(session, owner, now)
        request = await lending.need(session, owner, ours, now)
        named = [name for name in lending.FACTS if name != "total_assets_yuan"]
        made = await lending.apply(session, owner, lending.asking(request.id, facts=named), now)
        seen = await cases.case(session, officer, made.id, now=now)
        assert set(seen.facts) == set(seen.provenance) == set(named)
        given = await session.get(Consent, made.consent_id)
        assert given is not None
        sentence, listed = given.wording.splitlines()
        assert f"{len(named)} 项" in sentence
        assert "纳税信用等级" in listed
        assert "资产总额" not in listed

    async def test_a_consent_that_leaves_out_what_the_product_asks_is_not_enough(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        request = await lending.need(session, owner, await lending.enterprise(session, owner, now), now)
        named = [name for name in lending.FACTS if name != "owner_age"]
        with pytest.raises(FactsMissing) as missing:
            await lending.apply(session, owner, lending.asking(request.id, facts=named), now)
        assert missing.value.params["missing"] == ["owner_age"]
        with pytest.raises(ConsentMismatch) as refused:
            await lending.apply(session, owner, lending.asking(request.id, facts=["shoe_size"]), now)
        assert refused.value.field == "consent.facts"

    async def test_an_undetermined_product_says_what_is_missing(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        ours = await lending.enterprise(session, owner, now, owner_age=..., tax_credit_rating=...)
        request = await lending.need(session, owner, ours, now)
        with pytest.raises(FactsMissing) as refused:
            await lending.apply(session, owner, lending.asking(request.id), now)
        assert refused.value.params["missing"] == ["owner_age", "tax_credit_rating"]
        assert "纳税信用" in str(refused.value.params["zh"])

    async def test_an_ineligible_product_says_which_clause(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        ours = await lending.enterprise(session, owner, now, tax_credit_rating="D", owner_age=70)
        request = await lending.need(session, owner, ours, now)
        with pytest.raises(NotEligible) as refused:
            await lending.apply(session, owner, lending.asking(request.id), now)
        assert refused.value.params["clauses"] == ['tax_credit_rating in ["A", "B"]', "owner_age <= 65"]

    async def test_what_the_product_does_not_offer_is_refused(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        ours = await lending.enterprise(session, owner, now)
        long = await lending.need(session, owner, ours, now, term_months=24)
        with pytest.raises(ProductNotOffered):
            await lending.apply(session, owner, lending.asking(long.id), now)
        short = await lending.need(session, owner, ours, now)
        with pytest.raises(MethodNotOffered):
            await lending.apply(
                session, owner, lending.asking(short.id, repayment_method="equal_principal"), now
            )
        with pytest.raises(NotFound):
            await lending.apply(session, owner, lending.asking(short.id, product_id="NO-SUCH"), now)

    async def test_the_same_need_applies_once_until_withdrawn(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        first = await lending.submitted(session, owner, now)
        with pytest.raises(AlreadyApplied) as refused:
            await lending.apply(session, owner, lending.asking(first.request.id), now)
        assert refused.value.params["application_id"] == str(first.application.id)
        await applications.withdraw(session, owner, first.application.id, now=now)
        await lending.apply(session, owner, lending.asking(first.request.id), now)

    async def test_ten_submits_at_once_make_one_application(
        self, session: AsyncSession, engine: AsyncEngine, now: datetime
    ) -> None:
        owner = await person(session, now)
        request = await lending.need(session, owner, await lending.enterprise(session, owner, now), now)

        async def submit() -> bool:
            async with open_session(engine) as own:
                try:
                    await lending.apply(own, owner, lending.asking(request.id), now)
                except AlreadyApplied:
                    return False
                return True

        assert sum(await asyncio.gather(*(submit() for _ in range(10)))) == 1
        assert await count(session, Application) == 1
        assert await count(session, Consent) == 1


class TestWhoSeesIt:
    async def test_strangers_and_administrators_find_nothing(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        made = (await lending.submitted(session, owner, now)).application
        seeing = [
            owner,
            *[await person(session, now, role) for role in (Role.OFFICER, Role.SENIOR_OFFICER, Role.AUDITOR)],
        ]
        for who in seeing:
            assert (await queries.application_for(session, who, made.id)).id == made.id
        blind = [await person(session, now), await person(session, now, Role.OFFICER, bank_id="icbc")]
        blind += [
            await person(session, now, role)
            for role in (Role.PRODUCT_MANAGER, Role.POLICY_ADMIN, Role.OPERATOR)
        ]
        for who in blind:
            with pytest.raises(NotFound):
                await queries.application_for(session, who, made.id)

    async def test_the_owner_sees_no_officer_and_no_deadline_standing(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        made = (await lending.submitted(session, owner, now)).application
        officer = await person(session, now, Role.OFFICER)
        for_owner = await cases.case(session, owner, made.id, now=now)
        for_officer = await cases.case(session, officer, made.id, now=now)
        assert (for_owner.standing, for_owner.claimed_by, for_owner.actions) == (None, None, ["withdraw"])
        assert (for_officer.standing, for_officer.actions) == ("within", ["claim"])


async def test_the_database_keeps_one_current_version_of_a_product(
    session: AsyncSession, now: datetime
) -> None:
    entry = next(each for each in shipped()["products"] if each["id"] == "GPL")
    second = await products.store(session, entry, now=now)
    assert second.version == 2
    assert await count(session, Product, col(Product.id) == "GPL", col(Product.status) == "current") == 1
    with pytest.raises(Exception, match="uq_products_current"):
        await session.execute(update(Product).where(col(Product.id) == "GPL").values(status="current"))
