"""A simulation over a million enterprises: one draft against one in force, by region, trade and size, with the money.

Ours from the stored JSON documents, as the desk has it, and from columns in memory; beside it the same question asked
of PostgreSQL and of polars by hand. The rivals answer complete facts without a third state, and leave
out the size class and the examples. Their counts and sums must be ours.
"""

from __future__ import annotations

import asyncio
import io
import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pyarrow as pa
from pyarrow import csv

from bench.reverse import FACTS, by_hand, once, population, quoted, waited
from eligibility import parse
from eligibility.benefit import parse_formula
from eligibility.columns import Columns
from eligibility.simulate import GAIN, INDUSTRY, LOSE, REGION, Change, Tally, Text, moves, tally
from eligibility.sql import columns_of
from marketplace.db import create_engine
from marketplace.embedded_postgres import FOR_TESTS, EmbeddedPostgres
from marketplace.simulating.counting import counted_by
from marketplace.simulating.told import document

TITLE = "A simulation"
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
ROUNDS = 3
PIECE = 50_000
DAY = date(2020, 4, 15)
BEFORE = (
    'within(province_code, ["37", "42", "33", "44"]) && employees_end <= 300 && operating_revenue_yuan <= 20000000'
    " && !is_restricted_industry"
)
AFTER = (
    'within(province_code, ["37", "42", "33", "44", "11"]) && employees_end <= 250'
    " && operating_revenue_yuan <= 20000000 && !is_restricted_industry"
)
AMOUNT = "operating_revenue_yuan * 0.0125"
CHANGE = Change(DAY, Text(parse(BEFORE), parse_formula(AMOUNT)), Text(parse(AFTER), parse_formula(AMOUNT)))
Answer = dict[tuple[str, str], tuple[int, int, int, int]]
"""By (kind of group, group): who gains, who loses, and the fen of each."""


def measure() -> str:
    """A Markdown table. Raises AssertionError where a rival counts otherwise."""
    table = population(ROWS)
    lines = ["| system | what it reads | seconds, median | worst |", "|---|---|---:|---:|"]
    with tempfile.TemporaryDirectory(prefix="bench-simulation-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        with EmbeddedPostgres(home, tuning={**FOR_TESTS, "max_wal_size": "4GB"}) as server:
            lines += asyncio.run(stored(server.url, table))
    ours, seconds = in_memory(table)
    lines.append(
        row("ours, two rules, regions, trades, sizes, money, examples", "columns in memory", seconds)
    )
    try:
        theirs, seconds = polars(table)
        assert theirs == ours, "polars counts otherwise"
        lines.append(row("polars by hand: cities, divisions, money", "typed columns in memory", seconds))
    except ImportError:
        lines.append("| polars: not installed; `make bench` installs it | | | |")
    return "\n".join([f"## {TITLE}", "", ABOUT, "", *lines])


ABOUT = (
    f"{ROWS:,} enterprises, complete facts, one draft against the version in force. The desk's own way, from the "
    "job's start to the document that is kept, is the first line; all counts and sums were found equal."
)


def row(system: str, reads: str, seconds: Sequence[float]) -> str:
    """A line of the table."""
    return f"| {system} | {reads} | {statistics.median(seconds):.2f} | {max(seconds):.2f} |"


async def stored(url: str, table: pa.Table) -> list[str]:
    """Ours over stored documents, and PostgreSQL by hand over those and over typed columns."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await fill(connection, table)
    engine = create_engine(url, pooled=False)

    async def told(_: int, __: int) -> None:
        """Progress is not what is measured."""

    found, ours = [], None
    for _ in range(ROUNDS):
        start = asyncio.get_running_loop().time()
        tallies = await counted_by(engine, [CHANGE], told)
        document([CHANGE], tallies)
        found.append(asyncio.get_running_loop().time() - start)
        ours = answer(tallies[0])
    await engine.dispose()
    lines = [row("**ours**, regions, trades, sizes, money, examples", "JSON documents in PostgreSQL", found)]
    for reads, source in (
        ("JSON documents in PostgreSQL", AS_TYPED),
        ("typed columns in PostgreSQL", "enterprise"),
    ):
        query = asked(source)
        assert sql_answer(await connection.fetch(query)) == ours, f"PostgreSQL over {reads} counts otherwise"
        found = [await waited(connection, query, ()) for _ in range(ROUNDS)]
        lines.append(row("PostgreSQL by hand: cities, divisions, money", reads, found))
    await connection.close()
    return lines


async def fill(connection: Any, table: pa.Table) -> None:
    """The same enterprises as typed rows and as documents."""
    columns = columns_of(FACTS[name] for name in table.column_names)
    made = ", ".join(f'"{name}" {kind}' for name, kind in columns)
    await connection.execute(f"CREATE TABLE enterprise ({made})")
    text = io.BytesIO()
    csv.write_csv(table, text, csv.WriteOptions(include_header=False))
    text.seek(0)
    await connection.copy_to_table("enterprise", source=text, columns=table.column_names, format="csv")
    await connection.execute(
        "CREATE TABLE enterprise_current_facts (enterprise_id uuid PRIMARY KEY, facts jsonb NOT NULL)"
    )
    await connection.execute(
        "INSERT INTO enterprise_current_facts SELECT gen_random_uuid(), jsonb_strip_nulls(to_jsonb(e))"
        " FROM enterprise e",
        timeout=600,
    )
    await connection.execute("VACUUM ANALYZE enterprise, enterprise_current_facts", timeout=600)


AS_TYPED = (
    "(SELECT facts->>'province_code' AS province_code, facts->>'city_code' AS city_code, facts->>'industry_code' AS"
    " industry_code, (facts->>'employees_end')::int AS employees_end, (facts->>'operating_revenue_yuan')::numeric AS"
    " operating_revenue_yuan, (facts->>'is_restricted_industry')::boolean AS is_restricted_industry"
    " FROM enterprise_current_facts) typed"
)


def asked(source: str) -> str:
    """The question as one would write it: filtered counts and sums over grouping sets."""
    gain, lose = "a AND NOT b", "b AND NOT a"
    amount = "round(operating_revenue_yuan * 0.0125, 2)"
    return (
        f"SELECT city_code, division, count(*) FILTER (WHERE {gain}), count(*) FILTER (WHERE {lose}),"
        f" coalesce(sum(amount) FILTER (WHERE {gain}), 0), coalesce(sum(amount) FILTER (WHERE {lose}), 0)"
        f" FROM (SELECT city_code, left(industry_code, 2) AS division, {amount} AS amount,"
        f" ({by_hand(CHANGE.after.rule.root, quoted)}) AS a, ({by_hand(CHANGE.before.rule.root, quoted)}) AS b"  # type: ignore[union-attr]
        f" FROM {source}) judged GROUP BY GROUPING SETS ((city_code), (division))"
    )


def sql_answer(rows: Sequence[Any]) -> Answer:
    """What PostgreSQL said."""
    return kept(
        {
            (REGION, r[0]) if r[0] is not None else (INDUSTRY, r[1]): (r[2], r[3], fen(r[4]), fen(r[5]))
            for r in rows
        }
    )


def fen(yuan: Any) -> int:
    """Yuan as whole fen."""
    return int(Decimal(str(yuan)) * 100)


def answer(tally_: Tally) -> Answer:
    """What we say, as far as the rivals answer it."""
    found = {}
    for kind in (REGION, INDUSTRY):
        for label, pairs in tally_.groups[kind].items():
            counts = moves(pairs)
            sums = [tally_.spread[move][kind].get(label) for move in (GAIN, LOSE)]
            gained, lost = (0 if money is None else money.fen for money in sums)
            found[kind, label] = (counts[GAIN], counts[LOSE], gained, lost)
    return kept(found)


def kept(found: Mapping[tuple[str, str], tuple[int, int, int, int]]) -> Answer:
    """Without the groups nobody of which moves."""
    return {key: counts for key, counts in found.items() if counts[0] or counts[1]}


def in_memory(table: pa.Table) -> tuple[Answer, list[float]]:
    """Ours over columns in memory, in pieces as the stored ones come."""
    names = [name for name in table.column_names if name in CHANGE.facts]
    pieces = [Columns.from_arrow(table.select(names).slice(start, PIECE)) for start in range(0, ROWS, PIECE)]

    def count() -> Tally:
        found = Tally()
        for piece in pieces:
            found.add(tally(piece, CHANGE))
        return found

    found = count()
    return answer(found), [once(count)[0] for _ in range(ROUNDS)]


def polars(table: pa.Table) -> tuple[Answer, list[float]]:
    """The same as lazy expressions over typed columns, all cores."""
    import polars as pl  # noqa: PLC0415 - only `make bench` installs it

    names = ["province_code", "city_code", "industry_code", "employees_end", "operating_revenue_yuan"]
    frame = pl.from_arrow(table.select([*names, "is_restricted_industry"])).lazy()

    def rule(provinces: Sequence[str], most: int) -> Any:
        return (
            pl.col("province_code").str.slice(0, 2).is_in(provinces)
            & (pl.col("employees_end") <= most)
            & (pl.col("operating_revenue_yuan") <= 20_000_000)
            & ~pl.col("is_restricted_industry")
        )

    before, after = rule(["37", "42", "33", "44"], 300), rule(["37", "42", "33", "44", "11"], 250)
    fen_ = (pl.col("operating_revenue_yuan") * 125) // 100
    judged = frame.select(
        pl.col("city_code"),
        pl.col("industry_code").str.slice(0, 2).alias("division"),
        (after & ~before).alias("gain"),
        (before & ~after).alias("lose"),
        fen_.alias("fen"),
    )

    def by(column: str) -> Any:
        sums = [
            pl.col("gain").sum(),
            pl.col("lose").sum(),
            pl.col("fen").filter(pl.col("gain")).sum().alias("gained"),
            pl.col("fen").filter(pl.col("lose")).sum().alias("lost"),
        ]
        return judged.group_by(column).agg(sums)

    def count() -> Answer:
        cities, divisions = pl.collect_all([by("city_code"), by("division")])
        rows = [((REGION, r[0]), r[1:]) for r in cities.rows()]
        rows += [((INDUSTRY, r[0]), r[1:]) for r in divisions.rows()]
        return kept({key: (int(c[0]), int(c[1]), int(c[2]), int(c[3])) for key, c in rows})

    found = count()
    return found, [once(count)[0] for _ in range(ROUNDS)]
