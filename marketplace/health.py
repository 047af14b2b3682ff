"""Whether the service lives, whether it can serve, and its figures: what an operator's tools ask.

Live asks nothing but itself, so that a lost database does not make a supervisor kill a healthy process; ready
asks the database and its revision, so that no traffic comes before a migration is done.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from litestar import MediaType, Request, Response, Router, get
from litestar.datastructures import State
from sqlalchemy.exc import SQLAlchemyError

from auth.guards import PUBLIC
from marketplace import migrating
from marketplace.jobs import queue
from marketplace.metrics import METRICS, Metrics

PATIENCE = 3.0
"""Seconds the database has to answer before the service calls itself not ready."""

newest = cache(migrating.head)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the database stands. revision: of its tables, "none" without any, None when it does not answer."""

    ready: bool
    revision: str | None


async def standing(state: State) -> Standing:
    """Asks the database for its revision and waits a moment for the answer."""
    try:
        revision = await asyncio.wait_for(migrating.current(state["engine"]), PATIENCE)
    except (SQLAlchemyError, OSError, TimeoutError):
        return Standing(ready=False, revision=None)
    return Standing(ready=revision == newest(), revision=revision or "none")


@get("/health/live", include_in_schema=False, **PUBLIC)
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", include_in_schema=False, **PUBLIC)
async def ready(state: State) -> Response[dict[str, str]]:
    """The database answers and stands at the newest migration: 200, else 503 and the reason."""
    found = await standing(state)
    database = "no answer" if found.revision is None else f"at revision {found.revision}"
    if not found.ready:
        return Response({"status": "unavailable", "database": database}, status_code=503)
    return Response({"status": "ready", "database": database})


@get("/metrics", include_in_schema=False, media_type=MediaType.TEXT, **PUBLIC)
async def metrics(request: Request[object, object, State]) -> Response[bytes]:
    """Prometheus' figures of this process, and how deep the queue of jobs is."""
    figures: Metrics = request.scope["state"][METRICS]
    with suppress(SQLAlchemyError, OSError, TimeoutError):  # without a database the other figures still count
        found = await asyncio.wait_for(queue.depth(request.app.state["engine"]), PATIENCE)
        for job, count in found.jobs.items():
            figures.waiting.labels(job).set(count)
        figures.oldest.set(found.oldest)
    return Response(figures.exposition(), media_type="text/plain; version=0.0.4")


router = Router(path="/", route_handlers=[live, ready, metrics])
