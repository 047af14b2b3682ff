"""A rule's SQL against the reference, on a real PostgreSQL: it never says what the reference does not.

On complete facts both agree; with unknown ones the SQL may stay NULL where the exact answer is decided, never the
reverse.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eligibility import Facts, Rule, Status, Vocabulary, compile_sql, evaluate, parse
from eligibility.kleene import truth
from eligibility.sql import TYPES
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from tests.factories.examples import examples
from tests.factories.rules import conditions, partial_facts

VOCABULARY = Vocabulary.shipped()
STATUS = {True: Status.ELIGIBLE, False: Status.INELIGIBLE, None: Status.UNDETERMINED}
Ask = Callable[[Rule, Facts], bool | None]


@pytest.fixture
def ask(database_url: str) -> Iterator[Ask]:
    """Runs a rule's SQL on one enterprise given as typed columns."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(database_url.replace("+asyncpg", "")))

    def answer(rule: Rule, facts: Facts) -> bool | None:
        sql = compile_sql(rule)
        row, values = columns(rule, facts, len(sql.params))
        query = f"SELECT {sql.text} FROM (SELECT {row}) enterprise"
        params = [
            value if not isinstance(value, int) or isinstance(value, bool) else str(value) for value in values
        ]
        found: bool | None = loop.run_until_complete(fetch(connection, query, [*sql.params, *params]))
        return found

    yield answer
    loop.run_until_complete(connection.close())
    loop.close()


async def fetch(connection: Any, query: str, params: list[Any]) -> bool | None:
    found: bool | None = await connection.fetchval(query, *params)
    return found


def columns(rule: Rule, facts: Facts, before: int) -> tuple[str, list[Any]]:
    """The columns one enterprise has for the facts of a rule, and their values from $`before`+1 on."""
    parts, values = [], []
    for name in sorted(rule.stated_facts):
        fact = VOCABULARY.facts[name]
        if fact.is_derived:
            continue
        value = facts.get(name)
        kind = TYPES[fact.type]
        values.append(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)
        cast = (
            f"${before + len(values)}::text::bigint"
            if kind == "bigint"
            else f"${before + len(values)}::{kind}"
        )
        none = "true" if name in facts and value is None else "false"
        parts.append(f'{cast} AS "{name}", {none} AS "{name}__none"')
    return ", ".join(parts) or "1 AS one", values


@settings(max_examples=examples(250), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=conditions, facts=partial_facts(4))
def test_sql_says_what_three_valued_logic_says(ask: Ask, tree: Node, facts: Facts) -> None:
    rule = parse(to_cel(tree), VOCABULARY)
    found = ask(rule, facts)
    if found is not None:
        assert STATUS[found] is evaluate(rule, facts).status
    else:
        assert truth(rule.root, facts, VOCABULARY) is None


SIZES = ["micro", "small", "medium", "large", "not_covered"]


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=st.lists(st.sampled_from(SIZES), min_size=1, max_size=4, unique=True),
    facts=st.fixed_dictionaries(
        {},
        optional={
            "industry_code": st.sampled_from(
                ["3311", "6210", "5121", "7010", "8310", "0111", "7231", "53", "59", "70", None]
            ),
            "employees_end": st.sampled_from([0, 4, 5, 15, 20, 100, 299, 300, 1000, None]),
            "operating_revenue_yuan": st.sampled_from([0, 2_999_999, 3_000_000, 20_000_000, 400_000_000]),
            "total_assets_yuan": st.sampled_from([0, 1_000_000, 80_000_000, 1_200_000_000]),
        },
    ),
)
def test_the_size_class_in_sql_is_sound_and_complete_once_the_industry_is_known(
    ask: Ask, wanted: list[str], facts: dict[str, Any]
) -> None:
    names = ", ".join(f'"{size}"' for size in wanted)
    rule = parse(f"sme_size in [{names}]", VOCABULARY)
    known = Facts(facts)
    found = ask(rule, known)
    expected = evaluate(rule, known).status
    if found is not None:
        assert STATUS[found] is expected
    elif facts.get("industry_code", "59") not in ("59", "70"):
        assert expected is Status.UNDETERMINED


def test_written_values_are_parameters_and_prefixes_are_ranges_an_index_can_use() -> None:
    sql = compile_sql(parse("within(industry_code, ['62']) && employees_end <= 8", VOCABULARY))
    assert sql.params == ("62", "63", 8)
    assert "'" not in sql.text
    assert '"industry_code" >= $1::text AND "industry_code" < $2::text' in sql.text
