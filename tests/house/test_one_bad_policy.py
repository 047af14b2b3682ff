"""A policy in force that cannot be judged harms no other: the rest is answered, and it is named apart.

Broken past every service, as a newer engine or a hand in the database would.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from eligibility import Rule, Verdict, evaluate
from policies import matching

pytestmark = pytest.mark.seeded
Client = AsyncTestClient[Litestar]
BAD = "SD-RENT-2020-4"
MATCH = "/api/v1/eligibility/match"


async def unreadable(session: AsyncSession, _: pytest.MonkeyPatch) -> None:
    """What is stored does not parse any more."""
    await session.execute(
        text("UPDATE policy_versions SET rule = 'no_such_fact(' WHERE policy_id = :id"), {"id": BAD}
    )
    await session.commit()


async def raising(_: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judging it raises."""

    def fails(rule: Rule, facts: Mapping[str, object]) -> Verdict:
        if "landlord_type" in rule.text:
            raise RecursionError
        return evaluate(rule, facts)

    monkeypatch.setattr(matching, "evaluate", fails)


@pytest.mark.parametrize("breaks", [unreadable, raising])
async def test_leaves_the_others_answered_and_is_named_apart(
    client: Client, session: AsyncSession, monkeypatch: pytest.MonkeyPatch, breaks: Any
) -> None:
    await breaks(session, monkeypatch)
    answer = await client.post(MATCH, json={"facts": {}, "as_of": "2020-04-15"})
    assert answer.status_code == 200
    found = answer.json()
    apart = {row["id"] for row in found["unavailable"]}
    judged = {row["id"] for name in ("eligible", "undetermined", "ineligible") for row in found[name]}
    assert BAD in apart
    assert not apart & judged
    assert len(judged) > 50
    page = await client.get("/check/result?lang=en")
    assert page.status_code == 200
    assert "Policies we cannot judge now" in page.text
    for path in ("/", "/check", "/policies"):
        assert (await client.get(path)).status_code == 200, path


async def test_is_nowhere_on_a_good_day(client: Client) -> None:
    assert (await client.post(MATCH, json={"facts": {}})).json()["unavailable"] == []
    assert "cannot judge now" not in (await client.get("/check/result?lang=en")).text
