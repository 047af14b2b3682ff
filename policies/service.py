"""What admins do to policies: write a version, submit it, and have a second person publish or refuse it.

Every change asks lifecycle.py, is a conditional update on state and content, and leaves an audit row (versions.py).
What takes effect later is in scheduling.py, what is taken out of force in withdrawing.py.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from eligibility import Facts, RuleIndex, Vocabulary, evaluate, explain, parse, sentence
from eligibility.benefit import Benefit, compute
from policies import content, gates, keeper, queries, versions
from policies.errors import (
    ChangedMeanwhile,
    DatesCross,
    DraftOpen,
    ExclusionItself,
    ExclusionUnknown,
    NothingChanged,
    PolicyNotFound,
    RuleFails,
    WrongState,
)
from policies.lifecycle import OPEN, Action, Status
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
        published_at=now,
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
    base = await queries.to_edit(session, policy_id)
    if base is None:
        raise PolicyNotFound
    if base.content_sha256 != seen_sha256:
        raise ChangedMeanwhile
    await _check_exclusions(session, policy_id, draft.exclusions)
    fields = {**content.content_of(base), **draft.model_dump(), "rule": rule.text}
    if Status(base.status) not in OPEN:
        return await _new_draft(session, actor, base, fields, now)
    return await _change_draft(session, actor, base, fields, now)


async def _check_exclusions(session: AsyncSession, policy_id: str, excluded: Collection[str]) -> None:
    if policy_id in excluded:
        raise ExclusionItself(field="exclusions")
    unknown = set(excluded) - await queries.known(session, excluded)
    if unknown:
        raise ExclusionUnknown(field="exclusions", ids=sorted(unknown))


async def _new_draft(
    session: AsyncSession,
    actor: Actor,
    base: PolicyVersion,
    fields: Mapping[str, Any],
    now: datetime,
    restores: int | None = None,
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
        restores=restores,
    )
    try:
        async with session.begin_nested():  # so that the refusal can still be shown from this session
            session.add(row)
    except IntegrityError as error:  # somebody else opened a draft at this instant
        raise ChangedMeanwhile from error
    await keeper.tell_written(session, row.policy_id)
    await versions.record(session, actor, "draft" if restores is None else "restore", row, now)
    return row


async def _change_draft(
    session: AsyncSession, actor: Actor, base: PolicyVersion, fields: Mapping[str, Any], now: datetime
) -> PolicyVersion:
    await versions.moved(session, actor, base, Action.EDIT)
    editors = sorted({*base.editors, str(actor.user_id)})
    changes = {**fields, "content_sha256": content.sha256_of(fields), "editors": editors, "changed_at": now}
    row = await versions.change(session, base, changes)
    await keeper.tell_written(session, row.policy_id)
    await versions.record(session, actor, "edit", row, now)
    return row


async def restore(
    session: AsyncSession, actor: Actor, policy_id: str, number: int, *, now: datetime
) -> PolicyVersion:
    """Open a draft with the text of a replaced version, to go the way of every draft.

    Raises WrongState for one that is in force, was withdrawn or never held; DraftOpen where another is being worked on.
    """
    old = await versions.find(session, policy_id, number)
    if old.status != Status.SUPERSEDED.value:
        raise WrongState(status=old.status, action="restore")
    if await queries.open_version(session, policy_id) is not None:
        raise DraftOpen
    return await _new_draft(session, actor, old, content.content_of(old), now, restores=old.version)


async def submit(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: int,
    *,
    seen_sha256: str,
    now: datetime,
    tried_on: Iterable[Facts] = (),
    why: str | None = None,
) -> PolicyVersion:
    """Hand a draft to a second person, once its rule could be judged on nothing and on each of `tried_on`.

    `why`: what the version is for. Raises WrongState, ChangedMeanwhile, NothingChanged, RuleFails, Hindered.
    """
    row = await versions.find(session, policy_id, number)
    after = await versions.moved(session, actor, row, Action.SUBMIT)
    versions.same_content(row, seen_sha256)
    in_force = await queries.current(session, policy_id)
    if in_force is not None and in_force.content_sha256 == row.content_sha256:
        raise NothingChanged
    try_out(row, tried_on)
    await gates.must_pass(session, row, Action.SUBMIT)
    editors = sorted({*row.editors, str(actor.user_id)})
    changes = {"status": after.value, "submitted_by": actor.user_id, "submitted_at": now, "editors": editors}
    found = await versions.change(session, row, {**changes, "why": why or row.why})
    await versions.record(session, actor, "submit", found, now)
    return found


async def take_back(
    session: AsyncSession, actor: Actor, policy_id: str, number: int, *, now: datetime
) -> PolicyVersion:
    """Make a submitted version a draft again, to go on editing it."""
    row = await versions.find(session, policy_id, number)
    after = await versions.moved(session, actor, row, Action.TAKE_BACK)
    found = await versions.change(session, row, {"status": after.value, "submitted_at": None})
    await versions.record(session, actor, "take_back", found, now)
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
    row = await approvable(session, actor, policy_id, number, Action.PUBLISH, seen_sha256, tried_on)
    found = await versions.put_in_force(session, row, approval(actor, row, now), now)
    await versions.record(session, actor, "publish", found, now)
    return found


async def approvable(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: int,
    action: Action,
    seen_sha256: str,
    tried_on: Iterable[Facts],
) -> PolicyVersion:
    """A version the actor may approve as he saw it. Raises what `publish` raises."""
    row = await versions.find(session, policy_id, number)
    await versions.moved(session, actor, row, action)
    versions.same_content(row, seen_sha256)
    try_out(row, tried_on)
    await gates.must_pass(session, row, Action.PUBLISH)
    return row


def approval(actor: Actor, row: PolicyVersion, now: datetime) -> dict[str, Any]:
    """Who approved which content, and when: the database refuses to have any other in force."""
    return {"decided_by": actor.user_id, "decided_at": now, "approved_sha256": row.content_sha256}


async def reject(
    session: AsyncSession, actor: Actor, policy_id: str, number: int, rejection: Rejection, *, now: datetime
) -> PolicyVersion:
    """Refuse a submitted version with a reason. Raises WrongState, OwnWork."""
    row = await versions.find(session, policy_id, number)
    after = await versions.moved(session, actor, row, Action.REJECT)
    changes = {
        "status": after.value,
        "decided_by": actor.user_id,
        "decided_at": now,
        "reason": rejection.reason,
    }
    found = await versions.change(session, row, changes)
    await versions.record(session, actor, "reject", found, now)
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
