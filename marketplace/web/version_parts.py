"""What a version's page is made of below the text: cards, each told by a file of its own.

Apart from the page, so that a card's file and the page can know each other.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from policies.tables import PolicyVersion


@dataclass(frozen=True, slots=True)
class Part:
    """A card of the version page: `template` is included with `part` in its context."""

    template: str
    shown: Mapping[str, Any]


About = Callable[[Request[Any, Any, Any], AsyncSession, Actor, PolicyVersion], Awaitable[Part | None]]
"""Tells a card; None where there is nothing to tell."""
