"""Random secrets that must outlive a restart, one file of mode 0600 each in the state folder's keys/.

Made on first use; whoever can read the folder can read them, so the folder is 0700.
"""

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path


def text(path: Path) -> str:
    """The secret kept at `path` (43 URL-safe characters, 256 bits), made when it is not there yet."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):  # another worker was quicker; its secret is the one
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_text()


def fingerprint(secret: str) -> str:
    """Eight characters that tell two secrets apart and reveal neither."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8]
