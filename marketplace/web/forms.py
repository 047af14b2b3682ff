"""A posted form as plain text by field, bounded; the last value wins where a name comes twice.

What cannot be stored (NUL, lone surrogates) becomes the replacement character: seen by whoever typed it, refused by
the field it is in, and never quietly left out.
"""

import re
from typing import Any

from litestar import Request

MAX_TEXT = 25_000
"""Longer than any field may be, so that what is too long is told by its field and not cut to fit."""
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
REPLACEMENT = "\ufffd"


async def read(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields of a urlencoded or multipart form; files are left out."""
    form = await request.form()
    return {name: storable(value[:MAX_TEXT]) for name, value in form.multi_items() if isinstance(value, str)}


def storable(text: str) -> str:
    """`text` with what the database cannot hold replaced."""
    return UNSTORABLE.sub(REPLACEMENT, text)
