"""The stored enterprises as typed columns, piece by piece: for questions one condition in SQL does not answer.

PostgreSQL turns each fact of a document into one whole number, and sends them as fixed records that are read without a
Python object each. A piece is a range of the table's pages, so that reading is in the order things lie.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy.ext.asyncio import AsyncConnection

from eligibility import Fact, Vocabulary
from eligibility.column import KNOWN, NONE, UNKNOWN, Column, fewest_places, narrowed
from eligibility.columns import Columns

PAGES = 4_000
"""Pages of the table in a piece: some 40,000 enterprises."""
OPEN, NOTHING = 1 << 62, (1 << 62) + 1
"""Sent for a fact that is unknown, and for one known to be none: no fact has so large a value."""
PLACES: Mapping[str, int] = {"int": 0, "money": 2, "decimal": 6}
"""Digits after the point that `Facts.from_json` lets a number have."""
HEAD, TAIL = 19, 2
"""Bytes before and after the records (PostgreSQL, COPY, binary format, without an extension of the header)."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """Pages `first` to before `end`."""

    first: int
    end: int


async def pieces(connection: AsyncConnection) -> list[Piece]:
    """The table as it is seen by this connection's transaction."""
    found = await connection.exec_driver_sql(
        "SELECT pg_relation_size('enterprise_current_facts') / current_setting('block_size')::int"
    )
    pages = int(found.scalar_one())
    return [Piece(first, min(first + PAGES, pages)) for first in range(0, pages, PAGES)]


async def read(connection: AsyncConnection, piece: Piece, names: Collection[str]) -> Columns:
    """Some facts of the enterprises in a piece."""
    facts = [fact for name in sorted(names) if (fact := Vocabulary.shipped().facts[name])]
    chosen = ", ".join(number_of(fact) for fact in facts) or "0::bigint"
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    parts: list[bytes] = []

    async def keep(part: bytes) -> None:
        parts.append(part)

    await driver.copy_from_query(
        f"SELECT {chosen} FROM enterprise_current_facts held"
        f" WHERE ctid >= '({piece.first},0)' AND ctid < '({piece.end},0)'",
        output=keep,
        format="binary",
    )
    rows = records(b"".join(parts), max(1, len(facts)))
    columns = {fact.name: column_of(fact, rows[f"v{at}"]) for at, fact in enumerate(facts)}
    return Columns(columns, len(rows), Vocabulary.shipped())


def number_of(fact: Fact) -> str:
    """The SQL of a fact as a whole number: units, days, the place in the list of values, a 1 and the code's digits."""
    text = f"(held.facts->>'{fact.name}')"
    if fact.is_number:
        scale = 10 ** PLACES[fact.type]
        found = f"{text}::bigint" if scale == 1 else f"({text}::numeric * {scale})::bigint"
    elif fact.type == "date":
        found = f"({text}::date - DATE '0001-01-01' + 1)::bigint"
    elif fact.type == "bool":
        found = f"{text}::boolean::int::bigint"
    elif fact.type == "code":
        found = f"('1' || {text})::bigint"
    else:
        values = ", ".join(f"'{value}'" for value in sorted(fact.allowed))
        found = f"(array_position(ARRAY[{values}], {text}) - 1)::bigint"
    return f"coalesce({found}, CASE WHEN held.facts ? '{fact.name}' THEN {NOTHING} ELSE {OPEN} END)"


def records(sent: bytes, fields: int) -> npt.NDArray[Any]:
    """The records of a COPY of `fields` whole numbers, none of them NULL."""
    kind = [("count", ">i2")]
    for at in range(fields):
        kind += [(f"l{at}", ">i4"), (f"v{at}", ">i8")]
    layout = np.dtype(kind)
    count, rest = divmod(len(sent) - HEAD - TAIL, layout.itemsize)
    if rest:
        raise ValueError(f"{rest} bytes too many in a copy of records of {layout.itemsize} bytes")
    return np.frombuffer(sent, layout, count=count, offset=HEAD)


def column_of(fact: Fact, sent: npt.NDArray[Any]) -> Column:
    """A fact's column from the numbers that stand for its values."""
    units: Numbers = sent.astype(np.int64)
    states = np.full(len(units), KNOWN, np.uint8)
    states[units == OPEN], states[units == NOTHING] = UNKNOWN, NONE
    units[states != KNOWN] = 0
    kept = states if states.any() else None
    if fact.is_number:
        units, places = fewest_places(units, PLACES[fact.type])
        return Column(fact, narrowed(units), kept, places)
    if fact.type == "date":
        return Column(fact, narrowed(units), kept)
    if fact.type == "code":
        return by_code(fact, units, states, kept)
    words = (False, True) if fact.type == "bool" else tuple(sorted(fact.allowed))
    return Column(fact, units.astype(np.int32), kept, 0, words)


def by_code(
    fact: Fact, units: Numbers, states: npt.NDArray[np.uint8], kept: npt.NDArray[np.uint8] | None
) -> Column:
    """Codes by their number among the distinct ones, in the order of texts."""
    distinct, place = np.unique(units, return_inverse=True)
    texts = [
        str(one)[1:] for one in distinct.tolist()
    ]  # of rows that are not known: the text without a digit
    order = sorted(range(len(texts)), key=texts.__getitem__)
    number = np.empty(len(texts), np.int32)
    number[order] = np.arange(len(texts), dtype=np.int32)
    words = tuple(texts[at] for at in order) or ("",)
    return Column(fact, number[place.reshape(-1)] if len(units) else units.astype(np.int32), kept, 0, words)
