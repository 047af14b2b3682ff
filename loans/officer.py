"""The bank's side of its cases: the queue by worst deadline, what was decided, taking a case, giving it back.

Every statement names the officer's own bank; taking the next case skips rows a colleague is taking at this
instant.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import queries as people
from auth.actor import Actor
from auth.roles import Role
from loans import queries
from loans.deadlines import Standing, local_day, standing
from loans.errors import ClaimedByAnother, NotClaimed, NotFound, QueueEmpty
from loans.lifecycle import QUEUED, Action, Status
from loans.money import yuan_from_fen
from loans.moves import move
from loans.schemas import QueueCounters, QueueRead, QueueRow
from loans.tables import Application

FILTERS = ("all", "waiting", "mine", "second_approval", "decided")
LARGEST_PAGE = 100
LAST_PAGE = 10_000


async def queue(
    session: AsyncSession,
    actor: Actor,
    *,
    now: datetime,
    show: str = "all",
    only: Standing | None = None,
    search: str = "",
    page: int = 1,
    size: int = 20,
) -> QueueRead:
    """One page of the bank's waiting cases, worst deadline first; or of the decided ones, newest first.

    `show` is one of FILTERS, `only` narrows the waiting to one standing; `search` looks in every case of the
    bank for a number or an enterprise instead. `size` is 1..100. The counters ignore all three.
    """
    bank, today = bank_of(actor), local_day(now)
    where = _where(actor, bank, show, only, search, today)
    latest = bool(search) or show == "decided"
    worst = (col(Application.due_on), col(Application.submitted_at))
    order = (col(Application.changed_at).desc(),) if latest else worst
    total = await session.scalar(select(func.count()).select_from(Application).where(where))
    found = await session.scalars(
        select(Application)
        .where(where)
        .order_by(*order, col(Application.id))
        .limit(size)
        .offset((page - 1) * size)
    )
    cases = found.all()
    names = await people.display_names(session, [case.claimed_by for case in cases if case.claimed_by])
    counted = await queries.counters(session, bank, today)
    return QueueRead(
        today=today,
        counters=QueueCounters(**{each.value: counted[each] for each in Standing}),
        total=total or 0,
        page=page,
        size=size,
        cases=[_row(case, actor, names, today) for case in cases],
    )


def _where(
    actor: Actor, bank: str, show: str, only: Standing | None, search: str, today: date
) -> ColumnElement[bool]:
    if search:
        return queries.of_bank(bank) & queries.mentions(search)
    if show == "decided":
        waiting = col(Application.status).in_([status.value for status in QUEUED])
        return queries.of_bank(bank) & ~waiting
    where = queries.waiting_at(bank) & _shown(actor, show)
    return where if only is None else where & queries.standing_filter(only, today)


def _shown(actor: Actor, show: str) -> ColumnElement[bool]:
    status = col(Application.status)
    if show == "waiting":
        return status == Status.SUBMITTED.value
    if show == "mine":
        return (status == Status.IN_REVIEW.value) & (col(Application.claimed_by) == actor.user_id)
    if show == "second_approval":
        return status == Status.SECOND_APPROVAL.value
    return status.is_not(None)


def _row(case: Application, actor: Actor, names: dict[UUID, str], today: date) -> QueueRow:
    return QueueRow(
        id=case.id,
        serial=case.serial,
        status=case.status,
        enterprise_name=case.applicant["name"],
        product_id=case.product_id,
        product_name_zh=case.product["name_zh"],
        product_name_en=case.product["name_en"],
        amount_yuan=yuan_from_fen(case.amount_fen),
        term_months=case.term_months,
        agreed_amount_yuan=None if case.agreed_amount_fen is None else yuan_from_fen(case.agreed_amount_fen),
        submitted_at=case.submitted_at,
        changed_at=case.changed_at,
        due_on=case.due_on,
        standing=standing(case.due_on, today).value if Status(case.status) in QUEUED else None,
        claimed_by=names.get(case.claimed_by) if case.claimed_by else None,
        claimed_by_me=case.claimed_by == actor.user_id,
    )


def bank_of(actor: Actor) -> str:
    """The officer's bank; an actor without one sees no queue at all."""
    if actor.bank_id is None:
        raise NotFound
    return actor.bank_id


async def claim_next(session: AsyncSession, actor: Actor, *, now: datetime) -> Application:
    """Take the bank's unclaimed case with the worst deadline; raises QueueEmpty when there is none.

    FOR UPDATE SKIP LOCKED: officers who ask at once get different cases and never wait for one another.
    """
    found = await session.scalar(
        select(Application)
        .where(queries.waiting_at(bank_of(actor)), col(Application.status) == Status.SUBMITTED.value)
        .order_by(col(Application.due_on), col(Application.submitted_at), col(Application.id))
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise QueueEmpty
    await move(session, found, Action.CLAIM, actor, now=now, claimed_by=actor.user_id, claimed_at=now)
    return found


async def claim(session: AsyncSession, actor: Actor, application_id: UUID, *, now: datetime) -> Application:
    """Take one case; raises ClaimedByAnother where a colleague has it."""
    application = await queries.application_for(session, actor, application_id)
    taken = application.status == Status.IN_REVIEW.value and application.claimed_by != actor.user_id
    if taken:
        raise ClaimedByAnother
    await move(session, application, Action.CLAIM, actor, now=now, claimed_by=actor.user_id, claimed_at=now)
    return application


async def release(session: AsyncSession, actor: Actor, application_id: UUID, *, now: datetime) -> Application:
    """Give a case back to the queue: one's own, or as a senior officer anybody's. Raises NotClaimed
    otherwise."""
    application = await queries.application_for(session, actor, application_id)
    in_review = application.status == Status.IN_REVIEW.value
    if in_review and actor.role != Role.SENIOR_OFFICER and application.claimed_by != actor.user_id:
        raise NotClaimed
    still = col(Application.claimed_by) == application.claimed_by
    await move(
        session, application, Action.RELEASE, actor, now=now, only_if=still, claimed_by=None, claimed_at=None
    )
    return application
