"""People for the page tests: anonymous visitors, and the roles signed in on the page.

Signed in through the real form, once a test, with the factory's password.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

import pytest
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import Role
from tests.factories.pages import Visitor, visitors
from tests.factories.people import person

Arrive = Callable[[], Visitor]
SignedIn = Callable[..., Awaitable[tuple[Visitor, Actor]]]


@pytest.fixture
async def arrive(app: Litestar) -> AsyncIterator[Arrive]:
    """Call it for a new anonymous visitor."""
    async with visitors(app) as visitor:
        yield visitor


@pytest.fixture
def signed_in(arrive: Arrive, session: AsyncSession, now: datetime) -> SignedIn:
    """Call it with a role for a new person who has signed in, and who he is."""

    async def call(role: Role = Role.OWNER, **details: str) -> tuple[Visitor, Actor]:
        actor = await person(session, now, role, **details)
        return await arrive().sign_in(actor.username), actor

    return call
