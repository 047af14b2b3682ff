"""Changing many policies as one: drafts written together, submitted together, approved or sent back together.

All or nothing at every step, in the request's one transaction; each version goes through the same doors as by itself
(service.py, gates.py), and a second person approves exactly the contents he saw.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import ValidationError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from eligibility import Facts, RuleError
from eligibility import Status as Verdict
from policies import case_gate, cases, content, drafting, findings, packs, queries, service, versions
from policies.changeset_tables import ChangeSet, ChangeSetVersion
from policies.errors import (
    ChangedMeanwhile,
    ChangeSetMoved,
    ChangeSetNotFound,
    DraftOpen,
    NothingProposed,
    PoliciesError,
    SetMemberRefused,
    SetTooLarge,
)
from policies.lifecycle import EVER_IN_FORCE, Action, Status
from policies.schemas import FindingReply, Rejection
from policies.tables import PolicyVersion

MOST = 500
"""Policies in one change."""
REFUSED = (PoliciesError, RuleError, ValidationError)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A policy's whole content as it is to be. `base_sha256`: what it was made from; None for a new policy."""

    policy_id: str
    base_sha256: str | None
    content: Mapping[str, Any]

    def draft(self) -> drafting.WholeDraft:
        """The content as an edit. Raises ValidationError."""
        return drafting.WholeDraft.model_validate(self.content)

    def to_json(self) -> dict[str, Any]:
        """As a change set keeps it."""
        return {"policy_id": self.policy_id, "base_sha256": self.base_sha256, "content": dict(self.content)}


async def based(session: AsyncSession, policy_id: str, fields: Mapping[str, Any]) -> Proposal:
    """A proposal on top of what the policy says now; the fields it does not name stay as they are."""
    base = await queries.to_edit(session, policy_id)
    kept = {} if base is None else content.content_of(base)
    plain = packs.plain({**kept, **fields})
    return Proposal(policy_id, None if base is None else base.content_sha256, plain)


async def refused(
    session: AsyncSession, actor: Actor, proposals: Sequence[Proposal], now: datetime
) -> dict[str, Exception]:
    """By policy, what would stand in the way of writing these drafts. They are written and taken back to find out."""
    found: dict[str, Exception] = {}
    while True:  # a policy may exclude another of the set that turns out to be refused
        kept = [one for one in proposals if one.policy_id not in found]
        more: dict[str, Exception] = {}
        whole = await session.begin_nested()
        try:
            for step in (_begin, _write):
                for proposal in kept:
                    if proposal.policy_id not in more:
                        try:
                            async with session.begin_nested():
                                await step(session, actor, proposal, now)
                        except REFUSED as error:
                            more[proposal.policy_id] = error
        finally:
            await whole.rollback()
        if not more:
            return found
        found.update(more)


async def _begin(session: AsyncSession, actor: Actor, proposal: Proposal, now: datetime) -> None:
    """A new policy first without whatever names other policies, so that new ones may name each other."""
    if proposal.base_sha256 is not None:
        return
    draft = proposal.draft()
    bare = {
        "exclusions": [],
        "relations": {},
        "benefit": {name: value for name, value in draft.benefit.items() if name != "exclusive_per"},
    }
    named = drafting.NewId.model_validate({"id": proposal.policy_id})
    await drafting.begin(session, actor, named.id, draft.model_copy(update=bare), now=now)


async def _write(session: AsyncSession, actor: Actor, proposal: Proposal, now: datetime) -> PolicyVersion:
    base = await queries.to_edit(session, proposal.policy_id)
    if base is None:
        raise ChangedMeanwhile
    if proposal.base_sha256 is None:
        seen = base.content_sha256
    else:
        if Status(base.status) not in EVER_IN_FORCE:
            raise DraftOpen
        seen = proposal.base_sha256
    draft = proposal.draft()
    return await drafting.save(session, actor, proposal.policy_id, draft, seen_sha256=seen, now=now)


async def propose(
    session: AsyncSession,
    actor: Actor,
    kind: str,
    why: str,
    proposals: Sequence[Proposal],
    now: datetime,
    *,
    refusals: Sequence[Mapping[str, Any]] = (),
    unchanged: Sequence[str] = (),
) -> ChangeSet:
    """Keep what somebody wants to change, to look at it before a draft is written. Raises SetTooLarge."""
    if len(proposals) > MOST:
        raise SetTooLarge(most=MOST)
    made = ChangeSet(
        id=uuid4(),
        kind=kind,
        why=why,
        proposals=[one.to_json() for one in proposals],
        refusals=[dict(one) for one in refusals],
        unchanged=list(unchanged),
        made_by=actor.user_id,
        made_at=now,
    )
    session.add(made)
    await session.flush()
    await _record(session, actor, "propose_changes", made, now)
    return made


async def find(session: AsyncSession, set_id: UUID) -> ChangeSet:
    """Raises ChangeSetNotFound."""
    found = await session.get(ChangeSet, set_id)
    if found is None:
        raise ChangeSetNotFound
    return found


async def newest(session: AsyncSession, limit: int = 50) -> Sequence[ChangeSet]:
    """Newest first."""
    found = await session.scalars(select(ChangeSet).order_by(col(ChangeSet.made_at).desc()).limit(limit))
    return found.all()


async def members(session: AsyncSession, made: ChangeSet) -> Sequence[PolicyVersion]:
    """The versions it wrote, by policy."""
    found = await session.scalars(
        select(PolicyVersion)
        .join(ChangeSetVersion, col(ChangeSetVersion.version_id) == col(PolicyVersion.id))
        .where(col(ChangeSetVersion.change_set_id) == made.id)
        .order_by(col(PolicyVersion.policy_id))
    )
    return found.all()


async def set_of(session: AsyncSession, version_id: UUID) -> ChangeSet | None:
    """The change a version was written by."""
    found = await session.scalars(
        select(ChangeSet)
        .join(ChangeSetVersion, col(ChangeSetVersion.change_set_id) == col(ChangeSet.id))
        .where(col(ChangeSetVersion.version_id) == version_id)
    )
    return found.one_or_none()


def proposals_of(made: ChangeSet) -> list[Proposal]:
    """What it wants to change."""
    return [Proposal(one["policy_id"], one["base_sha256"], one["content"]) for one in made.proposals]


def hash_of(rows: Iterable[PolicyVersion]) -> str:
    """Of all contents together: what a person has before him when he decides on a set."""
    lines = sorted(f"{row.policy_id}/{row.version}:{row.content_sha256}" for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


async def write(session: AsyncSession, actor: Actor, made: ChangeSet, *, now: datetime) -> None:
    """Write every draft, or none. Raises ChangeSetMoved, NothingProposed, SetMemberRefused."""
    await _moved(session, made, ("proposed",), "written")
    proposals = proposals_of(made)
    if not proposals:
        raise NothingProposed
    for proposal in proposals:
        with _naming(proposal.policy_id):
            await _begin(session, actor, proposal, now)
    for proposal in proposals:
        with _naming(proposal.policy_id):
            row = await _write(session, actor, proposal, now)
        session.add(ChangeSetVersion(version_id=row.id, change_set_id=made.id))
    await session.flush()
    await _record(session, actor, "write_changes", made, now)


class _naming:
    """A refusal inside is told as the set's, with the policy it is about."""

    def __init__(self, policy_id: str) -> None:
        self.policy_id = policy_id

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, REFUSED):
            raise SetMemberRefused(self.policy_id, error) from error


async def answer_all(
    session: AsyncSession, actor: Actor, made: ChangeSet, reply: FindingReply, *, now: datetime
) -> int:
    """Give one answer to every finding of the set that still needs one; how many there were."""
    answered = 0
    for row in await members(session, made):
        analysis = await findings.made(session, row, now)
        known = await findings.answers(session, row, analysis)
        open_ = [
            one for one in findings.found_in(analysis) if not one.blocks and one.fingerprint not in known
        ]
        if open_:
            replies = {one.fingerprint: reply for one in open_}
            await findings.answer(session, actor, row.policy_id, row.version, replies, now=now)
            answered += len(open_)
    return answered


async def keep_cases(
    session: AsyncSession, actor: Actor, made: ChangeSet, names: Callable[[Verdict], str], *, now: datetime
) -> int:
    """Keep the cases still asked for of every version whose rule is the one in force, judged as that rule judges them.

    Whoever only moves a date says nothing new about who qualifies; where a rule changes, somebody has to say what the
    text says. How many were kept. `names`: what a case of a verdict is called.
    """
    kept = 0
    for row in await members(session, made):
        before = await queries.current(session, row.policy_id)
        if before is None or before.rule != row.rule:
            continue
        found = await case_gate.coverage(session, row)
        asked = [found.specimens.kinds[kind] for kind in found.kinds]
        for one in (*asked, *(lacking.specimen for lacking in found.lacking)):
            text = cases.CaseText(
                name=f"{names(one.status)} {uuid4().hex[:6]}",
                facts=one.facts.to_json(),
                day=one.day,
                expected=one.status.value,
            )
            await cases.keep(session, actor, row, text, now=now)
            kept += 1
    return kept


async def submit(
    session: AsyncSession,
    actor: Actor,
    made: ChangeSet,
    *,
    seen_sha256: str,
    now: datetime,
    tried_on: Collection[Facts] = (),
) -> None:
    """Hand every draft to a second person. Raises ChangeSetMoved, ChangedMeanwhile, SetMemberRefused."""
    await _moved(session, made, ("written",), "submitted")
    for row in await _seen(session, made, seen_sha256):
        seen = row.content_sha256
        with _naming(row.policy_id):
            await service.submit(
                session,
                actor,
                row.policy_id,
                row.version,
                seen_sha256=seen,
                tried_on=tried_on,
                why=made.why,
                now=now,
            )
    await _record(session, actor, "submit_changes", made, now)


async def take_back(session: AsyncSession, actor: Actor, made: ChangeSet, *, now: datetime) -> None:
    """Make every version a draft again. Raises ChangeSetMoved, SetMemberRefused."""
    await _moved(session, made, ("submitted",), "written")
    for row in await members(session, made):
        with _naming(row.policy_id):
            await service.take_back(session, actor, row.policy_id, row.version, now=now)
    await _record(session, actor, "take_back_changes", made, now)


async def publish(
    session: AsyncSession,
    actor: Actor,
    made: ChangeSet,
    *,
    seen_sha256: str,
    now: datetime,
    tried_on: Collection[Facts] = (),
) -> None:
    """Put every version in force at once. Raises ChangeSetMoved, ChangedMeanwhile, SetMemberRefused.

    All are judged before the first comes into force: then the others still stand beside what they were analysed with.
    """
    decided = {"decided_by": actor.user_id, "decided_at": now}
    await _moved(session, made, ("submitted",), "published", **decided)
    approved = []
    for row in await _seen(session, made, seen_sha256):
        with _naming(row.policy_id):
            approved.append(
                await service.approvable(
                    session,
                    actor,
                    row.policy_id,
                    row.version,
                    Action.PUBLISH,
                    row.content_sha256,
                    tried_on,
                )
            )
    for row in approved:
        found = await versions.put_in_force(session, row, service.approval(actor, row, now), now)
        await versions.record(session, actor, "publish", found, now, change_set=str(made.id))
    await _record(session, actor, "publish_changes", made, now)


async def reject(
    session: AsyncSession, actor: Actor, made: ChangeSet, rejection: Rejection, *, now: datetime
) -> None:
    """Send every version back with one reason. Raises ChangeSetMoved, SetMemberRefused."""
    decided = {"decided_by": actor.user_id, "decided_at": now, "reason": rejection.reason}
    await _moved(session, made, ("submitted",), "rejected", **decided)
    for row in await members(session, made):
        with _naming(row.policy_id):
            await service.reject(session, actor, row.policy_id, row.version, rejection, now=now)
    await _record(session, actor, "reject_changes", made, now)


async def drop(session: AsyncSession, actor: Actor, made: ChangeSet, *, now: datetime) -> None:
    """Leave a proposal alone of which no draft was written. Raises ChangeSetMoved."""
    await _moved(session, made, ("proposed",), "dropped")
    await _record(session, actor, "drop_changes", made, now)


async def _seen(session: AsyncSession, made: ChangeSet, seen_sha256: str) -> Sequence[PolicyVersion]:
    """The versions, if they are what was seen. Raises ChangedMeanwhile."""
    rows = await members(session, made)
    if hash_of(rows) != seen_sha256:
        raise ChangedMeanwhile
    return rows


async def _moved(
    session: AsyncSession, made: ChangeSet, before: Collection[str], after: str, **changes: Any
) -> None:
    """Change the state if it is still one of `before`, whoever else is at it. Raises ChangeSetMoved."""
    done = await session.execute(
        update(ChangeSet)
        .where(col(ChangeSet.id) == made.id, col(ChangeSet.state).in_(before))
        .values(state=after, **changes)
        .returning(ChangeSet)
        .execution_options(populate_existing=True)
    )
    if done.scalar_one_or_none() is None:
        raise ChangeSetMoved


async def _record(session: AsyncSession, actor: Actor, verb: str, made: ChangeSet, now: datetime) -> None:
    await audit.record(
        session,
        actor,
        action=f"policies.{verb}",
        subject=("change_set", made.id),
        tenant=None,
        detail={"policies": [one["policy_id"] for one in made.proposals], "why": made.why},
        now=now,
    )
