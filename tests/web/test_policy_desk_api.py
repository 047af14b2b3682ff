"""The policy desk over the API: the steps, gates and hashes of the pages; and what the policies do not reach."""

from datetime import datetime

import numpy as np
import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from auth.roles import Role
from marketplace.exchange.coverage import REST, told_apart
from policies import queries
from policies.drafting import WholeDraft
from tests.factories.people import person, sign_in
from tests.factories.publishing import RENT, made_ready
from tests.web.conftest import SignedIn

pytestmark = pytest.mark.seeded
DESK = "/api/v1/admin/policies"


async def test_a_version_goes_its_way_over_the_api_bound_to_what_was_read(
    client: AsyncClient, session: AsyncSession, now: datetime
) -> None:
    writer, second = [await person(session, now, Role.POLICY_ADMIN) for _ in range(2)]
    one, other = [(await sign_in(client, who)).headers for who in (writer, second)]
    owner = (await sign_in(client, await person(session, now))).headers
    assert (await client.get(DESK)).status_code == 401
    assert (await client.get(DESK, headers=owner)).status_code == 403
    listed = (await client.get(f"{DESK}?status=published", headers=one)).json()
    held = next(each for each in listed["items"] if each["id"] == RENT)
    assert listed["total"] == len(listed["items"])
    draft = {name: held[name] for name in WholeDraft.model_fields} | {"note": "over the API"}
    body = {"draft": draft, "seen_sha256": held["content_sha256"]}
    stale = await client.put(f"{DESK}/{RENT}/draft", json={**body, "seen_sha256": "0" * 64}, headers=one)
    assert (stale.status_code, stale.json()["code"]) == (409, "policies.changed_meanwhile")
    bad = {**body, "draft": {**draft, "rule": "province_cod == 1"}}
    refused = await client.put(f"{DESK}/{RENT}/draft", json=bad, headers=one)
    assert (refused.status_code, refused.json()["code"]) == (422, "eligibility.rule")
    saved = (await client.put(f"{DESK}/{RENT}/draft", json=body, headers=one)).json()
    assert (saved["status"], saved["note"]) == ("draft", "over the API")
    address, seen = f"{DESK}/{RENT}/versions/{saved['version']}", {"seen_sha256": saved["content_sha256"]}
    hindered = await client.post(f"{address}/submit", json=seen, headers=one)
    assert (hindered.status_code, hindered.json()["code"]) == (409, "policies.hindered")
    row = await queries.open_version(session, RENT)
    assert row is not None
    await made_ready(session, writer, row, now)
    await session.commit()
    for step, headers, status in (
        ("submit", one, 200),
        ("publish", one, 403),
        ("publish", other, 200),
    ):
        answer = await client.post(f"{address}/{step}", json=seen, headers=headers)
        assert answer.status_code == status, (step, answer.text)
    told = (await client.get(address, headers=other)).json()
    assert (told["status"], told["content_sha256"]) == ("published", seen["seen_sha256"])
    history = (await client.get(f"{DESK}/{RENT}/versions", headers=other)).json()
    assert [each["version"] for each in history["items"]] == [saved["version"], held["version"]]
    assert told["note"] == "over the API"


async def test_the_dashboard_counts_everybody_and_tells_of_nobody(
    signed_in: SignedIn, session: AsyncSession
) -> None:
    admin, _ = await signed_in(Role.POLICY_ADMIN)
    owner, _ = await signed_in(Role.OWNER)
    assert (await owner.get("/admin/coverage")).status_code == 403
    page = await admin.get("/admin/coverage?lang=en")
    assert page.status_code == 200
    assert "Of 28 stored enterprises" in page.text
    assert page.text.count("<svg") > 10


def test_small_groups_are_told_together_and_small_counts_not_at_all() -> None:
    sums = {
        name: np.array(pair) for name, pair in {"a": (40, 20), "b": (30, 2), "c": (3, 3), "d": (2, 0)}.items()
    }
    found = {one.key: (one.enterprises, one.nothing) for one in told_apart(sums)}
    assert found[REST][0] == 5
    assert found["a"] == (40, 20)
    assert found["b"] == (30, None)
    assert found[REST][1] is None
