"""Key files under the state folder: readable by the service alone, and whole or not there.

Several workers start at once; a hard link makes the first one win and the others read its file.
"""

import os
import secrets
from pathlib import Path


def create_secret_file(path: Path, content: bytes) -> None:
    """Write `path` with mode 0600 unless another process was first; readers never see half a file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
