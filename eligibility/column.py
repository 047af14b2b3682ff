"""One fact of a whole population: known, none or unknown for each enterprise, and exact values.

Numbers are whole units of a power of ten (fen for money), days are ordinals, everything else numbers of a list of
distinct values: nothing is a float, and thresholds are compared as integers.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from eligibility.errors import EligibilityError
from eligibility.values import Cut, choices
from eligibility.vocabulary import Fact

KNOWN, NONE, UNKNOWN = 0, 1, 2
MOST = 1 << 62
"""Units stay below this, so that a threshold beyond them all still fits an integer of 64 bits."""
MOST_PLACES = 9

WIDE_TABLE = 1 << 16
TABLE_BITS = 12

Rows = npt.NDArray[np.int64]
States = npt.NDArray[np.uint8]
Units = npt.NDArray[np.int32] | npt.NDArray[np.int64]


class ColumnError(EligibilityError):
    """Values that do not fit the fact; names the fact and the first row (from 0) where it is one row's fault."""

    def __init__(self, fact: str, problem: str, row: int | None = None) -> None:
        self.fact, self.problem, self.row = fact, problem, row
        where = "" if row is None else f" in row {row}"
        super().__init__(f"`{fact}`{where}: {problem}")


class Lookup(NamedTuple):
    """Ranks of units: see `_rank` in columns_coding.py."""

    low: int
    shift: int
    starts: npt.NDArray[np.int64]
    cuts: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Column:
    """`states`: one a row, or None where all are known. Of rows not known the units mean nothing.

    `words`: the distinct values, ascending, that units are numbers of; without them a value is units / 10 ** places.
    """

    fact: Fact
    units: Units
    states: States | None
    places: int = 0
    words: tuple[Any, ...] | None = None

    def take(self, rows: Rows) -> Column:
        """The same column of other rows, or of rows in another order."""
        states = None if self.states is None else self.states[rows]
        return Column(self.fact, self.units[rows], states, self.places, self.words)

    def filled(self, value: object) -> Column:
        """The same with a value in the rows that are unknown."""
        open_ = np.zeros(len(self.units), bool) if self.states is None else self.states == UNKNOWN
        if self.states is None or not open_.any():
            return self
        one, states = constant(self.fact, value, 1), self.states.copy()
        states[open_] = KNOWN if one.states is None else one.states[0]
        places = max(self.places, one.places)
        largest = int(np.abs(self.units.astype(np.int64)).max()) * 10 ** (places - self.places)
        if self.words is not None or one.words is not None or largest >= MOST:
            known = [None if state else self.value(row) for row, state in enumerate(self.states.tolist())]
            return column(self.fact, [value if at else v for at, v in zip(open_, known, strict=True)], states)
        units = self.units.astype(np.int64) * 10 ** (places - self.places)
        units[open_] = int(one.units[0]) * 10 ** (places - one.places)
        return Column(self.fact, narrowed(units), states if states.any() else None, places)

    def value(self, row: int) -> object:
        """A known value as facts have it; None where there is none. Not for rows that are unknown."""
        if self.states is not None and self.states[row] == NONE:
            return None
        unit = int(self.units[row])
        if self.words is not None:
            return self.words[unit]
        if self.fact.type == "date":
            return dt.date.fromordinal(unit)
        return unit if self.fact.type == "int" else Decimal(unit).scaleb(-self.places)

    def state(self, row: int) -> int:
        """KNOWN, NONE or UNKNOWN."""
        return KNOWN if self.states is None else int(self.states[row])

    def thresholds(self, cuts: Sequence[Cut]) -> npt.NDArray[np.int64]:
        """The least units at or beyond each cut of a column without words."""
        scale = 10**self.places
        found = []
        for value, side in cuts:
            assert not isinstance(value, str)
            exact = value * scale
            least = (
                exact.numerator // exact.denominator + 1 if side else -(-exact.numerator // exact.denominator)
            )
            found.append(min(max(least, -MOST), MOST))
        return np.array(found, np.int64)

    def ranks(self, cuts: Sequence[Cut]) -> npt.NDArray[np.int32]:
        """How many cuts lie at or below each distinct value of a column with words.

        For a yes-or-no fact and an enumeration, whose values have no order, the number of the value instead.
        """
        assert self.words is not None
        if self.fact.type in ("bool", "enum"):
            known = {value: at for at, value in enumerate(choices(self.fact))}
            return np.array([known.get(word, len(known)) for word in self.words], np.int32)
        if self.fact.type == "code":
            texts = [cut[0] for cut in cuts]
            return np.array([bisect_right(texts, word) for word in self.words], np.int32)
        return np.array([bisect_right(cuts, (Fraction(word), 0)) for word in self.words], np.int32)

    def lookup(self, cuts: Sequence[Cut]) -> Lookup:
        """The way from units to ranks: at once where there are few units, else within one of some thousand places."""
        if self.words is not None:
            return Lookup(0, 0, self.ranks(cuts).astype(np.int64), np.zeros(0, np.int64))
        thresholds = self.thresholds(cuts)
        known = self.units if self.states is None else self.units[self.states == KNOWN]
        low, high = (int(known.min()), int(known.max())) if len(known) else (0, 0)
        shift = 0 if high - low < WIDE_TABLE else (high - low).bit_length() - TABLE_BITS
        begins = low + (np.arange(((high - low) >> shift) + 2) << shift)
        return Lookup(low, shift, np.searchsorted(thresholds, begins, side="right"), thresholds)

    def codes(self, cuts: Sequence[Cut], rows: Rows) -> npt.NDArray[np.int64]:
        """0 unknown, 1 none, else 2 and the rank among the cuts, of some rows."""
        units = self.units[rows]
        if self.words is not None:
            return self.by_state(rows, self.ranks(cuts)[units] + 2)
        return self.by_state(rows, np.searchsorted(self.thresholds(cuts), units, side="right") + 2)

    def values(self, rows: Rows) -> npt.NDArray[np.int64]:
        """0 unknown, 1 none, else a number of 2 or more that is the same for equal values, of some rows."""
        return self.by_state(rows, np.unique(self.units[rows], return_inverse=True)[1] + 2)

    def by_state(self, rows: Rows, known: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        found = known.astype(np.int64)
        if self.states is not None:
            states = self.states[rows]
            found[states != KNOWN] = UNKNOWN - states[states != KNOWN].astype(np.int64)
        return found


def column(fact: Fact, values: Sequence[object], states: States) -> Column:
    """A column of Python values; those of rows not known are not looked at. Raises ColumnError."""
    known = [
        checked(fact, value, row)
        for row, (value, state) in enumerate(zip(values, states.tolist(), strict=True))
        if not state
    ]
    where = np.flatnonzero(states == KNOWN)
    kept = states if states.any() else None
    places = common_places(known) if fact.is_number or fact.type == "date" else None
    if places is None:
        return by_words(fact, known, where, kept, len(states))
    units = np.zeros(len(states), np.int64)
    units[where] = [int(value * 10**places) for value in known]
    return Column(fact, narrowed(units), kept, places)


def by_words(fact: Fact, known: Sequence[Any], where: Rows, states: States | None, rows: int) -> Column:
    """A column of values by their number among the distinct ones."""
    if fact.type in ("money", "decimal"):
        known = [Fraction(value) for value in known]
    words: tuple[Any, ...] = (False, True) if fact.type == "bool" else tuple(sorted(set(known)))
    number = {word: at for at, word in enumerate(words)}
    units = np.zeros(rows, np.int32)
    units[where] = [number[value] for value in known]
    return Column(fact, units, states, 0, words or nothing(fact))


def nothing(fact: Fact) -> tuple[Any, ...]:
    """What stands for the values of a column in which none is known."""
    return ("",) if fact.type in ("code", "enum") else (0,)


def unknown(fact: Fact, rows: int) -> Column:
    """A column in which nothing is known. Takes no room."""
    states = np.broadcast_to(np.array(UNKNOWN, np.uint8), (rows,))
    return Column(fact, np.broadcast_to(np.zeros((), np.int32), (rows,)), states, 0, nothing(fact))


def constant(fact: Fact, value: object, rows: int) -> Column:
    """A column with one value in every row. Takes no room."""
    one = column(fact, [value], np.array([NONE if value is None else KNOWN], np.uint8))
    states = None if one.states is None else np.broadcast_to(one.states[0], (rows,))
    return Column(fact, np.broadcast_to(one.units[0], (rows,)), states, one.places, one.words)


def narrowed(units: npt.NDArray[np.int64]) -> Units:
    """The same in 32 bits where they fit."""
    small = np.iinfo(np.int32)
    fits = not len(units) or (units.min() >= small.min and units.max() <= small.max)
    return units.astype(np.int32) if fits else units


def fewest_places(units: npt.NDArray[np.int64], places: int) -> tuple[npt.NDArray[np.int64], int]:
    """The same numbers with no more digits after the point than they need."""
    while places and not (units % 10).any():
        units, places = units // 10, places - 1
    return units, places


def checked(fact: Fact, value: object, row: int) -> Any:
    """A value of the fact's own kind: int, Decimal or Fraction, ordinal of a day, text, truth. Raises ColumnError."""
    kind = fact.type
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind in ("enum", "code") and isinstance(value, str):
        return value
    if kind == "date":
        return day(fact, value, row)
    if fact.is_number and isinstance(value, int | float | Decimal | Fraction) and not isinstance(value, bool):
        return exact(fact, value, row)
    raise ColumnError(fact.name, f"{value!r:.60} is no value of a fact of the type {kind}", row)


def day(fact: Fact, value: object, row: int) -> int:
    """A day's ordinal."""
    try:
        found = dt.date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ColumnError(fact.name, f"{value!r:.60} is no day", row) from error
    if not isinstance(found, dt.date) or isinstance(found, dt.datetime):
        raise ColumnError(fact.name, f"{value!r:.60} is no day", row)
    return found.toordinal()


def exact(fact: Fact, value: float | Decimal | Fraction, row: int) -> int | Decimal | Fraction:
    """A number as the reference reads it: a float is the decimal it prints as, a whole number must be whole."""
    found: int | Decimal | Fraction = Decimal(repr(value)) if isinstance(value, float) else value
    if isinstance(found, Decimal) and not found.is_finite():
        raise ColumnError(fact.name, f"{value} is no number", row)
    if fact.type == "int" and not isinstance(found, int):
        if found != int(found):
            raise ColumnError(fact.name, f"{value} is no whole number", row)
        return int(found)
    return found


def common_places(known: Sequence[int | Decimal | Fraction]) -> int | None:
    """The digits after the point that all values need; None where units of so many digits would not hold them."""
    places = 0
    largest: Any = 0
    for value in known:
        if isinstance(value, Fraction) and value.denominator != 1:
            return None
        elif isinstance(value, Decimal):
            exponent = value.as_tuple().exponent
            assert isinstance(exponent, int)  # only finite numbers come here
            if -exponent > places:
                exponent = value.normalize().as_tuple().exponent  # 5.00 needs none
                assert isinstance(exponent, int)
                places = max(places, -exponent)
        largest = max(largest, abs(value))
    return places if places <= MOST_PLACES and largest * 10**places < MOST else None
