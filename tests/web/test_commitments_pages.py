"""Commitments on pages: read before they are made, verified at the desk, objected to; refusals keep what was typed."""

from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import Role
from marketplace.profiles import commitments, verifying
from marketplace.profiles.declaration import STATEMENTS
from tests.factories import lending
from tests.factories.committing import commitment
from tests.factories.pages import Visitor, form_of
from tests.web.conftest import SignedIn
from tests.web.reading import read

pytestmark = pytest.mark.seeded
TICKED = {f"statement.{name}": "1" for name in STATEMENTS}
DESK = "/admin/commitments"


async def owner_with_enterprise(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> tuple[Visitor, Actor, UUID, str]:
    owner, who = await signed_in()
    mine = await lending.enterprise(session, who, now)
    return owner, who, mine, f"/account/enterprises/{mine}/commitments"


async def test_an_owner_reads_ticks_and_has_the_very_text_kept(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    owner, who, mine, home = await owner_with_enterprise(signed_in, session, now)
    assert "fact.employees_end" in (await owner.get(f"{home}/new")).text
    text = await owner.get(f"{home}/declare?fact.employees_end=1&lang=zh")
    fields = form_of(text).fields
    assert "18 人" in read(text.text).text
    sent = await owner.post(home, {**fields, **TICKED})
    made = (await commitments.listed(session, mine))[0]
    assert sent.headers["location"] == f"{home}/{made.id}"
    assert made.wording_sha256 == fields["seen"]
    paper = read((await owner.get(f"{home}/{made.id}/declaration")).text).text
    assert all(line in paper for line in made.wording.splitlines())
    page = read((await owner.get(f"/account/enterprises/{mine}?lang=zh")).text).text
    assert "承诺，今天" in page
    assert who.display_name in paper


@pytest.mark.parametrize("missing", STATEMENTS)
async def test_a_statement_left_out_is_told_and_the_others_stay_ticked(
    signed_in: SignedIn, session: AsyncSession, now: datetime, missing: str
) -> None:
    owner, _, mine, home = await owner_with_enterprise(signed_in, session, now)
    fields = form_of(await owner.get(f"{home}/declare?fact.employees_end=1")).fields
    ticked = {name: "1" for name in TICKED if name != f"statement.{missing}"}
    answer = await owner.post(home, {**fields, **ticked})
    again = form_of(answer)
    assert (answer.status_code, again.summary) == (422, ["statements"])
    assert {name for name in again.fields if name.startswith("statement.")} == set(ticked)
    assert not await commitments.listed(session, mine)


async def test_a_text_that_is_no_longer_so_is_read_again_with_nothing_ticked(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    owner, _, mine, home = await owner_with_enterprise(signed_in, session, now)
    fields = form_of(await owner.get(f"{home}/declare?fact.employees_end=1")).fields
    await owner.post(f"/account/enterprises/{mine}/facts/size", {"employees_end": "7"})
    answer = await owner.post(home, {**fields, **TICKED})
    assert answer.status_code == 409
    assert not [name for name in form_of(answer).fields if name.startswith("statement.")]
    assert "7 人" in answer.text


async def test_a_policy_alone_ticks_what_it_asks_for(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    owner, _, _, home = await owner_with_enterprise(signed_in, session, now)
    page = form_of(await owner.get(f"{home}/declare?policy=SD-RENT-2020-4"))
    assert "fact.employees_end" in page.fields
    assert "fact.owner_age" not in page.fields
    for address in (f"{home}/declare", f"{home}/declare?fact.no_such=1"):
        nothing = await owner.get(address)
        assert (nothing.status_code, form_of(nothing).summary) == (422, ["facts"])
    odd = await owner.get(f"{home}/declare?fact.employees_end=1&policy=nothing")
    assert (odd.status_code, form_of(odd).summary) == (422, ["policy"])


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_finding_reaches_the_owner_who_objects_and_a_second_person_answers(
    signed_in: SignedIn, session: AsyncSession, now: datetime, lang: str
) -> None:
    owner, who, mine, home = await owner_with_enterprise(signed_in, session, now)
    first, _ = await signed_in(Role.POLICY_ADMIN)
    second, _ = await signed_in(Role.POLICY_ADMIN)
    made = await commitment(session, who, mine, ("employees_end", "owner_age"), now, "SD-RENT-2020-4")
    case = f"{DESK}/{made.id}"
    assert case in (await first.get(f"{DESK}?lang={lang}")).text
    for sent, field in (
        ({"ground": "看了"}, "outcome"),
        ({"outcome": "refuted", "ground": "看了"}, "untrue"),
        ({"outcome": "confirmed", "ground": " "}, "ground"),
    ):
        page = await first.post(f"{case}/verify", sent)
        assert (page.status_code, form_of(page).summary) == (422, [field])
        assert form_of(page).fields["ground"] == sent["ground"]
    finding = {"outcome": "refuted", "untrue.employees_end": "1", "ground": "现场 3 人"}
    assert (await first.post(f"{case}/verify", finding)).status_code == 303
    assert (await second.post(f"{case}/verify", finding)).status_code == 409
    assert case not in (await first.get(DESK)).text
    told = await owner.get(f"{home}/{made.id}?lang={lang}")
    assert "现场 3 人" in told.text
    assert "objection" in form_of(told).fields
    assert (await owner.get(f"{home}/new")).status_code == 409
    assert f"{home}/new" not in (await owner.get(f"/account/enterprises/{mine}")).text
    inbox = (await owner.get(f"/inbox?lang={lang}")).text
    assert {"zh": "您的承诺核查不实", "en": "Your commitment was found untrue"}[lang] in inbox
    empty = await owner.post(f"{home}/{made.id}/object", {"objection": ""})
    assert (empty.status_code, form_of(empty).summary) == (422, ["objection"])
    assert (await owner.post(f"{home}/{made.id}/object", {"objection": "那天在培训"})).status_code == 303
    assert "那天在培训" in (await second.get(case)).text
    answer = {"outcome": "lifted", "answer": "查了考勤"}
    assert (await first.post(f"{case}/answer", answer)).status_code == 403
    assert (await second.post(f"{case}/answer", answer)).status_code == 303
    assert "查了考勤" in (await owner.get(f"{home}/{made.id}")).text
    assert (await owner.get(f"{home}/new")).status_code == 200


async def test_an_owner_withdraws_with_a_reason_and_a_late_one_is_told_where_it_stands(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    owner, who, mine, home = await owner_with_enterprise(signed_in, session, now)
    made = await commitment(session, who, mine, ("employees_end",), now)
    path = f"{home}/{made.id}"
    empty = await owner.post(f"{path}/withdraw", {"reason": ""})
    assert (empty.status_code, form_of(empty).summary) == (422, ["reason"])
    assert (await owner.post(f"{path}/withdraw", {"reason": "改交材料"})).status_code == 303
    assert (await owner.post(f"{path}/withdraw", {"reason": "再来"})).status_code == 409
    assert "已撤回" in (await owner.get(f"{path}?lang=zh")).text


async def test_nobody_meets_what_is_not_theirs_and_an_auditor_only_reads(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    _, who, mine, home = await owner_with_enterprise(signed_in, session, now)
    made = await commitment(session, who, mine, ("employees_end",), now)
    stranger, other = await signed_in()
    theirs = await lending.enterprise(session, other, now)
    for path in (home, f"{home}/new", f"{home}/{made.id}", f"{home}/{made.id}/declaration"):
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.get(path.replace(str(mine), str(theirs)))).status_code in (200, 404)
    assert (await stranger.get(f"{home}/{made.id}".replace(str(mine), str(theirs)))).status_code == 404
    auditor, _ = await signed_in(Role.AUDITOR)
    seen = await auditor.get(f"{DESK}/{made.id}")
    assert (seen.status_code, "outcome" in form_of(seen).fields, "<textarea" in seen.text) == (
        200,
        False,
        False,
    )
    finding = {"outcome": "confirmed", "ground": "x"}
    assert (await auditor.post(f"{DESK}/{made.id}/verify", finding)).status_code == 403
    assert (await verifying.commitment_of(session, made.id)).status == "made"


async def test_a_fact_page_says_that_changing_ends_the_cover(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    owner, who, mine, home = await owner_with_enterprise(signed_in, session, now)
    made = await commitment(session, who, mine, ("employees_end",), now)
    fact = f"/account/enterprises/{mine}/fact/employees_end"
    assert f"{home}/{made.id}" in (await owner.get(fact)).text
    await owner.post(f"/account/enterprises/{mine}/facts/size", {"employees_end": "7"})
    assert f"{home}/{made.id}" not in (await owner.get(fact)).text
    assert "后来改成 7 人" in (await owner.get(f"{home}/{made.id}?lang=zh")).text
