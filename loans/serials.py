"""Serial numbers of applications: a day to read, and eight random characters nobody can guess.

The number opens the public page /verify/{serial}, so it must not be countable; 32^8 numbers a day are not.
"""

import re
import secrets
from datetime import date

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O or U, so that a number survives being read aloud or typed."""

PATTERN = re.compile(r"A\d{8}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


def new_serial(day: date) -> str:
    """A fresh number such as A20200415-7K3M-9QX2."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"A{day:%Y%m%d}-{drawn[:4]}-{drawn[4:]}"


def normalised(typed: str) -> str | None:
    """What somebody typed as a serial number: upper case, O read as 0, I and L as 1; None where it cannot
    be one."""
    if len(typed) > 40:
        return None
    text = typed.strip().upper()
    text = text[:1] + text[1:].translate(str.maketrans("OIL", "011"))
    return text if PATTERN.fullmatch(text) else None
