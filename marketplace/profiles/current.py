"""The facts of each enterprise as one document: kept with every change, and read by rules over all enterprises.

A row's lock makes changes of one enterprise wait for each other, so that the document is never older than the rows it
sums up. Documents checked by another vocabulary are made anew when the service starts.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from eligibility import Facts, FactsError, Vocabulary
from marketplace.profiles.tables import CurrentFacts, FactChange

CHUNK = 500
"""Documents made anew at once."""


@cache
def fingerprint() -> str:
    """Changes whenever what the shipped vocabulary takes as a fact's value does."""
    facts = Vocabulary.shipped().facts.values()
    limits = [(f.minimum, f.maximum, f.pattern, f.codes, f.within) for f in facts]
    told = [
        (f.name, f.type, f.allowed, *limit, f.nullable, f.is_derived, f.context)
        for f, limit in zip(facts, limits, strict=True)
    ]
    return hashlib.sha256(repr(sorted(told, key=lambda one: one[0])).encode()).hexdigest()[:16]


async def lock(session: AsyncSession, enterprise_id: UUID) -> Mapping[str, Any]:
    """What is kept until now, held against other changes until the transaction ends."""
    await session.execute(
        insert(CurrentFacts)
        .values(enterprise_id=enterprise_id, facts={}, vocabulary=fingerprint())
        .on_conflict_do_nothing()
    )
    found: dict[str, Any] = (
        await session.execute(
            select(col(CurrentFacts.facts))
            .where(col(CurrentFacts.enterprise_id) == enterprise_id)
            .with_for_update()
        )
    ).scalar_one()
    return found


async def keep(
    session: AsyncSession, enterprise_id: UUID, before: Mapping[str, Any], facts: Facts, now: datetime
) -> bool:
    """Keep the facts as they are after a change; whether they differ from `before`, which is then noted for telling."""
    after = facts.to_json()
    if after == before:
        return False
    await session.execute(
        update(CurrentFacts)
        .where(col(CurrentFacts.enterprise_id) == enterprise_id)
        .values(facts=after, vocabulary=fingerprint())
    )
    await session.execute(
        insert(FactChange)
        .values(enterprise_id=enterprise_id, before=dict(before), since=now)
        .on_conflict_do_nothing()
    )
    return True


STALE = text(
    "SELECT held.enterprise_id, coalesce(jsonb_object_agg(f.name, f.value) FILTER (WHERE f.name IS NOT NULL), '{}')"
    " FROM (SELECT enterprise_id FROM enterprise_current_facts WHERE vocabulary <> :current LIMIT :chunk"
    " FOR UPDATE SKIP LOCKED) held LEFT JOIN enterprise_facts f USING (enterprise_id) GROUP BY held.enterprise_id"
)


async def renew(session: AsyncSession) -> int:
    """Make some documents of an older vocabulary anew; how many. A value it refuses now counts as unknown."""
    rows = (await session.execute(STALE, {"current": fingerprint(), "chunk": CHUNK})).all()
    for enterprise_id, values in rows:
        await session.execute(
            update(CurrentFacts)
            .where(col(CurrentFacts.enterprise_id) == enterprise_id)
            .values(facts=usable(values).to_json(), vocabulary=fingerprint())
        )
    return len(rows)


def usable(values: Mapping[str, Any]) -> Facts:
    """The values that the vocabulary takes."""
    try:
        return Facts.from_json(values)
    except FactsError as refused:
        unfit = {problem.fact for problem in refused.problems}
        return Facts.from_json({name: value for name, value in values.items() if name[:80] not in unfit})
