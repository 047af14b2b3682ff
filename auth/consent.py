"""Consents an owner gives to hand data to one bank: given, looked up, revoked.

PIPL Art. 23 wants each receiving bank, purpose and kind of data named, so each is a row of its own with the
exact words that were shown; revoking stops later use and never rewrites the row's past.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit, members
from auth.actor import Actor
from auth.errors import ConsentNotFound
from auth.roles import Matter
from auth.tables import Consent, Membership


async def give(
    session: AsyncSession,
    actor: Actor,
    *,
    enterprise_id: UUID,
    bank_id: str,
    purpose: str,
    data_categories: Sequence[str],
    wording: str,
    language: str,
    now: datetime,
    application_id: UUID | None = None,
) -> Consent:
    """Record that `actor` consented in these words.

    The caller has made sure that the actor acts for `enterprise_id`. `language` is "zh-CN" or "en".
    """
    consent = Consent(
        enterprise_id=enterprise_id,
        user_id=actor.user_id,
        bank_id=bank_id,
        purpose=purpose,
        data_categories=list(data_categories),
        wording=wording,
        wording_sha256=hashlib.sha256(wording.encode()).hexdigest(),
        language=language,
        given_at=now,
        application_id=application_id,
    )
    session.add(consent)
    await session.flush()
    await audit.record(
        session,
        actor,
        action="consent.give",
        subject=("consent", consent.id),
        tenant=str(enterprise_id),
        detail={"bank_id": bank_id, "purpose": purpose, "wording_sha256": consent.wording_sha256},
        now=now,
    )
    return consent


async def revoke(session: AsyncSession, actor: Actor, consent_id: UUID, *, now: datetime) -> Consent:
    """End a consent of one of the actor's enterprises; revoking twice keeps the first date.

    Raises `ConsentNotFound` for another's consent exactly as for a missing one, `MatterNotCovered` for an enterprise
    the actor may not apply for.
    """
    about = await session.scalar(select(col(Consent.enterprise_id)).where(col(Consent.id) == consent_id))
    if about is not None:
        await members.require(session, actor, about, Matter.APPLY)
    mine = _of_members(actor.user_id)
    ended = await session.execute(
        update(Consent)
        .where(col(Consent.id) == consent_id, mine, col(Consent.revoked_at).is_(None))
        .values(revoked_at=now)
        .returning(col(Consent.enterprise_id))
    )
    enterprise_id = ended.scalar_one_or_none()
    if enterprise_id is not None:
        await audit.record(
            session,
            actor,
            action="consent.revoke",
            subject=("consent", consent_id),
            tenant=str(enterprise_id),
            detail={},
            now=now,
        )
    statement = select(Consent).where(col(Consent.id) == consent_id, mine)
    found = await session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise ConsentNotFound
    return found


async def active(
    session: AsyncSession,
    *,
    enterprise_id: UUID,
    bank_id: str,
    purpose: str,
    application_id: UUID | None = None,
) -> Consent | None:
    """The newest unrevoked consent of the enterprise to this bank for this purpose.

    With `application_id`, one given for that application or for none in particular.
    """
    statement = select(Consent).where(
        col(Consent.enterprise_id) == enterprise_id,
        col(Consent.bank_id) == bank_id,
        col(Consent.purpose) == purpose,
        col(Consent.revoked_at).is_(None),
    )
    if application_id is not None:
        statement = statement.where(
            or_(col(Consent.application_id) == application_id, col(Consent.application_id).is_(None))
        )
    found = await session.scalars(statement.order_by(col(Consent.given_at).desc(), col(Consent.id)).limit(1))
    return found.first()


async def given_by(session: AsyncSession, actor: Actor) -> Sequence[Consent]:
    """All consents of the enterprises the actor acts for, newest first."""
    found = await session.scalars(
        select(Consent)
        .where(_of_members(actor.user_id))
        .order_by(col(Consent.given_at).desc(), col(Consent.id))
    )
    return found.all()


def _of_members(user_id: UUID) -> ColumnElement[bool]:
    memberships = select(col(Membership.enterprise_id)).where(col(Membership.user_id) == user_id)
    return col(Consent.enterprise_id).in_(memberships)
