"""Cliffs: the next value of a number at which policies that apply today are lost, and what that costs.

"One more employee loses three policies worth 14,000 yuan." What is gained at the same step is told as well, and the
cost is that of the best compatible set before and after, so that nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from eligibility.advise import Candidate, worth
from eligibility.advise_changes import distance, numeric_cuts
from eligibility.advise_combine import total_worth
from eligibility.bands import as_number, as_value, split, whole
from eligibility.benefit_range import Range
from eligibility.evaluate import Status, evaluate
from eligibility.kleene import stated
from eligibility.vocabulary import Fact, Vocabulary

Judged = tuple[Candidate, Status]


@dataclass(frozen=True, slots=True)
class Loss:
    """A policy that applies today and would not after the step. `worth`: None where no text states an amount."""

    id: str
    clause: str | None
    worth: Range | None


@dataclass(frozen=True, slots=True)
class Cliff:
    """A step of one number, from `old` to `new`, the nearest value at which something is lost.

    `lost`: with what each is worth today; `yuan`: the amounts among these that are certain. `gained`: what would apply
    instead. `costs`: by how much the best compatible set is then worth less for certain; negative where more is gained.
    """

    fact: str
    old: object
    new: object
    lost: tuple[Loss, ...]
    yuan: Decimal
    gained: tuple[str, ...]
    costs: Decimal

    @property
    def is_up(self) -> bool:
        """Whether the number grows."""
        return as_number(self.new) > as_number(self.old)


def cliffs(
    judged: Iterable[Judged], facts: Mapping[str, object], vocabulary: Vocabulary
) -> tuple[Cliff, ...]:
    """The nearest cliff above and below today's value of each number an owner can change, nearest first.

    judged: every candidate with its status on `facts`.
    """
    every = list(judged)
    today = total_worth(every, facts).least
    found: list[Cliff] = []
    for name, fact in vocabulary.facts.items():
        if fact.changeable and fact.is_number and facts.get(name) is not None:
            concerned = [(c, status) for c, status in every if name in c.rule.stated_facts]
            for up in (True, False):
                at = edge(concerned, facts, fact, up=up)
                if at is not None:
                    found.append(cliff(every, concerned, facts, fact, as_value(fact, at), today))
    return tuple(sorted(found, key=lambda c: (distance(vocabulary.facts[c.fact], c.old, c.new), -c.costs)))


def edge(
    concerned: Sequence[Judged], facts: Mapping[str, object], fact: Fact, *, up: bool
) -> Fraction | None:
    """The nearest value above (or below) at which one of the policies that apply is lost."""
    steps = (
        lost_at(candidate, facts, fact, up=up) for candidate, status in concerned if status is Status.ELIGIBLE
    )
    return (min if up else max)((at for at in steps if at is not None), default=None)


def lost_at(candidate: Candidate, facts: Mapping[str, object], fact: Fact, *, up: bool) -> Fraction | None:
    """The nearest value above (or below) at which a policy that applies is lost; None where none is."""
    for at in values_from(candidate, facts, fact, up=up):
        after = {**facts, fact.name: as_value(fact, at)}
        if evaluate(candidate.rule, after).status is Status.INELIGIBLE:
            return at
    return None


def values_from(
    candidate: Candidate, facts: Mapping[str, object], fact: Fact, *, up: bool
) -> Iterator[Fraction]:
    """The value nearest to today's in each band above (or below), from near to far."""
    today = as_number(stated(facts[fact.name], fact.type))
    known = {name: value for name, value in facts.items() if name != fact.name}
    bands = split(fact, whole(fact), set(numeric_cuts(candidate.rule, known, fact, facts)))
    for band in bands if up else reversed(bands):
        near = band.low if up else band.high
        if near is not None and (near > today if up else near < today):
            yield near


def cliff(
    every: Sequence[Judged],
    concerned: Sequence[Judged],
    facts: Mapping[str, object],
    fact: Fact,
    new: object,
    today: Decimal,
) -> Cliff:
    """What a step changes."""
    after = {**facts, fact.name: new}
    now = {candidate.id: evaluate(candidate.rule, after).status for candidate, _ in concerned}
    lost = tuple(
        Loss(candidate.id, candidate.rule.clause, worth(candidate, facts, status))
        for candidate, status in concerned
        if status is Status.ELIGIBLE and now[candidate.id] is Status.INELIGIBLE
    )
    gained = (
        candidate.id
        for candidate, status in concerned
        if status is Status.INELIGIBLE and now[candidate.id] is Status.ELIGIBLE
    )
    then = total_worth([(candidate, now.get(candidate.id, status)) for candidate, status in every], after)
    sure = [loss.worth.least for loss in lost if loss.worth is not None and loss.worth.least is not None]
    return Cliff(
        fact.name, facts[fact.name], new, lost, sum(sure, Decimal(0)), tuple(gained), today - then.least
    )
