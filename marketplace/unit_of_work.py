"""A request's session, and its one transaction that ends at the response's first byte.

Apart from db.py because the worker has no requests, and does without the web framework.
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.db import DROP, SESSION, finish, open_session


async def provide_session(scope: Scope, state: State) -> AsyncSession:
    """The request's one session, opened on first use; a Litestar dependency named `session`."""
    found: AsyncSession | None = scope["state"].get(SESSION)
    if found is None:
        found = open_session(state["engine"])
        scope["state"][SESSION] = found
    return found


def drop_changes(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Roll back even though the answer is no error: a redirect to the login page, say."""
    connection.scope["state"][DROP] = True


class UnitOfWork(ASGIMiddleware):
    """Ends the request's transaction when the response starts, and closes its session whatever happens.

    An answer below 400 commits unless `drop_changes` was called, any other rolls back. A
    commit that fails raises before anything was sent, so the client gets the error and not a false
    acknowledgement.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Run the application with a `send` that ends the transaction first."""
        failed: list[Exception] = []

        async def send_after_commit(message: Message) -> None:
            if message["type"] == "http.response.start":
                try:
                    await finish(scope, message["status"])
                except Exception as error:
                    failed.append(error)
                    raise
            await send(message)

        try:
            await next_app(scope, receive, send_after_commit)
        except Exception as error:
            if not failed:
                raise
            # The framework thinks the answer has begun; nothing has left, so the outer handler may answer.
            ScopeState.from_scope(scope).response_started = False
            raise failed[0] from error
        finally:
            session: AsyncSession | None = scope["state"].pop(SESSION, None)
            if session is not None:
                await session.close()
