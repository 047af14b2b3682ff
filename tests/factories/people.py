"""People for tests: real users with real argon2 hashes, committed so that the application sees them.

One password for all, because what a test is about is never the password itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from httpx import Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import BANK_ROLES, Role
from auth.service import create_user

PASSWORD = "correct horse battery"


async def person(session: AsyncSession, now: datetime, role: Role = Role.OWNER, **details: Any) -> Actor:
    """A new user of this role, committed; officers work for ccb unless told otherwise."""
    username = details.get("username", f"{role.value.replace('_', '-')}-{uuid4().hex[:8]}")
    made = await create_user(
        session,
        username=username,
        password=details.get("password", PASSWORD),
        display_name=details.get("display_name", "王小雨"),
        role=role,
        bank_id=details.get("bank_id", "ccb") if role in BANK_ROLES else None,
        now=now,
    )
    await session.commit()
    return made


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
