"""Stored enterprises read as typed columns are what their documents say, fact by fact."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from eligibility import Facts, Vocabulary
from eligibility.column import UNKNOWN
from eligibility.columns import Columns
from marketplace.profiles import population_columns
from tests.factories.populations import population
from tests.factories.rules import WIDE
from tests.factories.stored import store

DAY = date(2020, 4, 15)
WORDS = Vocabulary.shipped()
GIVEN = {fact.name for fact in WORDS.facts.values() if not (fact.is_derived or fact.context)}
EDGES: Mapping[str, tuple[object, ...]] = {
    **WIDE,
    "layoff_rate_pct": (Decimal(0), Decimal("0.000001"), Decimal("99.999999"), None),
    "total_assets_yuan": (Decimal("999999999999999.99"), Decimal("0.01"), None),
    "loan_start_date": (date(1900, 1, 1), date(2200, 12, 31), None),
    "lpr_1y_pct": (Decimal("3.85"), None),
    "city_code": ("370100", "420100", "370200"),
}


def rows_of(columns: Columns) -> Counter[Facts]:
    """Every row as the facts it holds."""
    return Counter(columns.facts_at(at, columns.by_fact) for at in range(columns.rows))


async def read(session: AsyncSession, names: set[str]) -> list[Columns]:
    connection = await session.connection()
    found = await population_columns.pieces(connection)
    return [await population_columns.read(connection, piece, names) for piece in found]


async def test_every_fact_is_read_as_it_is_stored(session: AsyncSession) -> None:
    enterprises = population(400, 3, EDGES)
    await store(session, enterprises)
    (columns,) = await read(session, GIVEN)
    assert rows_of(columns) == Counter(enterprises)
    on_the_day = Counter(facts.on(DAY, WORDS) for facts in enterprises)
    assert rows_of(columns.on(DAY)) == on_the_day  # the dated parameters of whoever stated none are the day's


async def test_only_the_facts_asked_for_are_read_and_those_nobody_states_are_unknown(
    session: AsyncSession,
) -> None:
    await store(session, [Facts({"employees_end": 4, "owner_age": 50}), Facts({"employees_end": None})])
    (columns,) = await read(session, {"employees_end", "jobs_commitment"})
    assert rows_of(columns) == Counter([Facts({"employees_end": 4}), Facts({"employees_end": None})])
    assert [columns.column("jobs_commitment").state(at) for at in range(2)] == [UNKNOWN] * 2


async def test_pieces_together_are_everybody_once(session: AsyncSession) -> None:
    await store(session, [Facts({"employees_end": n}) for n in range(900)])
    connection = await session.connection()
    pages = (await population_columns.pieces(connection))[-1].end
    singly = [population_columns.Piece(at, at + 1) for at in range(pages)]
    found = [await population_columns.read(connection, one, {"employees_end"}) for one in singly]
    assert pages > 1
    assert sum((rows_of(columns) for columns in found), Counter()) == Counter(
        Facts({"employees_end": n}) for n in range(900)
    )


async def test_nobody_is_no_piece(session: AsyncSession) -> None:
    assert await read(session, {"employees_end"}) == []
