"""What a fresh database holds after the first start, and that a second start changes nothing.

Counted against the figures the reference lists, the pack and the demo promise.
"""

import asyncio
import json
import stat
from dataclasses import replace

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.app import utc_now
from marketplace.seeding.run import seed, steps
from marketplace.settings import Settings

pytestmark = pytest.mark.seeded

COUNTS = {
    "SELECT count(*) FROM regions WHERE level <> 'nation'": 3_348,
    "SELECT count(*) FROM regions WHERE level = 'province'": 31,
    "SELECT count(*) FROM towns": 41_352,
    "SELECT count(*) FROM industries": 1_971,
    "SELECT count(*) FROM industries WHERE level = 'class'": 1_381,
    "SELECT count(*) FROM policies": 90,
    "SELECT count(DISTINCT id) FROM products": 19,
    "SELECT count(*) FROM enterprises": 28,
    "SELECT count(*) FROM users": 14,
}


async def counted(session: AsyncSession) -> dict[str, int]:
    """The figures of the database."""
    return {query: int((await session.execute(text(query))).scalar_one()) for query in COUNTS}


class TestFirstStart:
    """A fresh database is filled."""

    async def test_holds_the_shipped_lists_the_pack_and_the_demo(self, session: AsyncSession) -> None:
        assert await counted(session) == COUNTS

    @pytest.mark.parametrize(
        "query",
        [
            "SELECT code FROM towns t WHERE NOT EXISTS (SELECT 1 FROM regions r WHERE r.code = t.parent)",
            "SELECT code FROM regions r WHERE level <> 'nation' "
            "AND NOT EXISTS (SELECT 1 FROM regions p WHERE p.code = r.parent)",
            "SELECT code FROM industries i WHERE NOT EXISTS (SELECT 1 FROM industries s WHERE s.code = i.section)",
        ],
    )
    async def test_every_code_hangs_below_one_that_is_there(self, session: AsyncSession, query: str) -> None:
        assert (await session.execute(text(query))).scalars().all() == []

    async def test_demo_accounts_are_kept_private_and_can_sign_in(
        self, client: AsyncTestClient[Litestar], settings: Settings, demo_accounts: list[dict[str, str]]
    ) -> None:
        assert stat.S_IMODE(settings.demo_credentials.stat().st_mode) == 0o600
        assert len({account["password"] for account in demo_accounts}) == len(demo_accounts)
        for account in demo_accounts[:1] + demo_accounts[-1:]:
            login = {"username": account["username"], "password": account["password"]}
            assert (await client.post("/api/v1/auth/token", json=login)).status_code == 200

    async def test_the_demo_owner_acts_for_several_enterprises(
        self, client: AsyncTestClient[Litestar], demo_accounts: list[dict[str, str]]
    ) -> None:
        owner = next(account for account in demo_accounts if account["role"] == "owner")
        login = {"username": owner["username"], "password": owner["password"]}
        token = (await client.post("/api/v1/auth/token", json=login)).json()["access_token"]
        answer = await client.get("/api/v1/enterprises", headers={"authorization": f"Bearer {token}"})
        assert len(answer.json()) >= 3


class TestSecondStart:
    """What is there stays as it is."""

    async def test_adds_nothing_and_keeps_the_passwords(
        self, session: AsyncSession, settings: Settings
    ) -> None:
        before = settings.demo_credentials.read_text()
        await asyncio.to_thread(seed, settings)
        assert await counted(session) == COUNTS
        assert settings.demo_credentials.read_text() == before

    async def test_after_an_interrupted_first_one_uses_the_passwords_already_written(
        self, session: AsyncSession, settings: Settings
    ) -> None:
        await session.execute(text("DELETE FROM login_attempts"))
        await session.execute(text("UPDATE users SET username = 'gone' WHERE username = 'operator'"))
        await session.commit()
        await asyncio.to_thread(seed, settings)
        accounts = json.loads(settings.demo_credentials.read_text())["accounts"]
        assert [account["role"] for account in accounts].count("operator") == 1
        assert (await session.execute(text("SELECT count(*) FROM users"))).scalar_one() == 15


class TestWithoutDemo:
    """A real installation gets no demo people."""

    def test_makes_no_accounts(self, settings: Settings) -> None:
        names = [step.name for step in steps(replace(settings, demo=False), utc_now)]
        assert not [name for name in names if "demo" in name]
