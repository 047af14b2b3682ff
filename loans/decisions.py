"""What the bank decides: approvals within the product's limits, declines with reasons, a second person
above an amount.

An approval states its own terms; a second approval must name the same ones, so that what was looked at is
what is approved.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from auth.roles import Role
from eligibility.sentence import trimmed
from loans import queries
from loans.deadlines import local_day
from loans.errors import (
    AlreadyDisbursed,
    ChangedMeanwhile,
    NotClaimed,
    ReasonsNeeded,
    SecondPersonNeeded,
    TermsDiffer,
    TermsOutside,
)
from loans.lifecycle import Action, Status, transition
from loans.money import fen_from_yuan, yuan_from_fen
from loans.moves import move
from loans.quotes import quote
from loans.schedule import RepaymentMethod
from loans.schemas import DecisionInput, DisbursementRead, ProductRead
from loans.tables import Application, Decision, Disbursement

SECOND_PERSON_ABOVE_FEN = 100_000_000
"""Approvals above one million yuan need a second, senior person."""


async def decide(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    asked: DecisionInput,
    *,
    now: datetime,
    seen: str | None = None,
) -> Application:
    """Approve or decline a case one has taken, or as a senior officer any the bank has taken.

    Above SECOND_PERSON_ABOVE_FEN a first approval leads to second_approval; another senior officer's makes
    it an offer. `seen` is the status the person decided on: once the case is elsewhere, nothing is decided.
    Raises ChangedMeanwhile, NotClaimed, SecondPersonNeeded, TermsDiffer, TermsOutside, ReasonsNeeded and what
    `moves.move` raises.
    """
    application = await queries.application_for(session, actor, application_id)
    if seen is not None and seen != application.status:
        raise ChangedMeanwhile
    second = application.status == Status.SECOND_APPROVAL.value
    if application.status == Status.SUBMITTED.value:
        raise NotClaimed
    action = _action(application, asked, second)
    transition(Status(application.status), action, actor.role)
    if not second and application.claimed_by != actor.user_id and actor.role != Role.SENIOR_OFFICER:
        raise NotClaimed
    if second:
        await _be_another(session, actor, application)
    decision = _declined(asked) if asked.kind == "decline" else _approved(application, asked, now)
    if second and asked.kind == "approve":
        await _same_terms(session, application, decision)
    still = col(Application.claimed_by).is_not_distinct_from(application.claimed_by)
    agreed = _agreed(decision) if action in (Action.APPROVE, Action.CONFIRM) else {}
    await move(
        session,
        application,
        action,
        actor,
        now=now,
        only_if=still,
        public=_public(action, decision),
        private={"note": bool(decision.get("note"))},
        **agreed,
    )
    session.add(
        Decision(
            application_id=application.id,
            stage=2 if second else 1,
            kind=asked.kind,
            decided_by=actor.user_id,
            decided_at=now,
            **decision,
        )
    )
    await session.flush()
    return application


def _action(application: Application, asked: DecisionInput, second: bool) -> Action:
    if asked.kind == "decline":
        return Action.DECLINE
    if second:
        return Action.CONFIRM
    amount = fen_from_yuan(asked.amount_yuan or Decimal(0))
    return Action.PROPOSE if amount > SECOND_PERSON_ABOVE_FEN else Action.APPROVE


async def _be_another(session: AsyncSession, actor: Actor, application: Application) -> None:
    """Refuse the second word to who had the first."""
    first = await session.scalar(
        select(col(Decision.decided_by)).where(
            col(Decision.application_id) == application.id, col(Decision.stage) == 1
        )
    )
    if first == actor.user_id:
        raise SecondPersonNeeded


async def _same_terms(session: AsyncSession, application: Application, terms: dict[str, Any]) -> None:
    first = (await queries.decisions_of(session, application.id))[0]
    proposed = (first.amount_fen, first.annual_rate_pct, first.term_months)
    if proposed != (terms["amount_fen"], terms["annual_rate_pct"], terms["term_months"]):
        raise TermsDiffer(
            amount=trimmed(yuan_from_fen(first.amount_fen or 0)),
            rate=trimmed(first.annual_rate_pct or Decimal(0)),
            months=first.term_months,
        )


def _approved(application: Application, asked: DecisionInput, now: datetime) -> dict[str, Any]:
    """The columns of an approval: terms inside the product and the request, and what they cost."""
    if asked.amount_yuan is None or asked.annual_rate_pct is None or asked.term_months is None:
        raise ValueError("DecisionInput lets no approval through without terms")
    product = ProductRead.model_validate(application.product)
    terms = {
        "amount_yuan": asked.amount_yuan,
        "annual_rate_pct": asked.annual_rate_pct,
        "term_months": Decimal(asked.term_months),
    }
    refused = outside(product, yuan_from_fen(application.amount_fen), terms)
    if refused:
        raise refused[0]
    amount = fen_from_yuan(asked.amount_yuan)
    method = RepaymentMethod(application.repayment_method)
    cost = quote(method, amount, asked.annual_rate_pct, asked.term_months, local_day(now))
    return {
        "amount_fen": amount,
        "annual_rate_pct": asked.annual_rate_pct,
        "term_months": asked.term_months,
        "quote": cost.model_dump(mode="json"),
        "reasons": [],
        "note": asked.note,
    }


def outside(product: ProductRead, wanted_yuan: Decimal, terms: Mapping[str, Decimal]) -> list[TermsOutside]:
    """Each of the terms (a DecisionInput's fields) that lies outside the product or above what was asked for."""
    most = min(wanted_yuan, product.max_amount_yuan)
    limits: dict[str, tuple[Decimal | int, Decimal | int]] = {
        "amount_yuan": (min(product.min_amount_yuan, most), most),
        "annual_rate_pct": (product.min_rate_pct, product.max_rate_pct),
        "term_months": (product.min_term_months, product.max_term_months),
    }
    return [
        TermsOutside(field=name, least=trimmed(Decimal(least)), most=trimmed(Decimal(most)))
        for name, (least, most) in limits.items()
        if name in terms and not least <= terms[name] <= most
    ]


def _declined(asked: DecisionInput) -> dict[str, Any]:
    if not asked.reasons:
        raise ReasonsNeeded(field="reasons")
    for at, reason in enumerate(asked.reasons):
        if reason.code == "other" and not reason.note:
            raise ReasonsNeeded(field=f"reasons.{at}.note")
    return {
        "amount_fen": None,
        "annual_rate_pct": None,
        "term_months": None,
        "quote": None,
        "reasons": [reason.model_dump(mode="json") for reason in asked.reasons],
        "note": asked.note,
    }


def _agreed(decision: dict[str, Any]) -> dict[str, Any]:
    return {
        "agreed_amount_fen": decision["amount_fen"],
        "agreed_rate_pct": decision["annual_rate_pct"],
        "agreed_term_months": decision["term_months"],
    }


def _public(action: Action, decision: dict[str, Any]) -> dict[str, Any]:
    """What the timeline says: an offer's terms, a decline's reason codes; a proposal says nothing yet."""
    if action is Action.DECLINE:
        return {"reasons": [reason["code"] for reason in decision["reasons"]]}
    if action is Action.PROPOSE:
        return {}
    return {
        "amount_yuan": float(yuan_from_fen(decision["amount_fen"])),
        "annual_rate_pct": float(decision["annual_rate_pct"]),
        "term_months": decision["term_months"],
    }


async def disburse(
    session: AsyncSession, actor: Actor, application_id: UUID, *, now: datetime
) -> DisbursementRead:
    """Record the pay-out of an accepted loan, once: the key of the row and the state both refuse a second."""
    application = await queries.application_for(session, actor, application_id)
    if application.status == Status.DISBURSED.value:
        raise AlreadyDisbursed
    amount = application.agreed_amount_fen or 0
    public = {"amount_yuan": float(yuan_from_fen(amount))}
    await move(session, application, Action.DISBURSE, actor, now=now, public=public)
    paid = await session.execute(
        insert(Disbursement)
        .values(application_id=application.id, amount_fen=amount, recorded_by=actor.user_id, recorded_at=now)
        .on_conflict_do_nothing(constraint="pk_disbursements")
        .returning(col(Disbursement.application_id))
    )
    if paid.scalar_one_or_none() is None:
        raise AlreadyDisbursed
    return DisbursementRead(application_id=application.id, amount_yuan=yuan_from_fen(amount), recorded_at=now)
