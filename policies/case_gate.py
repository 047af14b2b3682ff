"""Which cases a version still lacks, proposed by the engine, and the gate that asks for them before it goes on.

At least one case of each verdict the rule can come to, one on each side of each edge, and all of them hold. A proposal
is only facts: what the text says of them, an admin has to say.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncSession

from eligibility import Facts, Rule, Status, Vocabulary, parse
from eligibility.edges import HIGH, LOW, Edge, sides
from eligibility.specimens import Pair, Specimen, Specimens, specimens
from policies import cases
from policies.cases import Outcome
from policies.errors import CaseKindsMissing, CasesFail, EdgesUncovered, PoliciesError
from policies.findings import ONE_AT_A_TIME
from policies.lifecycle import Action
from policies.tables import PolicyVersion

SECONDS = 10.0
"""No question about a rule is begun later than this after the first; rules of the pack take a fifth of a second."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """One side of an edge that no case stands at, with an enterprise that does."""

    edge: Edge
    side: str
    specimen: Specimen


@dataclass(frozen=True)
class Coverage:
    """The cases of a policy against one version, and what is proposed beyond them."""

    outcomes: Sequence[Outcome]
    kinds: Sequence[Status]
    """The verdicts no case stands for."""
    lacking: Sequence[Lacking]
    specimens: Specimens

    @property
    def failing(self) -> int:
        """How many cases the version does not meet."""
        return sum(not one.holds for one in self.outcomes)

    @property
    def choices(self) -> Sequence[Pair]:
        """Further pairs worth a look: inside and outside of each list of words or places, where no case has them."""
        kept = [(outcome.case.facts, outcome.case.day) for outcome in self.outcomes]
        return [
            pair
            for pair in self.specimens.choices
            if any((one.facts.to_json(), one.day) not in kept for one in (pair.one, pair.other))
        ]


async def coverage(session: AsyncSession, row: PolicyVersion) -> Coverage:
    """What a version's policy has in cases, and what it lacks. Raises RuleError."""
    outcomes = cases.outcomes(row, await cases.of(session, row.policy_id))
    found = await asyncio.to_thread(proposed, row.rule, row.effective_from, row.effective_to)
    rule = parse(row.rule, Vocabulary.shipped())
    shown = {Status(one.case.expected) for one in outcomes}
    kinds = [status for status in Status if status in found.possible and status not in shown]
    return Coverage(outcomes, kinds, _lacking(rule, outcomes, found), found)


@lru_cache(maxsize=256)
def proposed(text: str, starts: date, ends: date | None) -> Specimens:
    """Specimens of a rule's text; remembered, since a page asks as often as it is looked at."""
    with ONE_AT_A_TIME:
        return specimens(parse(text, Vocabulary.shipped()), starts, ends, SECONDS)


def _lacking(rule: Rule, outcomes: Sequence[Outcome], found: Specimens) -> list[Lacking]:
    tried = [
        (Facts.from_json(one.case.facts, rule.vocabulary), one.case.day)
        for one in outcomes
        if one.trial is not None
    ]
    lacking = []
    for edge, pair in found.edges.items():
        covered = {side for facts, day in tried for side in sides(edge, rule, facts, day)}
        for side, specimen in ((LOW, pair.one), (HIGH, pair.other)):
            if side not in covered:
                lacking.append(Lacking(edge, side, specimen))
    return lacking


async def gate(session: AsyncSession, row: PolicyVersion, action: Action) -> Sequence[PoliciesError]:
    """What the cases have against a version."""
    found = await coverage(session, row)
    refusals: list[PoliciesError] = []
    if found.failing:
        refusals.append(CasesFail(field="cases", count=found.failing))
    if found.kinds:
        refusals.append(CaseKindsMissing(field="cases", kinds=[kind.value for kind in found.kinds]))
    if found.lacking:
        refusals.append(EdgesUncovered(field="cases", count=len(found.lacking)))
    return refusals
