"""Facts as form fields, and what a form sends back as facts: the same for the anonymous check and an enterprise.

An empty answer is "I don't know": the fact stays unknown. People write 12万, 1,200,000 or full-width digits, and
percent where the engine has ratios; all of that is read here and nowhere else.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from eligibility import Fact, Facts, FactsError, Vocabulary
from eligibility.facts import plain
from eligibility.sentence import trimmed, value_words
from marketplace.i18n import translate
from marketplace.portal import codes, industries

RATIO = "ratio 0-1"
SUFFIX = {"CNY yuan": "unit.yuan", "person": "unit.person", "month": "unit.month", "year": "unit.year"}
MOST_DIGITS = 25
"""A whole number with more digits is beyond every field's maximum."""
NONE_FIELD = "none."
"""Prefix of the checkbox that says a nullable fact is known to be none."""


@dataclass(frozen=True, slots=True)
class CityGroup:
    """The cities of a province: (code, name)."""

    province: str
    name: str
    cities: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FactField:
    """One question. kind: radios, number, date, region, industry. value: as it stands in the form, "" unknown."""

    name: str
    kind: str
    label: str
    value: str = ""
    options: Sequence[tuple[str, str]] = ()
    groups: Sequence["CityGroup"] = ()
    suffix: str | None = None
    hint: str | None = None
    error: str | None = None
    nullable: bool = False
    none: bool = False
    candidates: Sequence[tuple[str, str]] = ()
    shown: str = ""


@dataclass(frozen=True, slots=True)
class FormAnswers:
    """What a form said. changes: facts to set; forget: facts that became unknown; errors by field name.

    `candidates`: industries that were perhaps meant, by field.
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
    found = []
    province = str((typed if typed is not None else known).get("province_code") or "")
    for fact in facts:
        value = known.get(fact.name)
        text = typed.get(fact.name, "") if typed is not None else written(fact, value)
        none = (
            f"{NONE_FIELD}{fact.name}" in typed if typed is not None else fact.name in known and value is None
        )
        found.append(
            FactField(
                name=fact.name,
                kind=kind_of(fact),
                label=fact.label(lang),
                value=text,
                options=options_of(fact, lang),
                groups=city_groups(lang, province) if fact.name == "city_code" else (),
                suffix=suffix_of(fact, lang),
                hint=hint_of(fact, lang),
                error=(answers.errors.get(fact.name) if answers else None),
                nullable=fact.nullable,
                none=none,
                candidates=(answers.candidates.get(fact.name, ()) if answers else ()),
                shown=industry_words(text, lang) if fact.codes == "industries" else "",
            )
        )
    return found


def kind_of(fact: Fact) -> str:
    """Which control a fact gets."""
    if fact.codes:
        return "industry" if fact.codes == "industries" else "region"
    if fact.is_number:
        return "number"
    return "date" if fact.type == "date" else "radios"


def options_of(fact: Fact, lang: str) -> Sequence[tuple[str, str]]:
    """Choices of a fact: value and words."""
    if fact.type == "bool":
        return [("true", translate(lang, "fact.yes")), ("false", translate(lang, "fact.no"))]
    if fact.name == "province_code":
        return [(region.code, codes.named(region, lang)) for region in codes.provinces()]
    return [(value, fact.choice_label(value, lang)) for value in fact.allowed]


def city_groups(lang: str, chosen: str = "") -> Sequence[CityGroup]:
    """Cities under their provinces, the chosen province on top."""
    found = [
        CityGroup(p.code, codes.named(p, lang), [(c.code, codes.named(c, lang)) for c in below])
        for p, below in codes.cities()
    ]
    return sorted(found, key=lambda group: group.province != chosen)


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


def read_form(form: Mapping[str, str], facts: Iterable[Fact], lang: str) -> FormAnswers:
    """What a form says about `facts`; every error in words beside its field, nothing lost."""
    changes: dict[str, Any] = {}
    forget: list[str] = []
    errors: dict[str, str] = {}
    candidates: dict[str, Sequence[tuple[str, str]]] = {}
    for fact in facts:
        text = unicodedata.normalize("NFKC", form.get(fact.name, "")).strip()
        if fact.nullable and f"{NONE_FIELD}{fact.name}" in form:
            changes[fact.name] = None
        elif not text:
            forget.append(fact.name)
        elif fact.codes == "industries":
            _read_industry(fact, text, lang, changes, errors, candidates)
        else:
            _read_value(fact, text, lang, changes, errors)
    _complete_region(changes, forget, errors, lang)
    return FormAnswers(changes, tuple(forget), errors, candidates)


def _read_value(fact: Fact, text: str, lang: str, changes: dict[str, Any], errors: dict[str, str]) -> None:
    try:
        value = value_of(fact, text)
        checked = Facts.from_json({fact.name: value}, Vocabulary.shipped())
    except (InvalidOperation, ValueError):
        errors[fact.name] = translate(lang, f"fact.error.{'date' if fact.type == 'date' else 'number'}")
    except FactsError as refused:
        errors[fact.name] = error_words(fact, refused.problems[0].code, refused.problems[0].params, lang)
    else:
        if fact.codes and not codes.is_region(text, fact.codes.removeprefix("regions.")):
            errors[fact.name] = translate(lang, "fact.error.choice")
        else:
            changes[fact.name] = plain(checked[fact.name])


def value_of(fact: Fact, text: str) -> Any:
    """Text of a form as a JSON value. Raises InvalidOperation or ValueError where it is no number."""
    if fact.type == "bool":
        return {"true": True, "false": False}.get(text, text)
    if not fact.is_number:
        return text
    number = number_of(text)
    if fact.unit == RATIO:
        number /= 100
    if fact.type == "int" and number == number.to_integral_value():
        return int(number)
    return number


def number_of(text: str) -> Decimal:
    """A number as people write it: 1,200,000 / 12万 / 1.5亿 / 4.55%. Raises ValueError.

    One too large for any field is still a number, so that its field can say how large it may be.
    """
    compact = re.sub(r"[,\s_元%人¥]", "", text)
    match = re.fullmatch(r"(-?)(\d+)(\.\d{1,6})?(万|亿)?", compact)
    if match is None:
        raise ValueError(text)
    sign, whole, part, unit = match.groups()
    if len(whole) > MOST_DIGITS:
        return Decimal(f"{sign}1e{MOST_DIGITS}")
    return Decimal(f"{sign}{whole}{part or ''}") * {None: 1, "万": 10_000, "亿": 100_000_000}[unit]


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
    candidates[fact.name] = [(industry_words(i.code, lang),) * 2 for i in found]


def industry_words(code: str, lang: str) -> str:
    """An industry as its field shows it, code first; "" for what is no code."""
    name = industries.name_of(code, lang)
    return "" if name is None else name if name.startswith(code) else f"{code} {name}"


def _complete_region(changes: dict[str, Any], forget: list[str], errors: dict[str, str], lang: str) -> None:
    """A city says its province where none is said; next to another province it is refused, not guessed about."""
    city = changes.get("city_code")
    lies_in = codes.province_of(city) if isinstance(city, str) else None
    if lies_in is None or "province_code" in errors:
        return
    said = changes.get("province_code")
    if said is None:
        changes["province_code"] = lies_in
        if "province_code" in forget:
            forget.remove("province_code")
    elif said != lies_in:
        names = {
            name: codes.named(codes.regions()[code], lang)
            for name, code in (("city", str(city)), ("lies_in", lies_in), ("province", str(said)))
        }
        errors["city_code"] = translate(lang, "fact.error.city", **names)


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
