"""What the query of an API request may ask: only what the operation takes, and the language.

A misspelt filter that is quietly ignored answers another question than the one that was asked; so it is refused by
name. Pages are kinder: an address somebody mistyped still shows them.
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.routes import HTTPRoute

from auth.guards import is_api
from marketplace.inputs import FieldFault, InvalidInput

ALWAYS = frozenset({"lang"})
LONGEST_NAME = 80
TAKEN = "query_parameters"


async def refuse_unknown_parameters(
    connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler
) -> None:
    """The guard of every route: raises InvalidInput for a query parameter an API operation does not take."""
    handler = connection.route_handler  # guards are handed a copy of it
    if not is_api(connection) or not isinstance(handler, HTTPRouteHandler):
        return
    taken = _taken(connection, handler)
    unknown = [name for name in dict.fromkeys(connection.query_params) if name not in taken]
    if unknown:
        raise InvalidInput(tuple(FieldFault(name[:LONGEST_NAME], "extra_forbidden", {}) for name in unknown))


def _taken(connection: ASGIConnection[Any, Any, Any, Any], handler: HTTPRouteHandler) -> frozenset[str]:
    """The framework's own reading of the handler's signature, kept with the handler from its first request on."""
    kept: frozenset[str] | None = handler.opt.get(TAKEN)
    if kept is not None:
        return kept
    found = ALWAYS.union(
        parameter.field_alias
        for route in connection.app.routes
        if isinstance(route, HTTPRoute)
        for one, model in route.route_handler_map.values()
        if one is handler
        for parameter in model.expected_query_params
    )
    handler.opt[TAKEN] = found
    return found
