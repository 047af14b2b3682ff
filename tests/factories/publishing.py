"""Policies published by two people, in one call, for tests about what a publication sets off.

The rule is over a few facts of every enterprise; everything else is the Shandong rent policy of the pack.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import Role
from marketplace.shipped import shipped_policies
from policies import content, findings, queries, service
from policies.schemas import FindingReply, PolicyDraft
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


async def made_ready(session: AsyncSession, writer: Actor, row: PolicyVersion, now: datetime) -> None:
    """Do for a draft what the gates want done before it is submitted, as its writer would; not committed."""
    found = findings.found_in(await findings.made(session, row, now))
    replies = {one.fingerprint: FindingReply(answer="meant so") for one in found if not one.blocks}
    if replies:
        await findings.answer(session, writer, row.policy_id, row.version, replies, now=now)


async def published(session: AsyncSession, now: datetime, rule: str = AFTER, **changes: Any) -> PolicyVersion:
    """The next version, written by one admin and published by another; committed."""
    writer, second = [await person(session, now, Role.POLICY_ADMIN) for _ in range(2)]
    base = await queries.current(session, RENT)
    assert base is not None
    fields = {name: getattr(base, name) for name in PolicyDraft.model_fields}
    draft = PolicyDraft(**{**fields, "rule": rule, **changes})
    row = await service.save_draft(session, writer, RENT, draft, seen_sha256=base.content_sha256, now=now)
    await made_ready(session, writer, row, now)
    seen = {"seen_sha256": row.content_sha256, "now": now}
    await service.submit(session, writer, RENT, row.version, **seen)
    found = await service.publish(session, second, RENT, row.version, **seen)
    await session.commit()
    return found
