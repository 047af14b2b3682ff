"""Numbers as people write them, in forms and spreadsheets: 1,200,000 / 12万 / 1.5亿 / ¥ 360 元 / 4.55%.

Exact about it: what is a number with something else in it (12abc, 1,2,3, 1人2) is none, because whoever typed it meant
something we would only guess at. Full-width characters are the same characters.
"""

import re
import unicodedata
from collections.abc import Collection
from decimal import Decimal

MOST_DIGITS = 25
"""A whole number with more digits is beyond every field's maximum."""
UNITS = {None: 1, "万": 10_000, "亿": 100_000_000}
ENDINGS = frozenset({"元", "人", "个月", "月", "年", "%"})
_NUMBER = re.compile(
    r"(?P<sign>-?)(?P<yuan>¥\s?)?(?P<whole>[0-9]+|[0-9]{1,3}(?:(?P<gap>[, _'])[0-9]{3})(?:(?P=gap)[0-9]{3})*)"
    r"(?P<part>\.[0-9]{1,6})?\s?(?P<unit>[万亿])?\s?(?P<ending>元|人|个月|月|年|%)?"
)


def number_of(text: str, endings: Collection[str] = ENDINGS) -> Decimal:
    """The number a text is; endings: the units that may stand behind it. Raises ValueError.

    Commas, blanks and the like stand between groups of three digits or nowhere. One too large for any field is still a
    number, so that its field can say how large it may be.
    """
    match = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        raise ValueError(text)
    ending, unit = match["ending"], match["unit"]
    if (
        (ending and ending not in endings)
        or (match["yuan"] and "元" not in endings)
        or (ending == "%" and unit)
    ):
        raise ValueError(text)
    whole = re.sub(r"[, _']", "", match["whole"])
    if len(whole) > MOST_DIGITS:
        return Decimal(f"{match['sign']}1e{MOST_DIGITS}")
    return Decimal(f"{match['sign']}{whole}{match['part'] or ''}") * UNITS[unit]
