"""Many rules against a million enterprises, and one rule in PostgreSQL: the columns and the SQL beside their rivals.

The rivals answer complete facts, in two values, over the types they like best: regions, industries and words as small
integers, money as whole yuan. Their counts must be ours. In every round ours and a rival run one after the other.
"""

from __future__ import annotations

import asyncio
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from bench import workload
from eligibility import Rule
from eligibility.columns import Columns
from eligibility.sql import columns_of, compile_sql
from eligibility.syntax import And, Call, Compare, In, ListOf, Literal, Node, Not, Or, Ref
from marketplace.embedded_postgres import FOR_TESTS, EmbeddedPostgres

TITLE = "Many rules over a million enterprises"
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
RULES, FEW = 1000, 100
ROUNDS = 5
PIECE = 65_536
"""Rows the numpy rival takes at a time, so that what is in between stays in the cache."""
DIGITS = {"province_code": 6, "city_code": 6, "industry_code": 4}
QUERIES = 12
FACTS = workload.WORDS.facts


def measure() -> str:
    """Tables in Markdown. Raises AssertionError where a rival counts otherwise."""
    rules = workload.rules(RULES)
    Columns.from_arrow(population(4096, 0.5)).coded(
        dict(list(rules.items())[:3])
    ).count()  # compiled, or read from disk
    lines = [
        "",
        "| rules | system | seconds | pairs a second | ours against it |",
        "|---:|---|---:|---:|---:|",
    ]
    table = population(ROWS)
    loading, columns = once(lambda: Columns.from_arrow(table))
    coding, coded = once(lambda: columns.coded(rules))
    ours = {name: count.matching for name, count in coded.count().items()}
    mine = [once(coded.count)[0] for _ in range(ROUNDS)]
    lines.append(
        row(
            RULES,
            "the columns, two threads" if coded.workers == 2 else f"the columns, {coded.workers} threads",
            mine,
        )
    )
    single = columns.coded(rules, workers=1)
    lines.append(row(RULES, "the columns, one thread", [once(single.count)[0] for _ in range(ROUNDS)]))
    numbers = as_numbers(table)
    for name, prepare in (("polars", polars), ("numpy, all cores", plain_numpy), ("DuckDB", duckdb)):
        told(name)
        try:
            judge = prepare(numbers, rules)
        except ImportError as missing:
            lines.append(
                f"| {RULES:,} | {name}: {missing.name} is not installed; `make bench` installs it | | | |"
            )
            continue
        assert judge() == ours, f"{name} counts otherwise"
        pairs = [(once(coded.count)[0], once(judge)[0]) for _ in range(ROUNDS)]
        lines.append(
            row(RULES, name, [theirs for _, theirs in pairs], [theirs / own for own, theirs in pairs])
        )
    more = [
        "",
        f"Told apart: {loading:.2f} s once to take the Arrow table in and sort it, {coding:.2f} s once to read the "
        f"{RULES:,} parsed rules and code the rows for them ({coded.planes.nbytes / 1e6:.0f} MB).",
    ]
    return "\n".join([f"## {TITLE}", "", ABOUT, *lines, *more, *unknown(rules), *in_postgres(rules)])


ABOUT = (
    f"25 facts, about 6.3 conditions a rule, {ROWS:,} enterprises. Seconds are medians of {ROUNDS} rounds for the "
    "counts of all rules, data in memory; what is done once is told apart below. The rivals answer complete facts "
    "without a third state and use all cores; their counts were found equal. The machine is shared: read the last "
    "column, of rounds run in pairs."
)


def population(rows: int, unknown: float = 0.0) -> pa.Table:
    """Enterprises like those of `workload`, as typed columns."""
    draw = np.random.default_rng(11)
    cities = draw.integers(0, len(workload.CITIES), rows)
    provinces = sorted({f"{code[:2]}0000" for code in workload.CITIES})
    found = {
        "province_code": words(
            provinces, np.array([provinces.index(f"{c[:2]}0000") for c in workload.CITIES])[cities]
        ),
        "city_code": words(workload.CITIES, cities),
        "industry_code": words(workload.INDUSTRIES, draw.integers(0, len(workload.INDUSTRIES), rows)),
    }
    for name in workload.facts_used():
        fact = FACTS[name]
        if fact.type == "bool":
            found[name] = pa.array(draw.random(rows) < 0.6)
        elif fact.type == "enum":
            found[name] = words(fact.allowed, draw.integers(0, len(fact.allowed), rows))
        elif fact.type == "date":
            days = np.datetime64("2018-01-01") + draw.integers(0, 1200, rows)
            found[name] = pa.array(days).cast(pa.date32())
        elif fact.type == "money":
            found[name] = pa.array(draw.integers(0, 300, rows) * 100_000)
        elif fact.type in ("int", "decimal"):
            whole = draw.integers(0, 400, rows)
            found[name] = pa.array(whole if fact.type == "int" else whole / 4)
    if unknown:
        found = {
            name: pc.if_else(pa.array(draw.random(rows) >= unknown), values, None)
            for name, values in found.items()
        }
    return pa.table(found)


def words(some: Sequence[str], numbers: Any) -> Any:
    return pa.array(np.array(some, object)[numbers], pa.string())


def as_numbers(table: pa.Table) -> dict[str, Any]:
    """The columns as small numpy arrays: codes and days as numbers, words as their place in the enumeration."""
    found = {}
    for name in table.column_names:
        kind, values = FACTS[name].type, table[name]
        if kind == "code":
            found[name] = np.array(
                [int(code.ljust(DIGITS[name], "0")) for code in values.to_pylist()], np.int32
            )
        elif kind == "enum":
            found[name] = pc.index_in(values, pa.array(FACTS[name].allowed)).to_numpy().astype(np.uint8)
        elif kind == "date":
            found[name] = values.cast(pa.int32()).to_numpy()
        else:
            found[name] = values.to_numpy().astype({"bool": bool, "decimal": np.float64}.get(kind, np.int32))
    return found


def over(node: Node, columns: Mapping[str, Any]) -> Any:
    """A rule over whatever compares and joins like arrays do: numpy arrays, polars expressions."""
    match node:
        case And(operands=parts) | Or(operands=parts):
            found = over(parts[0], columns)
            for part in parts[1:]:
                found = found & over(part, columns) if isinstance(node, And) else found | over(part, columns)
            return found
        case Not(operand=part):
            return ~over(part, columns)
        case Compare(op=op, left=Ref(name=name), right=Literal(value=value)):
            return getattr(columns[name], METHODS[op])(number(name, value))
        case In(left=Ref(name=name), right=ListOf(items=items)):
            return any_of([columns[name] == number(name, i.value) for i in items if isinstance(i, Literal)])
        case Call(name="within", args=(Ref(name=name), ListOf(items=items))):
            column, found = columns[name], []
            for item in items:
                assert isinstance(item, Literal)
                first, last = (int(str(item.value).ljust(DIGITS[name], digit)) for digit in "09")
                found.append((column >= first) & (column <= last))
            return any_of(found)
        case Ref(name=name):
            return columns[name]
    raise TypeError(f"the rival does not speak {type(node).__name__}")


METHODS = {"<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}


def any_of(parts: Sequence[Any]) -> Any:
    found = parts[0]
    for part in parts[1:]:
        found = found | part
    return found


def number(name: str, value: Any) -> Any:
    """A written value as the rival's column has it."""
    kind = FACTS[name].type
    if kind == "enum":
        return FACTS[name].allowed.index(value)
    return (
        value.toordinal() - 719_163 if kind == "date" else float(value) if kind == "decimal" else int(value)
    )


Counts = Callable[[], dict[str, int]]


def polars(numbers: Mapping[str, Any], rules: Mapping[str, Rule]) -> Counts:
    """Each rule an expression, all in one lazy query."""
    import polars as pl  # noqa: PLC0415 - only `make bench` installs it

    columns = {name: pl.col(name) for name in numbers}
    asked = [over(rule.root, columns).sum().alias(name) for name, rule in rules.items()]
    frame = pl.DataFrame(dict(numbers)).lazy()
    return lambda: dict(frame.select(asked).collect().row(0, named=True))


def plain_numpy(numbers: Mapping[str, Any], rules: Mapping[str, Rule]) -> Counts:
    """Each rule over arrays, pieces of rows given to as many threads as there are cores."""

    def piece(start: int) -> list[int]:
        columns = {name: values[start : start + PIECE] for name, values in numbers.items()}
        return [int(np.count_nonzero(over(rule.root, columns))) for rule in rules.values()]

    def judge() -> dict[str, int]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            parts = list(pool.map(piece, range(0, ROWS, PIECE)))
        return dict(zip(rules, (sum(counts) for counts in zip(*parts, strict=True)), strict=True))

    return judge


def duckdb(numbers: Mapping[str, Any], rules: Mapping[str, Rule]) -> Counts:
    """Each rule a query over a table of its own: as filtered counts in one query they take thirty times as long."""
    import duckdb as duck  # noqa: PLC0415

    connection = duck.connect()
    connection.register("given", pa.table(dict(numbers)))
    connection.execute("CREATE TABLE enterprise AS SELECT * FROM given")
    texts = [
        f"SELECT count(*) FROM enterprise WHERE {by_hand(rule.root, numeric)}" for rule in rules.values()
    ]

    def judge() -> dict[str, int]:
        return {
            name: connection.execute(text).fetchall()[0][0] for name, text in zip(rules, texts, strict=True)
        }

    return judge


def by_hand(node: Node, value: Callable[..., str]) -> str:
    """A rule as one would write it by hand, for complete facts: ranges for prefixes, values in the text."""
    match node:
        case And(operands=parts):
            return " AND ".join(by_hand(part, value) for part in parts)
        case Or(operands=parts):
            return "(" + " OR ".join(by_hand(part, value) for part in parts) + ")"
        case Not(operand=part):
            return f"NOT {by_hand(part, value)}"
        case Compare(op=op, left=Ref(name=name), right=Literal(value=written)):
            return f"{name} {op} {value(name, written)}"
        case In(left=Ref(name=name), right=ListOf(items=items)):
            return f"{name} IN ({', '.join(value(name, i.value) for i in items if isinstance(i, Literal))})"
        case Call(name="within", args=(Ref(name=name), ListOf(items=items))):
            found = [value(name, str(item.value), True) for item in items if isinstance(item, Literal)]
            return f"({' OR '.join(found)})" if len(found) > 1 else found[0]
        case Ref(name=name):
            return name
    raise TypeError(f"the rival does not speak {type(node).__name__}")


def numeric(name: str, value: Any, starts: bool = False) -> str:
    """A value for DuckDB's small integers; the codes that start with it."""
    if starts:
        return f"({name} BETWEEN {value.ljust(DIGITS[name], '0')} AND {value.ljust(DIGITS[name], '9')})"
    return str(number(name, value))


def quoted(name: str, value: Any, starts: bool = False) -> str:
    """A value for PostgreSQL's typed columns; the codes that start with it."""
    if starts:
        return f"({name} >= '{value}' AND {name} < '{value[:-1]}{chr(ord(value[-1]) + 1)}')"
    kind = FACTS[name].type
    return f"DATE '{value}'" if kind == "date" else str(value) if FACTS[name].is_number else f"'{value}'"


def unknown(rules: Mapping[str, Rule]) -> list[str]:
    """Three values: ours, and DuckDB running the SQL that `compile_sql` writes, which must count the same."""
    import duckdb as duck  # noqa: PLC0415

    told("15% unknown")
    few = dict(list(rules.items())[:FEW])
    table = population(ROWS, 0.15)
    coding, coded = once(lambda: Columns.from_arrow(table).coded(few))
    ours = {name: (count.matching, count.undetermined) for name, count in coded.count().items()}
    flags = {f"{name}__none": pa.nulls(ROWS, pa.bool_()).fill_null(False) for name in table.column_names}
    connection = duck.connect()
    connection.register("given", pa.table({**{n: table[n] for n in table.column_names}, **flags}))
    connection.execute("CREATE TABLE enterprise AS SELECT * FROM given")
    asked = []
    for rule in few.values():
        sql = compile_sql(rule)
        counts = "count(*) FILTER (WHERE v), count(*) FILTER (WHERE v IS NULL)"
        text = f"SELECT {counts} FROM (SELECT {sql.text} AS v FROM enterprise)"
        asked.append((text, list(sql.params)))

    def judge() -> dict[str, tuple[int, int]]:
        return {
            name: connection.execute(*query).fetchall()[0] for name, query in zip(few, asked, strict=True)
        }

    assert judge() == ours, "DuckDB counts otherwise"
    pairs = [(once(coded.count)[0], once(judge)[0]) for _ in range(3)]
    name = "DuckDB, the SQL of `compile_sql`, matching and undetermined"
    return [
        "",
        f"With 15% of the facts unknown, {FEW} rules, matching and undetermined ({coding:.2f} s to load and code):",
        "",
        "| rules | system | seconds | pairs a second | ours against it |",
        "|---:|---|---:|---:|---:|",
        row(FEW, "the columns", [own for own, _ in pairs]),
        row(FEW, name, [theirs for _, theirs in pairs], [theirs / own for own, theirs in pairs]),
    ]


def in_postgres(rules: Mapping[str, Rule]) -> list[str]:
    """Single rules over the same rows in PostgreSQL: the compiled SQL beside the query one would write by hand."""
    told("PostgreSQL")
    with tempfile.TemporaryDirectory(prefix="bench-reverse-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        tuning = {
            **FOR_TESTS,
            "shared_buffers": "1GB",
            "max_wal_size": "4GB",
            "max_parallel_workers_per_gather": "0",
        }
        with EmbeddedPostgres(home, tuning=tuning) as server:
            chosen = dict(list(rules.items())[:QUERIES])
            found = asyncio.run(queried(server.url.replace("+asyncpg", ""), population(ROWS), chosen))
    ratios = [statistics.median(hand / own for own, hand in pairs) for pairs in found.values()]
    own, hand = (
        statistics.median(statistics.median(p[at] for p in pairs) for pairs in found.values())
        for at in (0, 1)
    )
    return [
        "",
        f"One rule over {ROWS:,} rows in PostgreSQL 18, {QUERIES} rules, indexes on province, city and industry, "
        "rows in memory, no parallel workers: the compiled three-valued condition as a WHERE clause beside the same "
        "query written by hand for complete facts (prefix ranges, values in the text). Both counted the same.",
        "",
        "| query | median ms | against the hand-written one, median rule | worst rule |",
        "|---|---:|---:|---:|",
        f"| compiled | {own * 1e3:.1f} | {1 / statistics.median(ratios):.2f} x | {1 / min(ratios):.2f} x |",
        f"| by hand | {hand * 1e3:.1f} | 1 x | 1 x |",
    ]


async def queried(
    url: str, table: pa.Table, rules: Mapping[str, Rule]
) -> dict[str, list[tuple[float, float]]]:
    """Seconds of both queries for each rule, in pairs."""
    connection = await asyncpg.connect(url)
    try:
        columns = columns_of(FACTS[name] for name in table.column_names)
        made = ", ".join(f'"{name}" {kind}' for name, kind in columns)
        await connection.execute(f"CREATE TABLE enterprise ({made})")
        text = io.BytesIO()
        csv.write_csv(table, text, csv.WriteOptions(include_header=False))
        text.seek(0)
        await connection.copy_to_table("enterprise", source=text, columns=table.column_names, format="csv")
        for name in DIGITS:
            await connection.execute(f"CREATE INDEX ON enterprise ({name})")
        await connection.execute("VACUUM ANALYZE enterprise")
        found = {}
        for name, rule in rules.items():
            sql = compile_sql(rule)
            own = f"SELECT count(*) FROM enterprise WHERE {sql.text}"
            hand = f"SELECT count(*) FROM enterprise WHERE {by_hand(rule.root, quoted)}"
            assert await connection.fetchval(own, *sql.params) == await connection.fetchval(hand)
            found[name] = [
                (await waited(connection, own, sql.params), await waited(connection, hand, ()))
                for _ in range(ROUNDS)
            ]
        return found
    finally:
        await connection.close()


async def waited(connection: Any, query: str, params: Sequence[Any]) -> float:
    start = time.perf_counter()
    await connection.fetchval(query, *params)
    return time.perf_counter() - start


def once(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def row(rules: int, name: str, seconds: Sequence[float], ratios: Sequence[float] = ()) -> str:
    took = statistics.median(seconds)
    against = f"{statistics.median(ratios):,.0f} x" if ratios else ""
    return f"| {rules:,} | {name} | {took:.3f} | {rules * ROWS / took:.2g} | {against} |"


def told(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(measure())
