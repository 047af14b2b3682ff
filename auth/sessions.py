"""Sign-in sessions and their rotating refresh tokens.

A session is the family of its tokens. A refresh token works once: the conditional UPDATE lets exactly one
of two callers through, and the other, like any later replay, ends the whole family, because one of the two
is a thief.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Result, RowMapping, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col

from auth import audit, members
from auth.actor import Actor
from auth.errors import InvalidToken
from auth.roles import Role
from auth.standing import standing
from auth.tables import LoginSession, Membership, RefreshToken, User
from auth.tokens import AccessClaims

REFRESH_LIFETIME = timedelta(days=7)
SESSION_LIFETIME = timedelta(days=30)
PAGE_LEEWAY = timedelta(seconds=10)
"""Pages opened side by side present the same refresh cookie; see `renew_page`."""

_PERSON: tuple[Any, ...] = (
    col(User.id),
    col(User.username),
    col(User.display_name),
    col(User.role),
    col(User.bank_id),
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session: who, and the refresh token to hand out (None: another request of the page holds it)."""

    actor: Actor
    session_id: UUID
    refresh_token: str | None
    refresh_expires_at: datetime


async def start(session: AsyncSession, user: User, now: datetime) -> SignedIn:
    """Open a new session; never continues an older one, so a planted cookie gains nothing."""
    login = LoginSession(user_id=user.id, created_at=now, expires_at=now + SESSION_LIFETIME)
    session.add(login)
    await session.flush()
    token = secrets.token_urlsafe(32)
    expires_at = now + REFRESH_LIFETIME
    session.add(
        RefreshToken(token_sha256=_digest(token), session_id=login.id, issued_at=now, expires_at=expires_at)
    )
    await session.flush()
    actor = Actor(user.id, user.username, user.display_name, Role(user.role), user.bank_id, login.id)
    return SignedIn(actor, login.id, token, expires_at)


async def actor_of(session: AsyncSession, claims: AccessClaims, now: datetime) -> Actor | None:
    """The person a good access token stands for, as the database has him now; None once the session has
    ended.
    """
    found: Result[Any] = await session.execute(
        select(*_PERSON, col(LoginSession.id).label("session_id"), _over(now).label("over"))
        .select_from(User)
        .join(LoginSession, col(LoginSession.user_id) == col(User.id))
        .where(
            col(LoginSession.id) == claims.session_id,
            col(User.id) == claims.user_id,
            col(LoginSession.ended_at).is_(None),
            col(LoginSession.expires_at) > now,
            col(User.disabled_at).is_(None),
        )
    )
    row = found.mappings().one_or_none()
    if row is None:
        return None
    if row["over"]:
        await members.end_over(session, _actor(row), now)
    return _actor(row)


def _over(now: datetime) -> ColumnElement[bool]:
    """Whether the person has authorisations whose time is over: asked with the person, not once more."""
    return exists().where(col(Membership.user_id) == col(User.id), col(Membership.until) <= now)


async def rotate(session: AsyncSession, refresh_token: str, now: datetime) -> SignedIn:
    """Use up a refresh token for the next one.

    Raises `InvalidToken` for an unknown, expired or ended one; a token used before also ends its session.
    Stands at once, whatever becomes of the request.
    """
    async with standing(session) as connection:
        renewed = await _use_up(connection, refresh_token, now)
        if renewed is None:
            await _end_replayed(connection, refresh_token, now)
    if renewed is None:
        raise InvalidToken
    return renewed


async def renew_page(session: AsyncSession, refresh_token: str, now: datetime) -> SignedIn | None:
    """Like `rotate`, for the refresh cookie of a page; None where the visitor is to sign in again.

    Several requests of one browser may carry the cookie at once. Within `PAGE_LEEWAY` of its use the losers
    are answered as the same person but get no token, so a thief gains nothing lasting and a second tab no
    sign-out.
    """
    async with standing(session) as connection:
        renewed = await _use_up(connection, refresh_token, now)
        if renewed is None:
            renewed = await _just_used(connection, refresh_token, now)
        if renewed is None:
            await _end_replayed(connection, refresh_token, now)
    return renewed


async def end(
    session: AsyncSession | AsyncConnection,
    actor: Actor | None,
    session_id: UUID,
    *,
    because: str,
    now: datetime,
) -> None:
    """End a session: its refresh tokens and access tokens are dead from the commit on. Ending twice changes
    nothing.
    """
    ended = await session.execute(
        update(LoginSession)
        .where(col(LoginSession.id) == session_id, col(LoginSession.ended_at).is_(None))
        .values(ended_at=now, ended_because=because)
        .returning(col(LoginSession.user_id))
    )
    user_id = ended.scalar_one_or_none()
    if user_id is not None:
        await audit.record(
            session,
            actor,
            action="auth.session_end",
            subject=("user", user_id),
            tenant=None,
            detail={"session_id": str(session_id), "because": because},
            now=now,
        )


async def _use_up(connection: AsyncConnection, token: str, now: datetime) -> SignedIn | None:
    used = await connection.execute(
        update(RefreshToken)
        .where(
            col(RefreshToken.token_sha256) == _digest(token),
            col(RefreshToken.used_at).is_(None),
            col(RefreshToken.expires_at) > now,
            col(LoginSession.id) == col(RefreshToken.session_id),
            col(LoginSession.ended_at).is_(None),
            col(LoginSession.expires_at) > now,
            col(User.id) == col(LoginSession.user_id),
            col(User.disabled_at).is_(None),
        )
        .values(used_at=now)
        .returning(
            *_PERSON,
            col(RefreshToken.session_id).label("session_id"),
            col(LoginSession.expires_at).label("session_expires_at"),
        )
    )
    row = used.mappings().one_or_none()
    if row is None:
        return None
    fresh = secrets.token_urlsafe(32)
    expires_at = min(now + REFRESH_LIFETIME, row["session_expires_at"])
    await connection.execute(
        insert(RefreshToken).values(
            token_sha256=_digest(fresh), session_id=row["session_id"], issued_at=now, expires_at=expires_at
        )
    )
    return SignedIn(_actor(row), row["session_id"], fresh, expires_at)


async def _just_used(connection: AsyncConnection, token: str, now: datetime) -> SignedIn | None:
    found: Result[Any] = await connection.execute(
        select(
            *_PERSON,
            col(RefreshToken.session_id).label("session_id"),
            col(RefreshToken.expires_at).label("expires_at"),
        )
        .select_from(RefreshToken)
        .join(LoginSession, col(LoginSession.id) == col(RefreshToken.session_id))
        .join(User, col(User.id) == col(LoginSession.user_id))
        .where(
            col(RefreshToken.token_sha256) == _digest(token),
            col(RefreshToken.used_at) > now - PAGE_LEEWAY,
            col(RefreshToken.expires_at) > now,
            col(LoginSession.ended_at).is_(None),
            col(LoginSession.expires_at) > now,
            col(User.disabled_at).is_(None),
        )
    )
    row = found.mappings().one_or_none()
    return SignedIn(_actor(row), row["session_id"], None, row["expires_at"]) if row else None


async def _end_replayed(connection: AsyncConnection, token: str, now: datetime) -> None:
    found = await connection.execute(
        select(col(RefreshToken.session_id)).where(
            col(RefreshToken.token_sha256) == _digest(token), col(RefreshToken.used_at).is_not(None)
        )
    )
    session_id = found.scalar_one_or_none()
    if session_id is not None:
        await end(connection, None, session_id, because="refresh_replayed", now=now)


def _actor(row: RowMapping) -> Actor:
    return Actor(
        row["id"], row["username"], row["display_name"], Role(row["role"]), row["bank_id"], row["session_id"]
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
