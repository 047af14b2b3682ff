"""Policies published by two people, in one call, for tests about what a publication sets off.

The rule is over a few facts of every enterprise; everything else is the Shandong rent policy of the pack.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from auth.roles import Role
from marketplace.shipped import shipped_policies
from policies import content, queries, service
from policies.schemas import PolicyDraft
from policies.tables import PolicyVersion
from tests.factories.people import person

RENT = "SD-RENT-2020-4"
BEFORE = "employees_end <= 5"
AFTER = "employees_end <= 10"


async def seeded(session: AsyncSession, now: datetime, rule: str = BEFORE, **changes: Any) -> None:
    """Version 1 in force, as a pack brings it: nobody is told."""
    entry = next(one for one in shipped_policies() if one["id"] == RENT)
    fields = {**content.from_pack(entry), "rule": rule, "exclusions": [], "effective_to": None, **changes}
    await service.store_published(session, RENT, fields, now)
    await session.commit()


async def published(session: AsyncSession, now: datetime, rule: str = AFTER, **changes: Any) -> PolicyVersion:
    """The next version, written by one admin and published by another; committed."""
    writer, second = [await person(session, now, Role.POLICY_ADMIN) for _ in range(2)]
    base = await queries.current(session, RENT)
    assert base is not None
    fields = {name: getattr(base, name) for name in PolicyDraft.model_fields}
    draft = PolicyDraft(**{**fields, "rule": rule, **changes})
    row = await service.save_draft(session, writer, RENT, draft, seen_sha256=base.content_sha256, now=now)
    seen = {"seen_sha256": row.content_sha256, "now": now}
    await service.submit(session, writer, RENT, row.version, **seen)
    found = await service.publish(session, second, RENT, row.version, **seen)
    await session.commit()
    return found
