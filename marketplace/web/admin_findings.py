"""What the analysis found, as an admin reads it: findings in words, an enterprise each happens to, and its answer.

Rules are told by their names and facts by their labels; nobody has to read z3 or CEL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from auth import queries as people
from auth.actor import Actor
from auth.roles import Role
from eligibility import RuleError, Vocabulary, parse
from eligibility.sentence import describe
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.portal.codes import namer
from marketplace.web.verdicts import fact_words
from marketplace.web.version_parts import Part
from policies import findings, keeper
from policies.findings import ANSWERABLE, Found
from policies.lifecycle import Status
from policies.pack import Pack
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]
SHOWN_IN = frozenset({*ANSWERABLE, Status.SCHEDULED.value})


@dataclass(frozen=True, slots=True)
class Line:
    """One finding. `facts`: (label, value) of an enterprise it happens to; `answer`, `who`, `when`: what stands."""

    fingerprint: str
    blocks: bool
    words: str
    facts: Sequence[tuple[str, str]]
    answer: str | None
    who: str | None
    when: datetime | None

    @property
    def open(self) -> bool:
        """Whether it stands in the way."""
        return self.blocks or self.answer is None


async def about_findings(
    request: AnyRequest, session: AsyncSession, actor: Actor, row: PolicyVersion
) -> Part | None:
    """The card of a version that is on its way."""
    if row.status not in SHOWN_IN:
        return None
    lang = language_of(request)
    analysis = await findings.of(session, row)
    may = actor.role is Role.POLICY_ADMIN and row.status in ANSWERABLE
    if analysis is None:
        return Part("admin/findings.html", {"analysed": False, "lines": (), "may_answer": may})
    answers = await findings.answers(session, row, analysis)
    names = await people.display_names(session, [one.answered_by for one in answers.values()])
    told = Teller(await keeper.load_pack(session), row.policy_id, lang)
    lines = []
    for one in findings.found_in(analysis):
        answer = answers.get(one.fingerprint)
        lines.append(
            Line(
                one.fingerprint,
                one.blocks,
                told.words(one),
                told.facts(one.witness),
                answer.answer if answer else None,
                names.get(answer.answered_by) if answer else None,
                answer.answered_at if answer else None,
            )
        )
    open_ = sum(line.open for line in lines)
    return Part(
        "admin/findings.html",
        {"analysed": True, "lines": lines, "open": open_, "may_answer": may, "made_at": analysis.made_at},
    )


class Teller:
    """Findings in one language."""

    def __init__(self, pack: Pack, policy_id: str, lang: str) -> None:
        self.pack, self.policy_id, self.lang = pack, policy_id, lang

    def words(self, one: Found) -> str:
        """What was found, as a sentence."""
        kind = one.kind
        if kind == "contained":
            kind = "contained" if one.rules[0] == self.policy_id else "contains"
        others = [self.name(rule) for rule in one.rules if rule != self.policy_id]
        joined = translate(self.lang, "list.and").join(others) or self.name(self.policy_id)
        return translate(self.lang, f"finding.{kind}", others=joined, part=self.part(one.part))

    def name(self, policy_id: str) -> str:
        """A policy by the name owners read."""
        found = self.pack.by_id.get(policy_id)
        return found.name(self.lang) if found else policy_id

    def part(self, cel: str) -> str:
        """A clause as a sentence; its text where that alone cannot be read."""
        if not cel:
            return ""
        words = Vocabulary.shipped()
        try:
            return describe(parse(cel, words).root, words, self.lang, namer(self.lang))
        except RuleError:
            return cel

    def facts(self, witness: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """The enterprise a finding happens to, in words."""
        facts = Vocabulary.shipped().facts
        return [
            (facts[name].label(self.lang), fact_words(facts[name], value, self.lang))
            for name, value in witness.items()
            if name in facts
        ]


def ids_of(row: PolicyVersion) -> list[UUID]:
    """Whoever worked on a version."""
    return [UUID(one) for one in row.editors]
