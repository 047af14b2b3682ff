"""One limit on sign-in attempts, and on tries at a check's code, for all workers, kept in PostgreSQL.

Attempts are charged before the password is looked at and forgiven when it fits, so a thousand parallel
guesses see the same count as a thousand in a row. The strict limit is on a username from one address, and the
username's own is loose, or anybody could keep its bearer out by guessing. Keys are hashed: people type passwords
into the username field.
"""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from auth.errors import TooManyAttempts
from auth.tables import LoginAttempts

WINDOW = timedelta(minutes=5)
PER_USERNAME_AND_ADDRESS = 10
PER_USERNAME = 100
PER_ADDRESS = 100
RESUMING_PER_ADDRESS = 20


async def charge(connection: AsyncConnection, username: str, address: str, now: datetime) -> None:
    """Count an attempt for the username, the address, and both; raises `TooManyAttempts` (and counts nothing)
    past a limit.

    The scopes come in the same order for everybody, so two attempts never wait for each other in a circle.
    """
    for scope, subject, limit in (
        ("address", address, PER_ADDRESS),
        ("both", _both(username, address), PER_USERNAME_AND_ADDRESS),
        ("username", username, PER_USERNAME),
    ):
        await _count(connection, scope, subject, limit, now)


async def charge_resuming(connection: AsyncConnection, address: str, now: datetime) -> None:
    """Count a try at the code of somebody's answers; raises `TooManyAttempts` past the address's limit.

    No right code is forgiven: one of one's own would buy guesses at those of others.
    """
    await _count(connection, "resume", address, RESUMING_PER_ADDRESS, now)


async def _count(connection: AsyncConnection, scope: str, subject: str, limit: int, now: datetime) -> None:
    fresh = insert(LoginAttempts).values(
        scope=scope, subject_sha256=_key(scope, subject), window_started_at=now, attempts=1
    )
    started = col(LoginAttempts.window_started_at)
    over = started <= now - WINDOW
    counted = await connection.execute(
        fresh.on_conflict_do_update(
            constraint="pk_login_attempts",
            set_={
                "attempts": case((over, 1), else_=col(LoginAttempts.attempts) + 1),
                "window_started_at": case((over, now), else_=started),
            },
        ).returning(col(LoginAttempts.attempts), started)
    )
    attempts, window_started_at = counted.one()
    if attempts > limit:
        left = window_started_at + WINDOW - now
        raise TooManyAttempts(retry_after=max(1, int(left.total_seconds())))


async def forgive(connection: AsyncConnection, username: str, address: str, now: datetime) -> None:
    """After the right password: forget what came for this name from this address, and take it off the name; take
    this one attempt off the address.

    What others tried on the name from elsewhere stays counted, or its bearer would open the door to them each time
    he signs in.
    """
    await _take_off(connection, "address", address, 1)
    forgotten = await connection.scalar(
        delete(LoginAttempts)
        .where(*_counter("both", _both(username, address)))
        .returning(col(LoginAttempts.attempts))
    )
    await _take_off(connection, "username", username, forgotten or 1)


async def _take_off(connection: AsyncConnection, scope: str, subject: str, attempts: int) -> None:
    left = func.greatest(col(LoginAttempts.attempts) - attempts, 0)
    await connection.execute(update(LoginAttempts).where(*_counter(scope, subject)).values(attempts=left))


async def forget_stale(connection: AsyncConnection, now: datetime) -> None:
    """Delete the counts of windows long over."""
    await connection.execute(
        delete(LoginAttempts).where(col(LoginAttempts.window_started_at) < now - timedelta(days=1))
    )


def _counter(scope: str, subject: str) -> tuple[ColumnElement[bool], ...]:
    return col(LoginAttempts.scope) == scope, col(LoginAttempts.subject_sha256) == _key(scope, subject)


def _both(username: str, address: str) -> str:
    return f"{address} {username}"


def _key(scope: str, subject: str) -> str:
    return hashlib.sha256(f"{scope}:{subject}".encode("utf-8", "surrogatepass")).hexdigest()
