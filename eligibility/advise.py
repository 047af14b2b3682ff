"""What advice is about: policies and products alike, as things with a rule, perhaps a benefit, and exclusions.

Each kind of advice has a file of its own: advise_missing (which facts would decide), advise_questions (what to ask
next), advise_changes (what would have to be otherwise), advise_cliffs (what growing costs), advise_combine (what goes
together).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from eligibility.benefit import Benefit, scope_of
from eligibility.benefit_range import NOTHING, Range, amount_range
from eligibility.evaluate import Status
from eligibility.rule import Rule
from eligibility.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Another policy that cannot be had as well: not at all, or not for the same hire or asset, or in the same year."""

    other: str
    per: str = "enterprise"

    @classmethod
    def read(cls, entry: str | Mapping[str, Any]) -> Exclusion:
        """From a pack: an id, or `{policy: id, per: hire}`. Raises ValueError on a scope nobody knows."""
        if isinstance(entry, str):
            return cls(entry)
        return cls(str(entry["policy"]), scope_of(entry.get("per", "enterprise")))


@dataclass(frozen=True)
class Candidate:
    """A policy or a product an enterprise may turn out to be eligible for.

    `carries_out`: the texts this one puts into effect (a provincial notice, the national one): what they give is one.
    """

    id: str
    rule: Rule
    benefit: Benefit | None = None
    exclusions: tuple[Exclusion, ...] = ()
    carries_out: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        id: str,
        rule: Rule,
        benefit: Benefit | None,
        exclusions: Iterable[str | Mapping[str, Any]],
        carries_out: Iterable[str] = (),
    ) -> Candidate:
        """A policy of a pack; the scope of an exclusion stands beside it or in the benefit's `exclusive_per`."""
        scopes = benefit.exclusive_per if benefit else {}
        read = (Exclusion.read(entry) for entry in exclusions)
        apart = tuple(Exclusion(e.other, scopes.get(e.other, e.per)) for e in read)
        return cls(id, rule, benefit, apart, tuple(carries_out))


def if_it_applies(candidate: Candidate, facts: Mapping[str, object]) -> Range | None:
    """What a candidate that is not refused is worth to those it applies to; None where no text states an amount."""
    benefit = candidate.benefit
    if benefit is None or benefit.amount is None:
        return None
    # a rule that shares no unknown fact with the amount leaves its ends where they are, and is dear to explore
    shared = candidate.rule.stated_facts & benefit.amount.stated_facts - facts.keys()
    return amount_range(benefit.amount.unlimited, facts, candidate.rule if shared else None)


def worth(candidate: Candidate, facts: Mapping[str, object], status: Status) -> Range | None:
    """What a candidate is worth to an enterprise with this verdict; None where no text states an amount.

    What is open or only promised "at most" is worth 0 at least.
    """
    if status is Status.INELIGIBLE:
        return NOTHING
    benefit, found = candidate.benefit, if_it_applies(candidate, facts)
    if benefit is None or found is None:
        return None
    if status is Status.ELIGIBLE and not benefit.at_most:
        return found
    least = None if found.least is None else min(found.least, Decimal(0))
    return replace(found, least=least, exact=found.exact and not benefit.at_most)


@functools.cache
def advice_data() -> Mapping[str, Any]:
    """vocabulary/advice.yaml: how easy facts are to know, and what nobody is advised to do."""
    text = (Path(__file__).with_name("vocabulary") / "advice.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found


@functools.lru_cache(maxsize=8)
def ease(vocabulary: Vocabulary) -> Mapping[str, tuple[int, int, int]]:
    """Each fact's place among all by how easy it is to know: points, group, order in the file; the least is easiest."""
    points = advice_data()["ease"]
    groups = {group.name: at for at, group in enumerate(vocabulary.groups)}
    return {
        name: (
            points["kinds"][fact.type] + points["attested_by"].get(fact.attested_by, points["nobody"]),
            groups.get(fact.group, len(groups)),
            at,
        )
        for at, (name, fact) in enumerate(vocabulary.facts.items())
    }
