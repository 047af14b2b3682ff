"""Trying and keeping cases at the desk: nothing typed is lost, nobody's data becomes a case, and the card tells all."""

from datetime import datetime
from decimal import Decimal

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.roles import Role
from auth.tables import AuditEntry
from marketplace.profiles.tables import Enterprise
from policies import cases, queries, service
from policies.schemas import PolicyDraft
from tests.factories import lending
from tests.factories.desk_cases import keep_cases
from tests.factories.pages import Visitor, form_of
from tests.factories.people import person, sign_in
from tests.web.conftest import SignedIn
from tests.web.reading import read

pytestmark = pytest.mark.seeded
POLICY = "CN-VAT-2019-13-1"
VERSION = f"/admin/policies/{POLICY}/versions/1"
TRY = f"{VERSION}/try"
QUARTER = {
    "try_day": "2020-04-15", "vat_taxpayer_type": "small_scale", "vat_period": "quarter",
    "vat_period_sales_yuan": "30万",
}  # fmt: skip


@pytest.fixture
async def admin(signed_in: SignedIn) -> Visitor:
    return (await signed_in(Role.POLICY_ADMIN))[0]


async def test_made_up_facts_are_tried_with_reasons_and_the_amount_worked_out(admin: Visitor) -> None:
    page = read((await admin.post(TRY, {**QUARTER, "try": "1"})).text).text
    assert "9,000 元" in page
    assert "本期销售额(不含税,扣除不动产销售) × 0.03" in page
    assert "本期销售额(不含税,扣除不动产销售)不超过 300,000 元" in page
    later = read((await admin.post(TRY, {**QUARTER, "try_day": "2021-04-01", "try": "1"})).text).text
    assert "这一天不在本版的施行期内" in later


async def test_what_cannot_be_read_is_told_beside_its_field_and_all_of_it_comes_back(admin: Visitor) -> None:
    typed = {**QUARTER, "try_day": "soon", "vat_period_sales_yuan": "1,2,3", "q": "济南", "try": "1"}
    answer = await admin.post(TRY, typed)
    found = form_of(answer)
    assert answer.status_code == 422
    assert sorted(found.summary) == ["try_day", "vat_period_sales_yuan"]
    for name in ("vat_period_sales_yuan", "vat_period", "q"):
        assert found.fields[name] == typed[name]


async def test_what_was_tried_is_kept_with_the_verdict_the_admin_gives_it(
    admin: Visitor, session: AsyncSession
) -> None:
    keeping = {**QUARTER, "name": "一季三十万", "keep": "1"}
    undecided = await admin.post(TRY, keeping)
    assert (undecided.status_code, form_of(undecided).summary) == (422, ["expected"])
    kept = await admin.post(TRY, {**keeping, "expected": "ineligible"})
    assert kept.status_code == 303
    assert "与预期不同" in read((await admin.get(VERSION)).text).text
    again = await admin.post(TRY, {**keeping, "expected": "ineligible"})
    assert (again.status_code, form_of(again).summary) == (409, ["name"])

    (mine,) = [one for one in await cases.of(session, POLICY) if one.name == "一季三十万"]
    old = mine.id
    page = form_of(await admin.get(f"{TRY}?case={old}"))
    assert page.fields["vat_period_sales_yuan"] == "300000"
    right = {**page.fields, "expected": "eligible", "expected_yuan": "9000", "keep": "1"}
    assert (await admin.post(TRY, right)).status_code == 303
    session.expire_all()
    (now,) = [one for one in await cases.of(session, POLICY) if one.name == "一季三十万"]
    assert (now.replaces, now.expected, now.expected_yuan) == (old, "eligible", Decimal(9_000))
    assert (await admin.get(f"{TRY}?case={old}")).status_code == 404


async def test_an_enterprise_is_looked_for_tried_and_audited_and_never_kept(
    admin: Visitor, session: AsyncSession, now: datetime
) -> None:
    enterprise = await session.get_one(
        Enterprise, await lending.enterprise(session, await person(session, now), now)
    )
    looking = {**QUARTER, "q": enterprise.uscc[:10]}
    assert form_of(await admin.post(TRY, {**QUARTER, "q": "%", "find": "1"})).summary == ["q"]
    assert "没有找到" in (await admin.post(TRY, {**QUARTER, "q": "没有这一家", "find": "1"})).text
    assert f'value="{enterprise.id}"' in (await admin.post(TRY, {**looking, "find": "1"})).text
    tried = await admin.post(TRY, {**looking, "enterprise": str(enterprise.id)})
    assert tried.status_code == 200
    assert 'name="keep"' not in tried.text
    line = await session.scalar(
        select(AuditEntry).where(
            col(AuditEntry.action) == "policies.try", col(AuditEntry.subject_id) == str(enterprise.id)
        )
    )
    assert line is not None
    assert line.detail == {"policy": POLICY, "version": 1, "day": "2020-04-15"}
    assert (await admin.post(TRY, {**looking, "enterprise": "nobody"})).status_code == 422


async def test_proposals_are_kept_only_where_somebody_judged_them(
    admin: Visitor, session: AsyncSession
) -> None:
    before = len(await cases.of(session, POLICY))
    page = await admin.post(f"{VERSION}/cases", {})
    assert (page.status_code, form_of(page).summary) == (422, ["missing"])
    broken = {"expected-0": "eligible", "name-0": "x", "day-0": "2020-04-15"}
    for facts in ("", "[]", '{"vat_period": "week"}', '{"nothing": 1}'):
        answer = await admin.post(f"{VERSION}/cases", {**broken, "facts-0": facts})
        assert (answer.status_code, form_of(answer).summary) == (422, ["missing"]), facts
    await keep_cases(admin, VERSION)
    session.expire_all()
    found = await cases.of(session, POLICY)
    assert len(found) > before
    assert "全部符合预期，阈值两侧都有用例" in read((await admin.get(VERSION)).text).text
    assert (await admin.post(f"{VERSION}/cases", {"retire": str(found[0].id)})).status_code == 303
    assert (await admin.post(f"{VERSION}/cases", {"retire": str(found[0].id)})).status_code == 404


async def test_auditors_read_the_cases_and_change_none(signed_in: SignedIn) -> None:
    auditor, _ = await signed_in(Role.AUDITOR)
    page = await auditor.get(f"{VERSION}/cases")
    assert page.status_code == 200
    assert "<select" not in page.text
    for address in (TRY, f"{VERSION}/cases"):
        assert (await auditor.post(address, {})).status_code == 403
    owner, _ = await signed_in(Role.OWNER)
    assert (await owner.get(f"{VERSION}/cases")).status_code == 403
    for unknown in (
        "/admin/policies/CN-VAT-2019-13-1/versions/9/try",
        "/admin/policies/NONE/versions/1/cases",
    ):
        admin, _ = await signed_in(Role.POLICY_ADMIN)
        assert (await admin.get(unknown)).status_code == 404


async def test_the_api_tries_a_draft_on_stated_facts_with_its_trace(
    client: AsyncTestClient[Litestar], session: AsyncSession, now: datetime
) -> None:
    admin = await person(session, now, Role.POLICY_ADMIN)
    signed = (await sign_in(client, admin)).headers
    address = f"/api/v1/admin/policies/{POLICY}/try"
    facts = {"vat_taxpayer_type": "small_scale", "vat_period": "quarter", "vat_period_sales_yuan": 300_000}
    body = {"facts": facts, "as_of": "2020-04-15"}
    found = (await client.post(address, json=body, headers=signed)).json()
    assert (found["version"], found["status"], found["amount"]["exact"]) == (1, "eligible", 9000)
    assert found["trace"]["children"][0]["text"] == 'vat_taxpayer_type == "small_scale"'

    base = await queries.current(session, POLICY)
    assert base is not None
    draft = PolicyDraft(
        **{name: getattr(base, name) for name in PolicyDraft.model_fields}
        | {"rule": base.rule.replace("<= 300000", "< 300000")}
    )
    await service.save_draft(session, admin, POLICY, draft, seen_sha256=base.content_sha256, now=now)
    await session.commit()
    found = (await client.post(address, json=body, headers=signed)).json()
    assert (found["version"], found["status"], found["amount"]) == (2, "ineligible", None)
    found = (await client.post(address, json={**body, "version": 1}, headers=signed)).json()
    assert found["status"] == "eligible"

    refused = [{"facts": {"sme_size": "micro"}, "as_of": "2020-04-15"}, {"facts": {}}, {**body, "day": "x"}]
    assert [(await client.post(address, json=one, headers=signed)).status_code for one in refused] == [
        422
    ] * 3
    assert (await client.post(address, json={**body, "version": 9}, headers=signed)).status_code == 404
    assert (await client.post(address, json=body)).status_code == 401
