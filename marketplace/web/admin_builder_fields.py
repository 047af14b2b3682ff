"""Rows as the fields of a plain form and back, so that the builder works without script and keeps what is typed.

A part's fields begin with its path (`b.0.1.`); places, industries and facts are typed by name and read as codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from eligibility import Fact, Vocabulary
from marketplace.portal import industries, places
from marketplace.portal.codes import regions
from marketplace.web.admin_builder_rows import (
    KINDS,
    LISTS,
    MOST,
    Cel,
    Group,
    Part,
    Row,
    UnreadableValueError,
    scalar_of,
    typed,
)
from marketplace.web.facts_form import industry_words

ROOT = "b"
MOST_VALUES = 60
MOST_NOTS = 64
PLACES = ("regions.province", "regions.city")
ORDERED = ("<=", ">=", "<", ">", "==", "!=")
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "bool": ("is", "==", "!="),
    "int": (*ORDERED, "in"),
    "money": (*ORDERED, "in"),
    "decimal": (*ORDERED, "in"),
    "date": (*ORDERED, "in"),
    "enum": ("==", "!=", "in"),
    "code": ("within", "==", "!=", "in", "startsWith"),
}
"""What each type of fact can be compared by, the likeliest first."""


def fields_of(part: Part, path: str = ROOT) -> dict[str, str]:
    """A part and everything in it as form fields."""
    found = {
        f"{path}.not": str(part.nots),
        f"{path}.cite_zh": part.cited[0],
        f"{path}.cite_en": part.cited[1],
    }
    match part:
        case Group(kind=kind, parts=parts, count=count):
            found |= {f"{path}.kind": kind, f"{path}.count": count, f"{path}.size": str(len(parts))}
            for at, one in enumerate(parts):
                found |= fields_of(one, f"{path}.{at}")
        case Row(fact=fact, op=op, values=values, later=later):
            found |= {f"{path}.kind": "row", f"{path}.fact": fact, f"{path}.was": fact, f"{path}.op": op}
            found |= {f"{path}.v{at}": value for at, value in enumerate(values)}
            for at, (day, value) in enumerate(later, 1):
                found |= {f"{path}.d{at}": day, f"{path}.w{at}": value}
        case Cel(text=text):
            found |= {f"{path}.kind": "cel", f"{path}.cel": text}
    return found


def rows_of(form: Mapping[str, str], vocabulary: Vocabulary) -> Group:
    """The builder a form holds; an empty one where it holds none."""
    part = _Reader(form, vocabulary).part(ROOT)
    return part if isinstance(part, Group) else Group("all", (part,))


def newly_chosen(form: Mapping[str, str], vocabulary: Vocabulary) -> str:
    """The field to go on with where another fact was just chosen; "" where none was."""
    for name, before in form.items():
        path = name.removesuffix(".was")
        if path != name and path.startswith(f"{ROOT}."):
            fact = fact_meant(form.get(f"{path}.fact", ""), vocabulary)
            if fact != before and fact in vocabulary.facts:
                return f"{path}.op"
    return ""


class _Reader:
    """One form. `left`: how many more parts are read, so that nobody's form is read for ever."""

    def __init__(self, form: Mapping[str, str], vocabulary: Vocabulary) -> None:
        self.form, self.vocabulary, self.left = form, vocabulary, 3 * MOST

    def part(self, path: str) -> Part:
        self.left -= 1
        form, kind = self.form, self.form.get(f"{path}.kind", "all")
        nots = min(_number(form.get(f"{path}.not", "")), MOST_NOTS)
        cited = (form.get(f"{path}.cite_zh", "").strip(), form.get(f"{path}.cite_en", "").strip())
        if kind == "cel":
            return Cel(form.get(f"{path}.cel", "").strip(), nots=nots, cited=cited)
        if kind == "row":
            return self.row(path, nots, cited)
        parts: list[Part] = []
        for at in range(_number(form.get(f"{path}.size", ""))):
            if self.left <= 0 or path.count(".") > MOST:
                break
            parts.append(self.part(f"{path}.{at}"))
        kind = kind if kind in KINDS else "all"
        return Group(kind, tuple(parts), form.get(f"{path}.count", "1").strip(), nots=nots, cited=cited)

    def row(self, path: str, nots: int, cited: tuple[str, str]) -> Row:
        name = fact_meant(self.form.get(f"{path}.fact", ""), self.vocabulary)
        op = self.form.get(f"{path}.op", "")
        fact = self.vocabulary.facts.get(name)
        if fact is None:
            return Row(name, op, nots=nots, cited=cited)
        if name != self.form.get(f"{path}.was", name):  # another fact: the values were about the one before
            return Row(name, OPERATORS[fact.type][0], ("",), nots=nots, cited=cited)
        op = op if op in OPERATORS[fact.type] else OPERATORS[fact.type][0]
        values = [
            self.value(fact, f"{path}.v{at}") for at in range(MOST_VALUES) if f"{path}.v{at}" in self.form
        ]
        kept = [value for value in values if value] if op in LISTS else values[:1]
        later = tuple(
            (self.form[f"{path}.d{at}"].strip(), self.value(fact, f"{path}.w{at}"))
            for at in range(1, MOST_VALUES)
            if f"{path}.d{at}" in self.form
        )
        if op in ("is", "startsWith", *LISTS):
            later = ()
        return Row(name, op, () if op == "is" else tuple(kept) or ("",), later, nots=nots, cited=cited)

    def value(self, fact: Fact, name: str) -> str:
        return value_meant(fact, self.form.get(name, "").strip(), self.vocabulary)


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) else 0


def fact_meant(text: str, vocabulary: Vocabulary) -> str:
    """The name of the fact that was typed, by its name or its words in either language; else what was typed."""
    typed = text.strip()
    return typed if typed in vocabulary.facts else _labels(vocabulary).get(typed.lower(), typed)


@cache
def _labels(vocabulary: Vocabulary) -> Mapping[str, str]:
    return {
        label.lower(): name
        for name, fact in vocabulary.facts.items()
        for label in (fact.label_zh, fact.label_en)
    }


def value_meant(fact: Fact, text: str, vocabulary: Vocabulary) -> str:
    """What was typed as it is kept: a number in digits or as the name of another, a place or an industry as its code;
    else as it was typed.
    """
    if not text or fact.type != "code":
        return digits(fact, fact_meant(text, vocabulary)) if fact.is_number else text
    first = text.split(" ", 1)[0]
    if re.fullmatch(r"[0-9]{1,6}", first):
        return first
    if fact.codes == "industries":
        found = industries.search(text)
        return found[0].code if len(found) == 1 or (found and text in (found[0].name,)) else text
    place = places.meant(text)
    if place is None:
        return text
    return place.province if fact.codes == "regions.province" else (place.city or text)


def digits(fact: Fact, text: str) -> str:
    """A number as CEL writes it, so that 30万 is seen to be 300000; what is no number stays."""
    try:
        return typed(scalar_of(fact, text))
    except UnreadableValueError:
        return text


def candidates(fact: Fact, text: str, lang: str, most: int = 5) -> list[tuple[str, str]]:
    """(code, words) of what may have been meant by a place or an industry nobody can tell."""
    if fact.codes == "industries":
        return [(one.code, industry_words(one.code, lang)) for one in industries.search(text)[:most]]
    level = "province" if fact.codes == "regions.province" else "city"
    found = [one.code for one in places.search(text) if one.level == level]
    return [(code, code_words(fact, code, lang)) for code in found[:most]]


def code_words(fact: Fact, code: str, lang: str) -> str:
    """A code as its field shows it, with the name behind it; the bare code where it is only the beginning of some."""
    if fact.codes == "industries":
        return industry_words(code, lang) or code
    if fact.codes in PLACES and code in regions():
        return f"{code} {places.label(code, lang)}"
    return code
