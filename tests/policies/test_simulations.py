"""Simulations of a version: counted over the stored enterprises by a job, kept by content, asked for by a gate."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from auth.actor import Actor
from auth.roles import Role
from eligibility import Facts
from marketplace.simulating import service as simulating
from policies import queries, service, simulations, versions
from policies.errors import (
    Hindered,
    PoliciesError,
    SimulationMissing,
    SimulationOver,
    SimulationUnexplained,
    WrongState,
)
from policies.lifecycle import Action
from policies.schemas import PolicyDraft, SimulationReasonGiven
from policies.simulation_tables import Simulation
from policies.tables import PolicyVersion
from tests.factories import publishing
from tests.factories.people import person
from tests.factories.publishing import RENT, seeded
from tests.factories.stored import store

DAY = date(2020, 4, 15)
WHY = "The relief was meant for the smallest only, as the document says."


def firms(counts: Sequence[int], **more: object) -> list[Facts]:
    """One enterprise for each number of staff."""
    return [
        Facts({"province_code": "370000", "city_code": "370100", "employees_end": n, **more}) for n in counts
    ]


@pytest.fixture
async def writer(session: AsyncSession, now: datetime) -> Actor:
    return await person(session, now, Role.POLICY_ADMIN)


async def drafted(
    session: AsyncSession, who: Actor, now: datetime, rule: str, **changes: Any
) -> PolicyVersion:
    """A draft on top of what is there, committed."""
    base = await queries.open_version(session, RENT) or await queries.current(session, RENT)
    assert base is not None
    fields = {name: getattr(base, name) for name in PolicyDraft.model_fields}
    draft = PolicyDraft(**{**fields, "rule": rule, **changes})
    row = await service.save_draft(session, who, RENT, draft, seen_sha256=base.content_sha256, now=now)
    await session.commit()
    return row


async def simulated(
    session: AsyncSession,
    engine: AsyncEngine,
    who: Actor,
    row: PolicyVersion,
    now: datetime,
    limit: str = "1",
) -> Simulation:
    """The button pressed, and the job done."""
    found = await simulating.ask(session, who, RENT, row.version, day=DAY, limit=Decimal(limit), now=now)
    await session.commit()
    await simulating.work(engine, found.id, lambda: now)
    await session.refresh(found)
    await session.commit()
    return found


async def hindrance(session: AsyncSession, row: PolicyVersion) -> list[type[PoliciesError]]:
    return [type(one) for one in await simulations.gate(session, row, Action.SUBMIT)]


class TestCounting:
    """The job."""

    async def test_counts_everybody_against_the_version_in_force(
        self, session: AsyncSession, engine: AsyncEngine, writer: Actor, now: datetime
    ) -> None:
        await seeded(session, now, rule="employees_end <= 5")
        await store(
            session, [*firms([3] * 6, affected_by_epidemic=False), *firms([8] * 7), *firms([50] * 2), Facts()]
        )
        row = await drafted(session, writer, now, "employees_end <= 10 && affected_by_epidemic")
        found = await simulated(session, engine, writer, row, now)
        assert (found.state, found.population, found.looked, found.held, found.lost) == ("done", 16, 16, 6, 6)
        assert (found.base_version, found.base_sha256 is None) == (1, False)
        assert found.result is not None
        (today,) = found.result["days"]
        assert today["moves"] == {"gain": 0, "lose": 6, "open": 7, "shut": 0, "same": 3}
        (region, rest) = today["groups"]["region"][0], today["groups"]["region"][1:]
        assert (region["key"], region["enterprises"], region["counts"]["lose"]) == ("*", 16, 6)
        assert rest == []  # the one whose place is not known is not told apart
        assert today["examples"]["lose"] == [
            {
                "count": 6,
                "facts": [
                    {"fact": "affected_by_epidemic", "is": "value", "value": False},
                    {
                        "fact": "employees_end",
                        "is": "band",
                        "low": None,
                        "high": {"value": 5, "within": True},
                    },
                ],
            }
        ]
        assert today["examples"]["gain"] == []

    async def test_of_a_first_version_takes_nothing_from_anybody(
        self, session: AsyncSession, engine: AsyncEngine, writer: Actor, now: datetime
    ) -> None:
        await seeded(session, now)
        await store(session, firms([3] * 9))
        row = await drafted(session, writer, now, "employees_end <= 4")
        current = await queries.current(session, RENT)
        assert current is not None
        changes = simulations.changes(None, row, DAY)
        assert [(one.before, one.after is not None) for one in changes] == [(None, True)]
        found = await simulated(session, engine, writer, row, now)
        assert (found.held, found.lost, simulations.is_over(found)) == (9, 0, False)

    async def test_counts_the_days_on_which_one_of_the_texts_begins_or_has_ended(
        self, session: AsyncSession, engine: AsyncEngine, writer: Actor, now: datetime
    ) -> None:
        await seeded(session, now, rule="employees_end <= 5", effective_to=date(2020, 12, 31))
        await store(session, firms([3] * 8))
        row = await drafted(session, writer, now, "employees_end <= 5", effective_to=date(2020, 6, 30))
        found = await simulated(session, engine, writer, row, now)
        assert found.result is not None
        assert [(day["day"], day["moves"]["lose"]) for day in found.result["days"]] == [
            ("2020-04-15", 0),
            ("2020-07-01", 8),
        ]
        assert (found.held, found.lost) == (8, 8)  # the end was moved half a year forward: everybody loses it

    async def test_of_a_text_that_changed_meanwhile_comes_to_nothing(
        self, session: AsyncSession, engine: AsyncEngine, writer: Actor, now: datetime
    ) -> None:
        await seeded(session, now)
        row = await drafted(session, writer, now, "employees_end <= 4")
        asked = await simulating.ask(session, writer, RENT, row.version, day=DAY, limit=Decimal(1), now=now)
        again = await simulating.ask(session, writer, RENT, row.version, day=DAY, limit=Decimal(1), now=now)
        assert asked.id == again.id
        await drafted(session, writer, now, "employees_end <= 3")
        await simulating.work(engine, asked.id, lambda: now)
        await session.refresh(asked)
        assert (asked.state, asked.result) == ("failed", None)

    async def test_is_for_versions_that_are_still_being_decided(
        self, session: AsyncSession, writer: Actor, now: datetime
    ) -> None:
        await seeded(session, now)
        with pytest.raises(WrongState):
            await simulating.ask(session, writer, RENT, 1, day=DAY, limit=Decimal(1), now=now)


class TestGate:
    """What stands in the way of submitting and publishing."""

    async def test_wants_a_simulation_of_exactly_this_text_against_exactly_the_one_in_force(
        self, session: AsyncSession, engine: AsyncEngine, writer: Actor, now: datetime
    ) -> None:
        await seeded(session, now)
        await store(session, firms([3] * 9))
        row = await drafted(session, writer, now, "employees_end <= 10")
        assert await hindrance(session, row) == [SimulationMissing]
        await simulated(session, engine, writer, row, now)
        assert await hindrance(session, row) == []
        row = await drafted(session, writer, now, "employees_end <= 11")
        assert await hindrance(session, row) == [SimulationMissing]
        row = await drafted(
            session, writer, now, "employees_end <= 10"
        )  # as it was: what was counted holds again
        assert await hindrance(session, row) == []

    async def test_wants_a_reason_where_too_many_lose(
        self, session: AsyncSession, engine: AsyncEngine, writer: Actor, now: datetime
    ) -> None:
        await seeded(session, now, rule="employees_end <= 5")
        await store(session, [*firms([3] * 98), *firms([5] * 2)])
        row = await drafted(session, writer, now, "employees_end <= 4")
        found = await simulated(session, engine, writer, row, now, limit="2")
        assert (found.held, found.lost) == (100, 2)
        assert await hindrance(session, row) == []  # exactly the share is not above it
        later = now + timedelta(seconds=1)
        found = await simulated(session, engine, writer, row, later, limit="1.99")
        assert await hindrance(session, row) == [SimulationUnexplained]
        with pytest.raises(Hindered) as refused:
            await service.submit(session, writer, RENT, row.version, seen_sha256=row.content_sha256, now=now)
        assert SimulationUnexplained in {type(one) for one in refused.value.hindrances}
        given = SimulationReasonGiven(simulation_id=found.id, reason=WHY)
        second = await person(session, now, Role.POLICY_ADMIN)
        row = await simulations.explain(session, second, RENT, row.version, given, now=now)
        assert str(second.user_id) in row.editors  # he has worked on it, and cannot approve it any more
        assert await hindrance(session, row) == []
        await store(session, firms([5] * 4))
        await session.commit()
        await simulated(session, engine, writer, row, later + timedelta(seconds=1))
        assert await hindrance(session, row) == [
            SimulationUnexplained
        ]  # more lose than the reason was given for

    async def test_takes_a_reason_for_the_newest_figures_only(
        self, session: AsyncSession, engine: AsyncEngine, writer: Actor, now: datetime
    ) -> None:
        await seeded(session, now, rule="employees_end <= 5")
        await store(session, firms([5] * 6))
        row = await drafted(session, writer, now, "employees_end <= 4")
        given = SimulationReasonGiven(simulation_id=row.id, reason=WHY)
        with pytest.raises(SimulationMissing):
            await simulations.explain(session, writer, RENT, row.version, given, now=now)
        seen = await simulated(session, engine, writer, row, now)
        await simulated(session, engine, writer, row, now + timedelta(seconds=1))
        given = SimulationReasonGiven(simulation_id=seen.id, reason=WHY)
        with pytest.raises(SimulationOver):
            await simulations.explain(session, writer, RENT, row.version, given, now=now)

    async def test_is_passed_by_what_the_factory_makes_ready(
        self, session: AsyncSession, now: datetime
    ) -> None:
        await seeded(session, now)
        await store(session, firms([5] * 6))
        await session.commit()
        row = await publishing.published(session, now, rule="employees_end <= 4")
        found = await versions.find(session, RENT, row.version)
        assert found.status == "published"
