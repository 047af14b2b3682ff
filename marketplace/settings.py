"""What an operator can set, read once from the environment; docs/settings.md describes every name (a test
checks).

A frozen value rather than a module of globals, so that tests run several applications with different
settings.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

PACK_DATE = date(2020, 4, 15)
"""The day the shipped policy pack describes: what pages show as "policies as of" unless told otherwise."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
VARIABLES = (
    "MARKETPLACE_HOME",
    "DATABASE_URL",
    "HOST",
    "PORT",
    "MARKETPLACE_AS_OF",
    "PUBLIC_URL",
    "WEB_WORKERS",
    "MARKETPLACE_DEMO",
    "MARKETPLACE_SMTP_URL",
    "MARKETPLACE_MAIL_FROM",
    "TRUSTED_PROXIES",
    "MARKETPLACE_LOSS_LIMIT",
)


class SettingsError(ValueError):
    """An environment variable holds something unusable; the message says which, what and how to mend it."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """The server e-mail goes out by, and what stands under From. implicit: TLS from the first byte, else STARTTLS.

    bare: neither, which only a server on this very machine may ask for.
    """

    host: str
    port: int
    sender: str
    implicit: bool = False
    bare: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one running service.

    home: the state folder (database, keys, documents, demo credentials). database_url: None means the
    embedded PostgreSQL. as_of: the business date policies are judged on. base_url: what people type, without
    a final slash; it is printed in PDFs and QR codes. workers: server processes, each with its own connection
    pool. demo: whether a first start makes demo accounts and demo enterprises. smtp: None
    means that no e-mail is sent. trusted_proxies: networks whose
    X-Forwarded-For is believed. loss_limit: the share, in percent, of those who are eligible that a new version may
    take the right from without a written reason.
    """

    home: Path
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    as_of: date = PACK_DATE
    base_url: str = "http://127.0.0.1:8000"
    workers: int = 1
    demo: bool = True
    smtp: Smtp | None = None
    trusted_proxies: tuple[str, ...] = ()
    loss_limit: Decimal = Decimal(1)

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings; an absent or empty variable takes its default. Raises SettingsError."""
        host = env.get("HOST") or "127.0.0.1"
        port = _whole(env, "PORT", 8000, 1, 65535)
        return cls(
            home=Path(env.get("MARKETPLACE_HOME") or "var").expanduser().resolve(),
            database_url=_database_url(env.get("DATABASE_URL")),
            host=host,
            port=port,
            as_of=_day(env, "MARKETPLACE_AS_OF", PACK_DATE),
            base_url=_public_url(env.get("PUBLIC_URL")) or f"http://{host}:{port}",
            workers=_whole(env, "WEB_WORKERS", 1, 1, 64),
            demo=_yes(env, "MARKETPLACE_DEMO"),
            smtp=_smtp(env.get("MARKETPLACE_SMTP_URL"), env.get("MARKETPLACE_MAIL_FROM")),
            trusted_proxies=_networks(env.get("TRUSTED_PROXIES")),
            loss_limit=_percent(env, "MARKETPLACE_LOSS_LIMIT", Decimal(1)),
        )

    @property
    def keys(self) -> Path:
        """Signing keys and secrets, one file each, readable by the service alone."""
        return self.home / "keys"

    @property
    def documents(self) -> Path:
        """Uploaded papers and issued PDFs."""
        return self.home / "documents"

    @property
    def demo_credentials(self) -> Path:
        """The demo accounts with their passwords, written once by the first seeding."""
        return self.home / "demo-credentials.json"

    @property
    def secure(self) -> bool:
        """Whether people reach the service by https, so that cookies may be marked Secure."""
        return self.base_url.startswith("https://")


def _whole(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingsError(f"{name} is `{text}`; it must be a whole number from {least} to {most}")
    return int(text)


def _percent(env: Mapping[str, str], name: str, default: Decimal) -> Decimal:
    text = env.get(name)
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,3}([.][0-9]{1,2})?", text) or Decimal(text) > 100:
        raise SettingsError(f"{name} is `{text}`; it must be a percentage from 0 to 100, such as 1 or 0.5")
    return Decimal(text)


def _yes(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name) or "yes"
    if text not in {"yes", "no"}:
        raise SettingsError(f"{name} is `{text}`; it must be yes or no")
    return text == "yes"


def _day(env: Mapping[str, str], name: str, default: date) -> date:
    text = env.get(name)
    if not text:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{name} is `{text}`; it must be a date such as 2020-04-15") from error


def _networks(text: str | None) -> tuple[str, ...]:
    found = []
    for part in re.split(r"[\s,]+", (text or "").strip()):
        try:
            network = ip_network(part) if part else None
        except ValueError as error:
            raise SettingsError(
                f"TRUSTED_PROXIES holds `{part}`; list addresses or networks, such as 10.0.0.5, 192.168.7.0/24"
            ) from error
        if network is not None:
            found.append(network)
    if any(network.prefixlen == 0 for network in found):
        raise SettingsError("TRUSTED_PROXIES trusts every address there is; list the proxies' own")
    return tuple(str(network) for network in found)


def _database_url(text: str | None) -> str | None:
    if not text:
        return None
    scheme, _, rest = text.partition("://")
    if scheme not in {"postgresql", "postgres", "postgresql+asyncpg"} or not rest:
        raise SettingsError("DATABASE_URL must look like postgresql://user:password@host:5432/name")
    return f"postgresql+asyncpg://{rest}"


def _smtp(text: str | None, sender: str | None) -> Smtp | None:
    if not text:
        return None
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or port == -1 or parts.path.strip("/"):
        raise SettingsError(
            "MARKETPLACE_SMTP_URL must look like smtp://user:password@host:587 or smtps://host:465"
        )
    if not sender or not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", sender):
        raise SettingsError(
            "MARKETPLACE_MAIL_FROM must be the address e-mail comes from, such as tell@example.com"
        )
    implicit = parts.scheme == "smtps"
    return Smtp(
        host=parts.hostname,
        port=port or (465 if implicit else 587),
        sender=sender,
        implicit=implicit,
        bare=not implicit and parts.hostname in LOOPBACK,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _public_url(text: str | None) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise SettingsError(f"PUBLIC_URL is `{text}`; it must look like https://service.example.com")
    return text.rstrip("/")
