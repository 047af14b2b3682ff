"""Reading bodies so that nobody's bytes are an error of ours: what cannot be decoded is the sender's mistake.

The framework decodes text fields with whatever charset they claim, in its CSRF check already, and JSON as
UTF-8, and lets both failures escape as unexpected errors.
"""

from typing import Any

from litestar.connection import Request
from litestar.datastructures import FormMultiDict
from litestar.exceptions import ClientException, SerializationException


class FormRequest(Request[Any, Any, Any]):
    """The request class of the whole service."""

    async def form(self) -> FormMultiDict:
        """The form's fields and files. Raises ClientException (400) for one that cannot be read."""
        try:
            return await super().form()
        except (UnicodeError, LookupError) as error:
            raise ClientException("the form holds text in an encoding it is not in") from error

    async def json(self) -> Any:
        """The body as JSON. Raises SerializationException, also for bytes that are no UTF-8."""
        try:
            return await super().json()
        except UnicodeError as error:
            raise SerializationException("the body is not UTF-8") from error
