"""Changing stored facts: the rows, their history, the one document of an enterprise, and word to who must hear of it.

Whoever changes a fact (an owner, a spreadsheet, an agency) passes here, so that none of these is ever forgotten. Who
may, and what is audited, his caller has judged.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import and_, delete, or_, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from eligibility import Facts, nesting
from marketplace.jobs import queue
from marketplace.profiles import current, queries
from marketplace.profiles.tables import Enterprise, EnterpriseFact, FactVersion

Source = Literal["declared", "imported", "committed", "attested", "derived"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change comes from. at: since when the values hold; by: the person, None for an agency."""

    source: Source
    at: datetime
    by: UUID | None = None
    attestation: UUID | None = None


async def hold(session: AsyncSession, enterprise_id: UUID) -> None:
    """Keep other changes of this enterprise waiting until the transaction ends."""
    await current.lock(session, enterprise_id)


async def settled(
    session: AsyncSession, enterprise_id: UUID, values: Mapping[str, object], forgotten: Sequence[str]
) -> tuple[dict[str, object], list[str]]:
    """The change of a held enterprise with what follows for its other places: a city brings its province, a changed
    province forgets a city of another.
    """
    rows = await queries.fact_rows(session, enterprise_id)
    return nesting.settled(values, {row.name: row.value for row in rows}, forgotten)


async def change(
    session: AsyncSession,
    enterprise_id: UUID,
    values: Mapping[str, object],
    forgotten: Sequence[str],
    origin: Origin,
    now: datetime,
) -> None:
    """Set the checked `values`, make the `forgotten` unknown."""
    before = await current.lock(session, enterprise_id)
    if values:
        await _upsert(session, enterprise_id, values, origin)
        await session.execute(CHANGED, {"enterprise": enterprise_id, "names": sorted(values)})
    if forgotten:
        await _forget(session, enterprise_id, forgotten, origin)
    rows = await queries.fact_rows(session, enterprise_id)
    facts = current.usable({row.name: row.value for row in rows})
    await _mirror(session, enterprise_id, facts)
    if await current.keep(session, enterprise_id, before, facts, now):
        await queue.enqueue(session, queue.FACTS, after=queue.SETTLED)


async def _upsert(
    session: AsyncSession, enterprise_id: UUID, values: Mapping[str, object], origin: Origin
) -> None:
    rows = [
        {
            "enterprise_id": enterprise_id,
            "name": name,
            "value": values[name],
            "source": origin.source,
            "updated_at": origin.at,
            "updated_by": origin.by,
            "attestation_id": origin.attestation,
        }
        for name in sorted(values)
    ]
    given = insert(EnterpriseFact).values(rows)
    set_ = ("value", "source", "updated_at", "updated_by", "attestation_id")
    await session.execute(
        given.on_conflict_do_update(
            constraint="pk_enterprise_facts",
            set_={name: given.excluded[name] for name in set_},
            where=or_(
                col(EnterpriseFact.value).is_distinct_from(given.excluded["value"]),
                col(EnterpriseFact.source) == "declared",
                given.excluded["source"] == "attested",
                and_(
                    given.excluded["source"] == "imported",
                    col(EnterpriseFact.source).not_in(("attested", "committed")),
                ),
            ),
        )
    )


CHANGED = text(
    "INSERT INTO fact_versions (enterprise_id, name, value, forgotten, source, attestation_id, at, changed_by)"
    " SELECT f.enterprise_id, f.name, f.value, false, f.source, f.attestation_id, f.updated_at, f.updated_by"
    " FROM enterprise_facts f LEFT JOIN LATERAL (SELECT * FROM fact_versions v WHERE v.enterprise_id = f.enterprise_id"
    " AND v.name = f.name ORDER BY v.id DESC LIMIT 1) last ON true"
    " WHERE f.enterprise_id = :enterprise AND f.name = ANY(:names)"
    " AND (last.forgotten IS NOT FALSE OR (last.value, last.source, last.attestation_id)"
    " IS DISTINCT FROM (f.value, f.source, f.attestation_id)) ORDER BY f.name"
)
"""What changed becomes the newest line of its history; a value merely said again does not."""


RELABELLED = text(
    "WITH given AS (SELECT key AS name, value FROM jsonb_each(CAST(:values AS jsonb))),"
    " changed AS (UPDATE enterprise_facts f SET source = :source,"
    " updated_at = CASE WHEN :anew THEN :at ELSE f.updated_at END,"
    " updated_by = CASE WHEN :anew THEN CAST(:by AS uuid) ELSE f.updated_by END FROM given g"
    " WHERE f.enterprise_id = :enterprise AND f.name = g.name AND f.value = g.value AND f.source = ANY(:was)"
    " RETURNING f.enterprise_id, f.name, f.value)"
    " INSERT INTO fact_versions (enterprise_id, name, value, forgotten, source, at, changed_by)"
    " SELECT enterprise_id, name, value, false, :source, :at, CAST(:by AS uuid) FROM changed ORDER BY name"
    " RETURNING name"
)


async def relabel(
    session: AsyncSession,
    enterprise_id: UUID,
    values: Mapping[str, object],
    was: Sequence[Source],
    origin: Origin,
    *,
    anew: bool,
) -> Sequence[str]:
    """The held enterprise's facts that have these values and come from `was` come from `origin` now; which they are.

    anew: somebody says them again, so that they are as old as that; else only what they count as has changed.
    """
    asked = {"enterprise": enterprise_id, "values": json.dumps(values), "was": list(was), "anew": anew}
    found = await session.scalars(
        RELABELLED, {**asked, "source": origin.source, "at": origin.at, "by": origin.by}
    )
    return found.all()


async def _forget(
    session: AsyncSession, enterprise_id: UUID, forgotten: Sequence[str], origin: Origin
) -> None:
    gone = await session.scalars(
        delete(EnterpriseFact)
        .where(col(EnterpriseFact.enterprise_id) == enterprise_id, col(EnterpriseFact.name).in_(forgotten))
        .returning(col(EnterpriseFact.name))
    )
    for name in sorted(gone):
        session.add(
            FactVersion(
                enterprise_id=enterprise_id,
                name=name,
                value=None,
                forgotten=True,
                source=origin.source,
                at=origin.at,
                changed_by=origin.by,
            )
        )
    await session.flush()


async def _mirror(session: AsyncSession, enterprise_id: UUID, facts: Facts) -> None:
    """Keep the columns lists are filtered by in step with the facts they repeat."""
    columns: dict[str, object] = {
        "region_code": facts.get("city_code") or facts.get("province_code"),
        "industry_code": facts.get("industry_code"),
    }
    if facts.get("entity_type"):
        columns["entity_type"] = facts["entity_type"]
    await session.execute(update(Enterprise).where(col(Enterprise.id) == enterprise_id).values(columns))
