"""A product's version as the fields of its form, and the form as a draft; what nobody edits here stays as it was.

Numbers are read as people write them (300万), and one that is none is told at its field.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from loans.product_schemas import GUARANTEES, METHODS, ProductDraft, ProductVersionRead
from marketplace.i18n import translate
from marketplace.web.format import yuan
from marketplace.web.numbers import number_of
from marketplace.web.refusals import validated

TEXTS = ("name_zh", "name_en", "eligibility_zh", "eligibility_en", "guarantee", "max_amount")
YUAN = ("min_amount_yuan", "max_amount_yuan")
MONTHS = ("min_term_months", "max_term_months")
RATES = ("min_rate_pct", "max_rate_pct")
ENDINGS = {
    **dict.fromkeys(YUAN, ("元",)),
    **dict.fromkeys(MONTHS, ("个月", "月")),
    **dict.fromkeys(RATES, ("%",)),
}
METHOD = "method."
METHODS_UNIT = "repayment_methods"
UNITS = (*TEXTS, *YUAN, *MONTHS, *RATES, METHODS_UNIT, "rule")
"""What two product managers can each change without meeting, and what is compared between versions."""


def values_of(version: ProductVersionRead) -> dict[str, str]:
    """A version as its form has it."""
    values = {name: str(getattr(version, name) or "") for name in TEXTS}
    values |= {name: written(getattr(version, name)) for name in (*YUAN, *MONTHS, *RATES)}
    values |= {f"{METHOD}{method}": "1" for method in version.repayment_methods}
    return {**values, "rule": version.rule, "seen_sha256": version.content_sha256}


def written(number: Decimal | int) -> str:
    """A number as its field shows it: 3.25, not 3.2500."""
    return format(Decimal(number).normalize(), "f")


def methods_of(form: Mapping[str, str]) -> list[str]:
    """The repayment methods that are ticked, in the house's order."""
    return [method for method in METHODS if f"{METHOD}{method}" in form]


def units_of(form: Mapping[str, str]) -> dict[str, str]:
    """What a form says, unit by unit, each as one text."""
    found = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in UNITS}
    return {**found, METHODS_UNIT: "\n".join(methods_of(form))}


def fields_of(unit: str, text: str, form: Mapping[str, str]) -> dict[str, str]:
    """`form` with one unit as another's text has it."""
    if unit != METHODS_UNIT:
        return {**form, unit: text}
    kept = {name: value for name, value in form.items() if not name.startswith(METHOD)}
    return {**kept, **{f"{METHOD}{method}": "1" for method in text.split()}}


def unreadable(form: Mapping[str, str], lang: str) -> dict[str, str]:
    """The fields that should hold a number and hold none, with what to do."""
    return {name: translate(lang, "fact.error.number") for name in ENDINGS if _number(name, form) is None}


def _number(name: str, form: Mapping[str, str]) -> Decimal | None:
    try:
        return number_of(form.get(name, ""), ENDINGS[name])
    except ValueError:
        return None


def draft_of(form: Mapping[str, str], rule: str, before: Sequence[str]) -> ProductDraft:
    """What is typed as a draft; its numbers are known to be numbers. Raises InvalidInput.

    before: the methods of the version it began from, whose order is kept, because the first is the one that is quoted.
    """
    found: dict[str, object] = {name: form.get(name, "").strip() for name in TEXTS}
    for name in ENDINGS:
        number = _number(name, form)
        whole = name in MONTHS and number is not None and number == number.to_integral_value()
        found[name] = int(number) if whole and number is not None else number
    found["max_amount"] = found["max_amount"] or None
    ticked = methods_of(form)
    kept = [method for method in before if method in ticked]
    methods = [*kept, *(method for method in ticked if method not in kept)]
    return validated(ProductDraft, {**found, METHODS_UNIT: methods, "rule": rule.strip()})


def in_words(version: ProductVersionRead, lang: str) -> dict[str, str]:
    """A version unit by unit as people read it, for comparing two."""
    values = units_of(values_of(version))
    methods = (translate(lang, f"lending.method.{method}") for method in version.repayment_methods)
    return {
        **values,
        **{name: yuan(getattr(version, name), lang) for name in YUAN},
        **{name: translate(lang, "compare.months", n=getattr(version, name)) for name in MONTHS},
        **{name: f"{values[name]}%" for name in RATES},
        METHODS_UNIT: "\n".join(methods),
        "guarantee": guarantee_words(version.guarantee, lang),
    }


def guarantee_words(guarantee: str, lang: str) -> str:
    """A guarantee in words."""
    return translate(lang, f"loans.guarantee.{guarantee.replace(' ', '_')}")


def choices(lang: str) -> dict[str, list[tuple[str, str]]]:
    """What the form's choices offer."""
    return {
        "guarantees": [(one, guarantee_words(one, lang)) for one in GUARANTEES],
        "methods": [(f"{METHOD}{one}", translate(lang, f"lending.method.{one}")) for one in METHODS],
    }
