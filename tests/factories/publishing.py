"""Policies published by two people, in one call, for tests about what a publication sets off.

The rule is over a few facts of every enterprise; everything else is the Shandong rent policy of the pack.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import Role
from marketplace.settings import PACK_DATE
from marketplace.shipped import shipped_policies
from marketplace.simulating.counting import counted
from marketplace.simulating.service import found_in
from policies import case_gate, cases, content, findings, queries, service, simulations
from policies.cases import CaseText
from policies.schemas import FindingReply, PolicyDraft, SimulationReasonGiven
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


async def simulated(session: AsyncSession, writer: Actor, row: PolicyVersion, now: datetime) -> None:
    """Have a draft counted over the stored enterprises, and say why where many lose; not committed."""
    asked = await simulations.begin(
        session, writer, row.policy_id, row.version, day=PACK_DATE, limit=Decimal(1), now=now
    )
    found = await simulations.compared(session, asked.id)
    if found is None:
        return  # counted before

    async def told(_: int, __: int) -> None:
        """Nobody waits."""

    changes = found[1]
    tallies = await counted([await session.connection()], changes, told)
    await simulations.close(session, asked.id, found_in(changes, tallies), now, 0)
    await session.refresh(asked)
    if simulations.is_over(asked):
        given = SimulationReasonGiven(
            simulation_id=asked.id, reason="It is meant to be narrower than it was."
        )
        await simulations.explain(session, writer, row.policy_id, row.version, given, now=now)


async def made_ready(session: AsyncSession, writer: Actor, row: PolicyVersion, now: datetime) -> None:
    """Do for a draft what the gates want done before it is submitted, as its writer would; not committed."""
    await cases_kept(session, writer, row, now)
    found = findings.found_in(await findings.made(session, row, now))
    replies = {one.fingerprint: FindingReply(answer="meant so") for one in found if not one.blocks}
    if replies:
        await findings.answer(session, writer, row.policy_id, row.version, replies, now=now)
    await simulated(session, writer, row, now)


async def cases_kept(session: AsyncSession, writer: Actor, row: PolicyVersion, now: datetime) -> None:
    """Keep every case the gate asks for, as somebody would whom the rule says just what the text says; and retire those
    that were about another rule."""
    for outcome in (await case_gate.coverage(session, row)).outcomes:
        if not outcome.holds:
            await cases.retire(session, writer, outcome.case, now=now)
    found = await case_gate.coverage(session, row)
    wanted = [found.specimens.kinds[kind] for kind in found.kinds]
    for one in (*wanted, *(lacking.specimen for lacking in found.lacking)):
        facts, expected = one.facts.to_json(), one.status.value
        text = CaseText(name=f"case {uuid4()}", facts=facts, day=one.day, expected=expected)
        await cases.keep(session, writer, row, text, now=now)


async def published(session: AsyncSession, now: datetime, rule: str = AFTER, **changes: Any) -> PolicyVersion:
    """The next version, written by one admin and published by another; committed."""
    writer, second = [await person(session, now, Role.POLICY_ADMIN) for _ in range(2)]
    base = await queries.to_edit(session, RENT)
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
