"""The anonymous visitor's answers: found by the hash of a random token only his browser holds.

No account and no name hang on them; answers untouched for 30 days may be deleted by anybody who tidies up.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from eligibility import Facts, FactsError, Vocabulary
from marketplace.portal.tables import CheckSession

COOKIE = "mp_check"
TOKEN_BYTES = 24


def new_token() -> str:
    """A token no one can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def find(session: AsyncSession, token: str | None) -> CheckSession | None:
    """The visitor's answers; None for no token or an unknown one."""
    if not token or len(token) > 100:
        return None
    found = await session.scalars(
        select(CheckSession).where(col(CheckSession.token_hash) == token_hash(token))
    )
    return found.one_or_none()


async def save(
    session: AsyncSession,
    check: CheckSession | None,
    changes: Mapping[str, Any],
    forget: Iterable[str],
    now: datetime,
) -> str | None:
    """Change the answers; returns the token of a new session where there was none yet."""
    token = None
    if check is None:
        token = new_token()
        check = CheckSession(token_hash=token_hash(token), created_at=now, updated_at=now)
        session.add(check)
    kept = {name: value for name, value in check.answers.items() if name not in set(forget)}
    check.answers = {**kept, **changes}
    check.updated_at = now
    await session.flush()
    return token


def facts_of(check: CheckSession | None) -> Facts:
    """The answers as facts; one that a newer vocabulary refuses counts as unknown."""
    answers = check.answers if check else {}
    try:
        return Facts.from_json(answers, Vocabulary.shipped())
    except FactsError as refused:
        unfit = {problem.fact for problem in refused.problems}
        return Facts.from_json(
            {n: v for n, v in answers.items() if n[:80] not in unfit}, Vocabulary.shipped()
        )
