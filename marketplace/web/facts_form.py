"""Facts as form fields, and what a form sends back as facts: the same for the anonymous check and an enterprise.

An empty answer is "I don't know": the fact stays unknown. People write 12万, 1,200,000 or full-width digits, and
percent where the engine has ratios; all of that is read here and nowhere else.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from eligibility import Fact, Facts, FactsError, Vocabulary
from eligibility.facts import plain
from eligibility.nesting import contradictions
from eligibility.sentence import trimmed, value_words
from marketplace.fact_words import problem_words
from marketplace.i18n import translate
from marketplace.portal import industries, places, questions
from marketplace.web.numbers import number_of

RATIO = "ratio 0-1"
SUFFIX = {"CNY yuan": "unit.yuan", "person": "unit.person", "month": "unit.month", "year": "unit.year"}
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "CNY yuan": ("元",), "person": ("人",), "month": ("个月", "月"), "year": ("年",), "percent": ("%",), RATIO: ("%",),
}  # fmt: skip
"""What may stand behind a number of the unit."""
MOST_OFFERED = 10
"""Places or trades offered where what was typed fits several."""
NONE_FIELD = "none."
"""Prefix of the checkbox that says a nullable fact is known to be none."""
PICK_FIELD = "pick."
"""Prefix of the choice among what a place or a trade may have meant."""
PLACE = ("province_code", "city_code")
PLACE_FIELD = "city_code"
"""Province and city are one field: the city says its province, and a province may be all that is known."""
FINDERS: Mapping[str, str] = {"place": "/check/find/places", "industry": "/check/find/industries"}
"""Where the browser asks for what may be meant while somebody types."""


@dataclass(frozen=True, slots=True)
class FactField:
    """One question. kind: radios, number, date, place, industry. value: as it stands in the form, "" unknown.

    candidates: what may be meant, by code, where what was typed fits several; finder: who is asked for them.
    """

    name: str
    kind: str
    label: str
    value: str = ""
    options: Sequence[tuple[str, str]] = ()
    suffix: str | None = None
    hint: str | None = None
    error: str | None = None
    nullable: bool = False
    none: bool = False
    candidates: Sequence[tuple[str, str]] = ()
    finder: str | None = None
    tick: str = ""


@dataclass(frozen=True, slots=True)
class FormAnswers:
    """What a form said. changes: facts to set; forget: facts that became unknown; errors by field name.

    `candidates`: places or industries that were perhaps meant, by field.
    """

    changes: Mapping[str, Any]
    forget: tuple[str, ...]
    errors: Mapping[str, str]
    candidates: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)


def fields_for(
    facts: Iterable[Fact],
    known: Mapping[str, Any],
    lang: str,
    *,
    typed: Mapping[str, str] | None = None,
    answers: FormAnswers | None = None,
) -> list[FactField]:
    """The questions for `facts`. `known`: values as JSON; `typed`: what was just sent, kept when it had errors."""
    asked = list(facts)
    names = {fact.name for fact in asked}
    found = []
    for fact in asked:
        if fact.name in PLACE and fact.name != PLACE_FIELD and PLACE_FIELD in names:
            continue
        if typed is not None:
            text, none = typed.get(fact.name, ""), f"{NONE_FIELD}{fact.name}" in typed
        else:
            text = shown(fact, known, lang)
            none = fact.name in known and known[fact.name] is None
        found.append(
            FactField(
                name=fact.name,
                kind=kind_of(fact),
                label=translate(lang, "fact.place") if fact.name == PLACE_FIELD else fact.label(lang),
                value=text,
                options=options_of(fact, lang),
                suffix=suffix_of(fact, lang),
                hint=hint_of(fact, lang),
                error=(answers.errors.get(fact.name) if answers else None),
                nullable=fact.nullable,
                none=none,
                candidates=(answers.candidates.get(fact.name, ()) if answers else ()),
                finder=FINDERS.get(kind_of(fact)),
                tick=questions.single(fact.name).said(lang).tick if fact.name in questions.askable() else "",
            )
        )
    return found


def field_of(name: str) -> str:
    """The field a group's form asks a fact in."""
    return PLACE_FIELD if name in PLACE else name


def shown(fact: Fact, known: Mapping[str, Any], lang: str) -> str:
    """A known value as its field shows it: places and trades by their names."""
    if fact.name in PLACE:
        code = known.get("city_code") or known.get("province_code")
        return places.label(str(code), lang) if code else ""
    text = written(fact, known.get(fact.name))
    return (industry_words(text, lang) or text) if fact.codes == "industries" else text


def kind_of(fact: Fact) -> str:
    """Which control a fact gets."""
    if fact.codes:
        return "industry" if fact.codes == "industries" else "place"
    if fact.is_number:
        return "number"
    return "date" if fact.type == "date" else "radios"


def options_of(fact: Fact, lang: str) -> Sequence[tuple[str, str]]:
    """Choices of a fact: value and words."""
    if fact.type == "bool":
        return [("true", translate(lang, "fact.yes")), ("false", translate(lang, "fact.no"))]
    return [(value, fact.choice_label(value, lang)) for value in fact.allowed]


def suffix_of(fact: Fact, lang: str) -> str | None:
    """The unit behind a number."""
    if fact.unit in (RATIO, "percent"):
        return "%"
    key = SUFFIX.get(fact.unit or "")
    return translate(lang, key) if key else None


def hint_of(fact: Fact, lang: str) -> str | None:
    """How to write it, where that is not plain from the field."""
    if fact.type == "money":
        return translate(lang, "fact.hint.money")
    if fact.name in PLACE:
        return translate(lang, "fact.hint.place")
    return translate(lang, "fact.hint.industry") if fact.codes == "industries" else None


def written(fact: Fact, value: Any) -> str:
    """A stored value as it stands in the form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if fact.is_number:
        number = Decimal(str(value))
        return trimmed(number * 100 if fact.unit == RATIO else number).replace(",", "")
    return str(value)


def read_form(form: Mapping[str, str], facts: Sequence[Fact], lang: str) -> FormAnswers:
    """What a form says about `facts`; every error in words beside its field, nothing lost."""
    changes: dict[str, Any] = {}
    forget: list[str] = []
    errors: dict[str, str] = {}
    candidates: dict[str, Sequence[tuple[str, str]]] = {}
    for fact in facts:
        text = unicodedata.normalize("NFKC", form.get(f"{PICK_FIELD}{fact.name}") or form.get(fact.name, ""))
        text = text.strip()
        if fact.nullable and f"{NONE_FIELD}{fact.name}" in form:
            changes[fact.name] = None
        elif not text:
            forget.append(fact.name)
        elif fact.codes == "industries":
            _read_industry(fact, text, lang, changes, errors, candidates)
        elif fact.name in PLACE:
            _read_place(fact, text, lang, changes, errors, candidates)
        else:
            _read_value(fact, text, lang, changes, errors)
    if (
        "province_code" in changes
        and "city_code" not in changes
        and any(f.name == "city_code" for f in facts)
    ):
        forget.append("city_code")
    return FormAnswers(
        changes, tuple(n for n in dict.fromkeys(forget) if n not in changes), errors, candidates
    )


def _read_value(fact: Fact, text: str, lang: str, changes: dict[str, Any], errors: dict[str, str]) -> None:
    try:
        value = value_of(fact, text)
        checked = Facts.from_json({fact.name: value}, Vocabulary.shipped())
    except (InvalidOperation, ValueError):
        errors[fact.name] = translate(lang, f"fact.error.{'date' if fact.type == 'date' else 'number'}")
    except FactsError as refused:
        errors[fact.name] = error_words(fact, refused.problems[0].code, refused.problems[0].params, lang)
    else:
        changes[fact.name] = plain(checked[fact.name])


def value_of(fact: Fact, text: str) -> Any:
    """Text of a form as a JSON value. Raises InvalidOperation or ValueError where it is no number."""
    if fact.type == "bool":
        return {"true": True, "false": False}.get(text, text)
    if not fact.is_number:
        return text
    number = number_of(text, ENDINGS.get(fact.unit or "", ()))
    if fact.unit == RATIO:
        number /= 100
    if fact.type == "int" and number == number.to_integral_value():
        return int(number)
    return number


def _read_industry(
    fact: Fact,
    text: str,
    lang: str,
    changes: dict[str, Any],
    errors: dict[str, str],
    candidates: dict[str, Sequence[tuple[str, str]]],
) -> None:
    code = text.split(" ", 1)[0]
    if code in industries.industries():
        changes[fact.name] = code
        return
    found = industries.search(text)
    if len(found) == 1 or (found and found[0].name == text):
        changes[fact.name] = found[0].code
        return
    errors[fact.name] = translate(lang, "fact.error.industry_many" if found else "fact.error.industry_none")
    candidates[fact.name] = [(i.code, industry_words(i.code, lang)) for i in found[:MOST_OFFERED]]


def industry_words(code: str, lang: str) -> str:
    """An industry as its field shows it, code first; "" for what is no code."""
    name = industries.name_of(code, lang)
    return "" if name is None else name if name.startswith(code) else f"{code} {name}"


def _read_place(
    fact: Fact,
    text: str,
    lang: str,
    changes: dict[str, Any],
    errors: dict[str, str],
    candidates: dict[str, Sequence[tuple[str, str]]],
) -> None:
    """A place says the province, and the city where it names one or the province has only one."""
    place = places.meant(text)
    if place is None or (fact.name == "province_code" and place.code != place.province):
        found = places.search(text) if place is None else ()
        errors[fact.name] = translate(lang, "fact.error.place_many" if found else "fact.error.place_none")
        candidates[fact.name] = [
            (region.code, places.label(region.code, lang)) for region in found[:MOST_OFFERED]
        ]
        return
    if fact.name == "province_code":
        changes["province_code"] = place.province
        return
    said = {name: code for name, code in changes.items() if name in PLACE}
    meant = {"province_code": place.province, **({} if place.city is None else {"city_code": place.city})}
    for problem in contradictions({**meant, **said}, Vocabulary.shipped()):
        errors[fact.name] = problem_words(problem, lang)
        return
    changes.update(meant)


def error_words(fact: Fact, code: str, params: Mapping[str, object], lang: str) -> str:
    """A refusal of the vocabulary in the words of the form."""
    key = {
        "fact_wants_int": "whole",
        "fact_wants_number": "number",
        "fact_too_small": "small",
        "fact_too_large": "large",
        "fact_too_precise": "precise",
        "fact_wants_date": "date",
    }.get(code, "choice")
    limit = params.get("limit")
    if limit is not None and key in ("small", "large"):
        limit = value_words(Decimal(str(limit)), fact, lang)
    return translate(lang, f"fact.error.{key}", label=fact.label(lang), limit=limit)
