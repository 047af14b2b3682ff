"""Cases kept with a policy: made-up facts on a day and what the text says of them, tried on every version.

A case says what somebody who read the text expects, never what the engine happens to answer. It belongs to the policy
and outlives its versions; what is put right is retired and kept anew, so that nothing is changed unseen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import Field
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from auth.schemas import Input, ShortText
from eligibility import Facts, FactsError, Status, Vocabulary
from eligibility.benefit import Benefit
from policies import queries, trying, versions
from policies.case_tables import PolicyCase
from policies.errors import CaseNameTaken, CaseNotFound, WrongState
from policies.lifecycle import Status as State
from policies.schemas import PolicyDay
from policies.tables import PolicyVersion
from policies.trying import Trial

UNDER_REVIEW = frozenset({State.SUBMITTED.value, State.SCHEDULED.value})


class CaseText(Input):
    """What a case says. `figures`: what the amount needs that no rule asks for; `expected_yuan` to the fen."""

    name: ShortText
    facts: dict[str, Any] = Field(default_factory=dict, max_length=500)
    figures: dict[str, Any] = Field(default_factory=dict, max_length=20)
    day: PolicyDay
    expected: Literal["eligible", "ineligible", "undetermined"]
    expected_yuan: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2)] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case tried on one version. `trial`: None where its facts cannot be read any more."""

    case: PolicyCase
    trial: Trial | None

    @property
    def holds(self) -> bool:
        """Whether the version says what the case expects."""
        if self.trial is None or self.trial.verdict.status.value != self.case.expected:
            return False
        return self.case.expected_yuan is None or self.trial.yuan == self.case.expected_yuan


async def of(session: AsyncSession, policy_id: str) -> Sequence[PolicyCase]:
    """The cases kept with a policy, oldest first."""
    found = await session.scalars(
        select(PolicyCase)
        .where(col(PolicyCase.policy_id) == policy_id, col(PolicyCase.retired_at).is_(None))
        .order_by(col(PolicyCase.kept_at), col(PolicyCase.name))
    )
    return found.all()


async def ever_kept(session: AsyncSession) -> set[str]:
    """The policies that have or had a case."""
    return set(await session.scalars(select(col(PolicyCase.policy_id)).distinct()))


async def find(session: AsyncSession, policy_id: str, case_id: UUID) -> PolicyCase:
    """One case of a policy that is not retired. Raises CaseNotFound."""
    found = await session.get(PolicyCase, case_id)
    if found is None or found.policy_id != policy_id or found.retired_at is not None:
        raise CaseNotFound
    return found


def outcomes(row: PolicyVersion, cases: Sequence[PolicyCase]) -> list[Outcome]:
    """What a version says of each case."""
    subject = trying.subject_of(row)
    return [Outcome(case, _tried(subject, case)) for case in cases]


def _tried(subject: trying.Subject, case: PolicyCase) -> Trial | None:
    try:
        facts = Facts.from_json(case.facts, Vocabulary.shipped())
        return subject.on(facts, case.day, fitting(subject.benefit, case.figures))
    except FactsError:
        return None


def fitting(benefit: Benefit, figures: Mapping[str, Any]) -> Facts:
    """Those of the figures that this version's amount still asks for. Raises FactsError."""
    asked = {fact.name for fact in benefit.inputs}
    return trying.figures_of(benefit, {name: value for name, value in figures.items() if name in asked})


async def keep(
    session: AsyncSession,
    actor: Actor,
    row: PolicyVersion,
    text: CaseText,
    *,
    now: datetime,
    replaces: PolicyCase | None = None,
) -> PolicyCase:
    """Keep a case with the version's policy, perhaps instead of another.

    Raises FactsError, CaseNameTaken, and what `retire` raises.
    """
    facts = Facts.from_json(text.facts, Vocabulary.shipped())
    figures = trying.figures_of(trying.subject_of(row).benefit, text.figures)
    if replaces is not None:
        await retire(session, actor, replaces, now=now)
    eligible = text.expected == Status.ELIGIBLE.value
    values = {
        "id": uuid4(),
        "policy_id": row.policy_id,
        "name": text.name,
        "facts": facts.to_json(),
        "figures": figures.to_json(),
        "day": text.day,
        "expected": text.expected,
        "expected_yuan": text.expected_yuan if eligible else None,
        "replaces": None if replaces is None else replaces.id,
        "kept_by": actor.user_id,
        "kept_at": now,
    }
    found = await _stored(session, values)
    if found is None:
        raise CaseNameTaken(field="name", name=text.name)
    verb = "keep_case" if replaces is None else "replace_case"
    await _record(session, actor, verb, found, now)
    return found


async def store_shipped(
    session: AsyncSession, policy_id: str, values: Mapping[str, Any], now: datetime
) -> None:
    """Store a case of the pack. For seeding; nothing happens where one of its name is kept already."""
    facts = Facts.from_json(values["facts"], Vocabulary.shipped())
    await _stored(
        session,
        {
            "figures": {},
            **values,
            "id": uuid4(),
            "policy_id": policy_id,
            "facts": facts.to_json(),
            "kept_at": now,
        },
    )


async def _stored(session: AsyncSession, values: Mapping[str, Any]) -> PolicyCase | None:
    done = await session.execute(
        insert(PolicyCase)
        .values(**values)
        .on_conflict_do_nothing(
            index_elements=["policy_id", "name"], index_where=col(PolicyCase.retired_at).is_(None)
        )
        .returning(PolicyCase)
    )
    return done.scalar_one_or_none()


async def retire(session: AsyncSession, actor: Actor, case: PolicyCase, *, now: datetime) -> None:
    """Take a case out of use. Whoever does it while a draft is open has worked on the draft.

    Raises WrongState while a version is under review: what it was judged by stays. Raises CaseNotFound where somebody
    was quicker.
    """
    open_ = await queries.open_version(session, case.policy_id)
    if open_ is not None:
        if open_.status in UNDER_REVIEW:
            raise WrongState(field="cases", status=open_.status, action="retire_case")
        await versions.change(session, open_, {"editors": sorted({*open_.editors, str(actor.user_id)})})
    done = await session.execute(
        update(PolicyCase)
        .where(col(PolicyCase.id) == case.id, col(PolicyCase.retired_at).is_(None))
        .values(retired_at=now, retired_by=actor.user_id)
        .returning(col(PolicyCase.id))
    )
    if done.scalar_one_or_none() is None:
        raise CaseNotFound
    await _record(session, actor, "retire_case", case, now)


async def _record(session: AsyncSession, actor: Actor, verb: str, case: PolicyCase, now: datetime) -> None:
    detail = {
        "policy": case.policy_id,
        "name": case.name,
        "day": case.day.isoformat(),
        "expected": case.expected,
    }
    await audit.record(
        session,
        actor,
        action=f"policies.{verb}",
        subject=("policy_case", case.id),
        tenant=None,
        detail=detail,
        now=now,
    )
