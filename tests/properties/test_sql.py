"""A rule's SQL against the reference, on a real PostgreSQL; DuckDB has its turn in test_columns, with all machines.

Where a rule's SQL says it is exact, it says what the reference says; otherwise it may stay NULL where the reference
knows, and is never true or false where the reference is not.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import asyncpg
import duckdb
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eligibility import Facts, Rule, compile_sql, parse
from eligibility.sql import NotInSqlError, columns_of
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from tests.factories.examples import examples
from tests.factories.populations import VOCABULARY, assert_same, population, reference
from tests.factories.rules import GRID, WIDE, conditions, wide_rules

Ask = Callable[[Sequence[Rule], Sequence[Facts]], "list[npt.NDArray[np.uint8] | None]"]
seeds = st.integers(0, 1_000_000)
COLUMNS = columns_of(fact for name, fact in VOCABULARY.facts.items() if name in WIDE)


class Database:
    """One connection, used from tests that are not asynchronous because Hypothesis calls them."""

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.connection: Any = self.run(asyncpg.connect(url.replace("+asyncpg", "")))

    def run(self, waiting: Any) -> Any:
        return self.loop.run_until_complete(waiting)

    def close(self) -> None:
        self.run(self.connection.close())
        self.loop.close()

    def make(self, enterprises: Sequence[Facts]) -> None:
        """The table `enterprise` with these rows, numbered."""
        columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS)
        self.run(
            self.connection.execute(
                f"DROP TABLE IF EXISTS enterprise; CREATE TABLE enterprise (row int, {columns})"
            )
        )
        records = [(row, *stored(facts)) for row, facts in enumerate(enterprises)]
        self.run(self.connection.copy_records_to_table("enterprise", records=records))

    def verdicts(self, rule: Rule) -> npt.NDArray[np.uint8]:
        """0 not matching, 1 matching, 2 undetermined, by row."""
        sql = compile_sql(rule)
        found = self.run(
            self.connection.fetch(f"SELECT {sql.text} AS v FROM enterprise ORDER BY row", *sql.params)
        )
        return np.array([2 if row["v"] is None else int(row["v"]) for row in found], np.uint8)


def stored(facts: Facts) -> list[object]:
    """The values of COLUMNS."""
    names = [name for name, _ in COLUMNS if not name.endswith("__none")]
    return [value for name in names for value in (facts.get(name), name in facts and facts[name] is None)]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    yield found
    found.close()


def agrees(database: Database, rules: Sequence[Rule], enterprises: Sequence[Facts]) -> None:
    """The SQL of each rule against the reference."""
    database.make(enterprises)
    for rule in rules:
        try:
            exact = compile_sql(rule).exact
        except NotInSqlError:
            continue
        expected = reference(rule, enterprises)
        assert_same(rule, enterprises, database.verdicts(rule), expected, may_be_open=not exact)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees=st.lists(conditions, min_size=2, max_size=6), seed=seeds)
def test_sql_says_what_the_reference_says(database: Database, trees: list[Node], seed: int) -> None:
    rules = [parse(to_cel(tree), VOCABULARY) for tree in trees]
    assert all(compile_sql(rule).exact for rule in rules)
    agrees(database, rules, population(250, seed, GRID))


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(wide_rules, min_size=2, max_size=5), seed=seeds)
def test_the_same_with_sizes_arithmetic_and_comparisons_between_facts(
    database: Database, texts: list[str], seed: int
) -> None:
    agrees(database, [parse(text, VOCABULARY) for text in texts], population(150, seed, WIDE, 0.4))


SIZES = ["micro", "small", "medium", "large", "not_covered"]


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(st.sampled_from(SIZES), min_size=1, max_size=4, unique=True), seed=seeds)
def test_the_size_class_in_sql_is_exact_whatever_is_unknown(
    database: Database, wanted: list[str], seed: int
) -> None:
    rule = parse(f"sme_size in [{', '.join(map(repr, wanted))}]", VOCABULARY)
    assert compile_sql(rule).exact
    names = ("industry_code", "employees_end", "operating_revenue_yuan", "total_assets_yuan")
    agrees(database, [rule], population(250, seed, {name: WIDE[name] for name in names}, 0.8))


class TestNumbers:
    """Numbers stay exact, in PostgreSQL and in DuckDB."""

    CASES = (
        ("operating_revenue_yuan * 3 >= 1", {"operating_revenue_yuan": Decimal("0.33")}, False),
        ("operating_revenue_yuan * 3 >= 1", {"operating_revenue_yuan": Decimal("0.34")}, True),
        ("operating_revenue_yuan / 3 >= 1000000.5", {"operating_revenue_yuan": Decimal("3000001.5")}, True),
        ("operating_revenue_yuan / 3 >= 1000000.5", {"operating_revenue_yuan": Decimal("3000001.49")}, False),
        (
            "operating_revenue_yuan / 3 == total_assets_yuan / 7",
            {"operating_revenue_yuan": Decimal(3), "total_assets_yuan": Decimal(7)},
            True,
        ),
        (
            "operating_revenue_yuan / 3 == total_assets_yuan / 7",
            {"operating_revenue_yuan": Decimal("3.01"), "total_assets_yuan": Decimal(7)},
            False,
        ),
        (
            "operating_revenue_yuan / 3 + total_assets_yuan > 0.33",
            {"operating_revenue_yuan": Decimal(1), "total_assets_yuan": Decimal(0)},
            True,
        ),
        ("(employees_end - employees_annual_avg) / 2 == -3", {"employees_end": 1, "employees_annual_avg": 8}, True),
        ("employees_end / 2 * employees_annual_avg in [6, 7]", {"employees_end": 5, "employees_annual_avg": 3}, True),
        ("employees_end * 0.5 + employees_annual_avg in [2.5]", {"employees_end": 3, "employees_annual_avg": 1}, True),
        ("employees_end * 9000000000000000000 > employees_annual_avg",
         {"employees_end": 9, "employees_annual_avg": 1}, True),
        ("employees_end <= 9223372036854775807", {"employees_end": 9223372036854775807}, True),
        ("employees_end > 9223372036854775807", {"employees_end": 9223372036854775807}, False),
        ("layoff_rate_pct < 5.500001", {"layoff_rate_pct": Decimal("5.5")}, True),
        ("min(employees_end, employees_annual_avg) >= 3", {"employees_end": 4, "employees_annual_avg": None}, False),
    )  # fmt: skip

    @pytest.mark.parametrize(("text", "facts", "expected"), CASES)
    def test_are_exact(self, database: Database, text: str, facts: dict[str, object], expected: bool) -> None:
        rule, known = parse(text, VOCABULARY), Facts(facts)
        assert reference(rule, [known]).tolist() == [int(expected)]
        database.make([known])
        assert database.verdicts(rule).tolist() == [int(expected)]
        sql = compile_sql(rule)
        columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS)
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE enterprise ({columns})")
            connection.execute(
                f"INSERT INTO enterprise VALUES ({', '.join('?' * len(COLUMNS))})", stored(known)
            )
            row = connection.execute(f"SELECT {sql.text} FROM enterprise", list(sql.params)).fetchone()
            assert row == (expected,)

    def test_of_too_many_digits_are_refused(self) -> None:
        with pytest.raises(NotInSqlError, match="38 digits"):
            compile_sql(parse("operating_revenue_yuan > 12345678901234567890123.5e18", VOCABULARY))


class TestMonths:
    """Whole months between two days, as people count them."""

    DAYS = (
        *(dt.date(2019, 12, 27) + dt.timedelta(days=7 * n) for n in range(20)),
        dt.date(2020, 1, 31), dt.date(2020, 2, 29), dt.date(2020, 2, 28), dt.date(2019, 12, 31), dt.date(2021, 3, 1),
    )  # fmt: skip

    def test_are_counted_as_the_reference_counts_them(self, database: Database) -> None:
        enterprises = [Facts({"loan_start_date": day}) for day in self.DAYS]
        for start in (dt.date(2020, 1, 31), dt.date(2020, 2, 29), dt.date(2020, 3, 1)):
            rules = [
                parse(f'months_between(date("{start}"), loan_start_date) {op} {months}', VOCABULARY)
                for months in (-2, -1, 0, 1, 2)
                for op in ("==", "<")
            ]
            agrees(database, rules, enterprises)


class TestText:
    """What the text promises its readers: a planner, and whoever keeps it."""

    def test_values_are_parameters_and_prefixes_are_ranges(self) -> None:
        sql = compile_sql(parse("within(industry_code, ['62']) && employees_end <= 8", VOCABULARY))
        assert sql.params == ("62", "63", 8)
        assert "'" not in sql.text
        assert '"industry_code" >= $1::text AND "industry_code" < $2::text' in sql.text

    def test_numbering_and_columns_are_the_callers(self) -> None:
        rule = parse("employees_end > 3 && jobs_commitment", VOCABULARY)
        sql = compile_sql(rule, lambda name: f"e.{name}", first=7)
        assert "e.employees_end >= $7::bigint" in sql.text
        assert "e.jobs_commitment__none" in sql.text

    def test_grows_no_faster_than_the_rule(self) -> None:
        part = (
            "at_least(1, [jobs_commitment, employees_end > {n} ? employees_end < {m} : affected_by_epidemic])"
        )
        lengths = []
        for size in (4, 8, 16):
            text = "true"
            for n in range(size):
                text = f"at_least(2, [{text}, {part.format(n=n, m=n + 7)}, layoff_rate_pct < {n}])"
            lengths.append(len(compile_sql(parse(text, VOCABULARY)).text))
        assert lengths[1] < 3 * lengths[0]
        assert lengths[2] < 3 * lengths[1]

    def test_the_planner_uses_an_index_on_the_region(self, database: Database) -> None:
        draw = population(6000, 1, {**GRID, "province_code": tuple(f"{n}0000" for n in range(11, 83))}, 0.2)
        database.make(draw)
        run, fetch = database.run, database.connection.fetch
        run(database.connection.execute("CREATE INDEX ON enterprise (province_code); ANALYZE enterprise"))
        for text in (
            'within(province_code, ["37"]) && employees_end <= 20 && jobs_commitment',
            'province_code == "370000" && (employees_end < 5 || layoff_rate_pct > 5.5 && !affected_by_epidemic)',
            'within(province_code, ["37"]) && employees_end < 5 || province_code == "420000" && employees_end > 9',
            'within(province_code, ["37"]) && (employees_end < 5 && jobs_commitment || employees_end >= 5)',
        ):
            sql = compile_sql(parse(text, VOCABULARY))
            plan = run(fetch(f"EXPLAIN SELECT row FROM enterprise WHERE {sql.text}", *sql.params))
            assert any("Index Cond" in line[0] for line in plan), "\n".join(line[0] for line in plan)

    def test_a_rule_that_always_or_never_holds_is_text_too(self, database: Database) -> None:
        enterprises = population(40, 3, GRID)
        agrees(
            database, [parse(text, VOCABULARY) for text in ("true", "false", "!true", "1 < 2")], enterprises
        )

    def test_conditions_inside_arithmetic_are_refused(self) -> None:
        with pytest.raises(NotInSqlError):
            compile_sql(parse("(jobs_commitment ? employees_end : 3) > employees_annual_avg", VOCABULARY))
