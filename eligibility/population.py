"""Who satisfies a rule: the one port through which the engine is asked about stored enterprises.

The engine knows no database. Whatever keeps enterprises implements this, with `columns` or with `sql`, and answers as
`evaluate` would for each of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from eligibility.evaluate import Status
from eligibility.rule import Rule


@dataclass(frozen=True, slots=True)
class Counts:
    """How many enterprises a rule applies to, may apply to, and does not apply to; together the whole population."""

    matching: int
    undetermined: int
    not_matching: int


class Population(Protocol):
    """Enterprises kept somewhere, each with an id."""

    async def count(self, rule: Rule) -> Counts:
        """How many enterprises come out how."""
        ...

    def ids(self, rule: Rule, status: Status = Status.ELIGIBLE) -> AsyncIterator[Sequence[str]]:
        """The ids of the enterprises with that verdict, in chunks: ten million are never held at once."""
        ...
