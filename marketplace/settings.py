"""What an operator can set, read once from the environment; docs/settings.md describes every name (a test
checks).

A frozen value rather than a module of globals, so that tests run several applications with different
settings.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

PACK_DATE = date(2020, 4, 15)
"""The day the shipped policy pack describes: what pages show as "policies as of" unless told otherwise."""

VARIABLES = (
    "MARKETPLACE_HOME",
    "DATABASE_URL",
    "HOST",
    "PORT",
    "MARKETPLACE_AS_OF",
    "PUBLIC_URL",
    "WEB_WORKERS",
    "MARKETPLACE_DEMO",
)


class SettingsError(ValueError):
    """An environment variable holds something unusable; the message says which, what and how to mend it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one running service.

    home: the state folder (database, keys, documents, demo credentials). database_url: None means the
    embedded PostgreSQL. as_of: the business date policies are judged on. base_url: what people type, without
    a final slash; it is printed in PDFs and QR codes. workers: server processes, each with its own connection
    pool. demo: whether a first start makes demo accounts and demo enterprises.
    """

    home: Path
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    as_of: date = PACK_DATE
    base_url: str = "http://127.0.0.1:8000"
    workers: int = 1
    demo: bool = True

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


def _database_url(text: str | None) -> str | None:
    if not text:
        return None
    scheme, _, rest = text.partition("://")
    if scheme not in {"postgresql", "postgres", "postgresql+asyncpg"} or not rest:
        raise SettingsError("DATABASE_URL must look like postgresql://user:password@host:5432/name")
    return f"postgresql+asyncpg://{rest}"


def _public_url(text: str | None) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise SettingsError(f"PUBLIC_URL is `{text}`; it must look like https://service.example.com")
    return text.rstrip("/")
