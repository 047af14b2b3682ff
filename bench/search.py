"""Searching 10,000 policies: the library in memory beside what PostgreSQL does by hand, on the same rows.

Texts are put together from the shipped ones, so that words are as common as they are there; searches are pieces of
headings as they stand, mistyped, in English, and document numbers. Times include the page's counts where ours does.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.db import create_engine, open_session, transaction
from marketplace.embedded_postgres import FOR_TESTS, EmbeddedPostgres
from marketplace.migrating import upgrade
from marketplace.shipped import shipped_policies
from policies import content, queries
from policies.library import Filter, Library, When
from policies.pack import Pack, PublishedText
from policies.search import text_of
from policies.search_sounds import HAN, spelled
from policies.search_terms import understand
from policies.tables import Policy, PolicyVersion

TITLE = "Searching the library"
POLICIES = int(os.environ.get("BENCH_SEARCHED", "10000"))
SEARCHES, FEWER, SPOKEN = 300, 15, 60
"""Searches asked of us, and of the rivals, which take seconds; those of ours typed as pinyin, which the rivals lack."""
DAY = date(2020, 4, 15)
PAGE = 20
SHOWN = Filter(when=When.IN_FORCE)
FIELDS = (
    "policy_id", "name_zh", "name_en", "title_zh", "title_en", "document_no", "issuer", "eligibility_zh",
    "eligibility_en",
)  # fmt: skip
Ask = Callable[[AsyncSession, str], Awaitable[Sequence[str]]]


def measure() -> str:
    """A Markdown table: p50, p95 and how many mistyped searches find the policy they mean among the first 20."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        postgres = EmbeddedPostgres(home, tuning=FOR_TESTS)
        postgres.start()
        try:
            upgrade(postgres.url)
            return asyncio.run(compare(postgres.url))
        finally:
            postgres.stop()


async def compare(url: str) -> str:
    rows = made()
    engine = create_engine(url, pooled=True)
    await fill(url, rows)
    began = time.perf_counter()
    library = Library.of(pack_without_rules(rows))
    built = time.perf_counter() - began
    asked = searches(rows)

    async def ours(session: AsyncSession, words: str) -> Sequence[str]:
        found = library.find(words, SHOWN, DAY, limit=PAGE)
        shown = await queries.by_ids(session, found.ids)
        return [name for name in found.ids if name in shown]

    rivals: list[tuple[str, Ask]] = [
        ("the library: found, ranked, counted by every choice, rows read", ours),
        ("PostgreSQL: every word in some field by ILIKE, newest first", ilike),
        ("PostgreSQL: pairs in a GIN-indexed text[], ranked by how many are shared", shingles),
    ]
    lines = [
        f"## {TITLE}",
        "",
        f"{POLICIES:,} policies, {len(asked)} searches one after the other, {FEWER} of a rival; built in {built:.1f} s."
        " Right: as it stands in a heading. Mistyped: one character or letter wrong. Hits are those with the policy"
        f" meant among the first {PAGE}. Pinyin: {SPOKEN} headings' first characters by their initials or in full.",
        "",
        "| how | p50 ms | p95 ms | worst ms | right: hits | mistyped: hits | pinyin: hits |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    async with open_session(engine) as session:
        for name, ask in rivals:
            times, hits = await timed(session, ask, [*asked, *spoken(rows)] if ask is ours else asked[:FEWER])
            cuts = statistics.quantiles(times, n=20)
            lines.append(
                f"| {name} | {statistics.median(times):.1f} | {cuts[18]:.1f} | {max(times):.1f} | "
                f"{hits['right']:.0%} | {hits['mistyped']:.0%} | {told(hits.get('pinyin'))} |"
            )
    await engine.dispose()
    return "\n".join(lines)


async def timed(
    session: AsyncSession, ask: Ask, asked: Sequence[tuple[str, str, str]]
) -> tuple[list[float], dict[str, float]]:
    """Milliseconds of each search, and the share of each kind that found what was meant."""
    for _, words, _ in asked[:3]:
        await ask(session, words)
    times, hits = list[float](), dict[str, list[bool]]()
    for kind, words, meant in asked:
        session.expunge_all()
        began = time.perf_counter()
        found = await ask(session, words)
        times.append((time.perf_counter() - began) * 1000)
        hits.setdefault(kind, []).append(meant in found)
    return times, {kind: statistics.mean(map(float, each)) for kind, each in hits.items()}


def made() -> list[dict[str, Any]]:
    """Policies of 10,000 headings: the words of two shipped ones about a place and a year of their own."""
    chance = random.Random(20200415)
    shipped = [content.from_pack(entry) for entry in shipped_policies()]
    places = [
        f"{a}{b}{kind}" for a in "东西南北中上下新长安" for b in "山河江湖海阳城州宁昌" for kind in "市县区"
    ]
    rows = []
    for number in range(POLICIES):
        one, other = chance.sample(shipped, 2)
        place, year, no = chance.choice(places), chance.randint(2015, 2020), chance.randint(1, 400)
        rows.append(
            {
                **one,
                "policy_id": f"BENCH-{number:06d}",
                "name_zh": f"{place}{one['name_zh'][:16]}{other['name_zh'][-8:]}"[:200],
                "name_en": f"{one['name_en']} {number}"[:300],
                "title_zh": f"{place}{other['title_zh']}"[:300],
                "eligibility_zh": f"{one['eligibility_zh']}。{other['eligibility_zh']}",
                "eligibility_en": f"{one['eligibility_en']}. {other['eligibility_en']}",
                "document_no": f"{place}政发〔{year}〕{no}号",
                "issued_on": DAY - timedelta(days=chance.randrange(1500)),
                "effective_from": DAY - timedelta(days=chance.randrange(1500)),
                "effective_to": None,
            }
        )
    return rows


def searches(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(kind, words, the policy meant)."""
    chance = random.Random(7)
    found = []
    for number in range(SEARCHES):
        row = chance.choice(rows)
        words = (
            row["name_zh"][:10]
            if number % 2
            else f"{row['name_en'].split(':')[0]} {row['policy_id'][6:].lstrip('0')}"
        )
        if number % 5 == 0:
            words = f"{row['document_no'][:3]} {row['document_no'].partition('〔')[2].replace('〕', ' ')}"
        kind = "right" if number % 3 else "mistyped"
        at = chance.randrange(1, 4)
        wrong = chance.choice("囧徽薇税") if words[at] > "\u3400" else chance.choice("xqzk")
        found.append(
            (kind, words if kind == "right" else words[:at] + wrong + words[at + 1 :], row["policy_id"])
        )
    return found


def spoken(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Headings as somebody types who has no Chinese keyboard; the place in front is the policy's own."""
    chance = random.Random(11)
    found = []
    for number in range(SPOKEN):
        row = chance.choice(rows)
        sounds = spelled(HAN.findall(row["name_zh"])[0][:7])
        found.append(("pinyin", "".join(sounds if number % 2 else (s[0] for s in sounds)), row["policy_id"]))
    return found


def told(share: float | None) -> str:
    """A share, or that there is none."""
    return "" if share is None else f"{share:.0%}"


def pack_without_rules(rows: Sequence[dict[str, Any]]) -> Pack:
    """What the library reads of a pack; rules have benches of their own."""
    history = {row["policy_id"]: (PublishedText(row["policy_id"], 1, row),) for row in rows}
    return Pack("bench", history, None)  # type: ignore[arg-type]


async def fill(url: str, rows: Sequence[dict[str, Any]]) -> None:
    """The rows, published, and for the last rival its column and index."""
    now = datetime.now(UTC)
    stamps: dict[str, Any] = {"created_at": now, "changed_at": now, "decided_at": now, "published_at": now}
    engine = create_engine(url, pooled=False)
    async with transaction(engine) as session:
        for row in rows:
            session.add(Policy(id=row["policy_id"], created_at=now))
        await session.flush()
        for row in rows:
            session.add(PolicyVersion(**row, version=1, status="published", content_sha256="-", **stamps))
    async with transaction(engine) as session:
        await session.execute(
            text("CREATE TABLE pairs (policy_id varchar(64) PRIMARY KEY, found text[] NOT NULL)")
        )
        made_of = [{"id": row["policy_id"], "found": sorted(shared_terms(row))} for row in rows]
        await session.execute(text("INSERT INTO pairs VALUES (:id, :found)"), made_of)
        await session.execute(text("CREATE INDEX ON pairs USING gin (found)"))
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in ("pairs", "policy_versions"):
            await connection.execute(text(f"VACUUM ANALYZE {table}"))
    await engine.dispose()


def shared_terms(row: dict[str, Any]) -> set[str]:
    """Our pairs, and the letters of Latin words three by three, as pg_trgm would have them."""
    said = text_of(row["policy_id"], row["policy_id"], row).weights()
    return {part for term in said for part in trigrams(term)}


def trigrams(term: str) -> Sequence[str]:
    """A Latin word in threes; anything else as it is."""
    if not (term.isascii() and term.isalpha()):
        return [term]
    padded = f"  {term} "
    return [padded[at : at + 3] for at in range(len(padded) - 2)]


async def ilike(session: AsyncSession, words: str) -> Sequence[str]:
    """What the library did before."""
    wanted = {f"w{n}": f"%{word}%" for n, word in enumerate(words.split()[:8])}
    each = " AND ".join("(" + " OR ".join(f"{name} ILIKE :{key}" for name in FIELDS) + ")" for key in wanted)
    where = f"status = 'published' AND issued_on <= :day AND effective_from <= :day AND ({each})"
    count = text(f"SELECT count(*) FROM policy_versions WHERE {where}")
    await session.execute(count, {**wanted, "day": DAY})
    page = text(
        f"SELECT policy_id FROM policy_versions WHERE {where} ORDER BY issued_on DESC, policy_id LIMIT {PAGE}"
    )
    return list(await session.scalars(page, {**wanted, "day": DAY}))


async def shingles(session: AsyncSession, words: str) -> Sequence[str]:
    """Whatever shares a pair, by how many it shares: what an index of pairs gives without knowing how rare each is."""
    units = understand(words).units
    wanted = sorted({part for unit in units for part in trigrams(unit.text)})
    page = text(
        "SELECT p.policy_id FROM pairs p WHERE p.found && CAST(:wanted AS text[]) ORDER BY (SELECT count(*) FROM"
        f" unnest(p.found) AS f WHERE f = ANY(CAST(:wanted AS text[]))) DESC, p.policy_id LIMIT {PAGE}"
    )
    return list(await session.scalars(page, {"wanted": wanted}))
