"""The two numbers that tie an enterprise to the world: its credit code and its owner's resident id.

The credit code is public and kept as it is. The resident id is personal: it is checked, then only its mask
and a keyed HMAC stay, enough to recognise the same person again and too little to read him off a stolen
table.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from stdnum import numdb
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from auth.secret_files import create_secret_file
from marketplace.profiles.errors import (
    ResidentIdMalformed,
    ResidentIdRefused,
    UsccCheckDigit,
    UsccMalformed,
)

_RESIDENT_ID = re.compile(r"[0-9]{17}[0-9X]")
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """The key of the resident ids' HMAC; losing it loses only the recognition of returning owners."""

    secret: bytes = field(repr=False)

    @classmethod
    def load_or_create(cls, keys: Path) -> "IdentityKey":
        """The key of `keys`/resident-id.key, made with mode 0600 when missing."""
        path = keys / "resident-id.key"
        if not path.exists():
            create_secret_file(path, secrets.token_bytes(_KEY_BYTES))
        secret = path.read_bytes()
        if len(secret) != _KEY_BYTES:
            raise ValueError(f"{path} must hold {_KEY_BYTES} bytes")
        return cls(secret)

    def digest(self, resident_id: str) -> str:
        """HMAC-SHA256 of a checked resident id, in hex."""
        return hmac.new(self.secret, resident_id.encode(), hashlib.sha256).hexdigest()


def checked_uscc(text: str) -> str:
    """The 18 characters of a unified social credit code (GB 32100-2015), upper case, separators removed.

    Raises `UsccMalformed` or `UsccCheckDigit`.
    """
    try:
        return uscc.validate(text)
    except InvalidChecksum as refused:
        raise UsccCheckDigit(field="uscc") from refused
    except ValidationError as refused:
        raise UsccMalformed(field="uscc") from refused


def checked_resident_id(text: str, today: date) -> str:
    """The 18 characters of a resident id (GB 11643-1999) of somebody born by `today`.

    Not `ric.validate`: it wants the county's code to be as old as its holder, but numbers are given out since
    1984 and most codes date from then, so it refuses nearly everybody born before.

    Raises `ResidentIdMalformed` or `ResidentIdRefused`.
    """
    number = ric.compact(text)
    if not _RESIDENT_ID.fullmatch(number):
        raise ResidentIdMalformed(field="owner_id_number")
    try:
        born = ric.get_birth_date(number)
    except ValidationError as refused:
        raise ResidentIdRefused(field="owner_id_number") from refused
    if born > today or number[-1] != ric.calc_check_digit(number) or not _is_area(number[:6]):
        raise ResidentIdRefused(field="owner_id_number")
    return number


def _is_area(code: str) -> bool:
    """Whether some county has or had this code."""
    return any("county" in found for _, found in numdb.get("cn/loc").info(code))


def masked(resident_id: str) -> str:
    """A resident id as it may be shown: first six and last four characters, 370102********1234."""
    return f"{resident_id[:6]}********{resident_id[-4:]}"
