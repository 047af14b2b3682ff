"""The operator's pages of agencies: what he registers is what attests, refusals keep what was typed."""

from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy.ext.asyncio import AsyncSession

from auth.roles import Role
from auth.tokens import thumbprint
from marketplace.profiles import attesting
from marketplace.profiles.agencies import read_key
from tests.factories.attesting import pem_of, signer
from tests.factories.enterprises import enterprise
from tests.factories.pages import form_of
from tests.factories.people import person
from tests.web.conftest import SignedIn

LIST = "/operations/agencies"
AGENCY = {"code": "zibo-tax", "name_zh": "淄博市税务局", "name_en": "Zibo Tax Service", "kind": "tax"}


async def test_an_operator_registers_an_agency_and_its_key_and_revokes_it(
    signed_in: SignedIn, now: datetime
) -> None:
    operator, _ = await signed_in(Role.OPERATOR)
    made = await operator.post(LIST, AGENCY)
    address = made.headers["location"]
    pem = pem_of(ec.generate_private_key(ec.SECP256R1()))
    key = {"pem": pem, "first": now.date().isoformat(), "last": (now.date() + timedelta(9)).isoformat()}
    assert (await operator.post(f"{address}/keys", key)).status_code == 303
    kid = thumbprint(read_key(pem))
    shown = await operator.get(f"{address}?lang=zh")
    assert kid in shown.text
    assert "有效" in shown.text
    assert (await operator.post(f"{address}/keys/{kid}/revoke", {})).status_code == 303
    assert "已吊销" in (await operator.get(address)).text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("code", "Zibo Tax"),
        ("name_zh", " "),
        ("name_en", "x" * 101),
        ("kind", "post_office"),
        ("code", "jinan-tax"),
    ],
)
async def test_what_does_not_fit_is_told_and_the_rest_kept(
    signed_in: SignedIn, session: AsyncSession, now: datetime, lang: str, field: str, text: str
) -> None:
    await signer(session, now)
    operator, _ = await signed_in(Role.OPERATOR)
    page = await operator.post(f"{LIST}?lang={lang}", {**AGENCY, field: text})
    found = form_of(page)
    assert (page.status_code, found.summary) == (422, [field])
    kept = {name: value for name, value in AGENCY.items() if name not in {field, "kind"}}
    assert {name: found.fields[name] for name in kept} == kept


@pytest.mark.parametrize(
    ("field", "text"), [("pem", "x"), ("first", "tomorrow"), ("last", "2019-01-01"), ("last", "")]
)
async def test_a_key_that_does_not_fit_is_told(
    signed_in: SignedIn, session: AsyncSession, now: datetime, field: str, text: str
) -> None:
    tax = await signer(session, now)
    operator, _ = await signed_in(Role.OPERATOR)
    day = now.date().isoformat()
    key = {"pem": pem_of(ec.generate_private_key(ec.SECP256R1())), "first": day, "last": day, field: text}
    page = await operator.post(f"{LIST}/{tax.agency.id}/keys", key)
    assert (page.status_code, form_of(page).summary) == (422, [field])


async def test_what_is_in_dispute_stands_with_the_agencies_that_may_attest_it(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    tax = await signer(session, now)
    wages = await signer(session, now, kind="social_insurance", code="jinan-hrss")
    owner = await person(session, now)
    mine = await enterprise(session, owner, now)
    statement = tax.sign(tax.claims(mine.uscc, {"tax_credit_rating": "B"}))
    await attesting.take_in(session, statement, audience="http://127.0.0.1:8000", now=now)
    await attesting.dispute(session, owner, mine.id, "tax_credit_rating", "去年评的是 A", now)
    await session.commit()
    operator, _ = await signed_in(Role.OPERATOR)
    assert "去年评的是 A" in (await operator.get(f"{LIST}/{tax.agency.id}")).text
    assert "去年评的是 A" not in (await operator.get(f"{LIST}/{wages.agency.id}")).text


async def test_nobody_else_comes_near_them(signed_in: SignedIn, session: AsyncSession, now: datetime) -> None:
    tax = await signer(session, now)
    for role in (Role.OWNER, Role.OFFICER, Role.POLICY_ADMIN, Role.AUDITOR):
        visitor, _ = await signed_in(role)
        for address in (LIST, f"{LIST}/{tax.agency.id}"):
            assert (await visitor.get(address)).status_code == 403
        assert (await visitor.post(LIST, AGENCY)).status_code == 403
