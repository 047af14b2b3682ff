"""Which database errors are nobody's bug: the database is away or overloaded (503), or a value cannot be
stored (422).

Everything else stays a 500, so that real mistakes are seen. Classes follow PostgreSQL's SQLSTATE, appendix A.
"""

import asyncpg
from sqlalchemy import exc

UNAVAILABLE_STATES = ("08", "53", "57P", "40001", "40P01", "55P03", "57014")
"""Connection lost, out of resources, shutting down, serialization, deadlock, lock or statement timeout."""

UNSTORABLE_STATES = ("22",)
"""Data exceptions: NUL bytes, numbers out of range, malformed text."""


def is_unavailable(error: BaseException) -> bool:
    """Whether trying again in a moment is the right answer."""
    if isinstance(error, exc.TimeoutError | ConnectionError | TimeoutError):
        return True
    if isinstance(error, exc.DBAPIError):
        return error.connection_invalidated or _state(error).startswith(UNAVAILABLE_STATES)
    state = getattr(error, "sqlstate", None) or ""
    return isinstance(error, asyncpg.PostgresError) and state.startswith(UNAVAILABLE_STATES)


def is_unstorable(error: BaseException) -> bool:
    """Whether a value got past validation that PostgreSQL or its driver cannot hold."""
    if not isinstance(error, exc.DBAPIError):
        return False
    causes = (error.orig, getattr(error.orig, "__cause__", None))
    return _state(error).startswith(UNSTORABLE_STATES) or any(
        isinstance(cause, asyncpg.DataError) for cause in causes
    )


def _state(error: exc.DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")
