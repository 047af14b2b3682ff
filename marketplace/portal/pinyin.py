"""How names are read: in full and by initials, so that sd finds 山东 and canguan finds 餐馆.

Made beforehand (tools/make_pinyin.py): the service needs no dictionary, and place names are read as their people do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from marketplace.portal.reference import rows


@dataclass(frozen=True, slots=True)
class Sound:
    """A text read aloud, in small letters without tones; ü is v."""

    full: str
    initials: str

    def begins_with(self, typed: str) -> bool:
        """Whether somebody who typed this may mean it."""
        return self.initials.startswith(typed) or self.full.startswith(typed)


@cache
def sounds() -> Mapping[str, Sound]:
    """By text."""
    return {row["text"]: Sound(row["full"], row["initials"]) for row in rows("pinyin.csv")}


def letters(text: str) -> str:
    """What somebody typed as pinyin: Ji'nan, ji nan and JINAN are jinan; "" where it is none."""
    plain = text.lower().replace("ü", "v").replace("'", "").replace("’", "").replace(" ", "")
    return plain if plain.isascii() and plain.isalpha() else ""
