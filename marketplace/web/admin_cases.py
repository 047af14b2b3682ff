"""The card of a version's cases: what each says and the version answers, and which ones are still missing.

What is proposed is facts and the engine's answer; what the text says of them is left for a person to choose.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from auth import queries as people
from auth.actor import Actor
from auth.roles import Role
from eligibility import Status
from eligibility.specimens import Pair, Specimen
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.web import case_words
from marketplace.web.case_words import CaseLine, Proposal, Proposed
from marketplace.web.version_parts import Part
from policies import case_gate, cases
from policies.case_gate import Coverage
from policies.findings import ANSWERABLE
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Told:
    """Cases and proposals in one language."""

    lang: str
    found: Coverage
    names: Mapping[UUID, str]

    def lines(self) -> list[CaseLine]:
        """The kept cases, those that do not hold first."""
        told = [self._line(outcome) for outcome in self.found.outcomes]
        return sorted(told, key=lambda line: line.outcome.holds)

    def _line(self, outcome: cases.Outcome) -> CaseLine:
        case, trial = outcome.case, outcome.trial
        own = {} if trial is None else {fact.name: fact for fact in trial.benefit.inputs}
        facts = case_words.facts_shown({**case.facts, **case.figures}, self.lang, own)
        who = None if case.kept_by is None else self.names.get(case.kept_by)
        return CaseLine(outcome, facts, case_words.tree_of(trial, self.lang), who)

    def missing(self) -> list[Proposed]:
        """What the gate still asks for."""
        taken = self._taken()
        groups = []
        for status in self.found.kinds:
            title = translate(self.lang, f"cases.kind.{status.value}")
            specimen = self.found.specimens.kinds.get(status)
            if specimen is not None:
                groups.append(Proposed(title, [self._proposal(title, specimen, taken)]))
        sides: dict[str, list[Proposal]] = {}
        for one in self.found.lacking:
            condition = case_words.condition_words(one.edge.condition, self.lang)
            title = translate(self.lang, "cases.edge", condition=condition)
            sides.setdefault(title, []).append(self._about(one.edge.fact, one.specimen, taken))
        return [*groups, *(Proposed(title, rows) for title, rows in sides.items())]

    def choices(self) -> list[Proposed]:
        """What else is worth a look."""
        taken = self._taken()
        return [
            Proposed(
                case_words.condition_words(pair.condition, self.lang),
                [self._about(pair.fact, one, taken) for one in self._unkept(pair)],
            )
            for pair in self.found.choices
        ]

    def _unkept(self, pair: Pair) -> list[Specimen]:
        kept = [(outcome.case.facts, outcome.case.day) for outcome in self.found.outcomes]
        return [one for one in (pair.one, pair.other) if (one.facts.to_json(), one.day) not in kept]

    def _taken(self) -> set[str]:
        return {outcome.case.name for outcome in self.found.outcomes}

    def _about(self, fact: str, specimen: Specimen, taken: set[str]) -> Proposal:
        label = case_words.fact_label(fact, self.lang)
        value = case_words.value_shown(fact, specimen, self.lang)
        return self._proposal(case_words.about(label, value, self.lang), specimen, taken)

    def _proposal(self, name: str, specimen: Specimen, taken: set[str]) -> Proposal:
        facts = specimen.facts.to_json()
        return Proposal(
            case_words.named(name, taken),
            json.dumps(facts, ensure_ascii=False),
            case_words.facts_shown(facts, self.lang),
            specimen.day,
            specimen.status,
        )


async def about_cases(
    request: AnyRequest, session: AsyncSession, actor: Actor, row: PolicyVersion
) -> Part | None:
    """The card under a version."""
    return Part("admin/cases.html", await shown(request, session, actor, row))


async def shown(
    request: AnyRequest, session: AsyncSession, actor: Actor, row: PolicyVersion
) -> dict[str, Any]:
    """What the card and the page both tell."""
    lang = language_of(request)
    found = await case_gate.coverage(session, row)
    kept_by = [outcome.case.kept_by for outcome in found.outcomes]
    told = Told(lang, found, await people.display_names(session, [one for one in kept_by if one]))
    may = actor.role is Role.POLICY_ADMIN
    return {
        "lines": told.lines(),
        "failing": found.failing,
        "missing": told.missing(),
        "lacking": len(found.kinds) + len(found.lacking),
        "choices": told.choices(),
        "undecided": [case_words.condition_words(cel, lang) for cel in found.specimens.undecided],
        "statuses": [status.value for status in Status],
        "quiet": row.status not in ANSWERABLE or not (found.kinds or found.lacking),
        "may_keep": may,
        "may_retire": may and row.status not in cases.UNDER_REVIEW,
    }
