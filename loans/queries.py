"""Reads of needs and applications, each narrowed to who asks: another's row is not found, exactly as a
missing one.

Plain functions on a session; nothing here changes a row.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import queries as auth_queries
from auth.actor import Actor
from auth.roles import Role
from auth.tables import Consent, Membership
from loans.deadlines import Standing, near_until
from loans.errors import NotFound
from loans.lifecycle import OFFICERS, QUEUED, Status
from loans.schemas import QuoteRead
from loans.tables import Application, ApplicationEvent, Confirmation, Decision, FinancingRequest


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Which applications a person may see: an owner those of his enterprises, loan officers their bank's, an
    auditor all. Who makes a bank's products sees none."""
    if actor.role == Role.OWNER:
        mine = select(col(Membership.enterprise_id)).where(col(Membership.user_id) == actor.user_id)
        return col(Application.enterprise_id).in_(mine)
    if actor.role in OFFICERS and actor.bank_id:
        return of_bank(actor.bank_id)
    if actor.role == Role.AUDITOR:
        return col(Application.id).is_not(None)
    return col(Application.id).is_(None)


def still_consented() -> ColumnElement[bool]:
    """The owner has not taken back the consent, or the loan was accepted: then there is a contract to serve."""
    standing = select(col(Consent.id)).where(col(Consent.revoked_at).is_(None))
    bound = col(Application.status).in_([Status.ACCEPTED.value, Status.DISBURSED.value])
    return bound | col(Application.consent_id).in_(standing)


async def application_for(session: AsyncSession, actor: Actor, application_id: UUID) -> Application:
    """The application if this person may see it; raises NotFound."""
    found = await session.scalar(
        select(Application)
        .where(col(Application.id) == application_id, visible_to(actor))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


async def applications_of(session: AsyncSession, actor: Actor) -> Sequence[Application]:
    """The owner's applications, newest first."""
    found = await session.scalars(
        select(Application)
        .where(visible_to(actor))
        .order_by(col(Application.submitted_at).desc(), col(Application.id))
    )
    return found.all()


async def request_for(session: AsyncSession, actor: Actor, request_id: UUID) -> FinancingRequest:
    """A need of one of the owner's enterprises; raises NotFound."""
    found = await session.get(FinancingRequest, request_id)
    if found is None or not await auth_queries.acts_for(session, actor.user_id, found.enterprise_id):
        raise NotFound
    return found


async def requests_of(session: AsyncSession, actor: Actor) -> Sequence[FinancingRequest]:
    """The needs of the owner's enterprises, newest first."""
    mine = select(col(Membership.enterprise_id)).where(col(Membership.user_id) == actor.user_id)
    found = await session.scalars(
        select(FinancingRequest)
        .where(col(FinancingRequest.enterprise_id).in_(mine))
        .order_by(col(FinancingRequest.created_at).desc(), col(FinancingRequest.id))
    )
    return found.all()


async def events_of(session: AsyncSession, application_id: UUID) -> Sequence[ApplicationEvent]:
    """The timeline, oldest first."""
    found = await session.scalars(
        select(ApplicationEvent)
        .where(col(ApplicationEvent.application_id) == application_id)
        .order_by(col(ApplicationEvent.id))
    )
    return found.all()


async def decisions_of(session: AsyncSession, application_id: UUID) -> Sequence[Decision]:
    """The bank's decisions, first then second."""
    found = await session.scalars(
        select(Decision).where(col(Decision.application_id) == application_id).order_by(col(Decision.stage))
    )
    return found.all()


async def approved_quote(session: AsyncSession, application_id: UUID) -> QuoteRead | None:
    """What the bank's approval costs, the last word counting; None where it never approved."""
    decided = await decisions_of(session, application_id)
    found = [each.quote for each in decided if each.quote is not None]
    return QuoteRead.model_validate(found[-1]) if found else None


def of_bank(bank_id: str) -> ColumnElement[bool]:
    """The cases this bank may see."""
    return (col(Application.bank_id) == bank_id) & still_consented()


def waiting_at(bank_id: str) -> ColumnElement[bool]:
    """Cases that wait for this bank."""
    return of_bank(bank_id) & col(Application.status).in_([status.value for status in QUEUED])


def mentions(text: str) -> ColumnElement[bool]:
    """Cases whose number, whose papers' number or whose enterprise's name or code has this text in it."""
    papers = select(col(Confirmation.application_id)).where(
        col(Confirmation.serial).icontains(text, autoescape=True)
    )
    named = [col(Application.applicant)[name].as_string() for name in ("name", "uscc")]
    return or_(
        *(column.icontains(text, autoescape=True) for column in (col(Application.serial), *named)),
        col(Application.id).in_(papers),
    )


def standing_filter(standing: Standing, today: date) -> ColumnElement[bool]:
    """The due days of one standing as a condition on the row."""
    due = col(Application.due_on)
    if standing is Standing.OUTSIDE:
        return due < today
    if standing is Standing.NEAR:
        return due.between(today, near_until(today))
    return due > near_until(today)


async def counters(session: AsyncSession, bank_id: str, today: date) -> dict[Standing, int]:
    """How many waiting cases of the bank stand where."""
    columns = [func.count().filter(standing_filter(each, today)) for each in Standing]
    row = (await session.execute(select(*columns).where(waiting_at(bank_id)))).one()
    return dict(zip(Standing, (int(value) for value in row), strict=True))
