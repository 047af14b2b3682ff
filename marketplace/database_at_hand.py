"""The database a command works on: the one of DATABASE_URL, or the embedded one, started for as long as it is
needed.

One place for that choice, so that `migrate`, `seed` and `serve` always mean the same database.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from marketplace.embedded_postgres import EmbeddedPostgres
from marketplace.settings import Settings


def say(line: str) -> None:
    """A line about progress, on standard error and at once."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


@contextmanager
def database(settings: Settings, *, own: bool = False) -> Iterator[str]:
    """The address of the running database. own: insist on owning the embedded one, as a server must."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.home, notice=say)
    embedded.start(own=own)
    try:
        yield embedded.url
    finally:
        embedded.stop()
