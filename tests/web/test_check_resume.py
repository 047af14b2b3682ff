"""A code for another device: shown once, opens the same answers, says nothing when it does not, and has few tries."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.limits import RESUMING_PER_ADDRESS
from marketplace.portal import checks, codes_to_resume
from marketplace.portal.tables import CheckKey, CheckSession
from tests.factories.pages import Visitor, form_of
from tests.web.conftest import Arrive
from tests.web.reading import read

pytestmark = pytest.mark.seeded
SECRET = "a secret of the test"


async def code_of(visitor: Visitor) -> str:
    """A fresh code for the visitor's answers."""
    page = read((await visitor.post("/check/code")).text)
    return next(words for words in page.words if is_code(words))


def is_code(words: str) -> bool:
    """Whether these words are a code as it is shown."""
    return len(words) == 9 and words[4] == "-" and codes_to_resume.read_code(words) is not None


class TestCodes:
    """Eight characters of Crockford's alphabet."""

    def test_are_read_however_people_write_them(self) -> None:
        for text in ("7k3m-q9wx", " 7K3M Q9WX ", "７Ｋ３Ｍ－Ｑ９ＷＸ", "7K3M.Q9WX"):
            assert codes_to_resume.read_code(text) == "7K3MQ9WX"
        assert codes_to_resume.read_code("oIlO-0110") == "01100110"

    @pytest.mark.parametrize(
        "text", ["", "7K3M-Q9W", "7K3M-Q9WXX", "7K3M-Q9WU", "'; DROP", "\0" * 8, "七" * 8]
    )
    def test_are_nothing_else(self, text: str) -> None:
        assert codes_to_resume.read_code(text) is None

    def test_have_forty_bits_and_are_drawn_afresh(self) -> None:
        drawn = {codes_to_resume.new_code() for _ in range(500)}
        assert len(drawn) == 500
        assert all(is_code(code) for code in drawn)
        assert len(codes_to_resume.ALPHABET) ** codes_to_resume.LENGTH == 2**40


class TestTakingUp:
    """The same answers in another browser."""

    async def test_opens_them_there_and_both_go_on_with_one_set(self, arrive: Arrive) -> None:
        here, there = arrive(), arrive()
        await here.post("/check/q/employees_end", {"employees_end": "8"})
        code = await code_of(here)
        taken = await there.post("/check/resume", {"code": code.lower().replace("-", "")})
        assert taken.headers["location"] == "/check?resumed=1"
        assert "1 个回答都在" in (await there.get("/check?resumed=1")).text
        await there.post("/check/q/owner_age", {"owner_age": "41"})
        assert form_of(await here.get("/check/q/owner_age")).fields["owner_age"] == "41"

    async def test_keeps_no_code_that_could_be_read(self, arrive: Arrive, session: AsyncSession) -> None:
        here = arrive()
        await here.post("/check/q/employees_end", {"employees_end": "8"})
        code = (await code_of(here)).replace("-", "")
        keys = (await session.scalars(select(CheckKey))).all()
        assert [key.kind for key in keys] == ["code"]
        assert code not in str([key.model_dump() for key in keys])
        assert keys[0].secret_hash != checks.token_hash(code)
        assert code not in (await here.get("/check/resume")).text

    async def test_stops_with_the_code_that_was_replaced(self, arrive: Arrive) -> None:
        here, there = arrive(), arrive()
        await here.post("/check/q/employees_end", {"employees_end": "8"})
        old, new = await code_of(here), await code_of(here)
        assert (await there.post("/check/resume", {"code": old})).status_code == 422
        assert (await there.post("/check/resume", {"code": new})).status_code == 303

    async def test_tells_the_same_of_wrong_malformed_and_run_out(
        self, arrive: Arrive, session: AsyncSession
    ) -> None:
        here, there = arrive(), arrive()
        await here.post("/check/q/employees_end", {"employees_end": "8"})
        code = await code_of(here)
        key = (await session.scalars(select(CheckKey))).one()
        key.expires_at = key.expires_at - codes_to_resume.LASTS - timedelta(seconds=1)
        await session.commit()
        told: list[Sequence[str]] = []
        for typed in (code, "0000-0000", "nonsense", ""):
            page = await there.post("/check/resume", {"code": typed})
            assert page.status_code == 422
            assert form_of(page).fields["code"] == typed
            told.append(form_of(page).errors)
        assert told == [told[0]] * 4
        assert "mp_check" not in there.client.cookies

    async def test_has_few_tries_from_one_address_right_ones_included(self, arrive: Arrive) -> None:
        here, there = arrive(), arrive()
        await here.post("/check/q/employees_end", {"employees_end": "8"})
        code = await code_of(here)
        for _ in range(RESUMING_PER_ADDRESS - 1):
            assert (await there.post("/check/resume", {"code": "0000-0000"})).status_code == 422
        assert (await there.post("/check/resume", {"code": code})).status_code == 303
        refused = await there.post("/check/resume", {"code": code})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0

    async def test_without_answers_gives_no_code(self, arrive: Arrive) -> None:
        visitor = arrive()
        assert (await visitor.post("/check/code")).headers["location"] == "/check/resume"
        assert "/check/code" not in (await visitor.get("/check/resume")).text


class TestDeleting:
    """Starting afresh."""

    async def test_removes_answers_and_codes_on_every_device(
        self, arrive: Arrive, session: AsyncSession
    ) -> None:
        here, there = arrive(), arrive()
        await here.post("/check/q/employees_end", {"employees_end": "8"})
        code = await code_of(here)
        await there.post("/check/resume", {"code": code})
        assert "删除你的回答" in (await there.get("/check/delete")).text
        assert (await there.post("/check/delete")).headers["location"] == "/check?erased=1"
        for table in (CheckSession, CheckKey):
            assert (await session.scalars(select(table))).all() == []
        assert form_of(await here.get("/check/q/employees_end")).fields["employees_end"] == ""
        assert (await here.get("/check/delete")).headers["location"] == "/check"

    async def test_happens_by_itself_to_what_nobody_touched_for_thirty_days(
        self, session: AsyncSession, now: datetime
    ) -> None:
        await checks.save(session, None, {"employees_end": 8}, (), now - checks.KEPT - timedelta(days=1))
        kept = await checks.save(session, None, {"employees_end": 9}, (), now - timedelta(days=29))
        await checks.save(session, None, {"employees_end": 10}, (), now)
        left = (await session.scalars(select(col(CheckSession.answers)))).all()
        assert sorted(answers["employees_end"] for answers in left) == [9, 10]
        assert await checks.find(session, kept) is not None

    async def test_of_a_code_leaves_the_answers(self, session: AsyncSession, now: datetime) -> None:
        token = await checks.save(session, None, {"employees_end": 8}, (), now)
        check = await checks.find(session, token)
        assert check is not None
        code = await codes_to_resume.issue(session, check, now, secret=SECRET)
        assert await codes_to_resume.open_with(session, code, now, secret="another secret") is None
        later = now + codes_to_resume.LASTS
        assert await codes_to_resume.open_with(session, code, later, secret=SECRET) is None
        opened = await codes_to_resume.open_with(session, code, now, secret=SECRET)
        assert (await checks.find(session, opened)) is check
        assert opened != token
