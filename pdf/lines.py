"""Where a line of mixed Chinese and Latin text may break, and how wide it is.

Our own, since no markup parser then ever sees a text, and reportlab's Chinese mode cuts numbers in two.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from reportlab.pdfbase.pdfmetrics import stringWidth

AUTOSPACE = 0.125  # of the size, between Chinese and Latin: CSS text-autospace
NEVER_FIRST = frozenset("，。、；：？！）》」』】〕〉”’…—～％%‰,.;:?!)]}·/")
NEVER_LAST = frozenset("（《「『【〔〈“‘([{¥￥$＋±≥≤<>")
UNITS = frozenset("元万亿年月日个天人条款项章节期点分时秒号户岁倍成")
NUMERALS = frozenset("零一二三四五六七八九十百千")


@lru_cache(maxsize=8192)
def wide(each: str) -> bool:
    """Whether a character fills a Chinese em square, so that a line may break beside it."""
    return unicodedata.east_asian_width(each) in "WF" or each in "“”…—·〓"


@lru_cache(maxsize=16384)
def advance(each: str, font: str, size: float) -> float:
    """Width of one character in points."""
    return float(stringWidth(each, font, size))


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between two neighbours."""
    if after in NEVER_FIRST or before in NEVER_LAST:
        return False
    if after == " ":
        return False
    if before == " ":
        return True
    if before.isdigit() and after in UNITS:
        return False
    if before == "第" or (before in NUMERALS and (after in UNITS or after in NUMERALS)):
        return False
    if before == "个" and after == "月":
        return False
    return wide(before) or wide(after)


def gap(before: str, after: str) -> bool:
    """Whether a sliver of space belongs between two neighbours: one Chinese letter, one Latin letter or digit."""
    return (_han(before) and _latin(after)) or (_latin(before) and _han(after))


def _han(each: str) -> bool:
    return each > "⺀" and each.isalpha() and wide(each)


def _latin(each: str) -> bool:
    return each.isalnum() and not wide(each)


def measure(line: str, font: str, size: float) -> float:
    """Width of a line in points, slivers included."""
    total = sum(advance(each, font, size) for each in line)
    return total + AUTOSPACE * size * sum(gap(a, b) for a, b in pairwise(line))


def atoms(text: str) -> Iterator[str]:
    """The pieces that stay whole; a blank stays at the end of its piece. Joined they are `text` again."""
    start = 0
    for at in range(1, len(text)):
        before, after = text[at - 1], text[at]
        if before == " " and at >= 2 and text[at - 2].isdigit() and after in UNITS:
            continue
        if may_break(before, after):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def break_lines(text: str, font: str, size: float, width: float) -> list[str]:
    """`text` as lines no wider than `width` points; a piece too wide for a line is cut where it must be."""
    lines: list[str] = []
    line, used = "", 0.0
    for atom in atoms(text):
        sliver = AUTOSPACE * size if line and gap(line[-1], atom[0]) else 0.0
        room = measure(atom.rstrip(), font, size)
        if line and used + sliver + room > width:
            lines.append(line.rstrip())
            line, used, sliver = "", 0.0, 0.0
        if room > width:
            *full, rest = _cut(atom, font, size, width)
            lines.extend(full)
        else:
            rest = atom
        line += rest
        used += sliver + measure(rest, font, size)
    if line.strip():
        lines.append(line.rstrip())
    return lines or [""]


def _cut(piece: str, font: str, size: float, width: float) -> list[str]:
    parts: list[str] = []
    part, used = "", 0.0
    for each in piece:
        step = advance(each, font, size) + (AUTOSPACE * size if part and gap(part[-1], each) else 0.0)
        if part and used + step > width:
            parts.append(part)
            part, used = "", 0.0
        part += each
        used += step
    parts.append(part)
    return parts
