"""One limit on sign-in attempts for all workers, kept in PostgreSQL.

Attempts are charged before the password is looked at and forgiven when it fits, so a thousand parallel
guesses see the same count as a thousand in a row. Both keys are hashed: people type passwords into the
username field.
"""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import case, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from auth.errors import TooManyAttempts
from auth.tables import LoginAttempts

WINDOW = timedelta(minutes=5)
PER_USERNAME = 10
PER_ADDRESS = 100


async def charge(connection: AsyncConnection, username: str, address: str, now: datetime) -> None:
    """Count an attempt for the username and the address; raises `TooManyAttempts` (and counts nothing) past
    a limit.

    The address comes first for everybody, so two attempts never wait for each other in a circle.
    """
    for scope, subject, limit in (("address", address, PER_ADDRESS), ("username", username, PER_USERNAME)):
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
    """After the right password: forget the username's attempts and take this one off the address."""
    await connection.execute(
        update(LoginAttempts)
        .where(
            col(LoginAttempts.scope) == "address",
            col(LoginAttempts.subject_sha256) == _key("address", address),
            col(LoginAttempts.attempts) > 0,
        )
        .values(attempts=col(LoginAttempts.attempts) - 1)
    )
    await connection.execute(
        delete(LoginAttempts).where(
            col(LoginAttempts.scope) == "username",
            col(LoginAttempts.subject_sha256) == _key("username", username),
        )
    )


async def forget_stale(connection: AsyncConnection, now: datetime) -> None:
    """Delete the counts of windows long over."""
    await connection.execute(
        delete(LoginAttempts).where(col(LoginAttempts.window_started_at) < now - timedelta(days=1))
    )


def _key(scope: str, subject: str) -> str:
    return hashlib.sha256(f"{scope}:{subject}".encode("utf-8", "surrogatepass")).hexdigest()
