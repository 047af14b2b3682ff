"""The page of who acts for an enterprise: a code made, taken up, changed, removed; strangers find nothing."""

import re
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.profiles.people import HERE
from tests.factories import lending
from tests.factories.pages import Visitor, form_of
from tests.web.conftest import SignedIn

CODE = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}")


async def code_for(owner: Visitor, path: str, **fields: str) -> str:
    made = await owner.post(f"{path}/invite", {"invited": "会计小李", "part": "editor", **fields})
    assert made.status_code == 200, made.text
    found = CODE.search(made.text)
    assert found
    return found[0]


async def test_an_accountant_joins_works_and_is_removed(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    owner, who = await signed_in()
    accountant, other = await signed_in(display_name="李会计")
    mine = await lending.enterprise(session, who, now)
    home, path = f"/account/enterprises/{mine}", f"/account/enterprises/{mine}/people"
    code = await code_for(owner, path)
    assert (await accountant.get(home)).status_code == 404
    offer = await accountant.get(f"/account/invitation?code={code}")
    assert "替 淄博和润食品有限公司 办事" in offer.text
    taken = await accountant.post("/account/invitation", {"code": code})
    assert (taken.status_code, taken.headers["location"]) == (303, home)
    assert "李会计" in (await owner.get(path)).text
    size = {"employees_end": "25", "total_assets_yuan": "5"}
    assert (await accountant.post(f"{home}/facts/size", size)).status_code == 303
    assert (await accountant.post(f"{path}/invite", {"invited": "x", "part": "owner"})).status_code == 403
    changed = await owner.post(f"{path}/{other.user_id}/change", {"part": "reader"})
    assert changed.status_code == 303
    assert (await accountant.post(f"{home}/facts/size", size)).status_code == 403
    assert (await accountant.get(f"/loans?enterprise={mine}")).status_code == 200
    assert (await owner.post(f"{path}/{other.user_id}/remove", {})).status_code == 303
    for address in (home, path, f"{home}/import", f"{home}/facts/size"):
        assert (await accountant.get(address)).status_code == 404


async def test_an_agent_does_what_is_named_and_nothing_else(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    owner, who = await signed_in()
    agent, _ = await signed_in()
    mine = await lending.enterprise(session, who, now)
    last = (now.astimezone(HERE) + timedelta(days=9)).date().isoformat()
    path = f"/account/enterprises/{mine}/people"
    code = await code_for(owner, path, part="agent", matter_facts="1", last=last)
    assert (await agent.post("/account/invitation", {"code": code})).status_code == 303
    assert (
        await agent.post(f"/account/enterprises/{mine}/facts/size", {"employees_end": "9"})
    ).status_code == 303
    assert (await agent.get(f"/check/result?enterprise={mine}")).status_code == 403
    assert "填写和修改信息" in (await owner.get(path)).text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"invited": ""}, "invited"),
        ({"part": ""}, "part"),
        ({"part": "agent", "last": "2020-01-01"}, "matters"),
        ({"part": "agent", "matter_facts": "1", "last": "soon"}, "last"),
    ],
)
async def test_what_does_not_fit_is_told_and_kept(
    signed_in: SignedIn,
    session: AsyncSession,
    now: datetime,
    lang: str,
    fields: dict[str, str],
    field: str,
) -> None:
    owner, who = await signed_in()
    mine = await lending.enterprise(session, who, now)
    typed = {"invited": "会计小李", "part": "editor", **fields}
    page = await owner.post(f"/account/enterprises/{mine}/people/invite?lang={lang}", typed)
    assert (page.status_code, form_of(page).summary) == (422, [field])
    assert form_of(page).fields["invited"] == typed["invited"]


async def test_the_last_owner_is_told_why_he_stays(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    owner, who = await signed_in()
    mine = await lending.enterprise(session, who, now)
    page = await owner.post(f"/account/enterprises/{mine}/people/{who.user_id}/remove", {})
    assert page.status_code == 409
    assert "企业至少要有一位企业主" in page.text
    assert (await owner.get(f"/account/enterprises/{mine}")).status_code == 200


async def test_strangers_find_nothing(signed_in: SignedIn, session: AsyncSession, now: datetime) -> None:
    _, who = await signed_in()
    stranger, _ = await signed_in()
    mine = await lending.enterprise(session, who, now)
    path = f"/account/enterprises/{mine}/people"
    some = UUID(int=1)
    assert (await stranger.get(path)).status_code == 404
    for deed in ("invite", f"{some}/change", f"{some}/remove", f"invitations/{some}/withdraw"):
        assert (await stranger.post(f"{path}/{deed}", {"invited": "x", "part": "reader"})).status_code == 404
    page = await stranger.get("/account/invitation?code=0000-0000-0000-0000")
    assert (page.status_code, form_of(page).summary) == (404, ["code"])
