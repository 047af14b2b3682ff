"""The token a page's form carries back: made for one session, or for a visitor, and good in no other.

Sealed with a key of the service rather than stored, so that a form costs no row and works in every worker.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from uuid import UUID

_SHAPE = re.compile(r"[0-9a-f]{96}")
_NONCE = 32


@dataclass(frozen=True, slots=True)
class FormTokens:
    """Makes and judges form tokens. `cookie` names the cookie that remembers the browser's token."""

    secret: str = field(repr=False)
    cookie: str

    def make(self, session_id: UUID | None) -> str:
        """A new token for this sign-in session; None: for a visitor."""
        nonce = secrets.token_hex(_NONCE // 2)
        return nonce + self._seal(nonce, session_id)

    def fits(self, token: object, session_id: UUID | None) -> bool:
        """Whether `token` was made for this session, or for a visitor."""
        if not isinstance(token, str) or not _SHAPE.fullmatch(token):
            return False
        return hmac.compare_digest(token[_NONCE:], self._seal(token[:_NONCE], session_id))

    def _seal(self, nonce: str, session_id: UUID | None) -> str:
        bound = f"{nonce}:{session_id or 'visitor'}"
        return hmac.new(self.secret.encode(), bound.encode(), hashlib.sha256).hexdigest()
