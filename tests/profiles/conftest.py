"""A client whose requests can run at the same time."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.factories.browser import talking_to


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[AsyncClient]:
    async with talking_to(app) as client:
        yield client
