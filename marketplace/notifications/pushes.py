"""Pushes: who newly qualifies for what was published or is about to end, or had what is withdrawn, told once each.

A batch is one transaction: it reads how far the push got, judges the next enterprises where they lie, writes the rows
of the inbox with their copies, and moves the cursor. Killed anywhere, the next worker begins where the last commit
ended; the key (push, enterprise) stands behind it all. What is published is its own outbox: a version without a push
wants one, and so does a withdrawal.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from eligibility import Rule, Status, Vocabulary
from marketplace.jobs import queue
from marketplace.notifications.copies import Span, plan_copies
from marketplace.notifications.tables import Push
from marketplace.profiles.population import Condition, ask, condition, verdicts
from policies.keeper import load_pack
from policies.pack import Pack, PolicyRecord, PublishedText

BATCH = 4_000
"""Enterprises a transaction looks at: small enough that nobody waits for its locks, large enough to be quick."""
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)

UNPUSHED = text(
    "SELECT v.id, v.policy_id, v.version, v.status, v.issued_on, v.effective_from, v.effective_to"
    " FROM policy_versions v WHERE v.status IN ('published', 'superseded') AND v.decided_by IS NOT NULL"
    " AND NOT EXISTS (SELECT FROM pushes p WHERE p.id = v.id) ORDER BY v.policy_id, v.version"
)
TOLD_BEFORE = text(
    "SELECT max(b.version) FROM policy_versions b LEFT JOIN pushes p ON p.id = b.id WHERE b.policy_id = :policy"
    " AND b.version < :version AND b.status = 'superseded' AND p.state IS DISTINCT FROM 'skipped'"
    " AND b.version > (SELECT coalesce(max(w.version), 0) FROM policy_versions w WHERE w.policy_id = :policy"
    " AND w.version < :version AND w.status = 'withdrawn')"
)
"""Not beyond a withdrawn version: with it everybody was told that nothing holds any more."""
WITHDRAWN = text(
    "SELECT v.id, v.policy_id, v.version, v.status, v.issued_on, v.effective_from, v.effective_to"
    " FROM policy_versions v WHERE v.status = 'withdrawn' ORDER BY v.policy_id, v.version"
)
STRANDED = text(
    "SELECT id FROM pushes WHERE state IN ('waiting', 'running') AND NOT EXISTS (SELECT FROM jobs.pgqueuer j"
    " WHERE j.entrypoint = 'push' AND j.status IN ('queued', 'picked')"
    " AND j.payload = convert_to(pushes.id::text, 'UTF8'))"
)


async def begin(session: AsyncSession, day: date, now: datetime) -> int:
    """Begin a push for each version that was published by people and has none; how many.

    Of several published at once only the last is told, compared with the last that was told before.
    """
    found = (await session.execute(UNPUSHED)).all()
    begun = 0
    for row in found:
        starts = max(day, row.issued_on, row.effective_from)
        told = row.status == "published" and (row.effective_to is None or row.effective_to >= starts)
        begun += await start(
            session,
            Push(
                id=row.id,
                kind="policy",
                policy_id=row.policy_id,
                version=row.version,
                before_version=await session.scalar(
                    TOLD_BEFORE, {"policy": row.policy_id, "version": row.version}
                ),
                day=starts,
                state="waiting" if told else "skipped",
                created_at=now,
            ),
        )
    return begun + await _begin_withdrawn(session, day, now)


async def _begin_withdrawn(session: AsyncSession, day: date, now: datetime) -> int:
    """Whoever qualified for what was taken out of force is told so."""
    begun = 0
    for row in (await session.execute(WITHDRAWN)).all():
        starts = max(day, row.issued_on, row.effective_from)
        holds = row.effective_to is None or row.effective_to >= starts
        begun += await start(
            session,
            Push(
                id=withdrawal_id(row.id),
                kind="withdrawn",
                policy_id=row.policy_id,
                version=row.version,
                day=starts,
                state="waiting" if holds else "skipped",
                created_at=now,
            ),
        )
    return begun


def withdrawal_id(version_id: UUID) -> UUID:
    """The one push of a version's withdrawal."""
    return uuid5(NAMESPACE_URL, f"withdrawn/{version_id}")


async def start(session: AsyncSession, push: Push) -> bool:
    """Store a push and wake a worker for it; False where it is stored already."""
    made = await session.execute(
        insert(Push).values(push.model_dump()).on_conflict_do_nothing().returning(col(Push.id))
    )
    if made.scalar_one_or_none() is None:
        return False
    if push.state == "waiting":
        await queue.enqueue(session, queue.PUSH, push.id)
    await audit.record(
        session,
        None,
        action="notifications.push",
        subject=("push", push.id),
        tenant=None,
        detail={"kind": push.kind, "policy": push.policy_id, "version": push.version, "state": push.state},
        now=push.created_at,
    )
    return True


async def wake_stranded(session: AsyncSession) -> None:
    """A job again for each push that is not finished and has none, because the one it had failed."""
    for push_id in await session.scalars(STRANDED):
        await queue.enqueue(session, queue.PUSH, push_id)


@dataclass(frozen=True, slots=True)
class Question:
    """What a batch asks of each enterprise: does it qualify (`now`), and did it before (`was`, None: nobody did)."""

    now: Rule
    was: Rule | None


async def advance(session: AsyncSession, push_id: UUID, now: datetime) -> bool:
    """Look at the next enterprises of a push; whether there are more. Nothing for one that is done or gone.

    The push's row is held meanwhile, so that two workers with the same job take turns.
    """
    push = await session.scalar(
        select(Push)
        .where(col(Push.id) == push_id, col(Push.state).in_(["waiting", "running"]))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if push is None:
        return False
    pack = await load_pack(session)
    record = version_in(pack, push.policy_id, push.version)
    asked = question(pack, push)
    if asked is None or record is None:
        return await _close(session, push, now, {"state": "skipped"})
    span = await _next_span(session, push.cursor)
    counted = await tell(session, push, asked, record, span, now)
    await plan_copies(session, push.id, span, [str(record.text["category"])], now)
    progress = {name: getattr(push, name) + counted[name] for name in ("looked", "was", "now", "told")}
    progress |= {"cursor": span.upto, "begun_at": push.begun_at or now, "state": "running"}
    if span.upto == LAST:
        return await _close(session, push, now, progress | {"state": "done"})
    await session.execute(update(Push).where(col(Push.id) == push.id).values(**progress))
    return True


async def _close(session: AsyncSession, push: Push, now: datetime, changes: Mapping[str, Any]) -> bool:
    await session.execute(update(Push).where(col(Push.id) == push.id).values(**changes, ended_at=now))
    for job in (queue.MAIL, queue.WEBHOOKS):
        await queue.enqueue(session, job)
    return False


def version_in(pack: Pack, policy_id: str, number: int | None) -> PublishedText | None:
    """A version that is or was published."""
    versions = pack.history.get(policy_id, ())
    return next((one for one in versions if one.version == number), None)


def question(pack: Pack, push: Push) -> Question | None:
    """What the push asks; None where its rule cannot be judged. A text not in force on the day let nobody qualify."""
    record = version_in(pack, push.policy_id, push.version)
    if not isinstance(record, PolicyRecord) or record.withdrawn != (push.kind == "withdrawn"):
        return None
    before = version_in(pack, push.policy_id, push.before_version)
    held = isinstance(before, PolicyRecord) and before.in_force(push.day)
    return Question(record.rule, before.rule if held and isinstance(before, PolicyRecord) else None)


async def _next_span(session: AsyncSession, cursor: UUID | None) -> Span:
    after = cursor or FIRST
    rows = await ask(
        session,
        "SELECT enterprise_id FROM enterprise_current_facts WHERE enterprise_id > $1"
        f" ORDER BY enterprise_id OFFSET {BATCH - 1} LIMIT 1",
        (after,),
    )
    return Span(after, rows[0].enterprise_id if rows else LAST)


OBJECTED = (
    "SELECT DISTINCT m.enterprise_id FROM notification_settings s JOIN memberships m ON m.user_id = s.user_id"
    " WHERE NOT s.personalised"
)
"""Enterprises of which somebody does not want facts matched (PIPL Art. 24): they get news instead."""


async def tell(
    session: AsyncSession, push: Push, asked: Question, record: PublishedText, span: Span, now: datetime
) -> Mapping[str, int]:
    """Write the inbox rows of a span; how many were looked at, qualified before and now, and were told."""
    new = condition(asked.now, push.day)
    old = condition(asked.was, push.day, first=len(new.params) + 1) if asked.was else NOBODY
    settled = await _settle(session, push, asked, (new, old), span)
    params = Numbered((*new.params, *old.params))
    marked = (
        "TRUE" if push.kind == "deadline" else "k.mark = 'dismissed'"
    )  # what is claimed needs no reminder
    kind = "CASE WHEN personal THEN 'policy' ELSE 'news' END" if push.kind == "policy" else f"'{push.kind}'"
    wanted = "(personal AND a AND NOT b)" + ("" if push.kind == "deadline" else " OR NOT personal")
    push_id, policy = params.add(push.id, "uuid"), params.add(push.policy_id, "text")
    row = (
        await ask(
            session,
            f"WITH judged AS MATERIALIZED ({_judged(new, old, span, params)}),"
            f" verdict AS (SELECT enterprise_id, facts, personal,"
            f" coalesce(a, enterprise_id = ANY({params.add(settled[0], 'uuid[]')})) AS a,"
            f" coalesce(b, enterprise_id = ANY({params.add(settled[1], 'uuid[]')})) AS b FROM judged),"
            f" told AS (INSERT INTO inbox_items (push_id, enterprise_id, kind, policies, facts, day, created_at)"
            f" SELECT {push_id}, enterprise_id, {kind}, {params.add(_policies(push), 'jsonb')},"
            f" CASE WHEN personal THEN facts - {params.add(_beside(record), 'text[]')} ELSE '{{}}' END,"
            f" {params.add(push.day, 'date')}, {params.add(now, 'timestamptz')} FROM verdict v WHERE ({wanted})"
            f" AND NOT EXISTS (SELECT FROM policy_marks k WHERE k.enterprise_id = v.enterprise_id"
            f" AND k.policy_id = {policy} AND {marked}) ON CONFLICT DO NOTHING RETURNING 1)"
            f" SELECT count(*) AS looked, count(*) FILTER (WHERE b) AS was, count(*) FILTER (WHERE a) AS now,"
            f" (SELECT count(*) FROM told) AS told FROM verdict",
            tuple(params.values),
        )
    )[0]
    return {name: int(getattr(row, name)) for name in ("looked", "was", "now", "told")}


NOBODY = Condition("FALSE", (), True)


class Numbered:
    """Parameters of a statement as they are written into it."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = list(values)

    def add(self, value: object, kind: str) -> str:
        """`$n::kind` for one more value."""
        self.values.append(value)
        return f"${len(self.values)}::{kind}"


def _judged(new: Condition, old: Condition, span: Span, params: Numbered) -> str:
    """The span's enterprises with both verdicts; of those who objected, neither is worked out."""
    return (
        f"SELECT held.enterprise_id, held.facts, o.enterprise_id IS NULL AS personal,"
        f" CASE WHEN o.enterprise_id IS NULL THEN ({new.text}) ELSE FALSE END AS a,"
        f" CASE WHEN o.enterprise_id IS NULL THEN ({old.text}) ELSE FALSE END AS b"
        f" FROM enterprise_current_facts held LEFT JOIN ({OBJECTED}) o ON o.enterprise_id = held.enterprise_id"
        f" WHERE held.enterprise_id > {params.add(span.after, 'uuid')}"
        f" AND held.enterprise_id <= {params.add(span.upto, 'uuid')}"
    )


async def _settle(
    session: AsyncSession, push: Push, asked: Question, conditions: tuple[Condition, Condition], span: Span
) -> tuple[list[UUID], list[UUID]]:
    """Of the span, whom SQL leaves open though they qualify now, and though they did before."""
    new, old = conditions
    if new.exact and old.exact:
        return [], []
    params = Numbered((*new.params, *old.params))
    rows = await ask(
        session,
        f"SELECT enterprise_id, facts::text AS facts, a, b FROM ({_judged(new, old, span, params)}) judged"
        " WHERE a IS NULL OR b IS NULL",
        tuple(params.values),
    )
    found = []
    for rule, name in ((asked.now, "a"), (asked.was, "b")):
        open_ = [row for row in rows if getattr(row, name) is None] if rule else []
        ids, documents = [str(r.enterprise_id) for r in open_], [json.loads(r.facts) for r in open_]
        matching = verdicts(rule, push.day, ids, documents)[Status.ELIGIBLE] if rule and ids else []
        found.append([UUID(one) for one in matching])
    return found[0], found[1]


def _policies(push: Push) -> str:
    return json.dumps([[push.policy_id, push.version]])


def _beside(record: PublishedText) -> list[str]:
    """The facts that neither rule nor amount of a policy looks at: nothing of them is kept with what is told."""
    if not isinstance(record, PolicyRecord):
        return []
    needed = needed_by([record])
    return [name for name in Vocabulary.shipped().facts if name not in needed]


def needed_by(records: Sequence[PolicyRecord]) -> frozenset[str]:
    """Every fact the rules or the amounts of policies look at."""
    found: set[str] = set()
    for record in records:
        found |= record.rule.stated_facts
        if record.benefit.amount is not None:
            found |= record.benefit.amount.stated_facts
    return frozenset(found)
