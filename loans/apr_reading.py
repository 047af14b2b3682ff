"""Reads the values of a worked APR case from untrusted YAML: exact numbers, counts, days, known keys.

Every refusal is a CaseError whose message names the key, so that the command line can print it as it is.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

Case = Mapping[str, Any]
Figures = dict[str, Any]

MAX_FLOWS = 20_000
MAX_DIGITS = 15
DESCRIPTIVE = {
    "id",
    "family",
    "description",
    "source",
    "note",
    "notes",
    "checked",
    "currency",
    "name",
    "title",
}
ANSWERS = ("expected", "computed", "tolerance")
"""Keys that only describe, or hold the answer, are skipped: the figures must come from the case itself."""


class CaseError(ValueError):
    """A case that cannot be computed; the message says which key and why, ready to print."""


def number(value: object, where: str) -> Fraction:
    """An exact number from YAML: integer, decimal or a fraction written "4/7"; anything else is a
    CaseError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise CaseError(f"`{where}` must be a number, not {value!r}")
    text = str(value).strip().replace(",", "").replace("_", "")
    if len(text) > 40:
        raise CaseError(f"`{where}` is too long to be a number")
    try:
        top, _, bottom = text.partition("/")
        exact = _exact(top, where) / _exact(bottom or "1", where)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise CaseError(f"`{where}` must be a number, not {value!r}") from error
    except ZeroDivisionError as error:
        raise CaseError(f"`{where}` divides by zero") from error
    return exact


def _exact(text: str, where: str) -> Fraction:
    value = Decimal(text.strip())
    if not value.is_finite() or abs(value.adjusted()) > MAX_DIGITS:
        raise CaseError(f"`{where}` is not a number of ordinary size")
    return Fraction(value)


def positive(case: Case, key: str) -> Fraction:
    if key not in case:
        raise CaseError(f"`{key}` is missing")
    value = number(case[key], key)
    if value <= 0:
        raise CaseError(f"`{key}` must be above zero")
    return value


def optional(case: Case, *keys: str) -> Fraction:
    for key in keys:
        if key in case:
            value = number(case[key], key)
            if value < 0:
                raise CaseError(f"`{key}` must not be negative")
            return value
    return Fraction(0)


def count(value: object, where: str) -> int:
    exact = number(value, where)
    if exact.denominator != 1 or not 1 <= exact <= MAX_FLOWS:
        raise CaseError(f"`{where}` must be a whole number from 1 to {MAX_FLOWS}")
    return int(exact)


def day_of(value: object, where: str) -> date:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise CaseError(f"`{where}` is no date: {value!r} (write it as 2020-04-15)") from error


def known(case: Case, allowed: set[str], what: str) -> None:
    for key in case:
        if key in allowed or key in DESCRIPTIVE or key.startswith(ANSWERS):
            continue
        raise CaseError(f"key `{key}` is not understood in {what}; known: {', '.join(sorted(allowed))}")


def entries(case: Case, key: str) -> list[Case]:
    value = case[key]
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list) or not value or not all(isinstance(entry, Mapping) for entry in value):
        raise CaseError(f"`{key}` must be a list of entries with amounts")
    return value


def amount_of(entry: Case, key: str) -> Fraction:
    """The `amount` of one payment or drawdown: zero is allowed (a skipped payment), less is not."""
    value = number(entry["amount"], f"{key}.amount")
    if value < 0:
        raise CaseError(f"`{key}.amount` must not be negative")
    return value


def money(value: Fraction) -> float:
    """An amount for JSON: six decimals, so that unrounded instalments stay visible."""
    return round(float(value), 6)


def pct(value: float | Fraction, places: int = 6) -> float:
    """A percentage for JSON."""
    return round(float(value), places)
