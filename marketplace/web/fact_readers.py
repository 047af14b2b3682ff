"""Who may see and use facts: whoever acts for the enterprise, and the banks they went to with a consent that stands.

A bank has what its application held when it was sent and nothing that came later, so its facts are told by name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import members
from auth.roles import Matter
from loans.queries import still_consented
from loans.tables import Application
from marketplace.profiles import people


class Named(Protocol):
    """A fact as a page shows it."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who sees the facts: what he is to the enterprise, what he may do, and an agent's end."""

    name: str
    part: str
    matters: Sequence[str]
    until: datetime | None

    @property
    def changes(self) -> bool:
        """Whether he may fill in and change facts."""
        return Matter.FACTS.value in self.matters


@dataclass(frozen=True, slots=True)
class Readers:
    """Whoever acts for the enterprise, and the banks by the facts they have."""

    people: Sequence[Reader]
    banks: Mapping[str, Sequence[str]]

    def by_bank(self, lines: Iterable[Named]) -> list[tuple[str, list[Named]]]:
        """Which of these facts each bank has; banks that have none are left out."""
        found: dict[str, list[Named]] = {}
        for line in lines:
            for bank in self.banks.get(line.name, ()):
                found.setdefault(bank, []).append(line)
        return list(found.items())


async def readers_of(session: AsyncSession, enterprise_id: UUID, lang: str, now: datetime) -> Readers:
    """Who may see the enterprise's facts, for callers that have judged the actor's right to it."""
    listed = [
        Reader(
            user.display_name,
            one.role,
            sorted(matter.value for matter in members.matters(one)),
            one.until,
        )
        for one, user in await people.listed(session, enterprise_id)
        if one.until is None or one.until > now
    ]
    sent = await session.execute(
        select(col(Application.facts), col(Application.product))
        .where(col(Application.enterprise_id) == enterprise_id, still_consented())
        .order_by(col(Application.submitted_at))
    )
    banks: dict[str, dict[str, None]] = {}
    for facts, product in sent:
        for name in facts:
            banks.setdefault(name, {})[product["bank_name_en" if lang == "en" else "bank_name_zh"]] = None
    return Readers(listed, {name: tuple(found) for name, found in banks.items()})
