"""An enterprise's answers judged by the pack: which policies apply, which are open and for what, and what it is worth.

The index says which is which; only what is open is looked at closer, and reasons are worked out when somebody asks.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType

from eligibility import Facts, Status, Trace, Verdict, Vocabulary, evaluate, explain
from eligibility.advise import Candidate
from eligibility.advise_combine import available_units, combine, conflicts_of, counted
from eligibility.advise_questions import next_question
from eligibility.benefit import Amount, Benefit, compute
from eligibility.claims import Claim
from policies.pack import Day, Pack, PolicyRecord, PublishedText

log = logging.getLogger("policies")

# Which categories come first where amounts are equal.
CATEGORY_ORDER = ("tax_reduction", "fee_reduction", "resumption", "financial_support", "comprehensive")
Stated = Mapping[str, Facts]
"""What somebody stated of single policies' own figures, by policy id."""
NONE_STATED: Stated = MappingProxyType({})


@dataclass(frozen=True)
class Judged:
    """One policy and what it means for the enterprise at hand. `benefit`: with the figures that were stated."""

    policy: PolicyRecord
    verdict: Verdict
    amount: Amount | None
    facts: Facts = field(repr=False)
    benefit: Benefit = field(repr=False)

    @cached_property
    def trace(self) -> Trace:
        """Why, as a tree."""
        return explain(self.policy.rule, self.facts)

    @cached_property
    def candidate(self) -> Candidate:
        """The policy as advice sees it."""
        return candidate_of(self.policy, self.benefit)

    @property
    def yuan(self) -> Decimal | None:
        """The saving, where it is known."""
        return self.amount.exact if self.amount else None


@dataclass(frozen=True)
class MatchResult:
    """The three lists, each in the order to show it; `combined` is the set worth most together, `total` its worth.

    The total counts only amounts that are certain; amounts that are a ceiling are left out of it. `unavailable` are in
    force but could not be judged, by fault of ours. `facts`: what was judged, with the day and its parameters.
    """

    pack_version: str
    as_of: date
    eligible: tuple[Judged, ...]
    undetermined: tuple[Judged, ...]
    ineligible: tuple[Judged, ...]
    unavailable: tuple[PublishedText, ...]
    combined: frozenset[str]
    total: Decimal
    facts: Facts = field(repr=False)

    @cached_property
    def next_question(self) -> tuple[str, int] | None:
        """The question that settles most of what is open, and how many policies wait for it; costs milliseconds."""
        pairs = ((judged.candidate, judged.verdict) for judged in self.undetermined)
        asked = next_question(pairs, self.facts, Vocabulary.shipped())
        return None if asked is None else (asked.fact, asked.waiting)


def match(pack: Pack, facts: Facts, as_of: date, stated: Stated = NONE_STATED) -> MatchResult:
    """The verdict of every policy in force on `as_of`, and what those that apply come to."""
    known = facts.on(as_of, Vocabulary.shipped())
    day = pack.on(as_of)
    lists, failed = verdicts(day, known, stated)
    certain = [
        Claim(j.policy.id, j.yuan, counted(j.candidate, known))
        for j in lists[Status.ELIGIBLE]
        if j.yuan is not None and j.yuan > 0 and not j.benefit.at_most
    ]
    rivals = conflicts_of(j.candidate for j in lists[Status.ELIGIBLE])
    best = combine(certain, rivals, available_units(known))
    return MatchResult(
        pack_version=pack.version,
        as_of=as_of,
        eligible=tuple(sorted(lists[Status.ELIGIBLE], key=_by_worth)),
        undetermined=tuple(sorted(lists[Status.UNDETERMINED], key=_by_questions)),
        ineligible=tuple(lists[Status.INELIGIBLE]),
        unavailable=(*day.unreadable, *failed),
        combined=frozenset(best.chosen),
        total=best.yuan,
        facts=known,
    )


def candidate_of(policy: PolicyRecord, benefit: Benefit | None = None) -> Candidate:
    """The policy as advice sees it, perhaps with figures that were stated."""
    carries_out = policy.text["relations"].get("implements") or ()
    return Candidate.of(policy.id, policy.rule, benefit or policy.benefit, policy.exclusions, carries_out)


def verdicts(
    day: Day, known: Facts, stated: Stated = NONE_STATED
) -> tuple[dict[Status, list[Judged]], list[PolicyRecord]]:
    """Every policy in force, by verdict, and those whose judging failed; `known` already holds the day's parameters."""
    settled = indexed(day, known)
    lists: dict[Status, list[Judged]] = {status: [] for status in Status}
    failed: list[PolicyRecord] = []
    for name, policy in day.records.items():
        try:
            verdict = settled.get(name) or evaluate(policy.rule, known)
            lists[verdict.status].append(worth(policy, verdict, known, stated.get(name)))
        except Exception:
            log.exception("%s v%s is in force and cannot be judged", policy.id, policy.version)
            failed.append(policy)
    return lists, failed


def indexed(day: Day, known: Facts) -> dict[str, Verdict]:
    """The verdicts the index settles; the open ones are left to the reference, which says what they wait for.

    None at all for a small pack, and where some rule fails: each is then judged by itself, so that it fails alone.
    """
    if day.is_small:
        return {}
    try:
        found = day.match(known)
    except Exception:
        log.exception("the index cannot judge; every policy is judged by itself")
        return {}
    settled = dict.fromkeys(day.records, Verdict(Status.INELIGIBLE))
    settled.update(dict.fromkeys(found.eligible, Verdict(Status.ELIGIBLE)))
    for name in found.undetermined:
        del settled[name]
    return settled


def judge(policy: PolicyRecord, known: Facts, stated: Facts | None = None) -> Judged:
    """One policy by the reference; `known` already holds the day and its parameters."""
    return worth(policy, evaluate(policy.rule, known), known, stated)


def worth(policy: PolicyRecord, verdict: Verdict, known: Facts, stated: Facts | None = None) -> Judged:
    """A verdict with its amount."""
    amount, benefit = None, policy.benefit.given(stated or {})
    if benefit.amount is not None and verdict.status is not Status.INELIGIBLE:
        amount = compute(benefit.amount, known)
    return Judged(policy, verdict, amount, known, benefit)


def _by_worth(judged: Judged) -> tuple[Decimal, date, int]:
    ends: date = judged.policy.text["effective_to"] or date.max
    return -(judged.yuan or Decimal(0)), ends, CATEGORY_ORDER.index(judged.policy.text["category"])


def _by_questions(judged: Judged) -> tuple[int, int]:
    return len(judged.verdict.missing), CATEGORY_ORDER.index(judged.policy.text["category"])
