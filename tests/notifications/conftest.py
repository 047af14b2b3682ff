"""A worker on the test's database whose clock is the test's, and a service's settings with or without a mail server."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from marketplace.jobs.worker import Worker
from marketplace.settings import Settings


@pytest.fixture
async def worker(settings: Settings, now: datetime) -> AsyncIterator[Worker]:
    """A worker that does what it is asked, without its queue."""
    found = Worker(settings, lambda: now)
    yield found
    await found.engine.dispose()
