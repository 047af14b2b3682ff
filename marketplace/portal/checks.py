"""The anonymous visitor's answers: found by the hash of a random token only his browsers hold.

No account and no name hang on them; answers untouched for 30 days are deleted when somebody begins new ones.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from eligibility import Facts, FactsError, Vocabulary
from eligibility.nesting import settled
from marketplace.portal.tables import CheckKey, CheckSession

COOKIE = "mp_check"
TOKEN_BYTES = 24
KEPT = timedelta(days=30)
"""How long answers stay that nobody touches, and how long a browser keeps its token."""


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
    hashed = token_hash(token)
    further = select(col(CheckKey.check_id)).where(
        col(CheckKey.secret_hash) == hashed, col(CheckKey.kind) == "browser"
    )
    found = await session.scalars(
        select(CheckSession).where(
            or_(col(CheckSession.token_hash) == hashed, col(CheckSession.id).in_(further))
        )
    )
    return found.one_or_none()


async def save(
    session: AsyncSession,
    check: CheckSession | None,
    changes: Mapping[str, Any],
    forget: Iterable[str],
    now: datetime,
    *,
    asked: Sequence[str] = (),
) -> str | None:
    """Change the answers; returns the token of a new session where there was none yet.

    asked: facts that were just asked for, whether or not they got an answer.
    """
    token = None
    if check is None:
        await _forget_untouched(session, now)
        token = new_token()
        check = CheckSession(token_hash=token_hash(token), created_at=now, updated_at=now)
        session.add(check)
    else:  # another device or tab may be saving: what it kept is read before anything is written over it
        await session.refresh(check, with_for_update=True)
    changes, left = settled(changes, check.answers, tuple(forget))
    gone = set(left)
    check.answers = {**{name: v for name, v in check.answers.items() if name not in gone}, **changes}
    check.asked = [*check.asked, *(name for name in asked if name not in check.asked)]
    check.updated_at = now
    await session.flush()
    return token


async def ask_again(session: AsyncSession, check: CheckSession, now: datetime) -> None:
    """Begin another round: what nobody knew may be asked for once more."""
    check.asked = [name for name in check.asked if name in check.answers]
    check.updated_at = now
    await session.flush()


async def erase(session: AsyncSession, check: CheckSession) -> None:
    """Delete the answers, and with them every code and browser that opened them."""
    await session.delete(check)
    await session.flush()


async def _forget_untouched(session: AsyncSession, now: datetime) -> None:
    await session.execute(delete(CheckSession).where(col(CheckSession.updated_at) < now - KEPT))
    await session.execute(delete(CheckKey).where(col(CheckKey.expires_at) < now))


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


def asked_of(check: CheckSession | None) -> tuple[str, ...]:
    """The facts asked for one at a time, oldest first; one that the vocabulary no longer has is left out."""
    return tuple(name for name in check.asked if name in Vocabulary.shipped().facts) if check else ()
