"""Verifying commitments afterwards: by an agency's attestation, by a person at the policy desk, or not in time at all.

What is found untrue counts no more (policies are judged without it), the enterprise is told why and until when it may
object, and makes no new commitment for a time. A second person answers an objection.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import members
from auth.actor import Actor
from eligibility import Vocabulary
from eligibility.nesting import contradictions
from marketplace.notifications import notices
from marketplace.profiles import queries, storing
from marketplace.profiles.commitment_steps import EXCLUDED_FOR, OBJECT_WITHIN, Action, By, Status, after
from marketplace.profiles.commitments import facts_of, in_words, move, note, uncover
from marketplace.profiles.errors import (
    CommitmentNotFound,
    CommitmentRefused,
    CommitmentSettled,
    OwnCommitment,
)
from marketplace.profiles.tables import Agency, Attestation, Commitment, CommitmentFact, Enterprise
from marketplace.web.format import HERE

SHOWN = 100
"""Cases the queue shows; the rest wait behind them."""
AT_ONCE = 50
"""Commitments that lapse in one transaction."""


@dataclass(frozen=True, slots=True)
class Case:
    """A commitment in the queue."""

    commitment: Commitment
    enterprise: Enterprise


async def attested(
    session: AsyncSession, taken: Attestation, values: Mapping[str, object], now: datetime
) -> None:
    """Settle the held enterprise's open commitments by what an agency attests, before it is stored.

    The same value confirms. Another one refutes what still stands as it was committed; where the owner has changed
    the fact since, it says nothing of the day he declared it, and a person decides.
    """
    standing = {
        row.name: row.value
        for row in await queries.fact_rows(session, taken.enterprise_id)
        if row.source == "committed"
    }
    found = await session.scalars(
        select(Commitment).where(
            col(Commitment.enterprise_id) == taken.enterprise_id,
            col(Commitment.status) == Status.MADE.value,
            col(Commitment.verify_by) >= _day(now),
        )
    )
    for commitment in found.all():
        await _by_attestation(session, commitment, taken, values, standing, now)


async def _by_attestation(
    session: AsyncSession,
    commitment: Commitment,
    taken: Attestation,
    values: Mapping[str, object],
    standing: Mapping[str, object],
    now: datetime,
) -> None:
    facts = await facts_of(session, commitment.id)
    said = [fact for fact in facts if fact.name in values and fact.outcome == "open"]
    confirmed = [fact.name for fact in said if values[fact.name] == fact.value]
    untrue = [
        fact.name
        for fact in said
        if fact.name not in confirmed and fact.name in standing and standing[fact.name] == fact.value
    ]
    await _outcome(session, commitment, confirmed, "confirmed")
    await _outcome(session, commitment, untrue, "refuted")
    settled = {fact.name for fact in facts if fact.outcome == "confirmed"} | set(confirmed)
    by: dict[str, Any] = {"attestation_id": taken.id}
    if untrue:
        agency = await session.get_one(Agency, taken.agency_id)
        names = {"agency_zh": agency.name_zh, "agency_en": agency.name_en}
        await _refute(session, None, commitment, untrue, By.AGENCY, by, names, now)
    elif settled == {fact.name for fact in facts}:
        await _confirm(session, None, commitment, By.AGENCY, by, now)


async def verify(
    session: AsyncSession,
    actor: Actor,
    commitment_id: UUID,
    *,
    untrue: Collection[str] | None,
    ground: str,
    now: datetime,
) -> None:
    """A person's finding, with its ground in words. untrue: the facts that are not so, None: all are.

    Raises `CommitmentNotFound`, `OwnCommitment`, `CommitmentRefused` (field untrue, ground) or `CommitmentSettled`.
    """
    found = await _held(session, actor, commitment_id)
    after(Status(found.status), Action.CONFIRM if untrue is None else Action.REFUTE, By.VERIFIER)
    said = in_words(ground, "ground")
    facts = await facts_of(session, found.id)
    by: dict[str, Any] = {"ended_by": actor.user_id, "ground": said}
    if untrue is None:
        await _outcome(session, found, [fact.name for fact in facts], "confirmed")
        await _confirm(session, actor, found, By.VERIFIER, by, now)
        return
    open_ = {fact.name for fact in facts if fact.outcome == "open"}
    if not untrue or not set(untrue) <= open_:
        raise CommitmentRefused(field="untrue")
    await _outcome(session, found, untrue, "refuted")
    await _refute(session, actor, found, sorted(untrue), By.VERIFIER, by, {"ground": said}, now)
    values = {fact.name: fact.value for fact in facts if fact.name in untrue}
    await _forget(session, found.enterprise_id, values, actor, now)


async def _forget(
    session: AsyncSession, enterprise_id: UUID, values: Mapping[str, object], actor: Actor, now: datetime
) -> None:
    """What was found untrue is not known any more, unless it says something else by now or an agency attests it."""
    rows = await queries.fact_rows(session, enterprise_id)
    gone = [
        row.name
        for row in rows
        if row.name in values and row.value == values[row.name] and row.source != "attested"
    ]
    if gone:
        origin = storing.Origin("committed", now, actor.user_id)
        await storing.change(session, enterprise_id, {}, gone, origin, now)


async def _confirm(
    session: AsyncSession,
    actor: Actor | None,
    found: Commitment,
    by: By,
    values: Mapping[str, Any],
    now: datetime,
) -> None:
    await move(session, found, Action.CONFIRM, by, values, now)
    names = [fact.name for fact in await facts_of(session, found.id)]
    await note(session, actor, found, "profiles.confirm_commitment", {"facts": names}, now)
    await _tell(session, found, "verified", {"facts": names}, now)


async def _refute(
    session: AsyncSession,
    actor: Actor | None,
    found: Commitment,
    untrue: Sequence[str],
    by: By,
    values: Mapping[str, Any],
    told: Mapping[str, str],
    now: datetime,
) -> None:
    """What follows from an untrue commitment, told in the same transaction."""
    days = {"object_by": _day(now) + OBJECT_WITHIN, "excluded_until": _day(now) + EXCLUDED_FOR}
    await move(session, found, Action.REFUTE, by, {**values, **days}, now)
    await uncover(session, found, actor.user_id if actor else None, now)
    await note(session, actor, found, "profiles.refute_commitment", {"facts": list(untrue)}, now)
    said = {name: day.isoformat() for name, day in days.items()}
    await _tell(session, found, "refuted", {"facts": list(untrue), **said, **told}, now)


async def lapse(session: AsyncSession, now: datetime) -> int:
    """End some commitments whose time to be verified is over; how many."""
    due = await session.scalars(
        select(Commitment)
        .where(col(Commitment.status) == Status.MADE.value, col(Commitment.verify_by) < _day(now))
        .order_by(col(Commitment.enterprise_id), col(Commitment.id))
        .limit(AT_ONCE)
    )
    found = due.all()
    for commitment in found:
        await storing.hold(session, commitment.enterprise_id)
        try:
            await move(session, commitment, Action.LAPSE, By.CLOCK, {}, now)
        except CommitmentSettled:
            continue  # somebody else's look round, a moment earlier
        await uncover(session, commitment, None, now)
        names = [fact.name for fact in await facts_of(session, commitment.id)]
        await note(session, None, commitment, "profiles.lapse_commitment", {"facts": names}, now)
        await _tell(session, commitment, "lapsed", {"facts": names}, now)
    return len(found)


async def answer(
    session: AsyncSession, actor: Actor, commitment_id: UUID, *, lifted: bool, text: str, now: datetime
) -> None:
    """A second person's answer to an objection. lifted: what was declared was true after all.

    Raises `CommitmentNotFound`, `OwnCommitment`, `CommitmentRefused` (field answer) or `CommitmentSettled`.
    """
    found = await _held(session, actor, commitment_id)
    if found.ended_by == actor.user_id:
        raise OwnCommitment
    said = in_words(text, "answer")
    answered = await session.scalar(
        update(Commitment)
        .where(
            col(Commitment.id) == found.id,
            col(Commitment.objected_at).is_not(None),
            col(Commitment.answered_at).is_(None),
        )
        .values(answered_at=now, answered_by=actor.user_id, answer=said)
        .returning(col(Commitment.id))
    )
    if answered is None:
        raise CommitmentSettled(status=found.status)
    facts = [fact for fact in await facts_of(session, found.id) if fact.outcome == "refuted"]
    names = [fact.name for fact in facts]
    if lifted:
        await move(session, found, Action.LIFT, By.VERIFIER, {"excluded_until": None}, now)
        await _outcome(session, found, names, "confirmed")
        await _restore(session, found, facts, actor, now)
    event = "lifted" if lifted else "upheld"
    await note(session, actor, found, "profiles.answer_objection", {"facts": names, "answer": event}, now)
    await _tell(session, found, event, {"facts": names, "ground": said}, now)


async def _restore(
    session: AsyncSession, found: Commitment, facts: Sequence[CommitmentFact], actor: Actor, now: datetime
) -> None:
    """What the finding made unknown, and nobody has stated since, is known again as it was declared."""
    known = {row.name: row.value for row in await queries.fact_rows(session, found.enterprise_id)}
    words = Vocabulary.shipped()
    values = {
        fact.name: fact.value
        for fact in facts
        if fact.name not in known and not any(contradictions({**known, fact.name: fact.value}, words))
    }
    if values:
        origin = storing.Origin("committed", now, actor.user_id)
        await storing.change(session, found.enterprise_id, values, (), origin, now)


async def _held(session: AsyncSession, actor: Actor, commitment_id: UUID) -> Commitment:
    """A commitment as it is while its enterprise is held, for somebody it does not concern."""
    await storing.hold(session, (await commitment_of(session, commitment_id)).enterprise_id)
    found = await commitment_of(session, commitment_id)
    own = await members.membership_of(session, actor.user_id, found.enterprise_id)
    if own is not None or found.made_by == actor.user_id:
        raise OwnCommitment
    return found


async def _outcome(session: AsyncSession, found: Commitment, names: Collection[str], outcome: str) -> None:
    await session.execute(
        update(CommitmentFact)
        .where(col(CommitmentFact.commitment_id) == found.id, col(CommitmentFact.name).in_(names))
        .values(outcome=outcome)
    )


async def _tell(
    session: AsyncSession, found: Commitment, event: str, told: Mapping[str, Any], now: datetime
) -> None:
    parameters = {"commitment": str(found.id), "event": event, **told}
    await notices.tell(session, uuid5(found.id, event), found.enterprise_id, parameters, now)


def _day(now: datetime) -> date:
    return now.astimezone(HERE).date()


async def commitment_of(session: AsyncSession, commitment_id: UUID) -> Commitment:
    """A commitment for the desk, where every enterprise's are verified. Raises `CommitmentNotFound`."""
    found = await session.scalar(
        select(Commitment)
        .where(col(Commitment.id) == commitment_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise CommitmentNotFound
    return found


async def to_verify(session: AsyncSession, day: date) -> Sequence[Case]:
    """What waits to be verified, the one whose time is over first in front."""
    found = await session.execute(
        select(Commitment, Enterprise)
        .join(Enterprise, col(Enterprise.id) == col(Commitment.enterprise_id))
        .where(col(Commitment.status) == Status.MADE.value, col(Commitment.verify_by) >= day)
        .order_by(col(Commitment.verify_by), col(Commitment.made_at), col(Commitment.id))
        .limit(SHOWN)
    )
    return [Case(*row) for row in found]


async def to_answer(session: AsyncSession) -> Sequence[Case]:
    """Objections that wait for an answer, the oldest in front."""
    found = await session.execute(
        select(Commitment, Enterprise)
        .join(Enterprise, col(Enterprise.id) == col(Commitment.enterprise_id))
        .where(col(Commitment.objected_at).is_not(None), col(Commitment.answered_at).is_(None))
        .order_by(col(Commitment.objected_at), col(Commitment.id))
        .limit(SHOWN)
    )
    return [Case(*row) for row in found]
