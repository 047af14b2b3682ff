"""A posted form as plain text by field, bounded; the last value wins where a name comes twice.

Anything that cannot be stored (NUL, lone surrogates) is dropped from the text, so it fails as the field it is in.
"""

from typing import Any

from litestar import Request

MAX_TEXT = 5_000


async def read(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields of a urlencoded or multipart form; files are left out."""
    form = await request.form()
    return {
        name: "".join(c for c in value[:MAX_TEXT] if c != "\0" and not 0xD800 <= ord(c) <= 0xDFFF)
        for name, value in form.multi_items()
        if isinstance(value, str)
    }
