"""Templates -> pages: one environment, the words of the request's language, and what every page shows.

`page()` is the only way a handler makes HTML, so that language, CSRF token and who is signed in are never
forgotten.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from litestar import Request
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.response import Response
from markupsafe import Markup, escape

from auth import csrf
from auth.guards import actor_of
from marketplace.i18n import translate, translate_plural
from marketplace.language import COOKIE, language_of, named
from marketplace.notifications.badge import unread_in
from marketplace.settings import Settings
from marketplace.web import format as words
from marketplace.web.pending import pending_in

TEMPLATES = Path(__file__).parents[1] / "templates"
STATIC = Path(__file__).parents[1] / "static"
YEAR = 365 * 24 * 3600


@cache
def environment() -> Environment:
    """The Jinja environment: our templates first, then the GOV.UK macros, everything escaped."""
    found = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(TEMPLATES),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["static"] = static
    found.filters["ticks"] = ticks
    return found


def ticks(text: str) -> Markup:
    """A message with what stands between backticks as code: the engine marks so what somebody typed."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


@cache
def static(name: str) -> str:
    """The address of a built asset with its content in the query, so that browsers may keep it for good."""
    path = STATIC / name
    version = hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else "unbuilt"
    return f"/static/{name}?v={version}"


def page(
    request: Request[Any, Any, Any],
    template: str,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """The page of `template` with `context`, in the request's language; ?lang= is remembered in a cookie."""
    lang = language_of(request)
    body = environment().get_template(template).render(**shared(request, lang), **context)
    asked = named(request.query_params.get("lang"))
    kept = (
        []
        if asked is None
        else [Cookie(key=COOKIE, value=asked, max_age=YEAR, samesite="lax", httponly=True)]
    )
    return Response(
        body,
        media_type=MediaType.HTML,
        status_code=status_code,
        cookies=kept,
        headers={"content-language": lang, **(headers or {})},
    )


def piece(template: str, lang: str, **context: Any) -> Markup:
    """A part of a page that knows nothing of who reads it, so that its caller may keep it."""
    words_ = {"lang": lang, "t": partial(_text, lang), "tn": partial(_plural, lang)}
    full_day = partial(words.day, lang=lang)
    body = environment().get_template(template).render(**words_, full_day=full_day, **context)
    return Markup(body)  # noqa: S704 - drawn by a template, which escapes


def shared(request: Request[Any, Any, Any], lang: str) -> dict[str, Any]:
    """What every template may use."""
    settings: Settings = request.app.state["settings"]
    token = csrf.token_of(request)
    return {
        "lang": lang,
        "other_lang": "en" if words.is_zh(lang) else "zh",
        "other_url": _with_lang(request, "en" if words.is_zh(lang) else "zh"),
        "t": partial(_text, lang),
        "tn": partial(_plural, lang),
        "actor": actor_of(request),
        "csrf": token,
        "csrf_header": csrf.HEADER,
        "csrf_input": Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, token),
        "as_of": settings.as_of,
        "path": request.url.path,
        "unread": unread_in(request),
        "pending": pending_in(request),
        **formats(lang, settings.as_of),
    }


def formats(lang: str, as_of: dt.date) -> dict[str, Any]:
    """The formatting functions bound to a language and the page's day."""
    return {
        "yuan": partial(words.yuan, lang=lang),
        "fen": partial(words.fen, lang=lang),
        "wan": partial(words.wan, lang=lang),
        "day": partial(words.day, lang=lang, as_of=as_of),
        "full_day": partial(words.day, lang=lang),
        "moment": partial(words.moment, lang=lang),
        "pct": words.pct,
    }


def _text(lang: str, key: str, **params: object) -> Markup:
    """A text with its parameters escaped; the catalogue's own text may carry markup."""
    return Markup(translate(lang, key, **{name: escape(value) for name, value in params.items()}))  # noqa: S704 - parameters are escaped


def _plural(lang: str, key: str, n: int, **params: object) -> Markup:
    return Markup(translate_plural(lang, key, n, **{name: escape(value) for name, value in params.items()}))  # noqa: S704 - parameters are escaped


def _with_lang(request: Request[Any, Any, Any], lang: str) -> str:
    """The same address with ?lang replaced."""
    kept = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
    return f"{request.url.path}?{urlencode([*kept, ('lang', lang)])}"
