"""The enterprise as loans see it, and the one door through which it comes in.

Profiles live in the marketplace, which this room may not know; the composition root hands over
`applicant_of`.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from eligibility import Facts


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a fact comes from (declared, imported, attested, derived) and since when."""

    source: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Applicant:
    """Name, unified social credit code and known facts of one enterprise at this moment."""

    enterprise_id: UUID
    name: str
    uscc: str
    facts: Facts
    provenance: Mapping[str, Provenance] = field(default_factory=dict)

    def only(self, names: Collection[str]) -> "Applicant":
        """The same enterprise as somebody sees it who may know these facts alone."""
        hidden = [name for name in self.facts if name not in names]
        shown = {name: each for name, each in self.provenance.items() if name in names}
        return replace(self, facts=self.facts.without(*hidden), provenance=shown)

    def snapshot(self) -> dict[str, Any]:
        """Everything but the facts, as JSON to keep with an application."""
        return {
            "name": self.name,
            "uscc": self.uscc,
            "provenance": {
                name: {"source": each.source, "updated_at": each.updated_at.isoformat()}
                for name, each in self.provenance.items()
            },
        }


ApplicantOf = Callable[[AsyncSession, UUID], Awaitable[Applicant]]
"""Reads an enterprise that exists; who may see it has been settled before."""
