"""The demo accounts as the state folder's demo-credentials.json has them: role, username, password.

Apart from the seeding that writes the file, so that `serve` can name the accounts without loading the
database code.
"""

import json
from pathlib import Path


def read_accounts(path: Path) -> list[dict[str, str]]:
    """The accounts in the file; none when there is no file."""
    if not path.exists():
        return []
    accounts: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))["accounts"]
    return accounts
