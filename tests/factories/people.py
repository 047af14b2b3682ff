"""People for tests: real users with real argon2 hashes, committed so that the application sees them.

One password for all, because what a test is about is never the password itself.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import uuid4

from httpx import Response
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.persons import WITH_STAFF_NUMBER
from auth.roles import BANK_ROLES, Role
from auth.tables import User

PASSWORD = "correct horse battery"


@cache
def _hash_of(password: str) -> str:
    return PasswordHash((Argon2Hasher(),)).hash(password)


async def person(session: AsyncSession, now: datetime, role: Role = Role.OWNER, **details: Any) -> Actor:
    """A new user of this role, committed; officers work for ccb unless told otherwise.

    His hash is a true one, made once a run: `create_user` would spend 0.1 s on each.
    """
    username = details.get("username", f"{role.value.replace('_', '-')}-{uuid4().hex[:8]}")
    user = User(
        username=username,
        display_name=details.get("display_name", "王小雨"),
        role=role.value,
        bank_id=details.get("bank_id", "ccb") if role in BANK_ROLES else None,
        password_hash=_hash_of(PASSWORD),
        person_key=details.get("person_key", username.upper()[:32]) if role in WITH_STAFF_NUMBER else None,
        created_at=now,
    )
    session.add(user)
    await session.commit()
    return Actor(user.id, user.username, user.display_name, role, user.bank_id)


@dataclass
class Bearer:
    """A person signed in over the API: his tokens and the header that carries them."""

    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


async def try_password(client: Any, username: str, password: str = PASSWORD, **request: Any) -> Response:
    """Send username and password to the token endpoint."""
    answer: Response = await client.post(
        "/api/v1/auth/token", json={"username": username, "password": password}, **request
    )
    return answer


async def sign_in(client: Any, who: Actor) -> Bearer:
    """Sign in with the factory's password."""
    answer = await try_password(client, who.username)
    assert answer.status_code == 200, answer.text
    return Bearer(answer.json()["access_token"], answer.json()["refresh_token"])
