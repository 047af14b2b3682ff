"""Words in two languages: gettext catalogues read at start, looked up by key, zh-CN and en always both there.

Keys, not sentences, are the msgids, because a sentence that is also a key breaks every time its wording is
mended.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

LANGS = ("zh-CN", "en")
FOLDERS: Mapping[str, str] = {"zh-CN": "zh_CN", "en": "en"}
LOCALE = Path(__file__).with_name("locale")


class MissingTextError(KeyError):
    """A key no catalogue of the language holds."""


@cache
def catalogue(lang: str) -> Mapping[str, tuple[str, ...]]:
    """Every text of a language: {key: (text,)} or {key: (singular, plural)}, all areas together."""
    texts: dict[str, tuple[str, ...]] = {}
    for path in sorted((LOCALE / FOLDERS[lang]).glob("*.po")):
        with path.open("rb") as file:
            area: Catalog = read_po(file, locale=FOLDERS[lang])
        for message in area:
            key = message.id[0] if isinstance(message.id, tuple) else message.id
            if key:
                strings = message.string if isinstance(message.string, tuple) else (message.string,)
                texts[str(key)] = tuple(str(text) for text in strings)
    return texts


def translate(lang: str, key: str, **params: object) -> str:
    """The text of `key` with its {placeholders} filled. Raises MissingTextError."""
    return _forms(lang, key)[0].format(**params)


def translate_plural(lang: str, key: str, n: int, **params: object) -> str:
    """The text of `key` for `n` things; {n} is among the placeholders. Raises MissingTextError."""
    forms = _forms(lang, key)
    return forms[0 if n == 1 else -1].format(n=n, **params)


def _forms(lang: str, key: str) -> tuple[str, ...]:
    try:
        return catalogue(lang)[key]
    except KeyError as error:
        raise MissingTextError(f"no text for `{key}` in {lang}") from error
