"""One rule, or thousands, against millions of enterprises: which it applies to, may apply to, and does not apply to.

A population is typed columns, sorted by region and industry. For a set of rules the facts they name become ranks among
the rules' thresholds, in bit planes; then a rule is a few "and"s over machine words of 64 enterprises each.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from eligibility import column as one
from eligibility.column import KNOWN, NONE, UNKNOWN, Column, ColumnError
from eligibility.columns_coded import Bitmaps, Coded
from eligibility.columns_sizes import Sizes, sizes
from eligibility.evaluate import Status
from eligibility.facts import Facts
from eligibility.population import Counts
from eligibility.rule import Rule
from eligibility.size_standard import INPUTS
from eligibility.vocabulary import Fact, Vocabulary

if TYPE_CHECKING:
    import pyarrow

SORTED_BY = ("province_code", "industry_code")
"""Rows alike in these lie together, so that most rules leave a block of rows at once."""


class Columns:
    """A population. Rows are numbered as given; `ids` names them, or their numbers do. Safe to read from any thread."""

    def __init__(
        self,
        columns: Mapping[str, Column],
        rows: int,
        vocabulary: Vocabulary,
        ids: npt.NDArray[Any] | None = None,
        order: npt.NDArray[np.int64] | None = None,
    ) -> None:
        """`columns` by fact, all of `rows` rows; a fact without one is unknown everywhere.

        `order`: which row of the caller's each row of the columns is, where they are sorted already.
        """
        for name, found in columns.items():
            given(vocabulary, name)
            if len(found.units) != rows:
                raise ColumnError(name, f"{len(found.units)} rows where the population has {rows}")
        if ids is not None and len(ids) != rows:
            raise ValueError(f"{len(ids)} ids for {rows} rows")
        self.vocabulary, self.rows, self.ids = vocabulary, rows, ids
        if order is None:
            order = sorted_rows([columns[name] for name in SORTED_BY if name in columns], rows)
            columns = {name: found.take(order) for name, found in columns.items()}
        self.order = order
        self.by_fact = dict(columns)

    def __len__(self) -> int:
        return self.rows

    @classmethod
    def from_facts(
        cls,
        enterprises: Iterable[Mapping[str, object]],
        vocabulary: Vocabulary | None = None,
        *,
        ids: Sequence[object] | None = None,
    ) -> Columns:
        """A population of facts as `evaluate` takes them. Raises ColumnError for a value that does not fit its fact."""
        words = vocabulary or Vocabulary.shipped()
        values: dict[str, list[object]] = {}
        states: dict[str, bytearray] = {}
        rows = 0
        for facts in enterprises:
            for name, value in facts.items():
                if name not in values:
                    given(words, name)
                    values[name], states[name] = [], bytearray()
                missing = rows - len(values[name])
                values[name] += [*[None] * missing, value]
                states[name] += bytes((UNKNOWN,)) * missing + bytes((NONE if value is None else KNOWN,))
            rows += 1
        found = {}
        for name, known in states.items():
            missing = rows - len(known)
            state = np.frombuffer(bytes(known) + bytes((UNKNOWN,)) * missing, np.uint8)
            found[name] = one.column(words.facts[name], values[name] + [None] * missing, state)
        return cls(found, rows, words, None if ids is None else np.array(ids))

    @classmethod
    def from_arrow(
        cls, table: pyarrow.Table, vocabulary: Vocabulary | None = None, *, ids: str | None = None
    ) -> Columns:
        """A population from an Arrow table: typed columns named like the facts.

        NULL is unknown, `<fact>__none` says known to be none; `ids` names the column of ids. Raises ColumnError for a
        column that is none of these, or does not fit its fact.
        """
        from eligibility.columns_arrow import read_table  # noqa: PLC0415 (only who has Arrow needs it)

        words = vocabulary or Vocabulary.shipped()
        found, names = read_table(table, words, ids)
        return cls(found, table.num_rows, words, names)

    @classmethod
    def from_parquet(
        cls, path: str | Path, vocabulary: Vocabulary | None = None, *, ids: str | None = None
    ) -> Columns:
        """`from_arrow` of a Parquet file."""
        from pyarrow import parquet  # noqa: PLC0415 (only who has Arrow needs it)

        return cls.from_arrow(parquet.read_table(path), vocabulary, ids=ids)

    def on(self, day: dt.date) -> Columns:
        """The same population on a day: the day itself, and the dated parameters for whom nobody stated them."""
        facts = self.vocabulary.facts
        context = {**self.vocabulary.parameters_on(day), "as_of_date": day}
        more = {
            name: self.by_fact[name].filled(value)
            if name in self.by_fact and name != "as_of_date"
            else one.constant(facts[name], value, self.rows)
            for name, value in context.items()
            if name in facts
        }
        return Columns({**self.by_fact, **more}, self.rows, self.vocabulary, self.ids, self.order)

    def column(self, name: str) -> Column:
        """A fact's column, in the order of `order`."""
        found = self.by_fact.get(name)
        return one.unknown(self.vocabulary.facts[name], self.rows) if found is None else found

    @cached_property
    def sizes(self) -> Sizes:
        """The size classes of each row."""
        computed = next(fact for fact in self.vocabulary.facts.values() if fact.computed)
        return sizes({name: self.column(name) for name in INPUTS}, self.vocabulary.size_standard, computed)

    def facts(self, row: int) -> Facts:
        """What is known of the enterprise in a row of the caller's."""
        return self.facts_at(int(np.flatnonzero(self.order == row)[0]), self.by_fact)

    def facts_at(self, at: int, names: Iterable[str]) -> Facts:
        """What is known of some facts in a row of the columns."""
        found = {name: self.by_fact[name] for name in names if name in self.by_fact}
        return Facts({name: c.value(at) for name, c in found.items() if c.state(at) != UNKNOWN})

    def coded(self, rules: Mapping[str, Rule], *, workers: int | None = None) -> Coded:
        """The population as ranks among the thresholds of these rules; for asking more than once."""
        return Coded(self, rules, workers or os.cpu_count() or 1, SORTED_BY)

    def count(self, rules: Mapping[str, Rule], *, workers: int | None = None) -> dict[str, Counts]:
        """How many enterprises each rule applies to, may apply to, and does not apply to. `workers`: threads."""
        return self.coded(rules, workers=workers).count()

    def bitmap(self, rule: Rule) -> Bitmaps:
        """The enterprises one rule applies to, and may apply to."""
        return self.coded({"": rule}).bitmap("")

    def matching(self, rule: Rule, status: Status = Status.ELIGIBLE) -> Iterator[npt.NDArray[Any]]:
        """The ids with that verdict, ascending by row, in chunks."""
        return self.coded({"": rule}).matching("", status)


def given(vocabulary: Vocabulary, name: str) -> Fact:
    """The fact of that name, if it can be stated. Raises ColumnError."""
    fact = vocabulary.facts.get(name)
    if fact is None:
        raise ColumnError(name, "there is no such fact")
    if fact.is_derived:
        raise ColumnError(name, "it follows from other facts and cannot be stated")
    return fact


def sorted_rows(keys: Sequence[Column], rows: int) -> npt.NDArray[np.int64]:
    """The rows by some columns, the first foremost; what is not known comes last."""
    if not keys:
        return np.arange(rows)
    place = np.zeros(rows, np.int64)
    for found in keys:
        size = len(found.words or ()) + 2
        units = found.units.astype(np.int64)
        if found.states is not None:
            open_ = found.states != KNOWN
            units[open_] = found.states[open_].astype(np.int64) + (size - 3)
        place = place * size + units
    narrow = place.astype(np.uint16) if len(place) and place.max() < 1 << 16 else place
    return np.argsort(narrow, kind="stable")
