"""Commitments of an enterprise (告知承诺): declared instead of papers, withdrawn, objected to.

A commitment binds values, not names of facts: a fact counts as committed while it still has the value that was
declared. Verifying is in verifying.py; both keep other changes of the enterprise waiting while they work.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit, members
from auth.actor import Actor
from auth.roles import Matter
from marketplace.profiles import service, storing
from marketplace.profiles.commitment_steps import COVERING, Action, By, Status, after
from marketplace.profiles.declaration import STATEMENTS, Declaration
from marketplace.profiles.errors import (
    CommitmentExcluded,
    CommitmentNotFound,
    CommitmentRefused,
    CommitmentSettled,
    CommitmentTextChanged,
)
from marketplace.profiles.service import Profile
from marketplace.profiles.tables import Commitment, CommitmentFact, EnterpriseFact
from marketplace.web import format as words
from policies.keeper import load_pack
from policies.pack import PolicyRecord

LONGEST = 1000
"""Characters of a reason, an objection, an answer."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to commit to: facts by name, for a policy or for none, read in a language."""

    facts: Sequence[str]
    policy_id: str | None
    lang: str


def committable(profile: Profile) -> Mapping[str, Any]:
    """The facts that may be committed to, with their values: known, and neither attested nor committed already."""
    known = profile.facts.to_json()
    own = {row.name for row in profile.rows if row.source in ("declared", "imported")}
    return {name: value for name, value in known.items() if name in own}


async def draft(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, wanted: Wanted, as_of: date, now: datetime
) -> Declaration:
    """The text to be read. as_of: the day policies are judged on.

    Raises `EnterpriseNotFound`, `MatterNotCovered`, `CommitmentExcluded`, or `CommitmentRefused` (field facts, policy).
    """
    enterprise = await service.enterprise_of(session, actor, enterprise_id)
    await members.require(session, actor, enterprise_id, Matter.COMMIT)
    await refuse_excluded(session, enterprise_id, now)
    open_ = committable(await service.profile_of(session, enterprise_id))
    if not wanted.facts or not set(wanted.facts) <= set(open_):
        raise CommitmentRefused(field="facts")
    policy = None
    if wanted.policy_id:
        policy = (await policies_in_force(session, as_of)).get(wanted.policy_id)
        if policy is None:
            raise CommitmentRefused(field="policy")
    values = {name: open_[name] for name in wanted.facts}
    return Declaration(enterprise, values, policy, actor.display_name, wanted.lang, now)


async def policies_in_force(session: AsyncSession, as_of: date) -> Mapping[str, PolicyRecord]:
    """What a commitment can be made in view of."""
    return (await load_pack(session)).on(as_of).records


async def make(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    wanted: Wanted,
    *,
    seen: str,
    agreed: Collection[str],
    as_of: date,
    now: datetime,
) -> Commitment:
    """Declare it. seen: the hash of the text that was read; agreed: the statements that were ticked.

    Raises what `draft` does, `CommitmentRefused` (field statements) where one is not ticked, and
    `CommitmentTextChanged`.
    """
    await service.enterprise_of(session, actor, enterprise_id)
    await storing.hold(session, enterprise_id)
    text = await draft(session, actor, enterprise_id, wanted, as_of, now)
    if set(agreed) != set(STATEMENTS):
        raise CommitmentRefused(field="statements")
    if seen != text.sha256:
        raise CommitmentTextChanged
    made = Commitment(
        id=uuid4(),
        enterprise_id=enterprise_id,
        policy_id=wanted.policy_id or None,
        made_by=actor.user_id,
        made_at=now,
        language=wanted.lang,
        wording=text.wording,
        wording_sha256=text.sha256,
        verify_by=text.verify_by,
        status=after(None, Action.MAKE, By.ENTERPRISE).value,
    )
    session.add(made)
    await session.flush()
    session.add_all(
        CommitmentFact(commitment_id=made.id, name=name, value=value) for name, value in text.values.items()
    )
    await session.flush()
    origin = storing.Origin("committed", now, actor.user_id)
    await storing.relabel(session, enterprise_id, text.values, ("declared", "imported"), origin, anew=True)
    await note(session, actor, made, "profiles.commit", {"facts": sorted(text.values)}, now)
    return made


async def withdraw(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, commitment_id: UUID, reason: str, now: datetime
) -> None:
    """Take a commitment back before it is verified; its facts count as declared again.

    Raises `CommitmentNotFound`, `MatterNotCovered`, `CommitmentRefused` (field reason) or `CommitmentSettled`.
    """
    found = await one(session, actor, enterprise_id, commitment_id)
    await members.require(session, actor, enterprise_id, Matter.COMMIT)
    values = {"ended_by": actor.user_id, "ground": in_words(reason, "reason")}
    await storing.hold(session, enterprise_id)
    await move(session, found, Action.WITHDRAW, By.ENTERPRISE, values, now)
    await uncover(session, found, actor.user_id, now)
    await note(session, actor, found, "profiles.withdraw_commitment", {}, now)


async def object_to(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, commitment_id: UUID, text: str, now: datetime
) -> None:
    """Say why a commitment found untrue was true, once and in time; a second person of the agency answers.

    Raises `CommitmentNotFound`, `MatterNotCovered`, `CommitmentRefused` (field objection) or `CommitmentSettled`.
    """
    found = await one(session, actor, enterprise_id, commitment_id)
    await members.require(session, actor, enterprise_id, Matter.COMMIT)
    said = in_words(text, "objection")
    made = await session.scalar(
        update(Commitment)
        .where(
            col(Commitment.id) == found.id,
            col(Commitment.status) == Status.REFUTED.value,
            col(Commitment.objected_at).is_(None),
            col(Commitment.object_by) >= _day(now),
        )
        .values(objected_at=now, objected_by=actor.user_id, objection=said)
        .returning(col(Commitment.id))
    )
    if made is None:
        raise CommitmentSettled(status=found.status)
    await note(session, actor, found, "profiles.object_to_finding", {}, now)


def in_words(text: str, field: str) -> str:
    """A reason somebody must give. Raises `CommitmentRefused`."""
    said = text.strip()
    if not 1 <= len(said) <= LONGEST:
        raise CommitmentRefused(field=field)
    return said


async def move(
    session: AsyncSession,
    found: Commitment,
    action: Action,
    by: By,
    values: Mapping[str, Any],
    now: datetime,
) -> None:
    """Lead a commitment on if it still stands where it was read. Raises `CommitmentSettled`."""
    target = after(Status(found.status), action, by)
    in_time = () if action in (Action.LAPSE, Action.LIFT) else (col(Commitment.verify_by) >= _day(now),)
    moved = await session.scalar(
        update(Commitment)
        .where(col(Commitment.id) == found.id, col(Commitment.status) == found.status, *in_time)
        .values(status=target.value, ended_at=now, **values)
        .returning(col(Commitment.id))
    )
    if moved is None:
        raise CommitmentSettled(status=found.status)


def _day(now: datetime) -> date:
    return now.astimezone(words.HERE).date()


async def uncover(session: AsyncSession, found: Commitment, by: UUID | None, now: datetime) -> None:
    """The facts a commitment covers count as declared again; those that changed since are left as they are."""
    values = {fact.name: fact.value for fact in await facts_of(session, found.id)}
    await storing.hold(session, found.enterprise_id)
    origin = storing.Origin("declared", now, by)
    await storing.relabel(session, found.enterprise_id, values, ("committed",), origin, anew=False)


async def one(session: AsyncSession, actor: Actor, enterprise_id: UUID, commitment_id: UUID) -> Commitment:
    """A commitment of an enterprise of the actor's. Raises `EnterpriseNotFound` or `CommitmentNotFound`."""
    await service.enterprise_of(session, actor, enterprise_id)
    found = await session.scalar(
        select(Commitment)
        .where(col(Commitment.id) == commitment_id, col(Commitment.enterprise_id) == enterprise_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise CommitmentNotFound
    return found


async def listed(session: AsyncSession, enterprise_id: UUID) -> Sequence[Commitment]:
    """An enterprise's commitments, newest first, for callers that have judged the actor's right to it."""
    found = await session.scalars(
        select(Commitment)
        .where(col(Commitment.enterprise_id) == enterprise_id)
        .order_by(col(Commitment.made_at).desc(), col(Commitment.id))
        .execution_options(populate_existing=True)
    )
    return found.all()


async def facts_of(session: AsyncSession, commitment_id: UUID) -> Sequence[CommitmentFact]:
    """The facts of a commitment by name."""
    return (await facts_by_commitment(session, [commitment_id]))[commitment_id]


async def facts_by_commitment(
    session: AsyncSession, ids: Collection[UUID]
) -> Mapping[UUID, Sequence[CommitmentFact]]:
    """The facts of several commitments, each by name."""
    found = await session.scalars(
        select(CommitmentFact)
        .where(col(CommitmentFact.commitment_id).in_(ids))
        .order_by(col(CommitmentFact.name))
        .execution_options(populate_existing=True)
    )
    by_id: dict[UUID, list[CommitmentFact]] = defaultdict(list)
    for fact in found:
        by_id[fact.commitment_id].append(fact)
    return by_id


async def covering(session: AsyncSession, enterprise_id: UUID) -> Mapping[str, Commitment]:
    """The newest commitment that still covers each committed fact, by fact."""
    found = await session.execute(
        select(col(CommitmentFact.name), Commitment)
        .join(Commitment, col(Commitment.id) == col(CommitmentFact.commitment_id))
        .join(
            EnterpriseFact,
            (col(EnterpriseFact.enterprise_id) == col(Commitment.enterprise_id))
            & (col(EnterpriseFact.name) == col(CommitmentFact.name))
            & (col(EnterpriseFact.value) == col(CommitmentFact.value)),
        )
        .where(
            col(Commitment.enterprise_id) == enterprise_id,
            col(Commitment.status).in_([status.value for status in COVERING]),
            col(EnterpriseFact.source) == "committed",
        )
        .order_by(col(Commitment.made_at))
    )
    return dict(found.all())


async def excluded_until(session: AsyncSession, enterprise_id: UUID, day: date) -> date | None:
    """The first day on which the enterprise may commit again; None: it may on `day`."""
    return await session.scalar(
        select(func.max(col(Commitment.excluded_until))).where(
            col(Commitment.enterprise_id) == enterprise_id,
            col(Commitment.status) == Status.REFUTED.value,
            col(Commitment.excluded_until) > day,
        )
    )


async def refuse_excluded(session: AsyncSession, enterprise_id: UUID, now: datetime) -> None:
    """Raises `CommitmentExcluded`."""
    until = await excluded_until(session, enterprise_id, _day(now))
    if until is not None:
        raise CommitmentExcluded(zh=words.day(until, "zh-CN"), en=words.day(until, "en"))


async def note(
    session: AsyncSession,
    actor: Actor | None,
    about: Commitment,
    action: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """One line of the log; facts by name, never their values."""
    await audit.record(
        session,
        actor,
        action=action,
        subject=("commitment", about.id),
        tenant=str(about.enterprise_id),
        detail={**detail, "policy": about.policy_id} if about.policy_id else detail,
        now=now,
    )
