"""Somebody's spreadsheet as rows of text: .xlsx or .csv by what its bytes are, bounded before anything is parsed.

A small file can hold a workbook that fills the memory, so what its archive declares is judged first, and no more of an
entry is unpacked than it declares. No document type is let through to a parser, hence no entity is.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from eligibility.lazily import lazily
from marketplace.profiles.errors import SheetNotTaken, SheetTooLarge

if TYPE_CHECKING:
    import openpyxl
    import openpyxl.cell
    import openpyxl.styles
    import openpyxl.utils.exceptions
else:  # most requests see no sheet, and it is a tenth of the code a process holds
    openpyxl = lazily("openpyxl")

LARGEST = 2_000_000
"""Bytes of a file."""
MOST_ROWS = 2_000
MOST_COLUMNS = 20
MOST_ENTRIES = 100
LARGEST_UNPACKED = 4_000_000
"""Bytes of a workbook without its compression; ours has 60,000."""
LARGEST_RATIO = 100
LONGEST_CELL = 500
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENTRY = b"PK\x01\x02"
"""Stands before each entry in an archive's list; counted without reading the list, which alone could be long."""
FORMULA = "="
LEADS = ("=", "+", "-", "@", "\t", "\r", "'")
"""What a spreadsheet takes for the beginning of a formula, and the apostrophe that says it is none."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a file is read; what is beyond is refused, but a longer cell is cut."""

    bytes: int = LARGEST
    rows: int = MOST_ROWS
    columns: int = MOST_COLUMNS
    unpacked: int = LARGEST_UNPACKED
    cell: int = LONGEST_CELL


FACTS = Bounds()


@dataclass(frozen=True, slots=True)
class Row:
    """A row by its number in the sheet; `formulas`: the columns (from 0) that hold one instead of a value."""

    number: int
    cells: Sequence[str]
    formulas: frozenset[int] = frozenset()


def rows_of(data: bytes, bounds: Bounds = FACTS) -> list[Row]:
    """The rows with something in them. Raises `SheetNotTaken` or `SheetTooLarge`."""
    if len(data) > bounds.bytes:
        raise SheetTooLarge
    if is_workbook(data):
        return _bounded(_of_workbook(data, bounds), bounds)
    return _bounded(_of_csv(data, bounds), bounds)


def is_workbook(data: bytes) -> bool:
    """Whether the bytes begin as an .xlsx does."""
    return data.startswith(b"PK\x03\x04")


def _bounded(rows: Iterable[Row], bounds: Bounds) -> list[Row]:
    found = []
    for row in rows:
        if row.number > bounds.rows:
            raise SheetTooLarge
        if any(row.cells):
            found.append(row)
    return found


def _of_workbook(data: bytes, bounds: Bounds) -> Iterator[Row]:
    unpacked = _unpacked(data, bounds)
    try:
        book = openpyxl.load_workbook(unpacked, read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(max_col=bounds.columns, max_row=bounds.rows + 1), 1):
            kinds = frozenset(at for at, cell in enumerate(cells) if cell.data_type == "f")
            texts = [_text(cell.value, str(getattr(cell, "number_format", "")), bounds) for cell in cells]
            yield Row(number, texts, kinds)
    except (openpyxl.utils.exceptions.InvalidFileException, zipfile.BadZipFile, *_BROKEN) as broken:
        raise SheetNotTaken from broken


_BROKEN = (ValueError, LookupError, TypeError, AttributeError, SyntaxError, EOFError, OSError, RuntimeError)
"""What a workbook that is none raises inside its reader, by what is wrong with it; XML errors are SyntaxErrors."""


def _unpacked(data: bytes, bounds: Bounds) -> io.BytesIO:
    """The same workbook without compression, from what each entry gives up to the size it declares.

    An entry that declares less than it holds would otherwise be unpacked whole by whoever reads it next.
    """
    if data.count(ENTRY) > MOST_ENTRIES:
        raise SheetTooLarge
    kept = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(kept, "w") as clean:
            entries = archive.infolist()
            _judge_sizes(entries, bounds)
            if not {"[Content_Types].xml", "xl/workbook.xml"} <= {entry.filename for entry in entries}:
                raise SheetNotTaken
            for entry in entries:
                with archive.open(entry) as packed:
                    part = packed.read(entry.file_size)
                if entry.filename.endswith((".xml", ".rels")):
                    _judge_markup(part)
                clean.writestr(entry.filename, part)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, *_BROKEN) as broken:
        raise SheetNotTaken from broken
    return kept


def _judge_sizes(entries: Sequence[zipfile.ZipInfo], bounds: Bounds) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MOST_ENTRIES or unpacked > bounds.unpacked or unpacked > LARGEST_RATIO * max(packed, 1):
        raise SheetTooLarge
    for entry in entries:
        encrypted = entry.flag_bits & 1
        climbs = entry.filename.startswith("/") or ".." in entry.filename.split("/")
        if encrypted or climbs or entry.compress_type not in PACKED:
            raise SheetNotTaken


def _judge_markup(part: bytes) -> None:
    """A part in another encoding could hide a document type from a search for it."""
    if b"\0" in part or b"<!DOCTYPE" in part or b"<!ENTITY" in part:
        raise SheetNotTaken


def _text(value: object, number_format: str, bounds: Bounds) -> str:
    """A cell as somebody would type it; 5% stands in a workbook as 0.05 with a format."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        number = Decimal(repr(value))
        return f"{(number * 100).normalize():f}%" if "%" in number_format else f"{number.normalize():f}"
    return plain(str(value), bounds.cell)


def _of_csv(data: bytes, bounds: Bounds) -> Iterator[Row]:
    if b"\0" in data:
        raise SheetNotTaken
    text = _decoded(data)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), 1):
            texts = [plain(cell, bounds.cell) for cell in islice(cells, bounds.columns)]
            formulas = frozenset(at for at, cell in enumerate(texts) if cell.startswith(FORMULA))
            yield Row(number, texts, formulas)
    except csv.Error as broken:
        raise SheetNotTaken from broken


def _decoded(data: bytes) -> str:
    """UTF-8, or what Excel writes on a Chinese machine."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetNotTaken


def plain(text: str, longest: int = LONGEST_CELL) -> str:
    """A cell's text without the apostrophe that kept it from being a formula."""
    text = text.strip()
    return text[1 : longest + 1] if text.startswith("'") else text[:longest]


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula; `plain` reads it back."""
    return f"'{text}" if text.startswith(LEADS) else text
