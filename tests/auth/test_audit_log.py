"""The audit log takes rows and lets none go, whoever asks the database."""

from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from auth import audit
from tests.factories.people import person


class TestTheAuditLog:
    """Written with the deed, never changed."""

    async def test_says_who_did_what_to_which_thing_for_whom(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        await audit.record(
            session, owner, action="x.do", subject=("x", 7), tenant="t-1", detail={"why": "测试"}, now=now
        )
        row = (
            (await session.execute(text("SELECT * FROM audit_log ORDER BY id DESC LIMIT 1"))).mappings().one()
        )
        assert (row["actor_id"], row["actor_role"], row["tenant"]) == (owner.user_id, "owner", "t-1")
        assert (row["action"], row["subject_type"], row["subject_id"]) == ("x.do", "x", "7")
        assert (row["detail"], row["at"]) == ({"why": "测试"}, now)

    async def test_forgets_what_was_rolled_back(self, session: AsyncSession, now: datetime) -> None:
        await audit.record(session, None, action="x", subject=("x", 1), tenant=None, detail={}, now=now)
        await session.rollback()
        assert await session.scalar(text("SELECT count(*) FROM audit_log")) == 0

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_log SET action = 'other'",
            "DELETE FROM audit_log",
            "TRUNCATE audit_log",
            "TRUNCATE audit_log, users CASCADE",
            "INSERT INTO audit_log (id, at, actor_role, action, subject_type, subject_id, detail)"
            " VALUES (1, now(), 'x', 'x', 'x', 'x', '{}')",
        ],
    )
    async def test_refuses_to_be_edited(self, session: AsyncSession, now: datetime, statement: str) -> None:
        await audit.record(session, None, action="x", subject=("x", 1), tenant=None, detail={}, now=now)
        await session.commit()
        with pytest.raises(DBAPIError):
            await session.execute(text(statement))
        await session.rollback()
        assert await session.scalar(text("SELECT action FROM audit_log")) == "x"
