"""The service with one route more: a handler that does nothing, so that a match can be held against it."""

from litestar import Litestar, post

from auth.guards import PUBLIC
from marketplace.app import create_app
from marketplace.settings import Settings


@post("/api/v1/bench/empty", status_code=200, **PUBLIC)
async def empty() -> dict[str, object]:
    """The least a JSON handler on this server costs."""
    return {}


def served() -> Litestar:
    """What granian calls."""
    app = create_app(Settings.from_env())
    app.register(empty)
    return app
