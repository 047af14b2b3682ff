"""The two numbers that tie an enterprise to the world: its credit code and its owner's resident id.

The credit code is public and kept as it is. The resident id is personal: it is checked, then only its mask
and a keyed HMAC stay, enough to recognise the same person again and too little to read him off a stolen
table.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from stdnum import numdb
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from auth.secret_files import create_secret_file
from marketplace.portal.codes import is_region
from marketplace.profiles.errors import (
    ResidentIdMalformed,
    ResidentIdRefused,
    UsccCheckDigit,
    UsccMalformed,
    UsccRefused,
)

_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
REGISTRARS: Mapping[str, str] = {
    "1": "1239", "2": "19", "3": "123459", "4": "19", "5": "1239", "6": "129", "7": "129", "8": "19", "9": "123",
    "A": "19", "N": "1239", "Y": "1",
}  # fmt: skip
"""Which kinds of body (second character) each registering authority (first) has: GB 32100-2015 with amendment 1 of
2016, table 1. 9 is the market regulator: 1 enterprise, 2 individual business, 3 farmers' cooperative.
"""
NATIONAL_REGISTRAR = "100000"
"""The region of codes that a national authority gave out; it is none of the shipped regions."""
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

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

    Not `uscc.validate`: it looks at the last check digit alone, and takes no code of a village collective (N...).

    Raises `UsccMalformed`, `UsccCheckDigit`, or `UsccRefused` for one that nobody gives out.
    """
    code = uscc.compact(text)
    if not _USCC.fullmatch(code):
        raise UsccMalformed(field="uscc")
    if code[-1] != uscc.calc_check_digit(code):
        raise UsccCheckDigit(field="uscc")
    if code[1] not in REGISTRARS.get(code[0], ""):
        raise UsccRefused(field="uscc", places="1-2")
    if not _registers(code[2:8]):
        raise UsccRefused(field="uscc", places="3-8")
    if code[16] != organisation_check_digit(code[8:16]):
        raise UsccRefused(field="uscc", places="9-17")
    return code


def organisation_check_digit(body: str) -> str:
    """The ninth character of an organisation code, for its first eight (GB 11714-1997; A is 10, Z is 35)."""
    total = sum(int(sign, 36) * weight for sign, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def _registers(region: str) -> bool:
    """Whether registrars of this region give out codes. Counties come and go and a code outlives its county, so only
    the province must be one there is.
    """
    return region == NATIONAL_REGISTRAR or is_region(f"{region[:2]}0000", "province")


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
