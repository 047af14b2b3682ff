"""The bytes of a file somebody sends to be checked: a form's field `file`, or the body itself.

Bounded before it is read; what is in it is nobody's business here.
"""

from typing import Any

from litestar.connection import Request
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException

from marketplace.documents.errors import FileMissing, FileUnreadable
from pdf.verify import LARGEST

FIELD = "file"
LARGEST_BODY = LARGEST + 100_000
"""Bytes of a request: the largest file and the form around it."""


async def sent_file(request: Request[Any, Any, Any]) -> bytes:
    """The file's bytes. Raises FileMissing, FileUnreadable; the framework refuses a larger body with 413."""
    if request.content_type[0] != RequestEncodingType.MULTI_PART:
        body = await request.body()
        if not body:
            raise FileMissing(FIELD)
        return body
    try:
        form = await request.form()
    except ClientException as error:
        raise FileUnreadable(FIELD) from error
    found = form.get(FIELD)
    if not isinstance(found, UploadFile):
        raise FileMissing(FIELD)
    return await found.read()
