"""The auditor's log and the operator's overview: true figures, filters that hold, nothing to change."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from auth import audit
from auth.roles import Role
from marketplace.oversight import PAGE
from tests.factories.pages import Visitor
from tests.web.conftest import SignedIn
from tests.web.reading import Page, read

pytestmark = pytest.mark.seeded


async def shown(visitor: Visitor, address: str) -> Page:
    answer = await visitor.get(address)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


async def deeds(session: AsyncSession, now: datetime, action: str, count: int = 1) -> None:
    for number in range(count):
        await audit.record(
            session,
            None,
            action=action,
            subject=("thing", f"{action}-{number}"),
            tenant=None,
            detail={},
            now=now,
        )
    await session.commit()


class TestAuditor:
    """/audit."""

    async def test_lands_on_the_log_and_reads_who_did_what(self, signed_in: SignedIn) -> None:
        auditor, who = await signed_in(Role.AUDITOR)
        assert (await auditor.get("/account")).headers["location"] == "/audit"
        page = await shown(auditor, "/audit?lang=zh")
        assert "auth.login" in page.text
        assert f"{who.display_name} 审计员" in page.text

    async def test_filters_by_kind_and_day(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        auditor, _ = await signed_in(Role.AUDITOR)
        await deeds(session, now, "consent.give")
        day = now.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
        assert "consent.give-0" in (await shown(auditor, f"/audit?kind=consent&since={day}&until={day}")).text
        assert "consent.give-0" not in (await shown(auditor, "/audit?kind=loans")).text
        assert "consent.give-0" not in (await shown(auditor, "/audit?until=2019-12-31")).text
        assert "consent.give-0" not in (await shown(auditor, "/audit?since=2199-01-01")).text

    async def test_turns_pages_without_losing_or_repeating_an_entry(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        auditor, _ = await signed_in(Role.AUDITOR)
        await deeds(session, now, "consent.give", PAGE + 7)
        address: str | None = "/audit?kind=consent"
        seen: list[str] = []
        while address:
            page = await shown(auditor, address)
            seen += [word for word in page.text.split() if word.startswith("consent.give-")]
            address = next((link for link in page.links if "below=" in link and "lang=" not in link), None)
        assert sorted(seen) == sorted({f"consent.give-{number}" for number in range(PAGE + 7)})

    @pytest.mark.parametrize(
        "query",
        [
            "kind=x",
            "kind=%00",
            "since=2020-02-30",
            "until=9999-12-31",
            "since=0001-01-01",
            "below=-1",
            "below=" + "9" * 40,
        ],
    )
    async def test_takes_any_address_calmly(self, signed_in: SignedIn, query: str) -> None:
        auditor, _ = await signed_in(Role.AUDITOR)
        assert (await auditor.get(f"/audit?{query}")).status_code == 200

    async def test_can_change_nothing(self, signed_in: SignedIn) -> None:
        auditor, _ = await signed_in(Role.AUDITOR)
        assert (await auditor.post("/audit", {"kind": "x"})).status_code == 405


class TestOperator:
    """/operations."""

    async def test_lands_on_health_the_pack_and_the_counts(self, signed_in: SignedIn) -> None:
        operator, _ = await signed_in(Role.OPERATOR)
        assert (await operator.get("/account")).headers["location"] == "/operations"
        page = await shown(operator, "/operations?lang=zh")
        pack = (await operator.client.post("/api/v1/eligibility/match", json={})).json()["pack_version"]
        assert f"正在用的版本 {pack}" in page.text
        assert "服务 正常" in page.text
        assert "已发布的政策 90" in page.text
        assert "按 2020年4月15日 的政策判断" in page.text
