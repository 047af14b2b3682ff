"""Reading forms so that nobody's bytes are an error of ours: a form that cannot be decoded is a 400.

The framework decodes text fields with whatever charset they claim, in its CSRF check already, and lets the
failure escape as an unexpected error.
"""

from typing import Any

from litestar.connection import Request
from litestar.datastructures import FormMultiDict
from litestar.exceptions import ClientException


class FormRequest(Request[Any, Any, Any]):
    """The request class of the whole service."""

    async def form(self) -> FormMultiDict:
        """The form's fields and files. Raises ClientException (400) for one that cannot be read."""
        try:
            return await super().form()
        except (UnicodeError, LookupError) as error:
            raise ClientException("the form holds text in an encoding it is not in") from error
