"""Joins the loans room to what lies above it: enterprises and their facts, words, fonts and the signing key.

The one place where a profile becomes an applicant, so that loans never see a profile's row.
"""

from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from loans.applicant import Applicant, Provenance
from loans.papers import Press
from loans.state import LoansState
from marketplace.documents.press import seal
from marketplace.i18n import translate
from marketplace.portal.codes import namer
from marketplace.profiles import queries, service
from marketplace.settings import Settings


def state_of(settings: Settings) -> LoansState:
    """What the loans room needs of the service these settings describe."""
    press = Press(settings.base_url, translate, partial(seal, keys=settings.keys), namer)
    return LoansState(applicant_of, press)


async def applicant_of(session: AsyncSession, enterprise_id: UUID) -> Applicant:
    """The enterprise with its usable facts and their sources; it must exist."""
    enterprise = await queries.enterprise_by_id(session, enterprise_id)
    if enterprise is None:
        raise LookupError(f"a need points at enterprise {enterprise_id}, which is not stored")
    profile = await service.profile_of(session, enterprise_id)
    return Applicant(
        enterprise_id=enterprise_id,
        name=enterprise.name,
        uscc=enterprise.uscc,
        facts=profile.facts,
        provenance={
            row.name: Provenance(source=row.source, updated_at=row.updated_at)
            for row in profile.rows
            if row.name in profile.facts
        },
    )
