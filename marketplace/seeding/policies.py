"""The shipped policy pack: each policy as its published version 1, its rule and formulas checked by the engine.

With them the families they form and their worked cases. What is stored already is left alone, so that a second start
does not undo an admin's work.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.seeding.step import Progress, Step
from marketplace.shipped import shipped_cases, shipped_families, shipped_policies
from policies import cases, content, service


def step(clock: Callable[[], datetime]) -> Step:
    """The step that stores the policies missing from the database."""

    async def store(session: AsyncSession, progress: Progress) -> None:
        entries, formed = shipped_policies(), families()
        for number, entry in enumerate(entries, 1):
            fields = content.from_pack(entry)
            if entry["id"] in formed:
                fields["relations"] = {**fields["relations"], "families": formed[entry["id"]]}
            await service.store_published(session, entry["id"], fields, clock())
            progress(number, len(entries))
        had = await cases.ever_kept(session)
        for policy_id, case in shipped_cases():
            if policy_id not in had:
                await cases.store_shipped(session, policy_id, case, clock())

    return Step("policies", store)


def families() -> Mapping[str, list[dict[str, Any]]]:
    """The families of the pack by policy, as a version's `relations` have them: each member names its own."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in shipped_families():
        days = {name: entry[name].isoformat() for name in ("from", "to")}
        for member in entry["members"]:
            found.setdefault(member, []).append({**entry, **days})
    return found
