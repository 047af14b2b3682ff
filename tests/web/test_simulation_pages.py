"""Simulating at the desk: a button, how far it is, who gains and loses without telling of anybody, and a reason."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from auth.roles import Role
from auth.tables import AuditEntry
from eligibility import Facts
from marketplace.simulating import service as simulating
from policies import queries
from policies.simulation_tables import Simulation
from tests.factories.pages import Visitor, form_of
from tests.factories.publishing import RENT
from tests.factories.stored import store
from tests.web.conftest import SignedIn

pytestmark = pytest.mark.seeded
VERSION = f"/admin/policies/{RENT}/versions/2"
PAGE = f"{VERSION}/simulation"
WHY = "这一条只照顾小微企业，文件第二条写明，原来的文字放宽了。"
SHOPS = {
    "city_code": "370100",
    "province_code": "370000",
    "industry_code": "6210",
    "landlord_type": "state_owned",
}
MICRO = {"employees_annual_avg": 5, "operating_revenue_yuan": 900_000}
SMALL = {"employees_annual_avg": 50, "operating_revenue_yuan": 9_000_000}
NARROW = 'province_code == "370000" && landlord_type == "state_owned" && sme_size in ["micro"]'


async def drafted(session: AsyncSession, admin: Visitor, rule: str = NARROW) -> None:
    """A draft of the seeded policy, saved in the editor."""
    editor = f"/admin/policies/{RENT}"
    fields = form_of(await admin.get(editor)).fields
    kept = {name: value for name, value in fields.items() if name != "_csrf_token"}
    answer = await admin.post(editor, {**kept, "rule": rule, "save": "1"})
    assert answer.status_code == 303, answer.text


async def counted(session: AsyncSession, engine: AsyncEngine, now: datetime) -> Simulation:
    """What the worker does with the newest button pressed."""
    session.expire_all()
    found = (await session.scalars(select(Simulation).order_by(Simulation.asked_at.desc()).limit(1))).one()  # type: ignore[attr-defined]
    await simulating.work(engine, found.id, lambda: now)
    await session.refresh(found)
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_from_the_button_to_a_reason(
    signed_in: SignedIn, session: AsyncSession, engine: AsyncEngine, now: datetime, lang: str
) -> None:
    await store(
        session,
        [
            *[Facts({**SHOPS, **MICRO})] * 20,
            *[Facts({**SHOPS, **SMALL})] * 8,
            Facts({**SHOPS, **SMALL, "city_code": "370200"}),
        ],
    )
    await session.commit()
    admin, _ = await signed_in(Role.POLICY_ADMIN)
    await admin.get(f"/?lang={lang}")
    await drafted(session, admin)
    card = (await admin.get(VERSION)).text
    assert f'action="{PAGE}"' in card
    assert (await admin.post(PAGE, {})).status_code == 303
    waiting = (await admin.get(PAGE)).text
    assert 'hx-trigger="every 1s"' in waiting
    assert f'href="{PAGE}"' in waiting  # without script, a link looks again
    found = await counted(session, engine, now)
    assert (found.state, found.lost) == ("done", 10)  # with one of the demo enterprises
    page = (await admin.get(PAGE)).text
    assert "hx-trigger" not in page
    assert ("10 would no longer be sure" if lang == "en" else "10 家不再确定符合") in page
    assert ("Jinan" if lang == "en" else "济南市") in page
    assert (
        "Qingdao" if lang == "en" else "青岛市"
    ) not in page  # a single shop there is told with the others
    refused = await admin.post(PAGE, {"reason": "太短", "simulation_id": str(found.id)})
    form = form_of(refused)
    assert (refused.status_code, form.summary, form.fields["reason"].strip()) == (422, ["reason"], "太短")
    odd = await admin.post(PAGE, {"reason": WHY, "simulation_id": "x"})
    assert (odd.status_code, form_of(odd).fields["reason"].strip()) == (409, WHY)
    assert (await admin.post(PAGE, {"reason": WHY, "simulation_id": str(found.id)})).status_code == 303
    assert WHY in (await admin.get(PAGE)).text
    actions = (await session.scalars(select(AuditEntry.action))).all()
    assert {"policies.simulate", "policies.explain_losses"} <= set(actions)


async def test_figures_of_an_older_text_or_of_other_enterprises_are_seen_as_such(
    signed_in: SignedIn, session: AsyncSession, engine: AsyncEngine, now: datetime
) -> None:
    admin, _ = await signed_in(Role.POLICY_ADMIN)
    await admin.get("/?lang=en")
    await drafted(session, admin)
    await admin.post(PAGE, {})
    await counted(session, engine, now)
    assert "there are" not in (await admin.get(PAGE)).text
    await store(session, [Facts()])
    await session.commit()
    assert "there are" in (await admin.get(PAGE)).text
    await drafted(session, admin, f"{NARROW} && affected_by_epidemic")
    page = (await admin.get(PAGE)).text
    assert "has changed since it was simulated" in page
    assert "mp-moves" not in page


async def test_an_auditor_reads_and_starts_nothing(signed_in: SignedIn, session: AsyncSession) -> None:
    admin, _ = await signed_in(Role.POLICY_ADMIN)
    await drafted(session, admin)
    auditor, _ = await signed_in(Role.AUDITOR)
    page = await auditor.get(PAGE)
    assert (page.status_code, '<form method="post" action="/admin' in page.text) == (200, False)
    assert (await auditor.post(PAGE, {})).status_code == 403
    assert (await admin.get(f"/admin/policies/{RENT}/versions/99/simulation")).status_code == 404
    assert (await queries.version(session, RENT, 2)) is not None
