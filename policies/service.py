"""What admins do to policies: write a version, submit it, and have a second person publish or refuse it.

Every change asks lifecycle.py, is a conditional update on state and content, and leaves an audit row.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from eligibility import Facts, RuleIndex, Vocabulary, evaluate, explain, parse, sentence
from eligibility.benefit import Benefit, compute
from policies import content, gates, keeper, queries
from policies.errors import (
    ChangedMeanwhile,
    DatesCross,
    ExclusionItself,
    ExclusionUnknown,
    NothingChanged,
    PolicyNotFound,
    RuleFails,
)
from policies.lifecycle import Action, Status, move
from policies.schemas import PolicyDraft, Rejection
from policies.tables import Policy, PolicyVersion

log = logging.getLogger("policies")


async def store_published(
    session: AsyncSession, policy_id: str, fields: Mapping[str, Any], now: datetime
) -> None:
    """Store a policy of a pack as its published version 1. For seeding; nothing happens where it is known already.

    Raises RuleError where the rule does not parse.
    """
    fields = {**fields, "rule": parse(fields["rule"], Vocabulary.shipped()).text}
    made = await session.execute(
        insert(Policy).values(id=policy_id, created_at=now).on_conflict_do_nothing().returning(col(Policy.id))
    )
    if made.scalar_one_or_none() is None:
        return
    row = PolicyVersion(
        **fields,
        policy_id=policy_id,
        version=1,
        status=Status.PUBLISHED.value,
        content_sha256=content.sha256_of(fields),
        created_at=now,
        changed_at=now,
        decided_at=now,
    )
    session.add(row)
    await session.flush()


async def save_draft(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    draft: PolicyDraft,
    *,
    seen_sha256: str,
    now: datetime,
) -> PolicyVersion:
    """Save an admin's edit: into the open draft, or as a new draft on top of the version in force.

    `seen_sha256` is the content the admin had before him; raises ChangedMeanwhile when it is not the stored one any
    more, PolicyNotFound, RuleError, DatesCross, ExclusionUnknown, ExclusionItself, WrongState (a submitted version is
    not edited).
    """
    rule = parse(draft.rule, Vocabulary.shipped())
    if draft.effective_to is not None and draft.effective_to < draft.effective_from:
        raise DatesCross(field="effective_to")
    base = await queries.open_version(session, policy_id) or await queries.current(session, policy_id)
    if base is None:
        raise PolicyNotFound
    if base.content_sha256 != seen_sha256:
        raise ChangedMeanwhile
    await _check_exclusions(session, policy_id, draft.exclusions)
    fields = {**content.content_of(base), **draft.model_dump(), "rule": rule.text}
    if base.status == Status.PUBLISHED.value:
        return await _new_draft(session, actor, base, fields, now)
    return await _change_draft(session, actor, base, fields, now)


async def _check_exclusions(session: AsyncSession, policy_id: str, excluded: Collection[str]) -> None:
    if policy_id in excluded:
        raise ExclusionItself(field="exclusions")
    unknown = set(excluded) - await queries.known(session, excluded)
    if unknown:
        raise ExclusionUnknown(field="exclusions", ids=sorted(unknown))


async def _new_draft(
    session: AsyncSession, actor: Actor, base: PolicyVersion, fields: Mapping[str, Any], now: datetime
) -> PolicyVersion:
    last = (await queries.history(session, base.policy_id))[0]
    row = PolicyVersion(
        **fields,
        id=uuid4(),
        policy_id=base.policy_id,
        version=last.version + 1,
        status=Status.DRAFT.value,
        content_sha256=content.sha256_of(fields),
        editors=[str(actor.user_id)],
        created_at=now,
        changed_at=now,
    )
    try:
        async with session.begin_nested():  # so that the refusal can still be shown from this session
            session.add(row)
    except IntegrityError as error:  # somebody else opened a draft at this instant
        raise ChangedMeanwhile from error
    await _audit(session, actor, "draft", row, now)
    return row


async def _change_draft(
    session: AsyncSession, actor: Actor, base: PolicyVersion, fields: Mapping[str, Any], now: datetime
) -> PolicyVersion:
    move(Status(base.status), Action.EDIT, actor=str(actor.user_id), worked_on_it=base.editors)
    editors = sorted({*base.editors, str(actor.user_id)})
    changes = {**fields, "content_sha256": content.sha256_of(fields), "editors": editors, "changed_at": now}
    row = await _update(session, base, changes)
    await _audit(session, actor, "edit", row, now)
    return row


async def submit(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: int,
    *,
    seen_sha256: str,
    now: datetime,
    tried_on: Iterable[Facts] = (),
) -> PolicyVersion:
    """Hand a draft to a second person, once its rule could be judged on nothing and on each of `tried_on`.

    Raises WrongState, ChangedMeanwhile, NothingChanged, RuleFails, Hindered.
    """
    row = await _version(session, policy_id, number)
    after = move(Status(row.status), Action.SUBMIT, actor=str(actor.user_id), worked_on_it=row.editors)
    _same_content(row, seen_sha256)
    in_force = await queries.current(session, policy_id)
    if in_force is not None and in_force.content_sha256 == row.content_sha256:
        raise NothingChanged
    try_out(row, tried_on)
    await gates.must_pass(session, row, Action.SUBMIT)
    editors = sorted({*row.editors, str(actor.user_id)})
    changes = {"status": after.value, "submitted_by": actor.user_id, "submitted_at": now, "editors": editors}
    found = await _update(session, row, changes)
    await _audit(session, actor, "submit", found, now)
    return found


async def take_back(
    session: AsyncSession, actor: Actor, policy_id: str, number: int, *, now: datetime
) -> PolicyVersion:
    """Make a submitted version a draft again, to go on editing it."""
    row = await _version(session, policy_id, number)
    after = move(Status(row.status), Action.TAKE_BACK, actor=str(actor.user_id), worked_on_it=row.editors)
    found = await _update(session, row, {"status": after.value, "submitted_at": None})
    await _audit(session, actor, "take_back", found, now)
    return found


async def publish(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: int,
    *,
    seen_sha256: str,
    now: datetime,
    tried_on: Iterable[Facts] = (),
) -> PolicyVersion:
    """Put a submitted version in force; the one before becomes superseded.

    `seen_sha256`: the content the second person approved. Tried once more as for `submit`, since the engine may be a
    newer one by now. Raises WrongState, OwnWork, ChangedMeanwhile, RuleFails, Hindered.
    """
    row = await _version(session, policy_id, number)
    after = move(Status(row.status), Action.PUBLISH, actor=str(actor.user_id), worked_on_it=row.editors)
    _same_content(row, seen_sha256)
    try_out(row, tried_on)
    await gates.must_pass(session, row, Action.PUBLISH)
    before = await queries.current(session, policy_id)
    if before is not None:
        move(Status(before.status), Action.SUPERSEDE, actor=str(actor.user_id), worked_on_it=())
        await _update(session, before, {"status": Status.SUPERSEDED.value})
    changes = {"status": after.value, "decided_by": actor.user_id, "decided_at": now}
    found = await _update(session, row, changes)
    await keeper.tell(session, policy_id)
    await _audit(session, actor, "publish", found, now)
    return found


async def reject(
    session: AsyncSession, actor: Actor, policy_id: str, number: int, rejection: Rejection, *, now: datetime
) -> PolicyVersion:
    """Refuse a submitted version with a reason. Raises WrongState, OwnWork."""
    row = await _version(session, policy_id, number)
    after = move(Status(row.status), Action.REJECT, actor=str(actor.user_id), worked_on_it=row.editors)
    changes = {
        "status": after.value,
        "decided_by": actor.user_id,
        "decided_at": now,
        "reason": rejection.reason,
    }
    found = await _update(session, row, changes)
    await _audit(session, actor, "reject", found, now)
    return found


def try_out(row: PolicyVersion, known: Iterable[Facts]) -> None:
    """Judge a version in every way that matches and pages do, on nothing known and on each of `known`, on its first
    and last day. Raises RuleFails whatever goes wrong: what fails here would fail for everybody once in force.
    """
    vocabulary = Vocabulary.shipped()
    try:
        rule = parse(row.rule, vocabulary, clause=row.clause_zh)
        benefit = Benefit.from_json(row.benefit, vocabulary)
        index = RuleIndex.build({row.policy_id: rule}, vocabulary)
        for lang in ("zh-CN", "en"):
            sentence(rule, lang)
        for facts in (Facts(), *known):
            for day in {row.effective_from, row.effective_to or row.effective_from}:
                given = facts.on(day, vocabulary)
                index.match(given)
                evaluate(rule, given)
                explain(rule, given)
                if benefit.amount is not None:
                    compute(benefit.amount, given)
    except Exception as error:
        log.exception("%s v%s cannot be judged", row.policy_id, row.version)
        raise RuleFails(field="rule") from error


async def _version(session: AsyncSession, policy_id: str, number: int) -> PolicyVersion:
    row = await queries.version(session, policy_id, number)
    if row is None:
        raise PolicyNotFound
    return row


def _same_content(row: PolicyVersion, seen_sha256: str) -> None:
    if row.content_sha256 != seen_sha256:
        raise ChangedMeanwhile


async def _update(session: AsyncSession, row: PolicyVersion, changes: Mapping[str, Any]) -> PolicyVersion:
    """Change a row if it is still as it was read; raises ChangedMeanwhile otherwise."""
    row_id: UUID = row.id
    done = await session.execute(
        update(PolicyVersion)
        .where(
            col(PolicyVersion.id) == row_id,
            col(PolicyVersion.status) == row.status,
            col(PolicyVersion.content_sha256) == row.content_sha256,
        )
        .values(**changes)
        .returning(PolicyVersion)
        .execution_options(populate_existing=True)
    )
    found = done.scalar_one_or_none()
    if found is None:
        raise ChangedMeanwhile
    return found


async def _audit(session: AsyncSession, actor: Actor, verb: str, row: PolicyVersion, now: datetime) -> None:
    await audit.record(
        session,
        actor,
        action=f"policies.{verb}",
        subject=("policy_version", f"{row.policy_id}/{row.version}"),
        tenant=None,
        detail={"content_sha256": row.content_sha256},
        now=now,
    )
