"""The figures of a policy's own as a small form inside its details, and what it sends back.

The same controls and the same reading of numbers as every other question; names carry the policy's id, because several
policies ask for a `due_yuan` of theirs on one page.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import InvalidOperation
from typing import Any

from eligibility import Facts, FactsError
from eligibility.benefit import Benefit
from eligibility.facts import plain
from marketplace.i18n import translate
from marketplace.web import facts_form
from marketplace.web.facts_form import FactField
from policies.stating import words_of


@dataclass(frozen=True, slots=True)
class Typed:
    """What was sent for one policy: the figures that are right, errors by field, and the texts as typed."""

    policy_id: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def fields_of(
    policy_id: str, benefit: Benefit, figures: Facts | None, lang: str, typed: Typed | None = None
) -> list[FactField]:
    """The fields of a policy's figures, with what is stated, or with what was just typed and refused."""
    known = figures.to_json() if figures else {}
    mine = typed if typed is not None and typed.policy_id == policy_id else None
    found = []
    for fact in benefit.inputs:
        name = f"{policy_id}.{fact.name}"
        value = mine.texts.get(name, "") if mine else facts_form.written(fact, known.get(fact.name))
        found.append(
            FactField(
                name=name,
                kind=facts_form.kind_of(fact),
                label=fact.label(lang),
                value=value,
                suffix=facts_form.suffix_of(fact, lang),
                hint=facts_form.hint_of(fact, lang),
                error=mine.errors.get(name) if mine else None,
            )
        )
    return found


def read(form: Mapping[str, str], policy_id: str, benefit: Benefit, lang: str) -> Typed:
    """What a form says about a policy's figures; an empty field is not stated."""
    figures: dict[str, Any] = {}
    errors: dict[str, str] = {}
    texts: dict[str, str] = {}
    for fact in benefit.inputs:
        name = f"{policy_id}.{fact.name}"
        texts[name] = form.get(name, "")
        text = unicodedata.normalize("NFKC", texts[name]).strip()
        if not text:
            continue
        try:
            value = facts_form.value_of(fact, text)
            checked = Facts.from_json({fact.name: value}, words_of(benefit))
        except (InvalidOperation, ValueError):
            errors[name] = translate(lang, f"fact.error.{'date' if fact.type == 'date' else 'number'}")
        except FactsError as refused:
            problem = refused.problems[0]
            errors[name] = facts_form.error_words(fact, problem.code, problem.params, lang)
        else:
            figures[fact.name] = plain(checked[fact.name])
    return Typed(policy_id, figures, errors, texts)
