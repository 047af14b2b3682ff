"""Who satisfies a rule among the stored enterprises: the engine's port, on PostgreSQL.

The rule becomes a condition over the documents of `enterprise_current_facts`, so that a hundred thousand enterprises
are judged where they lie; what the condition leaves open because SQL cannot say it exactly is settled by `columns`.
Nobody's facts leave here: counts for whoever plans a policy, ids for the workers that tell people.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from eligibility import Facts, Rule, Status, Vocabulary, compile_sql
from eligibility.columns import Columns
from eligibility.population import Counts
from eligibility.sql import NotInSqlError
from eligibility.vocabulary import Fact

CHUNK = 10_000
CASTS = {"int": "bigint", "money": "numeric", "decimal": "numeric", "bool": "boolean", "date": "date"}


@dataclass(frozen=True, slots=True)
class Condition:
    """`text`: true, false or NULL of a row `held`, with $n for `params`. `exact`: NULL only where the rule is open."""

    text: str
    params: tuple[Any, ...]
    exact: bool


def condition(rule: Rule, day: date, *, first: int = 1) -> Condition:
    """A rule on a day as SQL over `enterprise_current_facts held`; parameters count from `first`.

    A rule there is no SQL for is a NULL that is not exact: every row of it is settled elsewhere.
    """
    try:
        sql = compile_sql(rule, Documents(rule.vocabulary, day).column, first=first)
    except NotInSqlError:
        return Condition("NULL::boolean", (), False)
    return Condition(sql.text, sql.params, sql.exact)


class Documents:
    """How a fact is read from `held.facts` on a day: its value, NULL while unknown, and whether it is none."""

    def __init__(self, vocabulary: Vocabulary, day: date) -> None:
        self.facts, self.day = vocabulary.facts, day
        self.parameters = vocabulary.parameters_on(day)

    def column(self, name: str) -> str:
        """The SQL of a column as `compile_sql` asks for it: `<fact>` or `<fact>__none`."""
        fact = self.facts[name.removesuffix("__none")]
        if name == fact.name:
            return self.today() if fact.context else self.value(fact)
        return "FALSE" if fact.context else f"(held.facts @> '{json.dumps({fact.name: None})}')"

    def today(self) -> str:
        """The day itself."""
        return f"DATE '{self.day.isoformat()}'"

    def value(self, fact: Fact) -> str:
        """The stated value; of a dated parameter nobody stated, the one of the day."""
        kind = CASTS.get(fact.type)
        stated = f"(held.facts->>'{fact.name}')"
        found = f"{stated}::{kind}" if kind else f'({stated} COLLATE "C")'
        if fact.name not in self.parameters:
            return found
        return f"(CASE WHEN held.facts ? '{fact.name}' THEN {found} ELSE {self.parameters[fact.name]}::numeric END)"


class StoredPopulation:
    """Every stored enterprise on a day, seen through one session. Implements `eligibility.population.Population`."""

    def __init__(self, session: AsyncSession, day: date) -> None:
        self.session, self.day = session, day

    async def count(self, rule: Rule) -> Counts:
        """How many enterprises come out how."""
        asked = condition(rule, self.day)
        (row,) = await ask(
            self.session,
            "SELECT count(*) FILTER (WHERE v) AS matching, count(*) FILTER (WHERE v IS NULL) AS undetermined,"
            f" count(*) FILTER (WHERE NOT v) AS not_matching FROM ({judged(asked)}) judged",
            asked.params,
        )
        if asked.exact or not row.undetermined:
            return Counts(row.matching, row.undetermined, row.not_matching)
        settled = dict.fromkeys(Status, 0)
        async for found in self.settled(rule, asked):
            for status, ids in found.items():
                settled[status] += len(ids)
        return Counts(
            row.matching + settled[Status.ELIGIBLE],
            settled[Status.UNDETERMINED],
            row.not_matching + settled[Status.INELIGIBLE],
        )

    async def ids(self, rule: Rule, status: Status = Status.ELIGIBLE) -> AsyncIterator[Sequence[str]]:
        """The ids of the enterprises with that verdict, in chunks; those SQL leaves open come after the others."""
        asked = condition(rule, self.day)
        if asked.exact or status is not Status.UNDETERMINED:
            wanted = {Status.ELIGIBLE: "v", Status.INELIGIBLE: "NOT v", Status.UNDETERMINED: "v IS NULL"}
            async for rows in self.pages(asked, wanted[status]):
                yield [str(row.enterprise_id) for row in rows]
        if not asked.exact:
            async for found in self.settled(rule, asked):
                if found[status]:
                    yield found[status]

    async def settled(self, rule: Rule, asked: Condition) -> AsyncIterator[dict[Status, list[str]]]:
        """By verdict, chunk by chunk, whom the condition left open."""
        async for rows in self.pages(asked, "v IS NULL"):
            ids = [str(row.enterprise_id) for row in rows]
            documents = [json.loads(row.facts) for row in rows]
            yield await asyncio.to_thread(verdicts, rule, self.day, ids, documents)

    async def pages(self, asked: Condition, wanted: str) -> AsyncIterator[Sequence[Any]]:
        """Rows (enterprise_id, facts as text) of a verdict, in the order of their ids."""
        last, place = UUID(int=0), len(asked.params) + 1
        while True:
            rows = await ask(
                self.session,
                f"SELECT enterprise_id, facts FROM ({judged(asked)}) judged"
                f" WHERE enterprise_id > ${place}::uuid AND {wanted} ORDER BY enterprise_id LIMIT {CHUNK}",
                (*asked.params, last),
            )
            if rows:
                yield rows
            if len(rows) < CHUNK:
                return
            last = rows[-1].enterprise_id


def judged(asked: Condition) -> str:
    """Every enterprise with its verdict `v`, worked out once (OFFSET keeps the planner from copying it)."""
    return (
        f"SELECT held.enterprise_id, held.facts::text AS facts, ({asked.text}) AS v"
        " FROM enterprise_current_facts held OFFSET 0"
    )


async def ask(session: AsyncSession, statement: str, params: tuple[Any, ...]) -> Sequence[Any]:
    """The rows of a statement with numbered parameters, in the session's transaction."""
    connection = await session.connection()
    return (await connection.exec_driver_sql(statement, params)).all()


def verdicts(
    rule: Rule, day: date, ids: Sequence[str], documents: Sequence[dict[str, Any]]
) -> dict[Status, list[str]]:
    """The ids by verdict, from facts as they are stored."""
    known = [Facts.from_json(each, rule.vocabulary).on(day, rule.vocabulary) for each in documents]
    coded = Columns.from_facts(known, rule.vocabulary, ids=ids).coded({"": rule}, workers=1)
    return {status: [str(one) for chunk in coded.matching("", status) for one in chunk] for status in Status}
