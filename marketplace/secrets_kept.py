"""Random texts that must outlive a restart, such as the key of form tokens, kept under the state folder's keys/.

Made on first use; whoever can read the folder can read them, so the folder is 0700 and each file 0600.
"""

import hashlib
import secrets
from pathlib import Path

from auth.secret_files import create_secret_file


def text(path: Path) -> str:
    """The secret kept at `path` (43 URL-safe characters, 256 bits), made when it is not there yet."""
    if not path.exists():
        create_secret_file(path, secrets.token_urlsafe(32).encode())
    return path.read_text(encoding="ascii")


def fingerprint(secret: str) -> str:
    """Eight characters that tell two secrets apart and reveal neither."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8]
