"""One answer for one Idempotency-Key, however often the request arrives.

The key is claimed in the same transaction as the deed: a second request with it waits on the unique index
until the first commits (and then gets its answer) or rolls back (and then does the deed itself). Nothing
can be done twice.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from auth.errors import IdempotencyKeyBusy, IdempotencyKeyRefused, IdempotencyKeyReused
from auth.tables import IdempotencyKey

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The answer the first request was given: HTTP status and JSON body."""

    status: int
    body: Any


def request_digest(body: bytes) -> str:
    """The `request_sha256` of a request body."""
    return hashlib.sha256(body).hexdigest()


async def once(
    session: AsyncSession, actor: Actor, endpoint: str, key: str | None, request_sha256: str, *, now: datetime
) -> StoredResponse | None:
    """Claim the key (None: go on, then call `save_response` in this transaction) or give the stored answer.

    Keys are the user's own and belong to one `endpoint`. Raises `IdempotencyKeyRefused` for a missing or
    malformed key, `IdempotencyKeyReused` when it came with another body, `IdempotencyKeyBusy` when no
    answer was ever stored.
    """
    if key is None or not _KEY.fullmatch(key):
        raise IdempotencyKeyRefused(field="Idempotency-Key")
    claimed = await session.execute(
        insert(IdempotencyKey)
        .values(
            user_id=actor.user_id, endpoint=endpoint, key=key, request_sha256=request_sha256, created_at=now
        )
        .on_conflict_do_nothing(constraint="pk_idempotency_keys")
        .returning(col(IdempotencyKey.key))
    )
    if claimed.scalar_one_or_none() is not None:
        return None
    found = await session.execute(
        select(
            col(IdempotencyKey.request_sha256), col(IdempotencyKey.status), col(IdempotencyKey.body)
        ).where(*_this(actor, endpoint, key))
    )
    first_sha256, status, body = found.one()
    if first_sha256 != request_sha256:
        raise IdempotencyKeyReused(field="Idempotency-Key")
    if status is None:
        raise IdempotencyKeyBusy
    return StoredResponse(status, body)


async def save_response(
    session: AsyncSession, actor: Actor, endpoint: str, key: str, *, status: int, body: Any
) -> None:
    """Keep the answer under the key this transaction claimed. `body` is plain JSON, never None."""
    saved = await session.execute(
        update(IdempotencyKey)
        .where(*_this(actor, endpoint, key), col(IdempotencyKey.status).is_(None))
        .values(status=status, body=body)
        .returning(col(IdempotencyKey.key))
    )
    if saved.scalar_one_or_none() is None:
        raise LookupError("save_response without a key claimed by once()")


def _this(actor: Actor, endpoint: str, key: str) -> tuple[Any, ...]:
    return (
        col(IdempotencyKey.user_id) == actor.user_id,
        col(IdempotencyKey.endpoint) == endpoint,
        col(IdempotencyKey.key) == key,
    )
