"""Column shapes that every feature's tables share: UTC instants and JSON documents.

They live in the lowest room with tables so that a timestamp means the same thing in all of them.
"""

from typing import Any

from sqlalchemy import Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB


def instant(*, nullable: bool = False) -> Column[Any]:
    """A timestamptz column; services write timezone-aware UTC into it."""
    return Column(DateTime(timezone=True), nullable=nullable)


def document(*, nullable: bool = False) -> Column[Any]:
    """A jsonb column. A nullable one stores Python None as SQL NULL, any other as JSON null."""
    return Column(JSONB(none_as_null=nullable), nullable=nullable)
