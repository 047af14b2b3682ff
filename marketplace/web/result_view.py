"""What the result page says about each policy: amount, deadline, what would settle it, why not, what it costs to grow.

Worked out as it is shown, from advice that is itself worked out when asked for; the PDF and the share say the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from eligibility import Fact, Vocabulary
from eligibility.advise_cliffs import Cliff
from eligibility.advise_combine import Combination
from eligibility.bands import as_number
from eligibility.claims import Conflict
from marketplace.portal import claiming
from marketplace.portal.claiming import Way
from marketplace.web import verdicts
from marketplace.web.policy_words import PolicyWords
from marketplace.web.result_filters import Filters
from marketplace.web.result_standing import Standing, standing
from marketplace.web.result_worth import ZERO, Worth, waits_for_figures, worth_of
from policies.advising import Advice
from policies.matching import CATEGORY_ORDER, Judged

URGENT = 30
"""Days before the last one from which it is marked."""
ASKED_FIRST = 5
Rank = tuple[int, Decimal, date, int]
GRID: Mapping[str, Fraction] = {"money": Fraction(1, 100), "decimal": Fraction(1, 1_000_000)}
"""The least step of a number: a cliff right behind a round number is told as going above or below that."""
TO_BE_DONE = ("application", "with_bank", "with_landlord")
DONE_FIRST = 3


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day, and how many days are left from the result's own day; negative: it is over."""

    day: date
    left: int

    @property
    def urgent(self) -> bool:
        """Whether it is close or over."""
        return self.left <= URGENT


@dataclass(frozen=True, slots=True)
class Changed:
    """One answer that would turn a no: its label, as it is and as it would have to be; what would then be asked.

    is_number: told as a number that moves, not as another choice.
    """

    label: str
    is_number: bool
    old: str
    new: str
    then: Sequence[str]


@dataclass(frozen=True, slots=True)
class Edge:
    """A cliff in words. key: above, below, up or down, as the catalogue tells it; `at` is the limit or the next value.

    lost: (name, worth); costs: what is then worth less for certain.
    """

    key: str
    label: str
    step: str
    old: str
    at: str
    lost: Sequence[tuple[str, Worth]]
    gained: Sequence[str]
    costs: Decimal


@dataclass(frozen=True, slots=True)
class Rivals:
    """A policy outside the best set: (name of the chosen one, per what they exclude each other), and what it costs."""

    name: str
    because: Sequence[tuple[str, str]]
    gives_up: Decimal


class ResultView:
    """One result for one reader. `questions`: where a fact is asked for; {fact} and {group} are filled in.

    kept: an enterprise's facts were judged, not what the reader has just answered.
    """

    def __init__(
        self, lang: str, advice: Advice, questions: str, filters: Filters, *, kept: bool = False
    ) -> None:
        self.lang, self.advice, self.result = lang, advice, advice.result
        self.questions, self.filters, self.kept = questions, filters, kept
        self.vocabulary = Vocabulary.shipped()
        self.area = PolicyWords(lang, self.result.as_of).area

    # the lists

    @cached_property
    def certain(self) -> list[Judged]:
        """What applies, dearest first, then by deadline."""
        return sorted(filter(self.shown, self.result.eligible), key=self.by_least)

    @cached_property
    def possible(self) -> list[Judged]:
        """What may apply, by what it may come to, then by deadline."""
        return sorted(filter(self.shown, self.result.undetermined), key=self.by_most)

    @cached_property
    def not_now(self) -> list[Judged]:
        """What does not apply: first what one change would turn."""
        return sorted(filter(self.shown, self.result.ineligible), key=self.by_change)

    @cached_property
    def one_step(self) -> int:
        """How many of all that does not apply one change would turn."""
        return len(self.advice.changes)

    def shown(self, judged: Judged) -> bool:
        """Whether the filters let it through."""
        until = self.last_day(judged)
        has_amount = self.worth(judged).kind != "none"
        return self.filters.admits(
            judged.policy.text, has_amount=has_amount, ends=until, today=self.result.as_of
        )

    def by_least(self, judged: Judged) -> Rank:
        """Certain amounts, then ceilings, then amounts that are open, then none."""
        worth = self.worth(judged)
        kinds = {"exact": 0, "range": 0, "at_least": 0, "at_most": 1, "open": 2, "none": 4}
        amount = (worth.most if worth.kind == "at_most" else worth.least) or ZERO
        kind = 3 if worth.kind == "exact" and amount <= 0 else kinds[worth.kind]
        return kind, -amount, *self._later(judged)

    def by_most(self, judged: Judged) -> Rank:
        """Amounts with an end, then open ones, then none."""
        worth = self.worth(judged)
        kind = {"none": 2, "open": 1}.get(worth.kind, 0)
        return kind, -(worth.most or worth.least or ZERO), *self._later(judged)

    def by_change(self, judged: Judged) -> Rank:
        """What one change would turn, by what it would then come to; then the rest."""
        if judged.policy.id not in self.advice.changes:
            return 2, ZERO, *self._later(judged)
        then = self.then(judged)
        return int(then.kind in ("none", "open")), -(then.most or ZERO), *self._later(judged)

    def _later(self, judged: Judged) -> tuple[date, int]:
        return self.last_day(judged) or date.max, CATEGORY_ORDER.index(judged.policy.text["category"])

    # one policy

    def worth(self, judged: Judged) -> Worth:
        """What it comes to if it applies; for one that does not, whether its text states an amount at all."""
        found = self.advice.amounts.get(judged.policy.id)
        if found is None and judged.benefit.amount is not None:
            return Worth("open")
        return worth_of(found, judged.benefit, self.lang)

    def then(self, judged: Judged) -> Worth:
        """What it would come to after its change."""
        return worth_of(self.advice.after(judged), judged.benefit, self.lang)

    def way(self, judged: Judged) -> Way | None:
        """How it is had; None for a policy whose way nobody has written down."""
        return claiming.ways().get(judged.policy.id)

    def last_day(self, judged: Judged) -> date | None:
        """The last day to have it: the one its way names, else the last one it holds."""
        way = self.way(judged)
        ends: date | None = judged.policy.text["effective_to"]
        return way.until if way is not None and way.until is not None else ends

    def standing(self, judged: Judged) -> Standing:
        """What is told of it to everybody alike."""
        return standing(judged.policy, self.lang)

    def deadline(self, judged: Judged) -> Deadline | None:
        """The last day with what is left of it."""
        until = self.last_day(judged)
        return None if until is None else Deadline(until, (until - self.result.as_of).days)

    def tree(self, judged: Judged) -> verdicts.Line:
        """Why, as lines."""
        clause, cited = judged.policy.words("clause", self.lang), judged.policy.cited(self.lang)
        return verdicts.tree(judged.trace, self.lang, clause, cited=cited, kept=self.kept)

    def reasons(self, judged: Judged) -> list[verdicts.Reason]:
        """Which conditions fail."""
        return verdicts.reasons(judged, self.lang, kept=self.kept)

    def settling(self, judged: Judged) -> list[tuple[str, str]]:
        """The fewest questions whose answers may settle it: (address, label)."""
        return self.asked(self.advice.settled_by[judged.policy.id])

    def asked(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """Facts as links to their questions."""
        facts = [self.vocabulary.facts[name] for name in names]
        return [
            (self.questions.format(fact=fact.name, group=fact.group), fact.label(self.lang)) for fact in facts
        ]

    def change(self, judged: Judged) -> Changed | None:
        """The one answer that would turn a no; None where none would, or an owner can do nothing about it."""
        change = self.advice.changes.get(judged.policy.id)
        if change is None:
            return None
        (step,) = change.steps
        fact = self.vocabulary.facts[step.fact]
        then = [self.vocabulary.facts[name].label(self.lang) for name in change.missing]
        old, new = self.said(fact, step.old), self.said(fact, step.new)
        return Changed(fact.label(self.lang), fact.is_number and step.old is not None, old, new, then)

    def excluded(self, judged: Judged) -> list[str]:
        """Names of other policies that apply too but cannot be combined with this one."""
        others = {one.policy.id: one.policy for one in self.result.eligible}
        named = set(judged.policy.exclusions) | {
            one.id for one in others.values() if judged.policy.id in one.exclusions
        }
        return [self.name(policy_id) for policy_id in sorted(named & others.keys())]

    def said(self, fact: Fact, value: Any) -> str:
        """A value in words."""
        return verdicts.fact_words(fact, value, self.lang)

    # everything together

    @cached_property
    def most(self) -> Decimal | None:
        """What everything may come to; None while amounts wait for figures, whose ceiling would promise too much."""
        total = self.advice.total
        waiting = any(
            waits_for_figures(self.advice.ranges[one.policy.id], one.benefit)
            for one in self.advice.judged
            if one.policy.id in self.advice.ranges
        )
        return None if waiting or total.most is None or total.most <= total.least else total.most

    @cached_property
    def waiting(self) -> list[Judged]:
        """What applies for certain and whose amount waits for a figure."""
        return [one for one in self.result.eligible if self.worth(one).kind == "open"]

    @cached_property
    def first(self) -> list[tuple[Judged, Deadline]]:
        """What applies and has to be asked for, the nearest deadline first."""
        found = [
            (one, until)
            for one in self.result.eligible
            if (way := self.way(one)) is not None and way.how in TO_BE_DONE
            if (until := self.deadline(one)) is not None and until.left >= 0
        ]
        return sorted(found, key=lambda pair: pair[1].day)[:DONE_FIRST]

    @cached_property
    def open_facts(self) -> list[tuple[str, str, int]]:
        """Open questions by how many verdicts wait for them: (address, label, verdicts)."""
        waiting: dict[str, int] = {}
        for judged in self.result.undetermined:
            for name in judged.verdict.missing:
                waiting[name] = waiting.get(name, 0) + 1
        ordered = sorted(waiting, key=lambda name: -waiting[name])[:ASKED_FIRST]
        return [(*link, waiting[name]) for name, link in zip(ordered, self.asked(ordered), strict=True)]

    @cached_property
    def unanswered(self) -> int:
        """How many facts open policies wait for."""
        return len({name for one in self.result.undetermined for name in one.verdict.missing})

    @property
    def best(self) -> Combination:
        """The set worth most together, of amounts that are certain."""
        return self.advice.total.surely

    @cached_property
    def chosen(self) -> list[tuple[str, Decimal, int | None]]:
        """The best set, dearest first: name, certain amount, for how many hires it counts where fewer than its own."""
        found = [
            (
                self.name(policy_id),
                self.advice.ranges[policy_id].least or ZERO,
                self.best.counted.get(policy_id),
            )
            for policy_id in self.best.chosen
        ]
        return sorted(found, key=lambda row: -row[1])

    @cached_property
    def left_out(self) -> list[Rivals]:
        """What excludes it, and what choosing it instead would cost."""
        chosen = set(self.best.chosen)
        return [
            Rivals(
                self.name(one.id),
                [(self.name(_other(c, one.id)), c.per) for c in one.because if _other(c, one.id) in chosen],
                one.gives_up,
            )
            for one in self.best.left_out
        ]

    @cached_property
    def runner_up(self) -> tuple[list[str], list[str]] | None:
        """The next best set by how it differs: what it has instead, and what it goes without."""
        if self.best.runner_up is None:
            return None
        chosen, other = self.best.chosen, self.best.runner_up
        return (
            [self.name(policy_id) for policy_id in other if policy_id not in chosen],
            [self.name(policy_id) for policy_id in chosen if policy_id not in other],
        )

    @cached_property
    def cautions(self) -> list[tuple[str, str, str]]:
        """Chosen pairs that must not be had for the same hire or asset: name, name, per."""
        return [(self.name(c.one), self.name(c.other), c.per) for c in self.best.cautions]

    @cached_property
    def edges(self) -> list[Edge]:
        """Cliffs near by."""
        return [self.edge(cliff) for cliff in self.advice.cliffs]

    def edge(self, cliff: Cliff) -> Edge:
        """A cliff in words."""
        fact = self.vocabulary.facts[cliff.fact]
        old, at = as_number(cliff.old), as_number(cliff.new)
        key = "up" if cliff.is_up else "down"
        if fact.type in GRID:
            limit = at - GRID[fact.type] if cliff.is_up else at + GRID[fact.type]
            if (limit * 100).denominator == 1 and (at * 100 % 100 or fact.type == "decimal"):
                key, at = "above" if cliff.is_up else "below", limit
        benefits = {one.policy.id: one.benefit for one in self.result.eligible}
        return Edge(
            key,
            fact.label(self.lang),
            self.said(fact, _decimal(abs(at - old))),
            self.said(fact, cliff.old),
            self.said(fact, _decimal(at)),
            [(self.name(one.id), worth_of(one.worth, benefits[one.id], self.lang)) for one in cliff.lost],
            [self.name(policy_id) for policy_id in cliff.gained],
            cliff.costs,
        )

    def name(self, policy_id: str) -> str:
        """The name of a policy that was judged."""
        return self.names[policy_id]

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Every policy judged, by id."""
        return {one.policy.id: one.policy.name(self.lang) for one in self.advice.judged}


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _other(conflict: Conflict, policy_id: str) -> str:
    return conflict.other if conflict.one == policy_id else conflict.one
