"""Where the fonts of printed papers lie: beside the browser's assets, from the same build.

Looked for when the first paper is printed and not at start, so that everything else runs without them.
"""

from functools import cache
from pathlib import Path

from marketplace.documents.errors import FontsNotBuilt
from pdf.fonts import FontSet

FOLDER = Path(__file__).parents[1] / "static" / "fonts"


@cache
def font_set(folder: Path = FOLDER) -> FontSet:
    """Noto Sans SC, regular and bold. Raises FontsNotBuilt naming the file and `make assets`."""
    found = FontSet(regular=folder / "NotoSansSC-Regular.ttf", bold=folder / "NotoSansSC-Bold.ttf")
    for path in (found.regular, found.bold):
        if not path.is_file():
            raise FontsNotBuilt(path=str(path))
    return found
