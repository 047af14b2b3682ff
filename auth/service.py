"""Signing in and out, and making users: what the API, the login page and the seeding call.

Nothing here knows HTTP. The slow password check runs while no database connection is held, so a flood of
sign-ins takes neither the event loop nor the pool.
"""

import hashlib
import re
from datetime import datetime
from uuid import uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit, limits, passwords, persons, queries, sessions
from auth.actor import Actor
from auth.errors import LoginFailed, UsernameRefused, UsernameTaken
from auth.roles import BANK_ROLES, Role
from auth.sessions import SignedIn
from auth.standing import standing
from auth.tables import User

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")


async def create_user(
    session: AsyncSession,
    *,
    username: str,
    password: str,
    display_name: str,
    role: Role,
    now: datetime,
    bank_id: str | None = None,
    staff_number: str | None = None,
    actor: Actor | None = None,
) -> Actor:
    """Make a user; `bank_id` goes with bank roles, `staff_number` with those that need one, and both with no others
    (ValueError). `actor` is None for sign-up and seeding.

    Raises `UsernameRefused`, `PasswordRefused`, `StaffNumberRefused` or `UsernameTaken`.
    """
    if (bank_id is not None) != (role in BANK_ROLES):
        raise ValueError(f"role {role} and bank_id {bank_id!r} do not go together")
    if (staff_number is not None) != (role in persons.WITH_STAFF_NUMBER):
        raise ValueError(f"role {role} and staff_number {staff_number!r} do not go together")
    person_key = None if staff_number is None else persons.staff_number(staff_number)
    name = username.lower()
    if not _USERNAME.fullmatch(name):
        raise UsernameRefused(field="username")
    password_hash = await passwords.hash_new(password)
    made = await session.execute(
        insert(User)
        .values(
            id=uuid4(),
            username=name,
            display_name=display_name,
            role=role.value,
            bank_id=bank_id,
            password_hash=password_hash,
            person_key=person_key,
            created_at=now,
        )
        .on_conflict_do_nothing(constraint="uq_users_username")
        .returning(col(User.id))
    )
    user_id = made.scalar_one_or_none()
    if user_id is None:
        raise UsernameTaken(field="username")
    detail = {"role": role.value, "bank_id": bank_id}
    await audit.record(
        session,
        actor,
        action="auth.create_user",
        subject=("user", user_id),
        tenant=bank_id,
        detail=detail,
        now=now,
    )
    return Actor(user_id, name, display_name, role, bank_id)


async def login(
    session: AsyncSession, username: str, password: str, client_address: str, now: datetime
) -> SignedIn:
    """Open a new session for the right password.

    Raises `LoginFailed` (an unknown name takes as long and looks the same) or `TooManyAttempts`.
    Ends what `session` has read so far, so that no connection is held while the password is checked.
    """
    name = username.lower()
    await session.rollback()
    with passwords.place():
        await _check_password(session, name, password, client_address, now)
    user = await queries.user_by_username(session, name)
    if user is None or user.disabled_at is not None:
        raise LoginFailed
    signed_in = await sessions.start(session, user, now)
    await audit.record(
        session,
        signed_in.actor,
        action="auth.login",
        subject=("user", user.id),
        tenant=None,
        detail={"session_id": str(signed_in.session_id)},
        now=now,
    )
    return signed_in


async def refresh(session: AsyncSession, refresh_token: str, now: datetime) -> SignedIn:
    """Trade a refresh token for the next one; raises `InvalidToken`, and ends the session when it was used
    before.
    """
    return await sessions.rotate(session, refresh_token, now)


async def logout(session: AsyncSession, actor: Actor, now: datetime) -> None:
    """End the session the actor came with: every token of it is dead from the commit on."""
    if actor.session_id is not None:
        await sessions.end(session, actor, actor.session_id, because="logout", now=now)


async def _check_password(
    session: AsyncSession, username: str, password: str, client_address: str, now: datetime
) -> None:
    """Charge the attempt, check the password with no connection held, forgive what fits; raises `LoginFailed`."""
    async with standing(session) as connection:
        await limits.charge(connection, username, client_address, now)
        possible = _USERNAME.fullmatch(username) is not None
        stored_hash = await queries.password_hash_of(connection, username) if possible else None
    if not await passwords.matches(password, stored_hash):
        await _record_refusal(session, username, now)
        raise LoginFailed
    async with standing(session) as connection:
        await limits.forgive(connection, username, client_address, now)
        await limits.forget_stale(connection, now)


async def _record_refusal(session: AsyncSession, username: str, now: datetime) -> None:
    """Note a refused sign-in under a digest of the name typed, known or not, so both take the same time."""
    digest = hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()
    async with standing(session) as connection:
        await audit.record(
            connection,
            None,
            action="auth.login_refused",
            subject=("username_sha256", digest),
            tenant=None,
            detail={},
            now=now,
        )
