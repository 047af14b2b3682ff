"""An enterprise whose own facts changed is told what newly applies to it: one row a day, that grows while it is a day.

The note of the change and the inbox's row go in one transaction: what was noted is told once, or is still noted.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from eligibility import Facts, Status, Vocabulary, evaluate
from marketplace.notifications.copies import Span, plan_copies
from marketplace.notifications.pushes import OBJECTED, needed_by
from marketplace.notifications.tables import InboxItem
from marketplace.profiles.current import usable
from marketplace.web.format import HERE
from policies.keeper import load_pack
from policies.pack import Pack, PolicyRecord

AT_ONCE = 50

TAKEN = text(
    "WITH taken AS (DELETE FROM fact_changes WHERE enterprise_id IN (SELECT enterprise_id FROM fact_changes"
    " WHERE since <= :settled ORDER BY since LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING enterprise_id, before)"
    " SELECT t.enterprise_id, t.before, held.facts FROM taken t"
    " JOIN enterprise_current_facts held ON held.enterprise_id = t.enterprise_id"
    f" WHERE t.enterprise_id NOT IN ({OBJECTED})"
)


async def tell_changes(session: AsyncSession, day: date, now: datetime, settled: timedelta) -> int:
    """Tell some of those whose facts changed `settled` ago or more, and strike them off; how many were struck off."""
    asked = {"settled": now - settled, "most": AT_ONCE}
    rows = (await session.execute(TAKEN, asked)).all()
    pack = await load_pack(session) if rows else None
    for enterprise_id, before, after in rows:
        assert pack is not None
        records = newly(pack, before, after, day)
        if records:
            await _tell(session, enterprise_id, records, after, day, now)
    return len(rows)


def newly(
    pack: Pack, before: Mapping[str, Any], after: Mapping[str, Any], day: date
) -> Sequence[PolicyRecord]:
    """The policies in force that apply to an enterprise and did not before its facts changed."""
    vocabulary = Vocabulary.shipped()
    ruling = pack.on(day)
    was, now = (_known(facts, day, vocabulary) for facts in (before, after))
    moved = {name for name in {*was, *now} if was.get(name, was) != now.get(name, now)}
    # by the reference: it is a handful of rules, and for the index this process would have to load a compiler
    return [
        record
        for record in ruling.records.values()
        if not moved.isdisjoint(record.rule.stated_facts)
        and evaluate(record.rule, now).status is Status.ELIGIBLE
        and evaluate(record.rule, was).status is not Status.ELIGIBLE
    ]


def _known(facts: Mapping[str, Any], day: date, vocabulary: Vocabulary) -> Facts:
    return usable(facts).on(day, vocabulary)


async def _tell(
    session: AsyncSession,
    enterprise_id: UUID,
    records: Sequence[PolicyRecord],
    facts: Mapping[str, Any],
    day: date,
    now: datetime,
) -> None:
    """The day's row of the enterprise, unread again when something came to it."""
    push_id = uuid5(NAMESPACE_URL, f"facts/{enterprise_id}/{now.astimezone(HERE).date()}")
    kept = {name: facts[name] for name in sorted(needed_by(records)) if name in facts}
    item = insert(InboxItem).values(
        push_id=push_id,
        enterprise_id=enterprise_id,
        kind="facts",
        policies=[[record.id, record.version] for record in records],
        facts=kept,
        day=day,
        created_at=now,
    )
    told = col(InboxItem.policies)
    await session.execute(
        item.on_conflict_do_update(
            constraint="pk_inbox_items",
            set_={
                "policies": text(
                    "excluded.policies || (SELECT coalesce(jsonb_agg(old), '[]') FROM"
                    " jsonb_array_elements(inbox_items.policies) old WHERE NOT excluded.policies @>"
                    " jsonb_build_array(old))"
                ),
                "facts": col(InboxItem.facts).concat(item.excluded["facts"]),
                "created_at": item.excluded["created_at"],
                "read_at": None,
            },
            where=~told.contains(item.excluded["policies"]),
        )
    )
    categories = [str(record.text["category"]) for record in records]
    await plan_copies(session, push_id, Span.of(enterprise_id), categories, now)
