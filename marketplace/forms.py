"""Reading bodies so that nobody's bytes are an error of ours: what cannot be decoded is the sender's mistake.

The framework decodes text fields with whatever charset they claim, and JSON as UTF-8, and lets both failures escape
as unexpected errors. It also takes JSON whatever the body says it is, the last of two equal names, and a number past
all bounds as none at all; each of these can be read in two ways, and is refused.
"""

import json
import math
import re
from typing import Any

from litestar.connection import Request
from litestar.datastructures import FormMultiDict
from litestar.exceptions import ClientException, SerializationException
from litestar.status_codes import HTTP_415_UNSUPPORTED_MEDIA_TYPE

from marketplace.inputs import FieldFault, InvalidInput

JSON_TYPE = re.compile(r"application/([a-z0-9!#$&^_.+-]+\+)?json")
LONGEST_NAME = 80
NAMES = re.compile(rb'"\s*:')
"""Stands behind each name of an object, and perhaps inside a text."""
LONGEST_NUMBER = 1 << 63


class FormRequest(Request[Any, Any, Any]):
    """The request class of the whole service."""

    async def form(self) -> FormMultiDict:
        """The form's fields and files. Raises ClientException (400) for one that cannot be read."""
        try:
            return await super().form()
        except (UnicodeError, LookupError) as error:
            raise ClientException("the form holds text in an encoding it is not in") from error

    async def json(self) -> Any:
        """The body as JSON.

        Raises SerializationException, also for bytes that are no UTF-8; ClientException (415) for a body that says it
        is something else; InvalidInput for one that can be read in two ways.
        """
        body = await self.body()
        if body and not JSON_TYPE.fullmatch(self.content_type[0].lower()):
            raise ClientException("the body is not JSON", status_code=HTTP_415_UNSUPPORTED_MEDIA_TYPE)
        try:
            found = await super().json()
            if body and len(NAMES.findall(body)) != names_in(found):
                json.loads(body, object_pairs_hook=_distinct, parse_int=_finite, parse_float=_finite)
        except UnicodeError as error:
            raise SerializationException("the body is not UTF-8") from error
        except (ValueError, RecursionError) as error:
            raise SerializationException("the body is not JSON") from error
        return found


def names_in(value: Any) -> int:
    """How many names the objects in `value` have; -1 where a number in it must be looked at as it was written.

    As many as were written means that none was written twice, without a second, slower reading.
    """
    if isinstance(value, dict):
        below = [names_in(one) for one in value.values()]
        return -1 if -1 in below else len(value) + sum(below)
    if isinstance(value, list):
        below = [names_in(one) for one in value]
        return -1 if -1 in below else sum(below)
    if isinstance(value, int | float):
        return 0 if -LONGEST_NUMBER < value < LONGEST_NUMBER else -1
    return 0


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise InvalidInput((FieldFault(name[:LONGEST_NAME], "json_duplicate", {}),))
        seen.add(name)


def _finite(text: str) -> None:
    if math.isinf(float(text)):
        raise InvalidInput((FieldFault("", "finite_number", {}),))
