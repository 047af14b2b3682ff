"""The stored enterprises as the engine's population: as `evaluate` judges each, and never behind their facts."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from eligibility import Facts, Rule, Status, evaluate, parse
from eligibility.completions import settle
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from marketplace.db import create_engine, open_session
from marketplace.profiles import current, service
from marketplace.profiles.population import StoredPopulation, condition
from marketplace.shipped import shipped_policies
from tests.factories.enterprises import enterprise
from tests.factories.examples import examples
from tests.factories.people import person
from tests.factories.populations import VOCABULARY, population
from tests.factories.rules import GRID, WIDE, conditions, wide_rules
from tests.factories.stored import store

DAY = date(2020, 4, 15)
seeds = st.integers(0, 1_000_000)


async def verdicts_of(session: AsyncSession, rule: Rule) -> dict[Status, set[str]]:
    """Everybody by verdict, and that the counts say the same."""
    stored = StoredPopulation(session, DAY)
    found: dict[Status, set[str]] = {}
    for status in Status:
        ids = [one async for chunk in stored.ids(rule, status) for one in chunk]
        assert len(ids) == len(set(ids))
        found[status] = set(ids)
    counts = await stored.count(rule)
    assert (counts.matching, counts.undetermined, counts.not_matching) == tuple(
        len(found[status]) for status in (Status.ELIGIBLE, Status.UNDETERMINED, Status.INELIGIBLE)
    )
    return found


def compare(
    rule: Rule, enterprises: Sequence[Facts], ids: Sequence[str], found: dict[Status, set[str]]
) -> None:
    """Each enterprise stands where the reference puts it; past the reference's bound of work more may be decided."""
    for one, facts in zip(ids, enterprises, strict=True):
        known = facts.on(DAY, VOCABULARY)
        expected = evaluate(rule, known).status
        if one in found[expected]:
            continue
        assert expected is Status.UNDETERMINED, (rule.text, dict(facts))
        assert not settle(rule.inlined, dict(known), rule.vocabulary).exact, (rule.text, dict(facts))


def storable(grid: Mapping[str, Sequence[object]]) -> dict[str, list[object]]:
    """A grid without the nones that no door takes."""
    facts = VOCABULARY.facts
    return {
        name: [each for each in values if each is not None or facts[name].nullable]
        for name, values in grid.items()
    }


class Stored:
    """A database for tests that Hypothesis calls, which are not asynchronous."""

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.engine = create_engine(url, pooled=False)

    def run(self, waiting: Any) -> Any:
        return self.loop.run_until_complete(waiting)

    def agrees(self, rules: Sequence[Rule], enterprises: Sequence[Facts]) -> None:
        self.run(self._agrees(rules, enterprises))

    async def _agrees(self, rules: Sequence[Rule], enterprises: Sequence[Facts]) -> None:
        async with open_session(self.engine) as session:
            ids = await store(session, enterprises)
            for rule in rules:
                compare(rule, enterprises, ids, await verdicts_of(session, rule))
            await session.rollback()


@pytest.fixture
def stored(database_url: str) -> Any:
    found = Stored(database_url)
    yield found
    found.run(found.engine.dispose())
    found.loop.close()


class TestVerdicts:
    """Equal to `evaluate` on every enterprise."""

    @settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(trees=st.lists(conditions, min_size=2, max_size=5), seed=seeds)
    def test_of_conditions(self, stored: Stored, trees: list[Node], seed: int) -> None:
        rules = [parse(to_cel(tree), VOCABULARY) for tree in trees]
        stored.agrees(rules, population(120, seed, storable(GRID)))

    @settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(texts=st.lists(wide_rules, min_size=2, max_size=4), seed=seeds)
    def test_of_sizes_arithmetic_and_comparisons_between_facts(
        self, stored: Stored, texts: list[str], seed: int
    ) -> None:
        stored.agrees([parse(one, VOCABULARY) for one in texts], population(80, seed, storable(WIDE), 0.4))

    def test_of_the_day_and_of_parameters_some_have_stated(self, stored: Stored) -> None:
        texts = (
            'as_of_date >= date("2020-04-15")',
            "as_of_date < loan_start_date",
            "lpr_1y_pct <= 4.05",
            "lpr_1y_pct != 4.05",
        )
        rules = [parse(one, VOCABULARY) for one in texts]
        grid = {"lpr_1y_pct": (4, 5), "loan_start_date": (None, date(2020, 4, 15), date(2020, 4, 16))}
        stored.agrees(rules, population(60, 7, grid, 0.8))


def test_most_shipped_rules_are_judged_by_the_database_alone() -> None:
    rules = [parse(entry["rule"], VOCABULARY) for entry in shipped_policies()]
    assert sum(condition(rule, DAY).exact for rule in rules) >= 0.9 * len(rules)


class TestDocuments:
    """The facts of an enterprise as one document, kept by every change."""

    async def test_follow_each_change_and_remember_what_held_before(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        one = await enterprise(session, owner, now)
        await service.save_facts(
            session, owner, one.id, {"employees_end": 8, "loan_start_date": None}, source="declared", now=now
        )
        await service.save_facts(
            session, owner, one.id, {}, source="declared", now=now, forget=["employees_end"]
        )
        await session.commit()
        kept = (await session.execute(text("SELECT facts FROM enterprise_current_facts"))).scalar_one()
        assert kept == {"entity_type": "company", "loan_start_date": None}
        before = (await session.execute(text("SELECT before FROM fact_changes"))).scalar_one()
        assert before == {}

    async def test_say_nothing_of_a_change_that_changes_nothing(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        one = await enterprise(session, owner, now)
        await session.execute(text("DELETE FROM fact_changes"))
        await service.save_facts(
            session, owner, one.id, {"entity_type": "company"}, source="declared", now=now
        )
        assert (await session.execute(text("SELECT count(*) FROM fact_changes"))).scalar_one() == 0

    async def test_of_two_changes_at_once_neither_is_lost(
        self, session: AsyncSession, engine: AsyncEngine, now: datetime
    ) -> None:
        owner = await person(session, now)
        one = await enterprise(session, owner, now)

        async def change(name: str, value: object) -> None:
            async with open_session(engine) as own:
                await service.save_facts(own, owner, one.id, {name: value}, source="declared", now=now)
                await asyncio.sleep(0.05)
                await own.commit()

        values = {"employees_end": 8, "affected_by_epidemic": True, "jobs_commitment": False}
        await asyncio.gather(*(change(*pair) for pair in values.items()))
        kept = (await session.execute(text("SELECT facts FROM enterprise_current_facts"))).scalar_one()
        assert kept == {"entity_type": "company", **values}

    async def test_of_another_vocabulary_are_made_anew_without_what_it_refuses(
        self, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        one = await enterprise(session, owner, now)
        await service.save_facts(session, owner, one.id, {"employees_end": 8}, source="declared", now=now)
        await session.execute(
            text("UPDATE enterprise_facts SET value = '\"eight\"' WHERE name = 'employees_end'")
        )
        await session.execute(text("UPDATE enterprise_current_facts SET vocabulary = 'older'"))
        assert await current.renew(session) == 1
        assert await current.renew(session) == 0
        kept = (await session.execute(text("SELECT facts FROM enterprise_current_facts"))).scalar_one()
        assert kept == {"entity_type": "company"}
