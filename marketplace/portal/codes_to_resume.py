"""A code to go on with a check on another device: eight characters people can read out, never a name or a number.

Crockford's alphabet has no letters that look like digits. Of a code only a keyed hash is stored, so that a copy of the
table opens nothing; wrong, used up and expired look the same to whoever tries.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.portal.checks import KEPT, new_token, token_hash
from marketplace.portal.tables import CheckKey, CheckSession

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
GROUP = 4
LASTS = timedelta(days=30)
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new_code() -> str:
    """Forty random bits as two groups: 7K3M-Q9WX."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{text[:GROUP]}-{text[GROUP:]}"


def read_code(text: str) -> str | None:
    """What somebody typed as a code's eight characters; None where it cannot be one."""
    plain = re.sub(r"[\s\-–—_.]", "", unicodedata.normalize("NFKC", text[:60])).upper().translate(READ_AS)
    return plain if re.fullmatch(f"[{ALPHABET}]{{{LENGTH}}}", plain) else None


async def issue(session: AsyncSession, check: CheckSession, now: datetime, *, secret: str) -> str:
    """A new code for these answers; the one before it opens nothing any more."""
    await session.execute(
        delete(CheckKey).where(col(CheckKey.check_id) == check.id, col(CheckKey.kind) == "code")
    )
    code = new_code()
    session.add(
        CheckKey(
            secret_hash=_hashed(code.replace("-", ""), secret),
            check_id=check.id,
            kind="code",
            expires_at=now + LASTS,
        )
    )
    check.updated_at = now
    await session.flush()
    return code


async def open_with(session: AsyncSession, text: str, now: datetime, *, secret: str) -> str | None:
    """The token for another browser of the check this code opens; None for a code that opens nothing."""
    code = read_code(text)
    if code is None:
        return None
    found = await session.scalar(
        select(col(CheckKey.check_id)).where(
            col(CheckKey.secret_hash) == _hashed(code, secret),
            col(CheckKey.kind) == "code",
            col(CheckKey.expires_at) > now,
        )
    )
    if found is None:
        return None
    token = new_token()
    session.add(
        CheckKey(secret_hash=token_hash(token), check_id=found, kind="browser", expires_at=now + KEPT)
    )
    await session.flush()
    return token


def _hashed(code: str, secret: str) -> str:
    return hmac.new(secret.encode(), code.encode(), hashlib.sha256).hexdigest()
