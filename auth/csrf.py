"""Unsafe requests to pages come from our own pages, in the session the form was shown in; all others are refused.

Where the browser itself says whose page sent a request (Sec-Fetch-Site, which no script can set), its word counts;
from one that says nothing, a foreign Origin is refused. The form's token must be of this very session, so that a
token somebody else was given, or planted, is worth nothing. The API takes no cookies and needs none of this.
"""

from urllib.parse import urlsplit

from litestar.connection import Request
from litestar.enums import RequestEncodingType
from litestar.handlers.base import BaseRouteHandler

from auth import cookies
from auth.errors import ForeignForm
from auth.guards import actor_of, is_api, resolve, was_asked
from auth.state import Connection, auth_state

FIELD = "_csrf_token"
HEADER = "x-csrftoken"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = frozenset({RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART})
_OURS = frozenset({"same-origin", "none"})


async def refuse_foreign_forms(connection: Connection, _: BaseRouteHandler) -> None:
    """The guard of every route: raises `ForeignForm` for an unsafe request to a page that is not our own form's."""
    if connection.scope.get("method") in SAFE_METHODS or is_api(connection):
        return
    if not _sent_by_our_pages(connection):
        raise ForeignForm
    token = await _token_sent(connection)
    tokens = auth_state(connection).form_tokens
    actor = await resolve(connection)
    if actor is not None and tokens.fits(token, actor.session_id):
        return
    if actor is None and tokens.fits(token, None) and token == connection.cookies.get(tokens.cookie):
        return
    raise ForeignForm


def token_of(connection: Connection) -> str:
    """The token for the forms of this request's page; the response brings the cookie where the browser has none.

    Empty on pages that never asked who comes, such as that of an address nobody has: they show no form.
    """
    if not was_asked(connection):
        return ""
    actor = actor_of(connection)
    return cookies.form_token(connection, actor.session_id if actor else None)


def _sent_by_our_pages(connection: Connection) -> bool:
    said = connection.headers.get("sec-fetch-site")
    if said is not None:
        return said in _OURS
    origin = connection.headers.get("origin")
    return origin is None or origin in _our_origins(connection)


def _our_origins(connection: Connection) -> set[str]:
    """Where people reach us: the configured address, and the one this request was sent to.

    A proxy that ends TLS does not tell us so, hence both schemes unless the configured one is https.
    """
    state = auth_state(connection)
    public = urlsplit(state.public_url)
    schemes = ("https",) if state.secure_cookies else ("http", "https")
    host = connection.headers.get("host", "")
    return {
        f"{public.scheme}://{public.netloc}".lower(),
        *(f"{scheme}://{host}".lower() for scheme in schemes),
    }


async def _token_sent(connection: Connection) -> object:
    if HEADER in connection.headers:
        return connection.headers[HEADER]
    if isinstance(connection, Request) and connection.content_type[0] in _FORMS:
        return (await connection.form()).get(FIELD)
    return None
