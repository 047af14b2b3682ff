"""Policies out and back in at the desk, and one change to many of them: looked at, written and decided as a whole."""

import io
import json
from datetime import date, datetime
from uuid import UUID

import pytest
import yaml
from httpx import Response
from openpyxl import load_workbook
from sqlalchemy.ext.asyncio import AsyncSession

from auth.roles import Role
from marketplace.exchange import policy_sheet
from policies import changesets, findings, queries
from policies.bulk import later
from policies.changeset_tables import ChangeSet
from policies.tables import PolicyVersion
from tests.factories.pages import Visitor, form_of
from tests.factories.publishing import simulated
from tests.web.conftest import SignedIn

pytestmark = pytest.mark.seeded
RENT = "SD-RENT-2020-4"
EXCHANGE = "/admin/exchange"


async def sends(admin: Visitor, data: bytes, name: str, why: str = "按新文件") -> Response:
    """Send a file on the exchange page, as a browser would."""
    await admin.get("/login")
    token = next(value for key, value in admin.client.cookies.items() if key.startswith("mp_csrf_"))
    fields = {"why": why, "_csrf_token": token}
    return await admin.client.post(EXCHANGE, data=fields, files={"file": (name, data)})


async def looked_at(session: AsyncSession, answer: Response) -> ChangeSet:
    """The proposed change a file or a choice became."""
    assert answer.status_code == 303, form_of(answer).told
    session.expire_all()
    return await changesets.find(session, UUID(answer.headers["location"].rpartition("/")[2]))


async def acts(admin: Visitor, made: ChangeSet, action: str, **more: str) -> Response:
    """Press a button of the change's page as it is now."""
    address = f"/admin/changes/{made.id}"
    seen = form_of(await admin.get(address)).fields.get("seen_sha256", "")
    return await admin.post(address, {"seen_sha256": seen, "action": action, **more})


async def current(session: AsyncSession, policy_id: str) -> PolicyVersion:
    session.expire_all()
    row = await queries.current(session, policy_id)
    assert row is not None
    return row


def repacked(pack: bytes, **changes: object) -> bytes:
    """A pack of the rent policy alone, with changes."""
    whole = yaml.safe_load(pack)
    (rent,) = [one for one in whole["policies"] if one["id"] == RENT]
    whole["policies"] = [{**rent, **changes}]
    return yaml.safe_dump(whole, allow_unicode=True).encode()


async def test_what_is_taken_out_says_nothing_new_when_it_comes_back(
    signed_in: SignedIn, session: AsyncSession
) -> None:
    admin, _ = await signed_in(Role.POLICY_ADMIN)
    everything = sorted(row.policy_id for row in await queries.published(session))
    for name in ("policies.yaml", "policies.xlsx"):
        out = await admin.get(f"{EXCHANGE}/{name}")
        made = await looked_at(session, await sends(admin, out.content, name))
        assert (made.proposals, made.refusals) == ([], [])
        assert sorted(made.unchanged) == everything
    table = await admin.get(f"{EXCHANGE}/{RENT}/table.xlsx")
    made = await looked_at(session, await sends(admin, table.content, "t.xlsx"))
    assert (made.kind, made.proposals, made.refusals, made.unchanged) == ("table", [], [], [RENT])
    dmn = await admin.get(f"{EXCHANGE}/{RENT}/table.dmn")
    assert b"https://www.omg.org/spec/DMN/20191111/MODEL/" in dmn.content


async def test_a_pack_changes_adds_and_is_told_what_of_it_cannot_be_taken(
    signed_in: SignedIn, session: AsyncSession
) -> None:
    writer, _ = await signed_in(Role.POLICY_ADMIN)
    pack = (await writer.get(f"{EXCHANGE}/policies.yaml?id={RENT}")).content
    (rent,) = yaml.safe_load(pack)["policies"]
    entries = [
        {**rent, "note": "按 2020 年第 9 号通知修订"},
        {**rent, "id": "SD-NEW-2020-1", "exclusions": ["SD-NEW-2020-2"]},
        {**rent, "id": "SD-NEW-2020-2", "exclusions": ["SD-NEW-2020-1"]},
        {**rent, "id": "SD-NEW-2020-3", "rule": "province_cod == 1"},
        {**rent, "id": "SD-NEW-2020-4", "efective_to": "2021-01-01"},
        {**rent, "id": "SD-NEW-2020-5", "exclusions": ["SD-NEW-2020-3"]},
        {**rent, "id": "SD-NEW-2020-6", "effective_to": "2019-01-01"},
        {**rent, "id": "nonsense id"},
    ]
    whole = json.loads(json.dumps({"policies": entries}))  # each entry by itself: no references in the file
    data = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False).encode()
    made = await looked_at(session, await sends(writer, data, "p.yaml"))
    assert [one["policy_id"] for one in made.proposals] == [RENT, "SD-NEW-2020-1", "SD-NEW-2020-2"]
    lines = data.decode().split("\n")
    for one in made.refusals:
        assert one["id"] in lines[one["place"] - 1]
        assert set(one["words"]) == {"zh-CN", "en"}
    assert len(made.refusals) == 5
    page = await writer.get(f"/admin/changes/{made.id}?lang=en")
    assert "efective_to" in page.text
    assert (await acts(writer, made, "write")).status_code == 303
    rows = await changesets.members(session, made)
    assert [(row.policy_id, row.version, row.status) for row in rows] == [
        ("SD-NEW-2020-1", 1, "draft"),
        ("SD-NEW-2020-2", 1, "draft"),
        (RENT, 2, "draft"),
    ]
    assert rows[0].exclusions == ["SD-NEW-2020-2"]
    again = await looked_at(session, await sends(writer, data, "p.yaml"))
    assert [one["id"] for one in again.refusals if one["id"] == RENT] == []
    assert RENT in again.unchanged


async def test_many_dates_are_changed_as_one_by_two_people_or_not_at_all(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    writer, writer_ = await signed_in(Role.POLICY_ADMIN)
    second, _ = await signed_in(Role.POLICY_ADMIN)
    ends = {row.policy_id: row.effective_to for row in await queries.published(session) if row.effective_to}
    chosen = sorted(name for name in ends if name.startswith("SD-"))[:3]
    form = {"kind": "extend", "months": "6", "why": "延长半年", **{f"pick.{name}": "1" for name in chosen}}
    empty = await writer.post("/admin/bulk", {"kind": "extend", "months": "0x", "why": ""})
    assert (empty.status_code, set(form_of(empty).summary)) == (422, {"months", "why"})
    made = await looked_at(session, await writer.post("/admin/bulk", form))
    assert [one["policy_id"] for one in made.proposals] == chosen
    assert (await acts(writer, made, "write")).status_code == 303
    assert (await acts(writer, made, "submit")).status_code == 409
    for row in await changesets.members(session, made):
        await findings.made(session, row, now)
        await simulated(session, writer_, row, now)
    await session.commit()
    assert (await acts(writer, made, "cases")).status_code == 303
    assert (await acts(writer, made, "answer", answer="只改了期限")).status_code == 303
    submitted = await acts(writer, made, "submit")
    assert submitted.status_code == 303, form_of(submitted).told
    assert (await acts(writer, made, "publish")).status_code == 409
    stale = await second.post(f"/admin/changes/{made.id}", {"action": "publish", "seen_sha256": "0" * 64})
    assert stale.status_code == 409
    numbers = {}
    for row in await changesets.members(session, made):
        await session.refresh(row)
        assert row.status == "submitted"
        numbers[row.policy_id] = row.version
    published = await acts(second, made, "publish")
    assert published.status_code == 303, form_of(published).told
    for name in chosen:
        row = await current(session, name)
        assert row.version == numbers[name]
        assert row.effective_to is not None
        assert (row.effective_to.year * 12 + row.effective_to.month) - (
            ends[name].year * 12 + ends[name].month
        ) == 6
        assert (row.why, row.approved_sha256) == ("延长半年", row.content_sha256)


async def test_a_file_that_is_none_is_told_beside_its_field(signed_in: SignedIn) -> None:
    admin, _ = await signed_in(Role.POLICY_ADMIN)
    for data in (b"policies: [", b"PK\x03\x04nonsense", b"\xff\xfe", b"policies:\n- id: A\n  id: B\n"):
        answer = await sends(admin, data, "x.yaml")
        assert (answer.status_code, form_of(answer).summary) == (422, ["file"]), data
    missing = await admin.post(EXCHANGE, {"why": "x"})
    assert (missing.status_code, form_of(missing).summary) == (422, ["file"])


async def test_a_cell_that_looks_like_a_formula_stays_text_both_ways(
    signed_in: SignedIn, session: AsyncSession
) -> None:
    admin, _ = await signed_in(Role.POLICY_ADMIN)
    pack = (await admin.get(f"{EXCHANGE}/policies.yaml")).content
    note = '=HYPERLINK("http://evil","x")'
    made = await looked_at(session, await sends(admin, repacked(pack, note=note), "p.yaml"))
    assert (await acts(admin, made, "write")).status_code == 303
    row = await queries.open_version(session, RENT)
    assert row is not None
    assert row.note == note
    data = policy_sheet.written([row])
    cells = [cell for line in load_workbook(io.BytesIO(data)).active.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
    assert [cell.value for cell in cells if cell.value and "HYPERLINK" in cell.value] == [f"'{note}"]
    again = await looked_at(session, await sends(admin, data, "p.xlsx"))
    assert (again.proposals, again.unchanged) == ([], [RENT])


def test_the_ends_of_months_stay_ends() -> None:
    assert later(date(2020, 6, 30), 6) == date(2020, 12, 31)
    assert later(date(2020, 8, 31), 6) == date(2021, 2, 28)
    assert later(date(2020, 3, 15), 10) == date(2021, 1, 15)
    assert later(date(2020, 8, 30), 6) == date(2021, 2, 28)
