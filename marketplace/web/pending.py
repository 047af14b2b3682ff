"""How much waits for a policy admin, for the head of every page of the desk: asked once a request, by a guard.

A guard, because pages are drawn without a database; a few rows beside the query that says who comes.
"""

from litestar.handlers.base import BaseRouteHandler

from auth.guards import resolve
from auth.roles import Role
from auth.state import Connection, request_session
from policies import pending
from policies.pending import Pending

PENDING = "policies_pending"


async def count_pending(connection: Connection, _: BaseRouteHandler) -> None:
    """The guard of every route; it asks only for whoever opens a page of the desk."""
    path: str = connection.scope["path"]
    if path != "/admin" and not path.startswith("/admin/"):
        return
    if "hx-request" in connection.headers:  # a piece of a page has no head
        return
    actor = await resolve(connection)
    if actor is not None and actor.role is Role.POLICY_ADMIN:
        found = await pending.of(await request_session(connection), actor)
        connection.scope["state"][PENDING] = found


def pending_in(connection: Connection) -> Pending | None:
    """What waits for whoever reads this page; None for everybody but policy admins."""
    found: Pending | None = connection.scope["state"].get(PENDING)
    return found
