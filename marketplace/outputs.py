"""What may leave the service as JSON: never a database row.

The framework serialises whatever a handler returns, whatever its annotation promises, so a row returned by
mistake would carry every column out, password hashes included. Refusing the mapped classes makes that mistake
a loud one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlmodel import SQLModel


def refuse_rows(value: SQLModel) -> object:
    """A SQLModel that is no table as plain JSON values; raises TypeError for a row."""
    if hasattr(type(value), "__table__"):
        raise TypeError(
            f"a row of {type(value).__name__} was about to leave the service; return a Read model"
        )
    return value.model_dump(mode="json")


ENCODERS: Mapping[Any, Callable[[Any], Any]] = {SQLModel: refuse_rows}
