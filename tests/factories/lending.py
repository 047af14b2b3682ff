"""Needs and applications for tests: an enterprise that fits the tax loans, and the way to an application of any state.

Facts are chosen to make CCB-YSD eligible; whoever needs another verdict changes one of them.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import Role
from auth.tables import Membership
from loans import applications, decisions, officer
from loans.schemas import (
    CONSENT_PURPOSE,
    DATA_CATEGORIES,
    ApplicationInput,
    ConsentInput,
    DecisionInput,
    FinancingRequestInput,
)
from loans.tables import Application, FinancingRequest
from marketplace.i18n import translate
from marketplace.lending import applicant_of
from marketplace.profiles import service as profiles
from marketplace.profiles.tables import Enterprise
from marketplace.seeding import loans as seeding
from tests.factories.people import person

AS_OF = date(2020, 4, 15)
FACTS: dict[str, Any] = {
    "entity_type": "company",
    "province_code": "370000",
    "city_code": "370300",
    "industry_code": "1411",
    "employees_end": 18,
    "operating_revenue_yuan": 3_600_000,
    "total_assets_yuan": 2_100_000,
    "months_since_registration": 40,
    "months_paying_tax": 36,
    "tax_credit_rating": "B",
    "tax_paid_12m_yuan": 42_000,
    "owner_age": 41,
    "owner_bad_credit": False,
}
"""A food maker in Zibo that has paid tax for three years."""


async def banks_and_products(session: AsyncSession, now: datetime) -> None:
    """Store the shipped banks and products."""
    await seeding.step(lambda: now).work(session, lambda done, total: None)
    await session.commit()


async def enterprise(session: AsyncSession, owner: Actor, now: datetime, **facts: Any) -> UUID:
    """A registered enterprise of `owner` with FACTS, changed by `facts` (... leaves one unknown)."""
    number = owner.user_id.hex[:8].upper().translate(str.maketrans("IOSVZ", "11111"))
    made = Enterprise(
        uscc=f"91370303MA{number}",
        name="淄博和润食品有限公司",
        entity_type="company",
        owner_name="王小雨",
        owner_id_masked="370303********123X",
        owner_id_hmac="0" * 64,
        created_by=owner.user_id,
        created_at=now,
    )
    session.add(made)
    await session.flush()
    session.add(Membership(user_id=owner.user_id, enterprise_id=made.id, role="owner", created_at=now))
    await session.flush()
    known = {name: value for name, value in {**FACTS, **facts}.items() if value is not ...}
    await profiles.save_facts(session, owner, made.id, known, source="declared", now=now)
    await session.commit()
    return made.id


async def need(
    session: AsyncSession, owner: Actor, enterprise_id: UUID, now: datetime, **asked: Any
) -> FinancingRequest:
    """A stored need: 300,000 yuan for 12 months unless told otherwise."""
    request = await applications.ask(
        session,
        owner,
        FinancingRequestInput(
            enterprise_id=enterprise_id,
            amount_yuan=Decimal(asked.get("amount_yuan", 300_000)),
            term_months=asked.get("term_months", 12),
            purpose=asked.get("purpose", "购进原料，支付 3 月房租"),
            preferred_method=asked.get("preferred_method"),
        ),
        now=now,
    )
    await session.commit()
    return request


def asking(
    request_id: UUID, product_id: str = "CCB-YSD", bank_id: str = "ccb", **changes: Any
) -> ApplicationInput:
    """The body of an application whose consent names what it must."""
    return ApplicationInput(
        financing_request_id=request_id,
        product_id=product_id,
        repayment_method=changes.get("repayment_method"),
        consent=ConsentInput(
            bank_id=bank_id,
            purpose=changes.get("purpose", CONSENT_PURPOSE),
            data_categories=changes.get("data_categories", list(DATA_CATEGORIES)),
            facts=changes.get("facts"),
        ),
    )


async def apply(session: AsyncSession, owner: Actor, asked: ApplicationInput, now: datetime) -> Application:
    """Submit, and commit so that others see it."""
    made = await applications.apply(
        session, owner, asked, applicant_of=applicant_of, translate=translate, now=now, as_of=AS_OF
    )
    await session.commit()
    return made


@dataclass
class Submitted:
    """An application with the need and the enterprise behind it."""

    application: Application
    request: FinancingRequest
    enterprise_id: UUID


async def submitted(
    session: AsyncSession, owner: Actor, now: datetime, product_id: str = "CCB-YSD", **asked: Any
) -> Submitted:
    """A fresh enterprise's application for `product_id` (CCB unless `bank_id` says otherwise)."""
    enterprise_id = asked.pop("enterprise_id", None) or await enterprise(session, owner, now)
    bank_id = asked.pop("bank_id", "ccb")
    request = await need(session, owner, enterprise_id, now, **asked)
    made = await apply(session, owner, asking(request.id, product_id, bank_id), now)
    return Submitted(made, request, enterprise_id)


async def approved(session: AsyncSession, application: Application, now: datetime) -> Actor:
    """The application taken and approved with 250,000 yuan at 4.35% for a year, by the officer this gives."""
    who = await person(session, now, Role.OFFICER, bank_id=application.bank_id, display_name="孙志强")
    await officer.claim(session, who, application.id, now=now)
    terms = DecisionInput(
        kind="approve",
        amount_yuan=Decimal(250_000),
        annual_rate_pct=Decimal("4.35"),
        term_months=12,
        note="主营稳定",
    )
    await decisions.decide(session, who, application.id, terms, now=now)
    await session.commit()
    return who
