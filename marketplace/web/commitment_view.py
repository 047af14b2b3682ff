"""Commitments as pages show them, to the enterprise and to whoever verifies: each fact as it was declared and as it is.

One view for both, so that neither reads something the other does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from auth.queries import display_names
from eligibility import Vocabulary
from marketplace.profiles import service as profiles
from marketplace.profiles.commitment_steps import Action, By, Status, possible
from marketplace.profiles.commitments import facts_of, policies_in_force
from marketplace.profiles.service import Profile
from marketplace.profiles.tables import Agency, Attestation, Commitment, CommitmentFact
from marketplace.web.verdicts import fact_words

TAGS: Mapping[str, str] = {
    Status.MADE: "tag-maybe",
    Status.VERIFIED: "tag-yes",
    Status.REFUTED: "tag-out",
    Status.WITHDRAWN: "tag-no",
    Status.LAPSED: "tag-no",
}


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact of a commitment. now: what the enterprise's facts say instead, None where they say the same.

    forgotten: they say nothing any more; source: where today's value comes from.
    """

    name: str
    label: str
    declared: str
    outcome: str
    now: str | None
    forgotten: bool
    source: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A commitment with everything its page tells. policy: its name; names: of the people who did something."""

    commitment: Commitment
    lines: Sequence[FactLine]
    policy: str | None
    agency: Agency | None
    names: Mapping[Any, str]

    @property
    def tag(self) -> str:
        """The class of its status."""
        return TAGS[self.commitment.status]

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether the enterprise can still take it back."""
        return Action.WITHDRAW in possible(Status(self.commitment.status), By.ENTERPRISE)

    @property
    def may_be_verified(self) -> bool:
        """Whether it waits for a finding."""
        return Action.CONFIRM in possible(Status(self.commitment.status), By.VERIFIER)

    @property
    def waits_for_answer(self) -> bool:
        """Whether an objection is open."""
        return self.commitment.objected_at is not None and self.commitment.answered_at is None

    def may_be_objected_to(self, day: date) -> bool:
        """Whether the enterprise can still object."""
        one = self.commitment
        refuted = one.status == Status.REFUTED and one.objected_at is None
        return refuted and one.object_by is not None and day <= one.object_by


async def shown(session: AsyncSession, commitment: Commitment, as_of: date, lang: str) -> Shown:
    """Everything about one commitment."""
    profile = await profiles.profile_of(session, commitment.enterprise_id)
    attestation = (
        await session.get(Attestation, commitment.attestation_id) if commitment.attestation_id else None
    )
    people = [commitment.made_by, commitment.ended_by, commitment.objected_by, commitment.answered_by]
    return Shown(
        commitment=commitment,
        lines=lines_of(await facts_of(session, commitment.id), profile, lang),
        policy=await policy_name(session, commitment.policy_id, as_of, lang),
        agency=await session.get(Agency, attestation.agency_id) if attestation else None,
        names=await display_names(session, [one for one in people if one is not None]),
    )


async def policy_name(session: AsyncSession, policy_id: str | None, as_of: date, lang: str) -> str | None:
    """What a policy in force is called, its id where it is over by now."""
    if policy_id is None:
        return None
    policy = (await policies_in_force(session, as_of)).get(policy_id)
    return policy.name(lang) if policy else policy_id


def lines_of(facts: Sequence[CommitmentFact], profile: Profile, lang: str) -> Sequence[FactLine]:
    """The facts of a commitment beside what is known today."""
    known = profile.facts.to_json()
    sources = {row.name: row.source for row in profile.rows}
    order = list(Vocabulary.shipped().facts)
    return [
        FactLine(
            name=fact.name,
            label=label_of(fact.name, lang),
            declared=said(fact.name, fact.value, lang),
            outcome=fact.outcome,
            now=said(fact.name, known[fact.name], lang)
            if fact.name in known and known[fact.name] != fact.value
            else None,
            forgotten=fact.name not in known,
            source=sources.get(fact.name),
        )
        for fact in sorted(facts, key=lambda one: order.index(one.name) if one.name in order else len(order))
    ]


def label_of(name: str, lang: str) -> str:
    """What a fact is called; its name where today's vocabulary has none of it."""
    fact = Vocabulary.shipped().facts.get(name)
    return fact.label(lang) if fact else name


def said(name: str, value: Any, lang: str) -> str:
    """A value in words; as it was stored where today's vocabulary has no words for it."""
    fact = Vocabulary.shipped().facts.get(name)
    try:
        return fact_words(fact, value, lang) if fact else str(value)
    except (ValueError, ArithmeticError, KeyError, TypeError):
        return str(value)
