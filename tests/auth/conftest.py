"""A clock the test can turn, told to the application too."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from clock import Clock
from litestar import Litestar
from litestar.testing import AsyncTestClient

from marketplace.app import create_app
from marketplace.settings import Settings


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def app(settings: Settings, clock: Clock) -> Litestar:
    return create_app(settings, clock=clock)


@pytest.fixture
async def second_worker(settings: Settings, clock: Clock) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """Another process of the same service: its own memory, the same database and keys."""
    async with AsyncTestClient(
        app=create_app(settings, clock=clock), base_url="http://127.0.0.1:8000"
    ) as other:
        yield other
