"""What facts from elsewhere (a check's answers, a spreadsheet) would change at an enterprise, and what stands.

What an agency attested is not replaced by what somebody merely fills in; it is told beside it, and the rest is kept.
What was shown is what is kept: the mark names both sides of the comparison.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eligibility import Facts, Vocabulary, nesting
from marketplace.i18n import translate
from marketplace.profiles import service as profiles
from marketplace.profiles.service import Profile
from marketplace.web.verdicts import fact_words


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact that would change. before: None where nothing is known yet; source: where that is known from."""

    name: str
    label: str
    before: str | None
    source: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """changes: what would change; stands: what is given otherwise and stays; values: what is to be kept of the given.

    same: how many of the given facts are known already.
    """

    changes: Sequence[Difference]
    stands: Sequence[Difference]
    values: Mapping[str, Any]
    same: int


def compare(given: Facts, profile: Profile, lang: str) -> Comparison:
    """The given facts beside what is stored, in the order of the questions."""
    different = {name for name, value in given.items() if not _is(profile.facts, name, value)}
    offered = {name: value for name, value in given.to_json().items() if name in different}
    apart = profiles.attested_otherwise(profile, offered)
    values = {name: value for name, value in offered.items() if name not in apart}
    after, forgotten = nesting.settled(values, profile.facts.to_json())
    return Comparison(
        changes=_told({**Facts.from_json(after), **dict.fromkeys(forgotten)}, forgotten, profile, lang),
        stands=_told({name: given[name] for name in apart}, (), profile, lang),
        values=values,
        same=len(given) - len(offered),
    )


def _is(facts: Facts, name: str, value: object) -> bool:
    return name in facts and facts[name] == value


def _told(
    values: Mapping[str, Any], forgotten: Sequence[str], profile: Profile, lang: str
) -> list[Difference]:
    rows = {row.name: row for row in profile.rows}
    found = []
    for fact in Vocabulary.shipped().given:
        if fact.name not in values:
            continue
        known = fact.name in profile.facts
        gone = fact.name in forgotten
        found.append(
            Difference(
                fact.name,
                fact.label(lang),
                fact_words(fact, profile.facts[fact.name], lang) if known else None,
                rows[fact.name].source if known else None,
                translate(lang, "compare.forgotten") if gone else fact_words(fact, values[fact.name], lang),
            )
        )
    return found


def mark(given: Facts, profile: Profile) -> str:
    """Names what a page compared: another answer, another stored fact or another source gives another mark."""
    sources = sorted((row.name, row.source) for row in profile.rows)
    compared = json.dumps([given.to_json(), profile.facts.to_json(), sources], sort_keys=True, default=str)
    return hashlib.sha256(compared.encode()).hexdigest()
