"""What is known of one enterprise: an immutable mapping of fact to value.

Absent means unknown, None means known to be none; the difference is the whole point of three values, so nothing
here fills a gap with a default. Numbers are exact: int, or Decimal for money and percentages.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from eligibility.errors import FactProblem, FactsError
from eligibility.nesting import contradictions
from eligibility.vocabulary import Fact, Vocabulary, is_code

Value = bool | int | Decimal | str | dt.date | None
LARGEST = Decimal(10) ** 15
SMALLEST = -LARGEST
DAY_MIN, DAY_MAX = dt.date(1900, 1, 1), dt.date(2200, 12, 31)


class _Refused(Exception):
    def __init__(self, code: str, **params: object) -> None:
        self.code, self.params = code, params


class Facts(Mapping[str, Value]):
    """Known facts by name.

    `Facts({...})` takes Python values as they are (floats become the decimals they print as); `Facts.from_json`
    checks values against a vocabulary first and is the way in for anything that comes from outside.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._values: dict[str, Value] = {
            k: Decimal(repr(v)) if isinstance(v, float) else v for k, v in (values or {}).items()
        }

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, Facts) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Facts({self._values!r})"

    @property
    def values_by_name(self) -> Mapping[str, Value]:
        """The same as a plain mapping, for loops that count nanoseconds; not to be changed."""
        return self._values

    def replace(self, **changes: Value) -> Facts:
        """These facts with some values changed or added."""
        return Facts({**self._values, **changes})

    def without(self, *names: str) -> Facts:
        """These facts with some made unknown."""
        return Facts({k: v for k, v in self._values.items() if k not in names})

    def on(self, day: dt.date, vocabulary: Vocabulary | None = None) -> Facts:
        """These facts with the evaluation day, and with the dated parameters nobody stated."""
        parameters = (vocabulary or Vocabulary.shipped()).parameters_on(day)
        return Facts._exact({**parameters, **self._values, "as_of_date": day})

    @classmethod
    def _exact(cls, values: dict[str, Value]) -> Facts:
        """Of values that hold no float, taken as they are."""
        found = cls.__new__(cls)
        found._values = values
        return found

    @classmethod
    def from_json(cls, values: Mapping[str, Any], vocabulary: Vocabulary | None = None) -> Facts:
        """Facts from JSON or YAML values, checked. Raises FactsError naming every fact that does not fit.

        Numbers must be numbers ("12" and true are not), dates ISO text, codes text; null is known to be none,
        where that can be. A city does not fit beside a province it does not lie in.
        """
        words = vocabulary or Vocabulary.shipped()
        found: dict[str, Value] = {}
        problems: list[FactProblem] = []
        for name, value in values.items():
            try:
                found[name] = _checked(name, value, words)
            except _Refused as refused:
                problems.append(FactProblem(str(name)[:80], refused.code, refused.params))
        problems.extend(contradictions(found, words))
        if problems:
            raise FactsError(tuple(problems))
        return cls._exact(found)

    def to_json(self) -> dict[str, object]:
        """Values as JSON has them: decimals as int or float where that is exact (always, for checked facts)."""
        return {name: plain(value) for name, value in self._values.items()}


def plain(value: Value) -> object:
    """One value as JSON has it."""
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def _checked(name: object, value: object, words: Vocabulary) -> Value:
    fact = words.facts.get(name) if isinstance(name, str) else None
    if fact is None:
        raise _Refused("fact_unknown")
    if fact.is_derived:
        raise _Refused("fact_derived")
    if fact.context:
        raise _Refused("fact_context")
    if value is None:
        if not fact.nullable:
            raise _Refused("fact_never_none")
        return None
    return CHECKS[fact.type](fact, value)


def _bool(fact: Fact, value: object) -> bool:
    if not isinstance(value, bool):
        raise _Refused("fact_wants_bool")
    return value


def _int(fact: Fact, value: object) -> int:
    if type(value) is int:
        _in_range(fact, value)
        return value
    if isinstance(value, float | Decimal):
        number = Decimal(repr(value)) if isinstance(value, float) else value
        if number.is_finite():
            _in_range(fact, number)
            if number == number.to_integral_value():
                value = int(number)  # 8.0 is the whole number 8
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Refused("fact_wants_int")
    return value


def _number(fact: Fact, value: object) -> Decimal:
    if type(value) is int:
        _in_range(fact, value)
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, float | Decimal):
        raise _Refused("fact_wants_number")
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation as error:
        raise _Refused("fact_wants_number") from error
    if not number.is_finite():
        raise _Refused("fact_wants_number")
    _in_range(fact, number)
    places = 2 if fact.type == "money" else 6
    if number != round(number, places):
        raise _Refused("fact_too_precise", limit=places)
    return number


def _in_range(fact: Fact, number: int | Decimal) -> None:
    least = SMALLEST if fact.minimum is None else fact.minimum
    most = LARGEST if fact.maximum is None else fact.maximum
    if number < least:
        raise _Refused("fact_too_small", limit=f"{least:f}")
    if number > most:
        raise _Refused("fact_too_large", limit=f"{most:f}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Refused("fact_wants_text")
    return value


def _enum(fact: Fact, value: object) -> str:
    text = _text(value)
    if text not in fact.allowed:
        raise _Refused("fact_not_allowed", value=shown(text), allowed=", ".join(fact.allowed))
    return text


def _code(fact: Fact, value: object) -> str:
    text = _text(value)
    if not is_code(fact, text):
        raise _Refused("fact_bad_code", value=shown(text))
    return text


def _date(fact: Fact, value: object) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        day = value
    elif isinstance(value, str) and len(value) == 10 and value.isascii():
        try:
            day = dt.date.fromisoformat(value)
        except ValueError as error:
            raise _Refused("fact_wants_date") from error
    else:
        raise _Refused("fact_wants_date")
    if not DAY_MIN <= day <= DAY_MAX:
        raise _Refused("fact_wants_date")
    return day


def shown(text: str) -> str:
    """Foreign text, short and printable, for an error message."""
    return "".join(c if c.isprintable() else "?" for c in text[:40])


CHECKS: Mapping[str, Callable[[Fact, object], Value]] = {
    "bool": _bool,
    "int": _int,
    "money": _number,
    "decimal": _number,
    "enum": _enum,
    "code": _code,
    "date": _date,
}
