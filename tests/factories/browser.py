"""A client whose requests run side by side, in the test's own event loop.

The framework's test client blocks the loop for each request, so two requests "at once" would come one after the
other; tests about races and floods need this one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from httpx import ASGITransport, AsyncClient
from litestar import Litestar


@asynccontextmanager
async def talking_to(app: Litestar, base_url: str = "http://127.0.0.1:8000") -> AsyncIterator[AsyncClient]:
    """A client of the running application; follows no redirect by itself, errors arrive as answers."""
    transport = ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with running(app), AsyncClient(transport=transport, base_url=base_url) as client:
        yield client


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[None]:
    """The application between start and stop, in one task: its task group must end where it began."""
    started, stopping = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await stopping.wait()

    life = asyncio.create_task(live())
    await asyncio.wait({life, asyncio.create_task(started.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if life.done():
        life.result()
    try:
        yield
    finally:
        stopping.set()
        await life
