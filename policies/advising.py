"""What a result says beyond verdicts: ranges, what goes together, what would change a no, cliffs near by.

Each part is worked out when somebody asks for it, and kept with the pack for the next page on the same answers. Advice
on one policy that cannot be given is left out and logged, as a verdict would be (docs/decisions/0007).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache, partial
from typing import TypeVar

from eligibility import Facts, Rule, Vocabulary
from eligibility.advise import if_it_applies, worth
from eligibility.advise_changes import Change, distance, smallest_change
from eligibility.advise_cliffs import Cliff, cliffs
from eligibility.advise_combine import WIDEST, Total, conflicts_of, total_worth
from eligibility.advise_missing import deciding_sets
from eligibility.bands import as_number
from eligibility.benefit_range import Range
from policies.matching import NONE_STATED, Judged, MatchResult, Stated, match
from policies.pack import Pack

log = logging.getLogger("policies")
T = TypeVar("T")
Known = tuple[tuple[str, object], ...]

CHANGED_AT_ONCE = 1
"""Facts a change may touch: two cost five times as much and were found once in 2,765 refusals (decision 14)."""
LOOKED_INTO = 4
"""Unknown facts of a rule up to which the smallest set that would be enough is looked for."""
NEAR_SHARE, NEAR_UNITS = 0.1, 3
"""How far off a cliff is worth a warning: a tenth of the number, or of people and months three."""
KEPT = 256
"""Results a pack remembers: a page with its filters, its PDF and its share ask for the same one."""


@dataclass(frozen=True)
class Advice:
    """One match with all that can be said about it."""

    result: MatchResult

    @cached_property
    def judged(self) -> tuple[Judged, ...]:
        """Every policy judged."""
        return (*self.result.eligible, *self.result.undetermined, *self.result.ineligible)

    @cached_property
    def ranges(self) -> Mapping[str, Range]:
        """What each policy that applies or may apply is worth, least and most; those with no stated amount left out."""
        found = {}
        for one in (*self.result.eligible, *self.result.undetermined):
            range_ = alone(one, partial(worth, one.candidate, self.result.facts, one.verdict.status))
            if range_ is not None:
                found[one.policy.id] = range_
        return found

    @cached_property
    def amounts(self) -> Mapping[str, Range]:
        """What each of them comes to if it applies."""
        known = self.result.facts
        found = {
            one.policy.id: alone(one, partial(if_it_applies, one.candidate, known))
            for one in self.judged
            if one.policy.id in self.ranges
        }
        return {policy_id: range_ for policy_id, range_ in found.items() if range_ is not None}

    @cached_property
    def total(self) -> Total:
        """The best compatible set, for certain and at most."""
        counted = (one for one in self.judged if one.policy.id in self.ranges)
        return total_worth([(one.candidate, one.verdict.status) for one in counted], self.result.facts)

    @cached_property
    def changes(self) -> Mapping[str, Change]:
        """The one fact an owner could change so that a policy would apply, by policy.

        None for what he could not have beside what he has: 31 staff, to pay a levy that 30 are spared.
        """
        rivals = self.rivals
        found = {
            one.policy.id: alone(one, partial(least_change, one.policy.rule, stated_of(one)))
            for one in self.result.ineligible
            if one.policy.id not in rivals
        }
        return {policy_id: change for policy_id, change in found.items() if change is not None}

    @cached_property
    def rivals(self) -> frozenset[str]:
        """What does not apply, and could not be had together with something that does."""
        mine = {one.policy.id for one in self.result.eligible}
        pairs = (
            (c.one, c.other) for c in conflicts_of(one.candidate for one in self.judged) if c.per in WIDEST
        )
        return frozenset(b for pair in pairs for a, b in (pair, pair[::-1]) if a in mine and b not in mine)

    def after(self, judged: Judged) -> Range | None:
        """What a policy that does not apply would come to after its change."""
        change = self.changes[judged.policy.id]
        then = {**self.result.facts, **{step.fact: step.new for step in change.steps}}
        return alone(judged, partial(if_it_applies, judged.candidate, then))

    @cached_property
    def cliffs(self) -> tuple[Cliff, ...]:
        """Cliffs near by, nearest first."""
        every = [(one.candidate, one.verdict.status) for one in self.judged]
        try:
            found = cliffs(every, self.result.facts, Vocabulary.shipped())
        except Exception:
            log.exception("cliffs cannot be told")
            return ()
        return tuple(cliff for cliff in found if is_near(cliff))

    @cached_property
    def settled_by(self) -> Mapping[str, tuple[str, ...]]:
        """For each open policy the fewest facts whose answers may make it apply; where nobody knows, all of them."""
        return {one.policy.id: settling(one) for one in self.result.undetermined}


def settling(judged: Judged) -> tuple[str, ...]:
    """The fewest open facts whose answers may make a policy apply."""
    missing, rule = judged.verdict.missing, judged.policy.rule
    if not 1 < len(missing) <= LOOKED_INTO:
        return missing
    found = alone(judged, partial(fewest, rule, stated_of(judged)))
    return found or missing


def stated_of(judged: Judged) -> Known:
    """What is known of all a policy's rule depends on. Many enterprises are alike in those few facts."""
    return tuple(
        (name, judged.facts[name]) for name in judged.policy.rule.stated_facts if name in judged.facts
    )


@lru_cache(maxsize=8192)
def fewest(rule: Rule, known: Known) -> tuple[str, ...]:
    """The first least set that can make a rule hold, remembered."""
    sets = deciding_sets(rule, dict(known)).eligible
    return sets[0] if sets else ()


@lru_cache(maxsize=8192)
def least_change(rule: Rule, known: Known) -> Change | None:
    """The smallest change that makes a rule hold, remembered."""
    return smallest_change(rule, dict(known), CHANGED_AT_ONCE)


def is_near(cliff: Cliff) -> bool:
    """Whether a cliff is so close that one may walk over it unawares."""
    fact = Vocabulary.shipped().facts[cliff.fact]
    step = abs(as_number(cliff.new) - as_number(cliff.old))
    few = fact.type == "int" and step <= NEAR_UNITS
    return few or distance(fact, cliff.old, cliff.new) <= NEAR_SHARE


def alone(judged: Judged, work: Callable[[], T]) -> T | None:
    """What `work` gives for one policy; None, logged, where it fails."""
    try:
        return work()
    except Exception:
        log.exception("%s v%s: no advice can be given", judged.policy.id, judged.policy.version)
        return None


def advise(pack: Pack, facts: Facts, as_of: date, stated: Stated = NONE_STATED) -> Advice:
    """The advice on these answers, remembered with the pack: the next publication forgets it."""
    kept = pack.on(as_of).remembered
    key = (facts, frozenset(stated.items()))
    found = kept.get(key)
    if not isinstance(found, Advice):
        found = Advice(match(pack, facts, as_of, stated))
        kept[key] = found
        while len(kept) > KEPT:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return found
