"""One case as its readers see it: the owner, the bank's officers, an auditor, each a little differently.

What belongs to the bank alone (notes, who has claimed it, its deadline) is left out here, in one place, for
everybody else.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth import queries as people
from auth.actor import Actor
from auth.roles import Role
from loans import queries
from loans.deadlines import local_day, standing
from loans.lifecycle import OFFICERS, QUEUED, Action, Status, possible
from loans.money import yuan_from_fen
from loans.schemas import (
    ApplicationRead,
    ApplicationSummary,
    DecisionRead,
    EventRead,
    ProductRead,
    ProvenanceRead,
    QuoteRead,
    ReasonRead,
)
from loans.tables import Application, Decision


async def case(
    session: AsyncSession, actor: Actor, application_id: UUID, *, now: datetime
) -> ApplicationRead:
    """The case with its timeline and decisions, for a person who may see it; raises NotFound."""
    application = await queries.application_for(session, actor, application_id)
    return await case_read(session, actor, application, now=now)


async def case_read(
    session: AsyncSession, actor: Actor, application: Application, *, now: datetime
) -> ApplicationRead:
    """The Read model of a row the actor is known to be allowed to see."""
    inside = actor.role in OFFICERS or actor.role == Role.AUDITOR
    decisions = await queries.decisions_of(session, application.id)
    claimed = application.claimed_by if inside else None
    known = [claimed] if claimed else []
    names = await people.display_names(session, [*known, *(each.decided_by for each in decisions)])
    quotes = [each.quote for each in decisions if each.quote is not None]
    approved = quotes[-1] if quotes and application.agreed_amount_fen is not None else None
    waiting = application.status in [status.value for status in QUEUED]
    return ApplicationRead(
        id=application.id,
        serial=application.serial,
        status=application.status,
        actions=actions(application, actor, decisions),
        financing_request_id=application.financing_request_id,
        enterprise_id=application.enterprise_id,
        enterprise_name=application.applicant["name"],
        uscc=application.applicant["uscc"],
        bank_id=application.bank_id,
        product=ProductRead.model_validate(application.product),
        amount_yuan=yuan_from_fen(application.amount_fen),
        term_months=application.term_months,
        purpose=application.purpose,
        repayment_method=application.repayment_method,
        as_of=application.as_of,
        submitted_at=application.submitted_at,
        due_on=application.due_on,
        quote=QuoteRead.model_validate(application.quote),
        facts=application.facts,
        provenance={
            name: ProvenanceRead.model_validate(each)
            for name, each in application.applicant.get("provenance", {}).items()
        },
        rule=application.rule_text,
        verdict=application.verdict,
        trace=application.trace,
        agreed_amount_yuan=_yuan(application.agreed_amount_fen),
        agreed_rate_pct=application.agreed_rate_pct,
        agreed_term_months=application.agreed_term_months,
        agreed_quote=QuoteRead.model_validate(approved) if approved else None,
        decisions=[
            _decision(each, names if inside else None)
            for each in decisions
            if inside or _final(each, application)
        ],
        events=[EventRead.model_validate(each) for each in await queries.events_of(session, application.id)],
        consent_id=application.consent_id,
        standing=standing(application.due_on, local_day(now)).value if inside and waiting else None,
        claimed_by=names.get(claimed) if claimed else None,
        claimed_by_me=inside and application.claimed_by == actor.user_id,
    )


def actions(application: Application, actor: Actor, decisions: Sequence[Decision]) -> list[str]:
    """What this person may do next; a first approval is offered as `approve`, whatever it leads to, a second one
    as `confirm`."""
    found: list[str] = []
    mine = application.claimed_by == actor.user_id or actor.role == Role.SENIOR_OFFICER
    first = next((each.decided_by for each in decisions if each.stage == 1), None)
    for action in possible(Status(application.status), actor.role):
        if action in (Action.APPROVE, Action.DECLINE, Action.RELEASE) and not mine:
            continue
        if action is Action.PROPOSE:
            continue
        second = application.status == Status.SECOND_APPROVAL.value
        if second and actor.role in OFFICERS and first == actor.user_id:
            continue
        found.append(action.value)
    return found


def _final(decision: Decision, application: Application) -> bool:
    """Whether an owner sees a decision: not while it is only a proposal."""
    return application.status != Status.SECOND_APPROVAL.value or decision.kind == "decline"


def _decision(row: Decision, names: Mapping[UUID, str] | None) -> DecisionRead:
    """A decision as it leaves; `names` of people only for who is inside the bank."""
    return DecisionRead(
        stage=row.stage,
        kind=row.kind,
        amount_yuan=_yuan(row.amount_fen),
        annual_rate_pct=row.annual_rate_pct,
        term_months=row.term_months,
        quote=QuoteRead.model_validate(row.quote) if row.quote else None,
        reasons=[ReasonRead.model_validate(reason) for reason in row.reasons],
        note=row.note if names is not None else None,
        decided_by=names.get(row.decided_by) if names is not None else None,
        decided_at=row.decided_at,
    )


def _yuan(fen: int | None) -> Decimal | None:
    return None if fen is None else yuan_from_fen(fen)


async def summaries(session: AsyncSession, actor: Actor) -> list[ApplicationSummary]:
    """The owner's applications, newest first."""
    return [
        ApplicationSummary(
            id=row.id,
            serial=row.serial,
            status=row.status,
            enterprise_id=row.enterprise_id,
            bank_id=row.bank_id,
            product_id=row.product_id,
            product_name_zh=row.product["name_zh"],
            product_name_en=row.product["name_en"],
            amount_yuan=yuan_from_fen(row.amount_fen),
            term_months=row.term_months,
            agreed_amount_yuan=_yuan(row.agreed_amount_fen),
            submitted_at=row.submitted_at,
            changed_at=row.changed_at,
        )
        for row in await queries.applications_of(session, actor)
    ]
