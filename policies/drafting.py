"""Writing a policy whole: every field an admin may change, and a new policy from nothing.

What a version says beyond its columns (families, citations by condition) is in its `relations`, so that one hash binds
all of it and a second person approves all of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import Field, ValidationError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from auth.schemas import Input, Line, PlainText
from eligibility import RuleError, Vocabulary, parse
from eligibility.benefit import Benefit
from policies import content, keeper, queries, service
from policies.errors import (
    BenefitFails,
    DatesCross,
    ExclusionItself,
    ExclusionUnknown,
    FamilyFails,
    PolicyExists,
)
from policies.lifecycle import Status
from policies.schemas import Category, Level, PolicyDay, PolicyDraft
from policies.tables import MARKS, Policy, PolicyVersion

ID = r"^[A-Z0-9]{2,12}(-[A-Z0-9]{1,16}){1,6}$"
BENEFIT_TYPES = (
    "exemption", "reduction", "deferral", "rate", "tiered_rate", "refund", "subsidy", "deduction", "fixed_deduction",
    "carry_forward", "service", "loan_support", "loan", "interest_subsidy", "rate_target", "protection",
    "price_preference", "price_policy",
)  # fmt: skip
PERS = ("once", "year", "filing_period", "relief_period", "month")
CITATIONS, FAMILIES = "citations", "families"


class Source(Input):
    """Where a text was seen, and how sure that is."""

    mark: Literal["seen", "confident", "check", "illustrative"]
    text: Annotated[PlainText, Field(min_length=1, max_length=2000)]


class Citation(Input):
    """Where the law says one condition of the rule, named by its canonical CEL."""

    condition: str = Field(max_length=20_000)
    clause_zh: Annotated[Line, Field(max_length=300)]
    clause_en: Annotated[Line, Field(max_length=300)]


class FamilyText(Input):
    """Policies of which exactly one applies to everybody `among` speaks of, on every day of a period."""

    id: Annotated[Line, Field(min_length=1, max_length=64)]
    document_no: Annotated[Line, Field(min_length=1, max_length=300)]
    among: str = Field(min_length=1, max_length=20_000)
    starts: PolicyDay = Field(alias="from")
    ends: PolicyDay = Field(alias="to")
    members: list[Annotated[Line, Field(min_length=1, max_length=64)]] = Field(min_length=2, max_length=50)


class WholeDraft(PolicyDraft):
    """Everything a version says. `region_code` is the area it holds in, whoever issued it.

    `relations` holds the families it belongs to and where the law says single conditions, beside what it extends or
    replaces. `checked` is the weakest mark of its sources.
    """

    level: Level
    region_code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]
    issuer: Annotated[Line, Field(min_length=1, max_length=300)]
    document_no: Annotated[Line, Field(min_length=1, max_length=300)]
    title_zh: Annotated[Line, Field(min_length=1, max_length=300)]
    title_en: Annotated[Line, Field(min_length=1, max_length=500)]
    category: Category
    benefit: dict[str, Any]
    relations: dict[str, Any]
    sources: list[Source] = Field(min_length=1, max_length=40)
    checked: Literal["seen", "confident", "check", "illustrative"]


class NewId(Input):
    """The id people will cite a new policy by."""

    id: Annotated[str, Field(pattern=ID, max_length=64)]


def weakest(sources: Sequence[Mapping[str, Any]]) -> str:
    """The mark of the source that is least sure; without any, it has to be checked."""
    marks = [str(source["mark"]) for source in sources if source.get("mark") in MARKS]
    return max(marks, key=MARKS.index) if marks else "check"


def with_own(
    relations: Mapping[str, Any],
    citations: Sequence[Mapping[str, Any]],
    families: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """A version's relations with these citations and families in place of those it had."""
    kept = {name: value for name, value in relations.items() if name not in (CITATIONS, FAMILIES)}
    if citations:
        kept[CITATIONS] = [dict(one) for one in citations]
    if families:
        kept[FAMILIES] = [dict(one) for one in families]
    return kept


async def save(
    session: AsyncSession, actor: Actor, policy_id: str, draft: WholeDraft, *, seen_sha256: str, now: datetime
) -> PolicyVersion:
    """Save an edit of everything. Raises what `service.save_draft` raises, BenefitFails, FamilyFails."""
    await check(session, policy_id, draft)
    return await service.save_draft(session, actor, policy_id, draft, seen_sha256=seen_sha256, now=now)


async def begin(
    session: AsyncSession, actor: Actor, policy_id: str, draft: WholeDraft, *, now: datetime
) -> PolicyVersion:
    """Write down a policy nobody has written yet, as the draft of its version 1.

    Raises PolicyExists, RuleError, DatesCross, ExclusionUnknown, ExclusionItself, BenefitFails, FamilyFails.
    """
    rule = parse(draft.rule, Vocabulary.shipped())
    await check(session, policy_id, draft)
    made = await session.execute(
        insert(Policy).values(id=policy_id, created_at=now).on_conflict_do_nothing().returning(col(Policy.id))
    )
    if made.scalar_one_or_none() is None:
        raise PolicyExists(field="id", id=policy_id)
    fields = {**draft.model_dump(), "rule": rule.text}
    row = PolicyVersion(
        **fields,
        id=uuid4(),
        policy_id=policy_id,
        version=1,
        status=Status.DRAFT.value,
        content_sha256=content.sha256_of(fields),
        editors=[str(actor.user_id)],
        created_at=now,
        changed_at=now,
    )
    session.add(row)
    await session.flush()
    await keeper.tell_written(session, policy_id)
    await audit.record(
        session,
        actor,
        action="policies.begin",
        subject=("policy_version", f"{policy_id}/1"),
        tenant=None,
        detail={"content_sha256": row.content_sha256},
        now=now,
    )
    return row


async def check(session: AsyncSession, policy_id: str, draft: WholeDraft) -> None:
    """Whether what a draft says beside its rule can be used. Raises DatesCross, ExclusionItself, ExclusionUnknown,
    BenefitFails, FamilyFails.
    """
    if draft.effective_to is not None and draft.effective_to < draft.effective_from:
        raise DatesCross(field="effective_to")
    if policy_id in draft.exclusions:
        raise ExclusionItself(field="exclusions")
    members = {one for family in families_of(policy_id, draft.relations) for one in family.members}
    for field, named in (("exclusions", set(draft.exclusions)), ("families", members - {policy_id})):
        unknown = named - await queries.known(session, named)
        if unknown:
            raise ExclusionUnknown(field=field, ids=sorted(unknown))
    _check_kind(draft.benefit)
    _check_inputs(draft.benefit.get("inputs") or ())
    try:
        benefit = Benefit.from_json(draft.benefit, Vocabulary.shipped())
    except RuleError as error:
        raise BenefitFails(field="amount", why=error.diagnostics[0].message()) from error
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise BenefitFails(field="amount", why=str(error)) from error
    apart = set(benefit.exclusive_per) - set(draft.exclusions)
    if apart:
        raise BenefitFails(field="exclusions", why=", ".join(sorted(apart)))
    citations_of(draft.relations)


class OwnInput(Input):
    """A figure a formula asks for and no rule does. `minimum` and `maximum` bound what can be stated."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,60}$")]
    type: Literal["money", "int", "decimal", "date"]
    unit: str | None = None
    label_zh: Annotated[Line, Field(min_length=1, max_length=100)]
    label_en: Annotated[Line, Field(min_length=1, max_length=200)]
    minimum: int | float | None = None
    maximum: int | float | None = None


def _check_kind(benefit: Mapping[str, Any]) -> None:
    """Raises BenefitFails for what pages have no words for: another kind, another period, a number nobody states."""
    known = {"type": BENEFIT_TYPES, "per": (None, *PERS), "counts": (None, *Vocabulary.shipped().facts)}
    for name, values in known.items():
        if benefit.get(name) not in values:
            raise BenefitFails(field="benefit_type" if name == "type" else name, why=str(benefit.get(name)))


def _check_inputs(inputs: Sequence[Mapping[str, Any]]) -> None:
    """Raises BenefitFails for a figure that cannot be asked, or whose name is another's already."""
    taken = set(Vocabulary.shipped().facts)
    for entry in inputs:
        try:
            name = OwnInput.model_validate(entry).name
        except ValidationError as error:
            told = f"{entry.get('name', '?')}: {error.errors()[0]['loc'][0]}"
            raise BenefitFails(field="inputs", why=told) from error
        if name in taken:
            raise BenefitFails(field="inputs", why=name)
        taken.add(name)


def families_of(policy_id: str, relations: Mapping[str, Any]) -> list[FamilyText]:
    """The families a version declares. Raises FamilyFails naming the one that cannot be used, DatesCross."""
    found = []
    for entry in relations.get(FAMILIES) or ():
        name = str(entry.get("id", "?"))
        try:
            family = FamilyText.model_validate(entry)
            parse(family.among, Vocabulary.shipped())
        except ValidationError as error:
            raise FamilyFails(field="families", id=name, why=str(error.errors()[0]["loc"][0])) from error
        except RuleError as error:
            raise FamilyFails(field="families", id=name, why=error.diagnostics[0].message()) from error
        if policy_id not in family.members:
            raise FamilyFails(field="families", id=name, why=policy_id)
        if family.ends < family.starts:
            raise DatesCross(field="families")
        found.append(family)
    return found


def citations_of(relations: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Where the law says single conditions, in zh and en, by their canonical CEL. Raises ValidationError."""
    found = [Citation.model_validate(entry) for entry in relations.get(CITATIONS) or ()]
    return {one.condition: (one.clause_zh, one.clause_en) for one in found}
