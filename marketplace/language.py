"""Which of our two languages a request is answered in: ?lang, then the cookie, then the browser's wish, then
zh-CN.

One rule for pages, problems and PDFs, so that an error is never in another language than the page around it.
"""

from typing import Any

from litestar.connection import ASGIConnection

DEFAULT = "zh-CN"
COOKIE = "mp_lang"
NAMES = {"zh": "zh-CN", "zh-cn": "zh-CN", "zh-hans": "zh-CN", "zh-hans-cn": "zh-CN", "en": "en"}


def named(text: str | None) -> str | None:
    """ "zh-CN" or "en" for a language tag we serve (any English, any Chinese), else None."""
    tag = (text or "").strip().lower()
    return NAMES.get(tag) or NAMES.get(tag.partition("-")[0])


def language_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The language of this request: "zh-CN" or "en"."""
    asked = named(connection.query_params.get("lang")) or named(connection.cookies.get(COOKIE))
    return asked or preferred(connection.headers.get("accept-language", "")) or DEFAULT


def preferred(accept_language: str) -> str | None:
    """The best served language of an Accept-Language header (RFC 9110, 12.5.4); None when it names none."""
    wishes: list[tuple[float, str]] = []
    for part in accept_language[:1000].split(","):
        tag, _, weight = part.partition(";")
        found = named(tag)
        quality = _quality(weight)
        if found and quality > 0:
            wishes.append((quality, found))
    return max(wishes, key=lambda wish: wish[0])[1] if wishes else None


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if name.strip() == "q" and 0 <= quality <= 1 else 0.0
