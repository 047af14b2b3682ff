"""Registering an enterprise and keeping its facts, once, with their source.

The only way facts get stored: each change is checked against the vocabulary first, and audited by name
without its values.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit, members
from auth.actor import Actor
from auth.roles import Matter
from auth.tables import Membership
from eligibility import FactProblem, Facts, FactsError, Vocabulary, nesting
from marketplace.profiles import current, queries, storing
from marketplace.profiles.errors import (
    EnterpriseNotFound,
    EntityTypeRefused,
    FactAttested,
    FactSaidTwice,
    FactsRefused,
    ProfilesError,
    UsccTaken,
    UsccYours,
)
from marketplace.profiles.identity import IdentityKey, checked_resident_id, checked_uscc, masked
from marketplace.profiles.schemas import EnterpriseDraft
from marketplace.profiles.storing import Source
from marketplace.profiles.tables import Enterprise, EnterpriseFact


@dataclass(frozen=True, slots=True)
class Profile:
    """What is stored of an enterprise: usable facts, the rows with their sources, and what no longer fits."""

    facts: Facts
    rows: Sequence[EnterpriseFact]
    problems: tuple[FactProblem, ...]


async def register(
    session: AsyncSession, actor: Actor, draft: EnterpriseDraft, *, key: IdentityKey, now: datetime
) -> Enterprise:
    """Register an enterprise and make the actor its owner; its entity type becomes its first declared fact.

    Raises `UsccMalformed`, `UsccCheckDigit`, `ResidentIdMalformed`, `ResidentIdRefused`,
    `EntityTypeRefused`, or `UsccTaken` / `UsccYours` where the code is registered already (also by a
    request at the same instant).
    """
    code = checked_uscc(draft.uscc)
    resident_id = checked_resident_id(draft.owner_id_number, now.date())
    _check_entity_type(draft.entity_type)
    enterprise = Enterprise(
        id=uuid4(),
        uscc=code,
        name=draft.name,
        entity_type=draft.entity_type,
        owner_name=draft.owner_name,
        owner_id_masked=masked(resident_id),
        owner_id_hmac=key.digest(resident_id),
        created_by=actor.user_id,
        created_at=now,
    )
    await _insert(session, actor, enterprise)
    await session.execute(
        plain_insert(Membership).values(
            user_id=actor.user_id, enterprise_id=enterprise.id, role="owner", created_at=now
        )
    )
    await audit.record(
        session,
        actor,
        action="profiles.register",
        subject=("enterprise", enterprise.id),
        tenant=str(enterprise.id),
        detail={"uscc": code},
        now=now,
    )
    await save_facts(
        session, actor, enterprise.id, {"entity_type": draft.entity_type}, source="declared", now=now
    )
    return await enterprise_of(session, actor, enterprise.id)


def faults_in(draft: Mapping[str, str], today: date) -> list[ProfilesError]:
    """Everything `register` would refuse in what is filled in of a draft, so that a form can tell it at once."""
    checks: dict[str, Callable[[str], object]] = {
        "uscc": checked_uscc,
        "entity_type": _check_entity_type,
        "owner_id_number": partial(checked_resident_id, today=today),
    }
    found = []
    for name, check in checks.items():
        try:
            if draft.get(name):
                check(draft[name])
        except ProfilesError as fault:
            found.append(fault)
    return found


def _check_entity_type(text: str) -> None:
    if text not in Vocabulary.shipped().facts["entity_type"].allowed:
        raise EntityTypeRefused(field="entity_type")


async def _insert(session: AsyncSession, actor: Actor, enterprise: Enterprise) -> None:
    made = await session.execute(
        insert(Enterprise)
        .values(enterprise.model_dump())
        .on_conflict_do_nothing(constraint="uq_enterprises_uscc")
        .returning(col(Enterprise.id))
    )
    if made.scalar_one_or_none() is not None:
        return
    mine = await queries.enterprises_of_member(session, actor.user_id)
    raise (UsccYours if any(row.uscc == enterprise.uscc for row in mine) else UsccTaken)(field="uscc")


async def my_enterprises(session: AsyncSession, actor: Actor) -> Sequence[Enterprise]:
    """The enterprises the actor acts for, oldest first."""
    return await queries.enterprises_of_member(session, actor.user_id)


async def enterprise_of(session: AsyncSession, actor: Actor, enterprise_id: UUID) -> Enterprise:
    """One of the actor's enterprises; raises `EnterpriseNotFound` for any other id."""
    found = await queries.enterprise_of_member(session, actor.user_id, enterprise_id)
    if found is None:
        raise EnterpriseNotFound
    return found


async def facts_of(session: AsyncSession, enterprise_id: UUID) -> Facts:
    """The usable facts of an enterprise, for callers that have judged the actor's right to it."""
    return (await profile_of(session, enterprise_id)).facts


async def profile_of(session: AsyncSession, enterprise_id: UUID) -> Profile:
    """The facts of an enterprise with their sources.

    A stored value that a newer vocabulary refuses counts as unknown and is named in `problems`.
    """
    rows = await queries.fact_rows(session, enterprise_id)
    values = {row.name: row.value for row in rows}
    try:
        return Profile(Facts.from_json(values), rows, ())
    except FactsError as refused:
        return Profile(current.usable(values), rows, refused.problems)


async def save_facts(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    changes: Mapping[str, Any],
    *,
    source: Source,
    now: datetime,
    forget: Iterable[str] = (),
) -> Profile:
    """Set the facts in `changes` (None: known to be none), make those in `forget` unknown, keep the rest.

    An owner who repeats an attested or imported value does not make it merely declared.
    Raises `EnterpriseNotFound`, `MatterNotCovered`, `FactsRefused`, `FactSaidTwice` or `FactAttested`; then nothing
    is changed.
    """
    await enterprise_of(session, actor, enterprise_id)
    await members.require(session, actor, enterprise_id, Matter.FACTS)
    forgotten = sorted(set(forget))
    values = _checked(changes, forgotten)
    await storing.hold(session, enterprise_id)
    values, forgotten = await storing.settled(session, enterprise_id, values, forgotten)
    if source != "attested":
        await _refuse_attested(session, enterprise_id, values, forgotten)
    origin = storing.Origin(source, now, actor.user_id)
    await storing.change(session, enterprise_id, values, forgotten, origin, now)
    profile = await profile_of(session, enterprise_id)
    await audit.record(
        session,
        actor,
        action="profiles.save_facts",
        subject=("enterprise", enterprise_id),
        tenant=str(enterprise_id),
        detail={"set": sorted(values), "forgotten": forgotten, "source": source},
        now=now,
    )
    return profile


def _checked(changes: Mapping[str, Any], forgotten: Sequence[str]) -> dict[str, object]:
    twice = sorted(set(changes) & set(forgotten))
    if twice:
        raise FactSaidTwice(field=f"facts.{twice[0]}", fact=twice[0])
    words = Vocabulary.shipped()
    strangers = tuple(FactProblem(name, "fact_unknown", {}) for name in forgotten if name not in words.facts)
    try:
        facts = Facts.from_json(changes, words)
    except FactsError as refused:
        raise FactsRefused((*refused.problems, *strangers)) from refused
    if strangers:
        raise FactsRefused(strangers)
    return facts.to_json()


async def _refuse_attested(
    session: AsyncSession, enterprise_id: UUID, values: Mapping[str, object], forgotten: Sequence[str]
) -> None:
    """What an agency attested is not overwritten by whoever merely declares it."""
    against = _contradicted(await profile_of(session, enterprise_id), values, forgotten)
    if against:
        raise FactAttested(tuple(sorted(against)))


def attested_otherwise(profile: Profile, values: Mapping[str, object]) -> frozenset[str]:
    """Which of `values` cannot be kept, because an agency attested otherwise: of the fact itself or of a place that
    would have to change with it.
    """
    found = _contradicted(profile, values, ()) & set(values)
    rest = {name: value for name, value in values.items() if name not in found}
    after, forgotten = nesting.settled(rest, profile.facts.to_json())
    against = _contradicted(profile, after, forgotten)
    places = {name for pair in Vocabulary.shipped().nested if against & set(pair) for name in pair}
    return found | (places & set(rest))


def _contradicted(profile: Profile, values: Mapping[str, object], forgotten: Sequence[str]) -> frozenset[str]:
    known = profile.facts.to_json()
    attested = {row.name for row in profile.rows if row.source == "attested" and row.name in known}
    touched = {name for name, value in values.items() if known.get(name) != value} | set(forgotten)
    return frozenset(attested & touched)
