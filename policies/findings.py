"""What the analysis finds about one version among the policies in force, and the written answers to it.

Worked out once for each content and pack, in a thread and within a limit of time; what there was no time for is told as
not decided. A finding the version in force has too is not the draft's doing: it needs an answer and blocks nothing.
"""

import asyncio
import hashlib
import json
import logging
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from eligibility import Rule, Vocabulary, parse
from eligibility.analyse import (
    Family,
    Finding,
    PackRule,
    about_family,
    about_one,
    about_two,
    asked,
    compared,
    differences,
)
from policies import keeper, queries, versions
from policies.errors import FindingBlocks, FindingGone, FindingUnanswered, PoliciesError, WrongState
from policies.lifecycle import Action, Status
from policies.publishing_tables import Analysis, FindingAnswer
from policies.schemas import FindingReply
from policies.tables import PolicyVersion

LOG = logging.getLogger("policies")
SECONDS = 8.0
"""No question is begun later than this after the first; a single one takes at most 5 (eligibility/smt.py)."""
BLOCKING = frozenset({"unsatisfiable", "dead_clause"})
RELATED = ("extends", "extended_by", "supersedes", "superseded_by", "stacks_on", "implements")
ANSWERABLE = frozenset({Status.DRAFT.value, Status.SUBMITTED.value})
ONE_AT_A_TIME = threading.Lock()
"""z3's context is one a process and no two threads may be in it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding as it is kept. `blocks`: the rule has to be changed; any other needs a written answer.

    `part`: the CEL of the clause a finding is about. `fingerprint`: the same as long as the finding says the same.
    """

    kind: str
    rules: Sequence[str]
    witness: Mapping[str, Any]
    part: str
    blocks: bool
    fingerprint: str

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "rules": list(self.rules),
            "witness": dict(self.witness),
            "part": self.part,
            "blocks": self.blocks,
            "fingerprint": self.fingerprint,
        }


def pack_rule(row: PolicyVersion, rule: Rule | None = None) -> PackRule:
    """A version as the analysis reads it, with its rule where it is parsed already. Raises RuleError."""
    terms = row.benefit.get("terms") or {}
    named = [other for name in RELATED for other in row.relations.get(name) or ()]
    return PackRule(
        id=row.policy_id,
        rule=rule or parse(row.rule, Vocabulary.shipped()),
        starts=row.effective_from,
        ends=row.effective_to,
        subject=terms.get("tax") or terms.get("fee"),
        excludes=frozenset(row.exclusions),
        related=frozenset([*named, *row.exclusions]),
    )


class Desk:
    """One draft among the others, with the version it is to replace."""

    def __init__(
        self, draft: PackRule, others: Sequence[PackRule], old: PackRule | None, families: Iterable[Family]
    ) -> None:
        self.draft, self.others, self.old = draft, others, old
        self.by_id = {one.id: one for one in (*others, draft)}
        self.families = {one.id: one for one in families if draft.id in one.members}

    def findings(self) -> list[Found]:
        """Everything there is to say, within SECONDS; the draft's own faults first."""
        ends = time.monotonic() + SECONDS
        found: list[Finding] = []
        with ONE_AT_A_TIME:
            inherited = self._inherited()
            for ids, question in self._questions():
                if time.monotonic() > ends:
                    found.append(Finding("undecided", ids, {}, "no time left"))
                else:
                    found += asked(ids, question)
            if self.old is not None and self.old.rule.text != self.draft.rule.text:
                found += differences(self.draft.id, self.old.rule, self.draft.rule)
        return [self._kept(one, inherited) for one in found]

    def _questions(self) -> Iterator[tuple[tuple[str, ...], Iterator[Finding]]]:
        draft = self.draft
        yield (draft.id,), about_one(draft)
        for other in self.others:
            if compared(draft, other):
                yield (draft.id, other.id), about_two(draft, other)
        for family in self.families.values():
            members = [self.by_id[name] for name in family.members if name in self.by_id]
            yield family.members, about_family(family, members)

    def _inherited(self) -> Collection[tuple[str, str]]:
        """(kind, part) of what the version in force has by itself."""
        if self.old is None:
            return ()
        return {(one.kind, one.part) for one in asked((self.old.id,), about_one(self.old))}

    def _kept(self, one: Finding, inherited: Collection[tuple[str, str]]) -> Found:
        blocks = one.kind in BLOCKING and (one.kind, one.part) not in inherited
        return Found(one.kind, one.rules, one.witness, one.part, blocks, self._fingerprint(one))

    def _fingerprint(self, one: Finding) -> str:
        """Of the finding and of the rules it is about: when one of them changes, it is another finding."""
        old = self.old.rule.text if self.old is not None and one.kind in ("gains", "loses") else ""
        about = [
            (name, rule.rule.text, str(rule.starts), str(rule.ends))
            for name in sorted(set(one.rules))
            if (rule := self.by_id.get(name)) is not None
        ]
        text = json.dumps([one.kind, list(one.rules), one.part, about, old], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


async def of(session: AsyncSession, row: PolicyVersion) -> Analysis | None:
    """What was found about a version's content in the pack of now; None while nobody has looked."""
    pack = await keeper.load_pack(session)
    return await session.get(Analysis, (row.policy_id, row.content_sha256, pack.version))


async def made(session: AsyncSession, row: PolicyVersion, now: datetime) -> Analysis:
    """The same, worked out where it is not there yet. Takes up to SECONDS and a little."""
    found = await of(session, row)
    if found is not None:
        return found
    pack = await keeper.load_pack(session)
    rows = {one.policy_id: one for one in await queries.published(session)}
    old = rows.pop(row.policy_id, None)
    before = None if old is None or old.id == row.id else pack_rule(old)
    others = [pack_rule(one, pack.by_id[name].rule) for name, one in rows.items() if name in pack.by_id]
    desk = Desk(pack_rule(row), others, before, families([*rows.values(), row]))
    began = time.monotonic()
    found_ = await asyncio.to_thread(desk.findings)
    took = round((time.monotonic() - began) * 1000)
    LOG.info("%s v%s: %s findings in %s ms", row.policy_id, row.version, len(found_), took)
    await session.execute(
        insert(Analysis)
        .values(
            policy_id=row.policy_id,
            content_sha256=row.content_sha256,
            pack_version=pack.version,
            findings=[one.to_json() for one in found_],
            made_at=now,
            milliseconds=took,
        )
        .on_conflict_do_nothing()
    )
    return await session.get_one(Analysis, (row.policy_id, row.content_sha256, pack.version))


def families(rows: Iterable[PolicyVersion]) -> list[Family]:
    """The families some versions declare, each once: as the last of them has it. Raises RuleError."""
    words = Vocabulary.shipped()
    entries = {str(one["id"]): one for row in rows for one in row.relations.get("families") or ()}
    return [
        Family(
            name,
            tuple(one["members"]),
            parse(one["among"], words),
            date.fromisoformat(str(one["from"])),
            date.fromisoformat(str(one["to"])),
        )
        for name, one in entries.items()
    ]


async def unanalysed(session: AsyncSession) -> Sequence[PolicyVersion]:
    """The versions being written or reviewed that nobody has looked at with the pack of now."""
    pack = await keeper.load_pack(session)
    looked = exists().where(
        col(Analysis.policy_id) == col(PolicyVersion.policy_id),
        col(Analysis.content_sha256) == col(PolicyVersion.content_sha256),
        col(Analysis.pack_version) == pack.version,
    )
    found = await session.scalars(
        select(PolicyVersion)
        .where(col(PolicyVersion.status).in_(sorted(ANSWERABLE)), ~looked)
        .order_by(col(PolicyVersion.changed_at))
    )
    return found.all()


def found_in(analysis: Analysis) -> list[Found]:
    """The findings of an analysis, blocking ones first."""
    return sorted((Found(**one) for one in analysis.findings), key=lambda one: not one.blocks)


async def answers(session: AsyncSession, row: PolicyVersion, analysis: Analysis) -> dict[str, FindingAnswer]:
    """The standing answers to an analysis' findings, by fingerprint."""
    wanted = [one.fingerprint for one in found_in(analysis)]
    rows = await session.scalars(
        select(FindingAnswer)
        .ext(distinct_on(col(FindingAnswer.fingerprint)))
        .where(col(FindingAnswer.policy_id) == row.policy_id, col(FindingAnswer.fingerprint).in_(wanted))
        .order_by(col(FindingAnswer.fingerprint), col(FindingAnswer.answered_at).desc())
    )
    return {one.fingerprint: one for one in rows}


async def answer(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: int,
    replies: Mapping[str, FindingReply],
    *,
    now: datetime,
) -> PolicyVersion:
    """Say why findings, by fingerprint, are meant to be so. Whoever answers has worked on the version.

    Raises WrongState for one that is decided, FindingGone.
    """
    row = await versions.find(session, policy_id, number)
    if row.status not in ANSWERABLE:
        raise WrongState(status=row.status, action="answer")
    analysis = await made(session, row, now)
    open_ = {one.fingerprint for one in found_in(analysis) if not one.blocks}
    if not replies.keys() <= open_:
        raise FindingGone(field="findings")
    for fingerprint, reply in replies.items():
        session.add(
            FindingAnswer(
                id=uuid4(),
                policy_id=policy_id,
                fingerprint=fingerprint,
                answer=reply.answer,
                answered_by=actor.user_id,
                answered_at=now,
            )
        )
    editors = sorted({*row.editors, str(actor.user_id)})
    found = await versions.change(session, row, {"editors": editors})
    await versions.record(session, actor, "answer_findings", found, now, findings=sorted(replies))
    return found


async def gate(session: AsyncSession, row: PolicyVersion, action: Action) -> Sequence[PoliciesError]:
    """What the analysis has against a version."""
    analysis = await made(session, row, row.changed_at)
    found = found_in(analysis)
    answered = await answers(session, row, analysis)
    blocking = sum(one.blocks for one in found)
    open_ = sum(not one.blocks and one.fingerprint not in answered for one in found)
    refusals: list[PoliciesError] = []
    if blocking:
        refusals.append(FindingBlocks(field="findings", count=blocking))
    if open_:
        refusals.append(FindingUnanswered(field="findings", count=open_))
    return refusals
