"""A clock the test can turn, told to the application too, and a second worker beside the first."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from httpx import AsyncClient
from litestar import Litestar

from marketplace.app import create_app
from marketplace.settings import Settings
from tests.auth.clock import Clock
from tests.factories.browser import talking_to


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def app(settings: Settings, clock: Clock) -> Litestar:
    return create_app(settings, clock=clock)


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[AsyncClient]:
    async with talking_to(app) as client:
        yield client


@pytest.fixture
async def second_worker(settings: Settings, clock: Clock) -> AsyncIterator[AsyncClient]:
    """Another process of the same service: its own memory, the same database and keys."""
    async with talking_to(create_app(settings, clock=clock)) as other:
        yield other
