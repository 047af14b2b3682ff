"""A workbook of text: every cell is text that no spreadsheet takes for a formula, and reads back as it was.

Bounds for reading are those of an owner's sheet, made wide enough for 500 policies.
"""

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from eligibility.lazily import lazily
from marketplace.profiles.sheets import Bounds, harmless

if TYPE_CHECKING:
    import openpyxl
    import openpyxl.cell
    import openpyxl.styles
    import openpyxl.utils.exceptions
else:  # most requests see no sheet, and it is a tenth of the code a process holds
    openpyxl = lazily("openpyxl")

BOUNDS = Bounds(bytes=4_000_000, rows=1_000, columns=120, unpacked=20_000_000, cell=32_000)
LONGEST = 32_767
"""Characters a spreadsheet's cell can hold."""


def as_workbook(
    name: str, rows: Iterable[Sequence[str]], widths: Sequence[int], head: int, freeze: str
) -> bytes:
    """One sheet of these rows, the first `head` of them in bold."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(name)
    for at, width in enumerate(widths, 1):
        sheet.column_dimensions[openpyxl.utils.get_column_letter(at)].width = width
    sheet.freeze_panes = freeze
    for number, row in enumerate(rows):
        cells = []
        for text in row:
            cell = openpyxl.cell.WriteOnlyCell(sheet, value=harmless(text))
            cell.data_type = "s"
            cell.number_format = "@"
            cell.alignment = openpyxl.styles.Alignment(wrap_text=True, vertical="top")
            cell.font = openpyxl.styles.Font(bold=number < head)
            cells.append(cell)
        sheet.append(cells)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def place(row: int, column: int) -> str:
    """A cell's name: row 3 and the second column are B3."""
    return f"{openpyxl.utils.get_column_letter(column + 1)}{row}"
