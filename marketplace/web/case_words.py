"""Cases and specimens as an admin reads them: facts by their labels, conditions as words, and a name for each.

Shared by the card, the cases' page and the try page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from eligibility import RuleError, Status, Vocabulary, parse
from eligibility.derive import possible_sizes
from eligibility.edges import DAY
from eligibility.sentence import describe
from eligibility.specimens import Specimen
from eligibility.vocabulary import Fact
from marketplace.i18n import translate
from marketplace.portal.codes import namer
from marketplace.web import verdicts
from marketplace.web.verdicts import fact_words
from policies.cases import Outcome
from policies.trying import Trial


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One kept case with what the version says of it."""

    outcome: Outcome
    facts: Sequence[tuple[str, str]]
    tree: verdicts.Line | None
    who: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A case the engine proposes. `facts` as the form sends them back; `shown` the same in words."""

    name: str
    facts: str
    shown: Sequence[tuple[str, str]]
    day: date
    status: Status


@dataclass(frozen=True, slots=True)
class Proposed:
    """Proposals under one heading: the two sides of a threshold, say."""

    title: str
    proposals: Sequence[Proposal]


def facts_shown(
    facts: Mapping[str, Any], lang: str, own: Mapping[str, Fact] | None = None
) -> list[tuple[str, str]]:
    """Facts as (label, value) in words; `own`: figures of a policy's own."""
    known = {**Vocabulary.shipped().facts, **(own or {})}
    return [
        (known[name].label(lang), fact_words(known[name], value, lang))
        for name, value in facts.items()
        if name in known
    ]


def fact_label(name: str, lang: str) -> str:
    """What a fact is called."""
    return Vocabulary.shipped().facts[name].label(lang)


def condition_words(cel: str, lang: str) -> str:
    """A condition as words; its text where that alone cannot be read."""
    words = Vocabulary.shipped()
    try:
        return describe(parse(cel, words).root, words, lang, namer(lang))
    except RuleError:
        return cel


def value_shown(fact: str, specimen: Specimen, lang: str) -> str:
    """What stands in the one fact a specimen is about."""
    known = Vocabulary.shipped().facts[fact]
    if fact == DAY:
        return fact_words(known, specimen.day.isoformat(), lang)
    if fact in specimen.facts:
        return fact_words(known, specimen.facts.to_json()[fact], lang)
    sizes = sorted(possible_sizes(specimen.facts), key=known.allowed.index) if known.computed else []
    return translate(lang, "list.or").join(fact_words(known, size, lang) for size in sizes)


def tree_of(trial: Trial | None, lang: str) -> verdicts.Line | None:
    """Why, in words."""
    return None if trial is None else verdicts.tree(trial.trace, lang, desk=True)


def named(wanted: str, taken: set[str]) -> str:
    """A name no case of the policy has, and from now on taken."""
    found, number = wanted, 2
    while found in taken:
        found, number = f"{wanted} ({number})", number + 1
    taken.add(found)
    return found


def about(label: str, value: str, lang: str) -> str:
    """A name for a case about one value, not longer than a name may be."""
    return translate(lang, "cases.named", label=label, value=value)[:180]
