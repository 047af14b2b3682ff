"""The owner's papers: each printed and signed at its first download, and the same bytes ever after.

A case has one of each strength it reached, with a number of its own; the receipt bears the application's. What
they say is `papers.paper`'s matter; fonts, key and words come from outside as a `Press`.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from auth.tables import Consent
from loans import queries
from loans.deadlines import local_day
from loans.errors import NotFound
from loans.lifecycle import Status
from loans.papers import Press, paper, strength_of
from loans.serials import new_serial
from loans.tables import STRENGTHS, Application, Confirmation
from pdf.document import Strength


async def confirmation(
    session: AsyncSession, actor: Actor, application_id: UUID, *, press: Press, language: str, now: datetime
) -> Confirmation:
    """The newest paper of an application this person may see; printed now in `language` if it never was.

    Where a case ended, the strongest paper it got stays the newest. Raises NotFound.
    """
    application = await queries.application_for(session, actor, application_id)
    reached = strength_of(Status(application.status)).value
    stored = _strongest(await _stored(session, application_id))
    if stored is not None and STRENGTHS.index(stored.strength) >= STRENGTHS.index(reached):
        return stored
    await _print(session, application, press=press, language=language, now=now)
    issued = _strongest(await _stored(session, application_id))
    if issued is None:
        raise LookupError(f"the paper of {application.serial} was neither stored nor found")
    return issued


async def _print(
    session: AsyncSession, application: Application, *, press: Press, language: str, now: datetime
) -> None:
    """Print, sign and keep the paper of what `application` has reached, unless somebody was faster."""
    consent = await session.get(Consent, application.consent_id)
    if consent is None:
        raise NotFound
    strength = strength_of(Status(application.status))
    serial = application.serial if strength is Strength.INDICATIVE else new_serial(local_day(now))
    approved = await queries.approved_quote(session, application.id)
    document = paper(application, approved, consent.wording, press, language, serial, now)
    printed = await asyncio.to_thread(press.sign, document)
    await session.execute(
        insert(Confirmation)
        .values(
            serial=serial,
            application_id=application.id,
            strength=strength.value,
            issued_at=now,
            document=document.to_json(),
            sha256=hashlib.sha256(printed).hexdigest(),
            pdf=printed,
        )
        .on_conflict_do_nothing(constraint="uq_confirmations_application_id_strength")
    )


async def _stored(session: AsyncSession, application_id: UUID) -> Sequence[Confirmation]:
    found = await session.scalars(
        select(Confirmation).where(col(Confirmation.application_id) == application_id)
    )
    return found.all()


def _strongest(papers: Sequence[Confirmation]) -> Confirmation | None:
    return max(papers, key=lambda each: STRENGTHS.index(each.strength), default=None)
