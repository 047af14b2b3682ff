"""A population from an Arrow table, column by column, without a Python object per enterprise.

The only place that imports pyarrow. As in `sql.columns_of`, NULL is unknown and `<fact>__none` says known to be none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from eligibility.column import (
    KNOWN,
    MOST,
    NONE,
    UNKNOWN,
    Column,
    ColumnError,
    States,
    column,
    fewest_places,
    narrowed,
    nothing,
)
from eligibility.vocabulary import Fact, Vocabulary

FLAG = "__none"
MOST_DIGITS = 15
"""Decimals of so many digits are each told apart by a float, so that the float prints as them."""


def read_table(
    table: pa.Table, vocabulary: Vocabulary, ids: str | None
) -> tuple[dict[str, Column], npt.NDArray[Any] | None]:
    """Columns by fact, and the ids. Raises ColumnError."""
    names = table.column_names
    if len(set(names)) != len(names):
        raise ColumnError(next(n for n in names if names.count(n) > 1), "the table has it twice")
    facts = [name for name in names if name != ids and not name.endswith(FLAG)]
    for name in names:
        if name != ids and name.removesuffix(FLAG) not in facts:
            raise ColumnError(name, "the table has this flag without its fact")
    found = {}
    for name in facts:
        fact = vocabulary.facts.get(name)
        if fact is None or fact.is_derived:
            raise ColumnError(name, "no fact that can be stated; leave the column out, or name it as `ids`")
        flag = table[name + FLAG] if name + FLAG in names else None
        found[name] = read_column(fact, table[name], flag)
    if ids is not None and ids not in names:
        raise ColumnError(ids, "the table has no such column of ids")
    return found, None if ids is None else table[ids].to_numpy()


def read_column(fact: Fact, values: pa.ChunkedArray, flag: pa.ChunkedArray | None) -> Column:
    """One column, by the type of its fact."""
    states = np.zeros(len(values), np.uint8)
    states[values.is_null().to_numpy()] = UNKNOWN
    if flag is not None:
        none = pc.fill_null(cast(fact, flag, pa.bool_()), False).to_numpy()
        if (none & (states == KNOWN)).any():
            row = int(np.flatnonzero(none & (states == KNOWN))[0])
            raise ColumnError(fact.name, "a value, and known to be none at once", row)
        states[none] = NONE
    if fact.type in ("enum", "code"):
        return texts(fact, values, states)
    if fact.type == "bool":
        units = pc.fill_null(cast(fact, values, pa.bool_()), False).to_numpy().astype(np.int32)
        return Column(fact, units, kept(states), 0, (False, True))
    if fact.type == "date":
        days = pc.fill_null(cast(fact, cast(fact, values, pa.date32()), pa.int32()), 0).to_numpy()
        return Column(fact, narrowed(days.astype(np.int64) + EPOCH), kept(states))
    return numbers(fact, values, states)


EPOCH = 719_163
"""The ordinal of 1970-01-01."""


def cast(fact: Fact, values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Values as another type, exactly. Raises ColumnError."""
    try:
        return pc.cast(values, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ColumnError(fact.name, f"{values.type} where {kind} is needed: {error}") from error


def kept(states: States) -> States | None:
    return states if states.any() else None


def texts(fact: Fact, values: pa.ChunkedArray, states: States) -> Column:
    """Texts by their number among the distinct ones."""
    if not (pa.types.is_dictionary(values.type) or is_text(values.type)):
        raise ColumnError(fact.name, f"{values.type} where text is needed")
    whole = cast(fact, values, pa.large_string()).combine_chunks()
    coded = pc.dictionary_encode(whole)
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    words = coded.dictionary.to_pylist()
    if not words:
        return Column(fact, np.zeros(len(values), np.int32), kept(states), 0, nothing(fact))
    order = sorted(range(len(words)), key=words.__getitem__)
    place = np.empty(len(words), np.int32)
    place[order] = np.arange(len(words), dtype=np.int32)
    units = place[pc.fill_null(coded.indices, 0).to_numpy(zero_copy_only=False)]
    return Column(fact, units, kept(states), 0, tuple(words[at] for at in order))


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def numbers(fact: Fact, values: pa.ChunkedArray, states: States) -> Column:
    """Whole numbers and decimals as they are; floats as the decimals they print as."""
    kind = values.type
    if pa.types.is_integer(kind):
        whole = pc.fill_null(cast(fact, values, pa.int64()), 0).to_numpy()
        if not (abs(whole) >= MOST).any():
            return Column(fact, narrowed(whole), kept(states))
    elif pa.types.is_decimal(kind) and kind.scale >= 0:
        units = decimal_units(cast(fact, values, pa.decimal128(38, kind.scale)))
        if units is not None:
            return shortest(fact, np.where(states == KNOWN, units, 0), states, kind.scale)
    elif pa.types.is_floating(kind):
        floats = pc.fill_null(cast(fact, values, pa.float64()), 0.0).to_numpy()
        found = float_units(floats)
        if found is not None:
            return shortest(fact, found[0], states, found[1])
    elif not pa.types.is_decimal(kind):
        raise ColumnError(fact.name, f"{kind} where a number is needed")
    return column(fact, values.to_pylist(), states)


def shortest(fact: Fact, units: npt.NDArray[np.int64], states: States, places: int) -> Column:
    """The column with no more places than its values need; a whole number must need none. Raises ColumnError."""
    units, places = fewest_places(units, places)
    if fact.type == "int" and places:
        row = int(np.flatnonzero(units % 10**places)[0])
        raise ColumnError(fact.name, "no whole number", row)
    return Column(fact, narrowed(units), kept(states), places)


def decimal_units(values: pa.ChunkedArray) -> npt.NDArray[np.int64] | None:
    """Decimals as whole units, read off their 128 bits; None where 64 do not hold them."""
    parts = []
    for chunk in values.chunks:
        halves = np.frombuffer(chunk.buffers()[1], np.int64)[
            2 * chunk.offset : 2 * (chunk.offset + len(chunk))
        ]
        low, high = halves[::2].copy(), halves[1::2]
        null = chunk.is_null().to_numpy(zero_copy_only=False)
        low[null] = 0
        if ((high != low >> 63) & ~null).any() or (abs(low) >= MOST).any():
            return None
        parts.append(low)
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def float_units(floats: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], int] | None:
    """Floats as whole units and their places; None where some need more than MOST_DIGITS digits."""
    for places in (0, 2, 4, 6):
        scaled = floats * 10.0**places
        if not (np.abs(scaled) < 10.0**MOST_DIGITS).all():
            return None
        units = np.rint(scaled)
        if (units / 10.0**places == floats).all():
            return units.astype(np.int64), places
    return None
