"""How many unread messages an owner has, for the head of every page: asked once a request, and only for who signed in.

A guard, because pages are drawn without a database; one indexed count beside the query that says who comes.
"""

from litestar.handlers.base import BaseRouteHandler

from auth import cookies
from auth.guards import is_api, resolve
from auth.roles import Role
from auth.state import Connection, request_session
from marketplace.notifications.inbox import unread_of

UNREAD = "notifications_unread"
_WITHOUT_PEOPLE = ("/health/", "/metrics", "/static/")


async def count_unread(connection: Connection, _: BaseRouteHandler) -> None:
    """The guard of every route."""
    path: str = connection.scope["path"]
    signed_in = {cookies.ACCESS, cookies.REFRESH} & set(connection.cookies)
    if not signed_in or is_api(connection) or path.startswith(_WITHOUT_PEOPLE):
        return
    actor = await resolve(connection)
    if actor is not None and actor.role is Role.OWNER:
        connection.scope["state"][UNREAD] = await unread_of(await request_session(connection), actor)


def unread_in(connection: Connection) -> int:
    """What was counted for this request's page."""
    found: int = connection.scope["state"].get(UNREAD, 0)
    return found
