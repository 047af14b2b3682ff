"""The check as an interview: where answers leave every policy and product, and which page of questions comes next.

Each open rule has one vote, shared among the facts it still waits for; the page with most votes is asked. That
decides the pack in as few pages as looking ahead over every answer does, for a tenth of the time (docs/decisions/0013).
A fact is asked for once a round, so a round ends whatever is answered; verdicts come from the facts, never from their
order.
"""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from eligibility import Facts, Status, Verdict, Vocabulary, evaluate
from eligibility.advise import Candidate, worth
from eligibility.advise_combine import (
    available_units,
    combine,
    conflicts_of,
    counted,
    total_worth,
)
from eligibility.benefit import compute
from eligibility.benefit_range import Range
from eligibility.claims import Claim
from marketplace.portal.questions import Question, askable, page_of

log = logging.getLogger("marketplace")

PRODUCT_VOTE = 0.25
"""A bank product's vote beside a policy's: people come for the policies, and most products ask for the same."""
AMOUNT_VOTE = 0.5
"""The vote of a policy that applies while its amount still waits for facts."""
KEPT = 256
"""Standings a process remembers: the page after an answer asks for the one that chose it."""


@dataclass(frozen=True)
class Offer:
    """A policy or a product as the interview sees it: its name by language, where it is told about, its document."""

    candidate: Candidate
    is_policy: bool
    names: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    document: str = ""

    @property
    def id(self) -> str:
        """The policy's or the product's id."""
        return self.candidate.id


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Everything the questions are about on one day. Told apart by being another object, never by its contents."""

    offers: tuple[Offer, ...]
    as_of: date


@dataclass(frozen=True)
class Standing:
    """Where known facts leave every offer. `votes`: how much each unknown fact that may be asked is worth asking.

    certain: yuan of the best set of policies that apply and whose amount is known, as a match counts them.
    """

    catalogue: Catalogue
    known: Facts
    verdicts: Mapping[str, Verdict]
    votes: Mapping[str, float]
    certain: Decimal

    @cached_property
    def perhaps(self) -> Decimal | None:
        """The most yuan that can come of it once all is answered; None without end."""
        judged = [
            (offer.candidate, self.verdicts[offer.id].status)
            for offer in self.catalogue.offers
            if offer.is_policy and offer.id in self.verdicts
        ]
        return total_worth(judged, self.known).most

    def counted(self, status: Status, *, policies: bool = True) -> int:
        """How many policies (or products) have this verdict."""
        return sum(
            offer.is_policy is policies and self.verdicts[offer.id].status is status
            for offer in self.catalogue.offers
            if offer.id in self.verdicts
        )

    def next_page(self, asked: Sequence[str]) -> Question | None:
        """The page worth most that was not asked yet; None when nothing is left to ask."""
        left = {fact: vote for fact, vote in self.votes.items() if fact not in asked}
        worth_of: dict[str, float] = {}
        for fact, vote in left.items():
            name = page_of(fact).name
            worth_of[name] = worth_of.get(name, 0) + vote
        if not worth_of:
            return None
        best = max(worth_of, key=lambda name: worth_of[name])
        return next(page_of(fact) for fact in left if page_of(fact).name == best)

    def pages_left(self, asked: Sequence[str]) -> int:
        """How many pages can still come, at most."""
        return len({page_of(fact).name for fact in self.votes if fact not in asked})

    def waiting_for(self, facts: Sequence[str]) -> list[Offer]:
        """The offers that hang on these facts: undecided for want of one of them, or with an amount that is."""
        return [
            offer
            for offer in self.catalogue.offers
            if offer.id in self.verdicts
            and not missing_of(offer, self.verdicts[offer.id], self.known).isdisjoint(facts)
        ]

    def range_of(self, offer: Offer) -> Range | None:
        """The least and most an offer is worth; None where no text states an amount."""
        return worth(offer.candidate, self.known, self.verdicts[offer.id].status)


def missing_of(offer: Offer, verdict: Verdict, known: Facts) -> frozenset[str]:
    """The facts an offer waits for: those that can change its verdict or, once it applies, its amount."""
    if verdict.status is not Status.ELIGIBLE:
        return frozenset(verdict.missing)
    benefit = offer.candidate.benefit
    if benefit is None or benefit.amount is None:
        return frozenset()
    return frozenset(compute(benefit.amount, known).missing)


@functools.lru_cache(maxsize=KEPT)
def standing(catalogue: Catalogue, facts: Facts) -> Standing:
    """Judge everything on these facts. An offer that cannot be judged is left out, and a line in the log says so."""
    known = facts.on(catalogue.as_of, Vocabulary.shipped())
    verdicts: dict[str, Verdict] = {}
    votes = dict.fromkeys(askable(), 0.0)
    for offer in catalogue.offers:
        try:
            verdict = evaluate(offer.candidate.rule, known)
            missing = missing_of(offer, verdict, known)
            worth(offer.candidate, known, verdict.status)
        except Exception:
            log.exception("%s cannot be judged; the check asks nothing for it", offer.id)
            continue
        verdicts[offer.id] = verdict
        names = [name for name in missing if name in votes]
        for name in names:
            votes[name] += vote_of(offer, verdict) / math.sqrt(len(names))
    applying = [
        offer.candidate
        for offer in catalogue.offers
        if offer.is_policy and offer.id in verdicts and verdicts[offer.id].status is Status.ELIGIBLE
    ]
    return Standing(
        catalogue,
        known,
        verdicts,
        {name: vote for name, vote in votes.items() if vote},
        certain(applying, known),
    )


def certain(applying: Sequence[Candidate], known: Facts) -> Decimal:
    """What the policies that apply are certainly worth together; a ceiling is no certain amount."""
    claims = []
    for candidate in applying:
        benefit = candidate.benefit
        if benefit is not None and benefit.amount is not None and not benefit.at_most:
            yuan = compute(benefit.amount, known).exact
            if yuan is not None and yuan > 0:
                claims.append(Claim(candidate.id, yuan, counted(candidate, known)))
    return combine(claims, conflicts_of(applying), available_units(known)).yuan


def vote_of(offer: Offer, verdict: Verdict) -> float:
    """How much an offer's wish to know counts."""
    if not offer.is_policy:
        return PRODUCT_VOTE
    return AMOUNT_VOTE if verdict.status is Status.ELIGIBLE else 1.0
