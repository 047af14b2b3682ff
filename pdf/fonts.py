"""The two faces a document is set in, and which characters they can show.

reportlab keeps fonts for the whole process, so each file is read once, when first needed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from pdf.errors import FontMissing

MISSING = "〓"  # the printers' mark for a sort that is not in the case
INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
BLANKS = re.compile("[\t\n\v\f\r \u0085\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class FontSet:
    """Where the regular and the bold TrueType file lie."""

    regular: Path
    bold: Path

    def load(self) -> Faces:
        """The registered faces. Raises FontMissing with the path of the file that is not there."""
        return _load(self.regular, self.bold)


@dataclass(frozen=True, slots=True)
class Faces:
    """Registered fonts by the names reportlab knows them by."""

    regular: str
    bold: str
    known: frozenset[int]

    def printable(self, value: str) -> str:
        """`value` on one line, with a visible mark for what would print as nothing or turn text round."""
        line = INVISIBLE.sub("", BLANKS.sub(" ", value)).strip()
        line = DIRECTION.sub(MISSING, line)
        if line.isascii():
            return line
        return "".join(each if ord(each) in self.known else MISSING for each in line)

    def lacks(self, value: str) -> bool:
        """Whether a mark stands for something in `value`."""
        return MISSING in self.printable(value) and MISSING not in value


@cache
def _load(regular: Path, bold: Path) -> Faces:
    faces = [_register(path) for path in (regular, bold)]
    known = set(faces[0].face.charToGlyph) & set(faces[1].face.charToGlyph)
    return Faces(faces[0].fontName, faces[1].fontName, frozenset(known))


def _register(path: Path) -> TTFont:
    try:
        font = TTFont(path.stem, str(path))
    except (TTFError, OSError) as error:
        raise FontMissing(path=str(path)) from error
    pdfmetrics.registerFont(font)
    return font
