"""The owner's paper: printed and signed at its first download, and the same bytes ever after.

What it says is `papers.paper`'s matter; fonts, key and words come from outside as a `Press`.
"""

import asyncio
import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from auth.tables import Consent
from loans import queries
from loans.errors import NotFound
from loans.papers import Press, paper
from loans.tables import Confirmation


async def confirmation(
    session: AsyncSession, actor: Actor, application_id: UUID, *, press: Press, language: str, now: datetime
) -> Confirmation:
    """The paper of an application this person may see; printed now in `language` if it never was. Raises
    NotFound."""
    application = await queries.application_for(session, actor, application_id)
    stored = await _stored(session, application_id)
    if stored is not None:
        return stored
    consent = await session.get(Consent, application.consent_id)
    if consent is None:
        raise NotFound
    document = paper(application, consent.wording, press, language, now)
    printed = await asyncio.to_thread(press.sign, document)
    await session.execute(
        insert(Confirmation)
        .values(
            serial=application.serial,
            application_id=application.id,
            issued_at=now,
            document=document.to_json(),
            sha256=hashlib.sha256(printed).hexdigest(),
            pdf=printed,
        )
        .on_conflict_do_nothing(constraint="pk_confirmations")
    )
    issued = await _stored(session, application_id)
    if issued is None:
        raise LookupError(f"the confirmation of {application.serial} was neither stored nor found")
    return issued


async def _stored(session: AsyncSession, application_id: UUID) -> Confirmation | None:
    return await session.scalar(
        select(Confirmation).where(col(Confirmation.application_id) == application_id)
    )
