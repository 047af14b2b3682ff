"""The desk beyond approving: a later time, a withdrawal, comments, history side by side, and what was told on a day."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from auth.roles import Role
from auth.tables import AuditEntry
from marketplace.profiles import service as profiles
from marketplace.web.format import HERE
from policies import queries, service
from policies.schemas import PolicyDraft
from tests.factories import lending
from tests.factories.pages import Visitor, form_of
from tests.factories.people import person
from tests.factories.publishing import AFTER, RENT, made_ready, published, seeded
from tests.web.conftest import Arrive, SignedIn
from tests.web.reading import read

DESK = f"/admin/policies/{RENT}"
VERSION = f"{DESK}/versions/2"


@pytest.fixture(autouse=True)
async def policy(session: AsyncSession, now: datetime) -> None:
    await seeded(session, now)


async def submitted(session: AsyncSession, writer: Actor, now: datetime) -> str:
    """Version 2 in review; the hash that was read."""
    base = await queries.current(session, RENT)
    assert base is not None
    fields = {name: getattr(base, name) for name in PolicyDraft.model_fields}
    draft = PolicyDraft(**{**fields, "rule": AFTER})
    row = await service.save_draft(session, writer, RENT, draft, seen_sha256=base.content_sha256, now=now)
    await made_ready(session, writer, row, now)
    await service.submit(session, writer, RENT, 2, seen_sha256=row.content_sha256, why="放宽到十人", now=now)
    await session.commit()
    return row.content_sha256


async def press(admin: Visitor, address: str, action: str, **more: str) -> int:
    return (await admin.post(address, {"action": action, **more})).status_code


async def test_a_version_is_approved_for_later_called_off_and_discussed(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    first, writer = await signed_in(Role.POLICY_ADMIN)
    second, _ = await signed_in(Role.POLICY_ADMIN)
    seen = await submitted(session, writer, now)
    assert "放宽到十人" in (await second.get(VERSION)).text
    for day, hour, field in (
        ("", "08:00", "effect_day"),
        ("2001-01-01", "08:00", "effect_day"),
        ("2026-12-31", "25:00", "effect_time"),
    ):
        form = {"action": "schedule", "seen_sha256": seen, "effect_day": day, "effect_time": hour}
        page = await second.post(VERSION, form)
        assert (page.status_code, form_of(page).summary) == (422, [field])
        assert form_of(page).fields["effect_time"] == hour
    later = (now + timedelta(days=3)).astimezone(HERE)
    when = {"effect_day": later.date().isoformat(), "effect_time": "08:00"}
    assert await press(second, VERSION, "schedule", seen_sha256=seen, **when) == 303
    for admin in (first, second):
        assert "待生效" in read((await admin.get("/admin")).text).text
    assert await press(second, VERSION, "comment", words=" ") == 422
    assert await press(second, VERSION, "comment", words="<b>看过扫描件</b>") == 303
    assert await press(first, VERSION, "call_off", reason="") == 422
    assert await press(first, VERSION, "call_off", reason="文件推迟") == 303
    text = (await first.get(VERSION)).text
    assert "&lt;b&gt;看过扫描件&lt;/b&gt;" in text
    assert "文件推迟" in text


async def test_what_waits_is_counted_on_every_page_of_the_desk(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    first, writer = await signed_in(Role.POLICY_ADMIN)
    second, _ = await signed_in(Role.POLICY_ADMIN)
    auditor, _ = await signed_in(Role.AUDITOR)
    seen = await submitted(session, writer, now)
    for path in ("/admin", "/admin/pushes", "/admin/commitments", DESK, f"{DESK}/history"):
        assert "待办 1" in read((await second.get(path)).text).text, path
        assert "待办 0" in read((await first.get(path)).text).text, path
        assert "/admin#pending" not in read((await auditor.get(path)).text).links, path
    assert "等你复核" in (await second.get("/admin")).text
    assert "待办 1" in read((await second.post(VERSION, {"action": "reject"})).text).text
    assert await press(second, VERSION, "reject", seen_sha256=seen, reason="第三条") == 303
    assert "退回给你修改" in (await first.get("/admin")).text
    assert "待办 0" in read((await second.get("/admin")).text).text


async def test_a_policy_is_withdrawn_by_two_and_its_page_says_why(
    signed_in: SignedIn, arrive: Arrive, session: AsyncSession, now: datetime
) -> None:
    first, _ = await signed_in(Role.POLICY_ADMIN)
    second, _ = await signed_in(Role.POLICY_ADMIN)
    one = f"{DESK}/versions/1"
    visitor = arrive()
    assert (await visitor.get(f"/policies/{RENT}")).status_code == 200
    assert await press(first, one, "ask_withdrawal", reason="") == 422
    assert await press(first, one, "ask_withdrawal", reason="写宽了") == 303
    assert await press(first, one, "confirm_withdrawal") == 409
    assert "撤回申请，等你确认" in (await second.get("/admin")).text
    assert await press(second, one, "confirm_withdrawal") == 303
    page = await visitor.get(f"/policies/{RENT}")
    assert page.status_code == 410
    assert "写宽了" in page.text
    assert f"/policies/{RENT}" not in read((await visitor.get("/policies?when=all")).text).links
    assert "已撤回" in (await first.get(one)).text


async def test_versions_stand_side_by_side_in_words_and_condition_by_condition(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    admin, _ = await signed_in(Role.AUDITOR)
    await published(session, now, f"{AFTER} && affected_by_epidemic", name_zh="房租减半")
    page = (await admin.get(f"{DESK}/history")).text
    assert {"v1", "v2"} <= set(read(page).text.split())
    found = (await admin.get(f"{DESK}/compare?before=1&after=2")).text
    assert "mp-versus__changed" in found
    assert "mp-versus__added" in found
    assert "<ins>减半</ins>" in found.replace("\n", "")
    assert (await admin.get(f"{DESK}/compare?before=1&after=1")).text.count("<ins>") == 0
    for address in ("compare?before=9", "compare?after=x"):
        assert (await admin.get(f"{DESK}/{address}")).status_code == 404
    assert (await admin.get("/admin/policies/NO-SUCH/history")).status_code == 404


async def test_what_was_told_is_told_again_with_the_same_mark_and_audited(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    admin, who = await signed_in(Role.POLICY_ADMIN)
    owner = await person(session, now)
    yesterday = now - timedelta(days=2)
    enterprise = await lending.enterprise(session, owner, yesterday)
    uscc = (await profiles.enterprise_of(session, owner, enterprise)).uscc
    await profiles.save_facts(
        session, owner, enterprise, {"employees_end": 3}, source="declared", now=yesterday
    )
    await session.commit()
    asked = f"/admin/told?enterprise={uscc}&day=2020-04-15&known={now.astimezone(HERE).date()}"
    first = read((await admin.get(asked)).text).text
    await profiles.save_facts(
        session, owner, enterprise, {"employees_end": 30}, source="declared", now=now + timedelta(seconds=1)
    )
    await session.commit()
    again = read((await admin.get(asked)).text).text
    assert first == again
    assert "3 人" in first
    before = (await admin.get(asked.replace(f"{now.astimezone(HERE).date()}", "2001-01-01"))).text
    assert "empty" in before
    logged = await session.scalars(select(AuditEntry).where(col(AuditEntry.action) == "policies.told_then"))
    assert {(line.actor_id, line.tenant) for line in logged} == {(who.user_id, str(enterprise))}
    for address in ("/admin/told?enterprise=x", f"/admin/told?enterprise={uscc}&day=zz"):
        assert (await admin.get(address)).status_code == 422


async def test_an_operator_says_whose_account_is_whose(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    operator, _ = await signed_in(Role.OPERATOR)
    admin = await person(session, now, Role.POLICY_ADMIN)
    address = f"/operations/staff/{admin.user_id}"
    refused = await operator.post(address, {"staff_number": "?"})
    assert (refused.status_code, form_of(refused).summary) == (422, [f"staff-{admin.user_id}"])
    assert (await operator.post(address, {"staff_number": "sd 20113"})).status_code == 303
    assert "SD20113" in (await operator.get("/operations/staff")).text
    other, _ = await signed_in(Role.POLICY_ADMIN)
    assert (await other.get("/operations/staff")).status_code == 403
