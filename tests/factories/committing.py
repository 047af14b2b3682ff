"""Commitments for tests, made as an owner makes them: the text is read, every statement ticked."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from marketplace.profiles import commitments
from marketplace.profiles.commitments import Wanted
from marketplace.profiles.declaration import STATEMENTS
from marketplace.profiles.tables import Commitment
from tests.factories.lending import AS_OF


async def commitment(
    session: AsyncSession,
    who: Actor,
    enterprise_id: UUID,
    facts: Sequence[str],
    now: datetime,
    policy: str | None = None,
) -> Commitment:
    """A commitment to the facts as they stand, committed to the database."""
    wanted = Wanted(tuple(facts), policy, "zh-CN")
    text = await commitments.draft(session, who, enterprise_id, wanted, AS_OF, now)
    made = await commitments.make(
        session, who, enterprise_id, wanted, seen=text.sha256, agreed=STATEMENTS, as_of=AS_OF, now=now
    )
    await session.commit()
    return made
