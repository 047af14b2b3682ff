"""Whatever an owner, an agency, the desk and the calendar do in whatever order, commitments stand as a slow model says.

The model knows facts and commitments as plain dictionaries and retells the rules of decision 16; it asks nothing of the
code under test. The real one runs on PostgreSQL, an enterprise for each story.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.roles import Role
from marketplace.profiles import attesting, commitments, service, verifying
from marketplace.profiles.errors import CommitmentExcluded, CommitmentRefused, CommitmentSettled, FactAttested
from tests.factories import lending
from tests.factories.attesting import AUDIENCE, signer
from tests.factories.committing import commitment
from tests.factories.examples import examples
from tests.factories.people import person

NAMES = ("tax_credit_rating", "months_paying_tax")
VALUES: dict[str, tuple[Any, ...]] = {"tax_credit_rating": ("A", "B"), "months_paying_tax": (36, 12)}
REFUSALS = (CommitmentExcluded, CommitmentRefused, CommitmentSettled, FactAttested)

names = st.sampled_from(NAMES)
sets = st.sampled_from([NAMES[:1], NAMES[1:], NAMES])
which = st.integers(0, 1)
OBJECTION = (("refute", 0, NAMES[:1]), ("object", 0))
"""What seldom comes about by chance, as one."""
deed = st.one_of(
    st.tuples(st.just("commit"), sets),
    st.tuples(st.just("change"), names, which),
    st.tuples(st.just("attest"), names, which),
    st.tuples(st.just("confirm"), which),
    st.tuples(st.just("refute"), which, sets),
    st.tuples(st.just("withdraw"), which),
    st.tuples(st.just("object"), which),
    st.tuples(st.just("answer"), which, st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([1, 16, 61, 366])),
    st.tuples(st.just("lapse")),
)
stories = st.lists(
    st.one_of(
        deed.map(lambda one: (one,)),
        st.just((("commit", NAMES[:1]), *OBJECTION)),
        st.just((("wait", 61), ("lapse",))),
    ),
    min_size=3,
    max_size=9,
).map(lambda parts: [one for part in parts for one in part])


@dataclass
class Told:
    """A commitment as the model has it."""

    values: dict[str, Any]
    last: int
    status: str = "made"
    open: set[str] = field(default_factory=set)
    untrue: set[str] = field(default_factory=set)
    ended: int = 0
    objected: bool = False
    answered: bool = False


class Model:
    """The rules once more. day: days since the story began; facts: value and source by name."""

    def __init__(self) -> None:
        self.day = 0
        self.facts: dict[str, tuple[Any, str]] = {
            "tax_credit_rating": ("B", "declared"), "months_paying_tax": (36, "declared"),
        }  # fmt: skip
        self.told: list[Told] = []

    def covers(self, one: Told, name: str) -> bool:
        return self.facts.get(name) == (one.values[name], "committed")

    def open_again(self, one: Told) -> None:
        for name in one.values:
            if self.covers(one, name):
                self.facts[name] = (one.values[name], "declared")

    def newest(self, back: int) -> Told | None:
        return self.told[-1 - back] if back < len(self.told) else None

    def waits(self, one: Told | None) -> bool:
        return one is not None and one.status == "made" and self.day <= one.last

    def commit(self, wanted: tuple[str, ...]) -> None:
        excluded = any(one.status == "refuted" and self.day < one.ended + 365 for one in self.told)
        if excluded or any(self.facts.get(name, (0, ""))[1] != "declared" for name in wanted):
            return
        values = {name: self.facts[name][0] for name in wanted}
        self.told.append(Told(values, self.day + 60, open=set(wanted)))
        self.facts |= {name: (value, "committed") for name, value in values.items()}

    def change(self, name: str, at: int) -> None:
        value, source = self.facts.get(name, (None, ""))
        if source != "attested" and value != VALUES[name][at]:
            self.facts[name] = (VALUES[name][at], "declared")

    def attest(self, name: str, at: int) -> None:
        said = VALUES[name][at]
        for one in self.told:
            if self.waits(one) and name in one.open:
                if one.values[name] == said:
                    one.open.discard(name)
                    if not one.open:
                        one.status = "verified"
                elif self.covers(one, name):
                    self.find(one, {name})
        self.facts[name] = (said, "attested")

    def find(self, one: Told, untrue: set[str]) -> None:
        one.status, one.untrue, one.ended = "refuted", untrue, self.day
        one.open -= untrue
        self.open_again(one)

    def confirm(self, back: int) -> None:
        one = self.newest(back)
        if one and self.waits(one):
            one.status, one.open = "verified", set()

    def refute(self, back: int, untrue: tuple[str, ...]) -> None:
        one = self.newest(back)
        if one and self.waits(one) and set(untrue) <= one.open:
            self.find(one, set(untrue))
            for name in untrue:
                value, source = self.facts.get(name, (None, ""))
                if value == one.values[name] and source != "attested":
                    self.facts.pop(name, None)

    def withdraw(self, back: int) -> None:
        one = self.newest(back)
        if one and self.waits(one):
            one.status = "withdrawn"
            self.open_again(one)

    def object(self, back: int) -> None:
        one = self.newest(back)
        if one and one.status == "refuted" and not one.objected and self.day <= one.ended + 15:
            one.objected = True

    def answer(self, back: int, lifted: bool) -> None:
        one = self.newest(back)
        if one is None or not one.objected or one.answered:
            return
        one.answered = True
        if lifted:
            one.status = "verified"
            self.facts |= {
                name: (one.values[name], "committed") for name in one.untrue if name not in self.facts
            }

    def wait(self, days: int) -> None:
        self.day += days

    def lapse(self) -> None:
        for one in self.told:
            if one.status == "made" and self.day > one.last:
                one.status = "lapsed"
                self.open_again(one)


class Story:
    """The same deeds on the real service."""

    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self.session, self.now = session, now

    async def begin(self) -> None:
        session, now = self.session, self.now
        self.owner = await person(session, now)
        self.desk, self.second = [await person(session, now, Role.POLICY_ADMIN) for _ in range(2)]
        self.id = await lending.enterprise(session, self.owner, now)
        self.uscc = (await service.enterprise_of(session, self.owner, self.id)).uscc
        self.tax = await signer(session, now, code=f"t-{self.id.hex[:12]}", last_days=1000)

    async def newest(self, back: int) -> Any:
        found = await commitments.listed(self.session, self.id)
        return found[back].id if back < len(found) else None

    async def do(self, deed: str, *how: Any) -> None:
        if deed == "wait":
            self.now += timedelta(days=how[0], seconds=1)
            self.tax.now = self.now
            return
        self.now += timedelta(seconds=1)
        about = (
            await self.newest(how[0]) if deed in ("confirm", "refute", "withdraw", "object", "answer") else 0
        )
        if about is None:
            return
        try:
            await getattr(self, deed)(*(about, *how[1:]) if about else how)
            await self.session.commit()
        except REFUSALS:
            await self.session.rollback()

    async def commit(self, *wanted: Any) -> None:
        await commitment(self.session, self.owner, self.id, wanted[0], self.now)

    async def change(self, name: str, at: int) -> None:
        await service.save_facts(
            self.session, self.owner, self.id, {name: VALUES[name][at]}, source="declared", now=self.now
        )

    async def attest(self, name: str, at: int) -> None:
        self.tax.now = self.now
        statement = self.tax.sign(self.tax.claims(self.uscc, {name: VALUES[name][at]}))
        await attesting.take_in(self.session, statement, audience=AUDIENCE, now=self.now)

    async def confirm(self, about: Any) -> None:
        await verifying.verify(self.session, self.desk, about, untrue=None, ground="x", now=self.now)

    async def refute(self, about: Any, untrue: tuple[str, ...]) -> None:
        await verifying.verify(self.session, self.desk, about, untrue=untrue, ground="x", now=self.now)

    async def withdraw(self, about: Any) -> None:
        await commitments.withdraw(self.session, self.owner, self.id, about, "x", self.now)

    async def object(self, about: Any) -> None:
        await commitments.object_to(self.session, self.owner, self.id, about, "x", self.now)

    async def answer(self, about: Any, lifted: bool) -> None:
        await verifying.answer(self.session, self.second, about, lifted=lifted, text="x", now=self.now)

    async def lapse(self) -> None:
        await verifying.lapse(self.session, self.now)

    async def stands(self) -> tuple[list[str], dict[str, tuple[Any, str]]]:
        found = await commitments.listed(self.session, self.id)
        rows = (await service.profile_of(self.session, self.id)).rows
        facts = {row.name: (row.value, row.source) for row in rows if row.name in NAMES}
        return [one.status for one in reversed(found)], facts


@pytest.fixture
def noon(now: datetime) -> datetime:
    """A moment of the province's day that no story's seconds carry over midnight."""
    return now.replace(hour=4, minute=0)


@settings(
    max_examples=examples(20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories)
@example(
    story=[("commit", NAMES[:1]), ("change", NAMES[0], 0), ("commit", NAMES[:1]), ("attest", NAMES[0], 0)]
)
async def test_commitments_stand_as_the_rules_say(
    session: AsyncSession, noon: datetime, story: list[tuple[Any, ...]]
) -> None:
    model, real = Model(), Story(session, noon)
    await real.begin()
    for deed, *how in story:
        getattr(model, deed)(*how)
        await real.do(deed, *how)
        assert await real.stands() == ([one.status for one in model.told], model.facts), (deed, how)
    logged = text("SELECT count(*) FROM audit_log WHERE tenant = :id AND subject_type = 'commitment'")
    changes = sum(1 + (one.status != "made") + one.objected + one.answered for one in model.told)
    assert await session.scalar(logged, {"id": str(real.id)}) == changes
