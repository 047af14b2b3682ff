"""Argon2 password hashes, made and checked off the event loop by one thread with a short queue.

Each check costs about 0.1 s and 64 MiB, so a flood of sign-ins must be turned away early instead of waiting
for memory.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from auth.errors import PasswordRefused, TooManyAttempts

SHORTEST, LONGEST = 10, 256
"""Bounds of a new password, in characters."""

THREADS = 1
"""One hash already uses four lanes; a second beside it would only take the processors from other requests."""

PLACES = 8
"""At most this many sign-ins are under way in one process, about half of the database pool; the next caller is
refused at once.
"""

_hashes = PasswordHash((Argon2Hasher(),))
_threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="argon2")
_places = BoundedSemaphore(PLACES)

NOBODYS_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$KJdccgD7d3NPB+hMNh4IsQ$QQSq6EhdFuCbPjyb6W4Kc06urc9pUzmwGevLFRbBXfc"
)
"""A hash of a forgotten random password with the current cost: checked where there is no such user, to take
as long.
"""

T = TypeVar("T")


@contextmanager
def place() -> Iterator[None]:
    """One of the few places for hashing, held for a whole sign-in; raises `TooManyAttempts` when all are taken.

    Taken before anything is asked of the database, so that a flood waits neither for memory nor for connections.
    """
    if not _places.acquire(blocking=False):
        raise TooManyAttempts(retry_after=1)
    try:
        yield
    finally:
        _places.release()


async def hash_new(password: str) -> str:
    """Hash a new password; raises `PasswordRefused` outside 10 to 256 characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordRefused(field="password", shortest=SHORTEST, longest=LONGEST)
    return await _off_the_loop(lambda: _hashes.hash(password))


async def matches(password: str, stored_hash: str | None) -> bool:
    """Whether the password fits; a None hash (no such user) costs the same time and never fits.

    Call it within a `place()`.
    """
    typed = password.encode("utf-8", "surrogatepass")
    fits = await _off_the_loop(lambda: _hashes.verify(typed, stored_hash or NOBODYS_HASH))
    return fits and stored_hash is not None


async def _off_the_loop(work: Callable[[], T]) -> T:
    """Run on one of the threads; a caller who goes away takes his waiting work with him."""
    return await asyncio.wrap_future(_threads.submit(work))
