"""Secrets that are worked out and never stored: the links in e-mails, and what webhooks are signed with.

Each is an HMAC under a key file, so that the database alone can neither unsubscribe anybody nor sign a message.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from marketplace import secrets_kept
from marketplace.notifications.errors import LinkRefused

MAC = 16


@dataclass(frozen=True, slots=True)
class NotificationKeys:
    """The key behind all of them."""

    secret: bytes = field(repr=False)

    @classmethod
    def load_or_create(cls, keys: Path) -> "NotificationKeys":
        """The key of `keys`/notifications-secret, made when missing."""
        return cls(secrets_kept.text(keys / "notifications-secret").encode())

    def link(self, purpose: str, user_id: UUID, address: str = "") -> str:
        """The last part of a link that lets whoever has it do one thing for one person (for one address)."""
        return (
            base64.urlsafe_b64encode(user_id.bytes + self._mac(purpose, user_id, address))
            .decode()
            .rstrip("=")
        )

    def reader(self, token: str) -> UUID:
        """Whom a link is about, before it is checked. Raises LinkRefused."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (ValueError, binascii.Error) as error:
            raise LinkRefused from error
        if len(raw) != 16 + MAC:
            raise LinkRefused
        return UUID(bytes=raw[:16])

    def check(self, token: str, purpose: str, address: str = "") -> UUID:
        """Whom a link is about. Raises LinkRefused for any that we did not make for this."""
        user_id = self.reader(token)
        if not hmac.compare_digest(token.encode(), self.link(purpose, user_id, address).encode()):
            raise LinkRefused
        return user_id

    def webhook_secret(self, endpoint_id: UUID) -> str:
        """What messages to an endpoint are signed with, as Standard Webhooks writes it (whsec_...)."""
        mac = hmac.new(self.secret, b"webhook" + endpoint_id.bytes, hashlib.sha256).digest()
        return "whsec_" + base64.b64encode(mac).decode()

    def _mac(self, purpose: str, user_id: UUID, address: str) -> bytes:
        told = f"{purpose}|{user_id}|{address}".encode()
        return hmac.new(self.secret, told, hashlib.sha256).digest()[:MAC]
