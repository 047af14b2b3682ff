"""Somebody's spreadsheet: read as text cell by cell, and refused in a moment where it is a bomb or no spreadsheet."""

import io
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

from marketplace.profiles import sheets
from marketplace.profiles.errors import SheetNotTaken, SheetTooLarge

CONTENT = "[Content_Types].xml"
SHEET = "xl/worksheets/sheet1.xml"


def workbook(*rows: Any, formats: Mapping[str, str] | None = None) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    for place, number_format in (formats or {}).items():
        sheet[place].number_format = number_format
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def with_part(name: str, part: bytes) -> bytes:
    """A good workbook with one of its parts replaced or added."""
    kept = io.BytesIO()
    good = zipfile.ZipFile(io.BytesIO(workbook(("a",))))
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in good.infolist():
            if entry.filename != name:
                archive.writestr(entry.filename, good.read(entry))
        archive.writestr(name, part)
    return kept.getvalue()


def cells(data: bytes) -> list[list[str]]:
    return [[cell for cell in row.cells if cell] for row in sheets.rows_of(data)]


class TestReading:
    """Cells as somebody would have typed them."""

    def test_of_a_workbook(self) -> None:
        data = workbook(
            ("code", "Answer"),
            (1200000, 0.05),
            (True, date(2020, 4, 15)),
            ("=1+1", 4.35),
            formats={"B2": "0.0%"},
        )
        rows = sheets.rows_of(data)
        assert [row.cells[:2] for row in rows] == [
            ["code", "Answer"], ["1200000", "5%"], ["true", "2020-04-15"], ["=1+1", "4.35"],
        ]  # fmt: skip
        assert [row.formulas for row in rows] == [frozenset(), frozenset(), frozenset(), frozenset({0})]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_of_a_text_in_the_encodings_excel_writes(self, encoding: str) -> None:
        assert cells("代码,填写\n\ntax_credit_rating,'=A\n".encode(encoding)) == [
            ["代码", "填写"], ["tax_credit_rating", "=A"],
        ]  # fmt: skip

    def test_tells_rows_by_their_number_in_the_sheet(self) -> None:
        assert [row.number for row in sheets.rows_of(b"a,b\n\n\nc,d\n")] == [1, 4]

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
    def test_what_is_written_harmlessly_is_read_back(self, text: str) -> None:
        assert sheets.harmless(text)[0] == "'"
        assert sheets.plain(sheets.harmless(text)) == text


class TestBombs:
    """Small files that unpack to much: refused within a second, with the memory of a small file."""

    ROW = b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"x" * 200 + b"</t></is></c></row>"

    def bomb(self, packed_near: int) -> bytes:
        row = b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"x" * 200 + b"</t></is></c></row>"
        return with_part(
            SHEET, b"<worksheet><sheetData>" + row * (packed_near * 4) + b"</sheetData></worksheet>"
        )

    def test_a_small_bomb_is_refused_at_once(self) -> None:
        data = self.bomb(70_000)
        assert 50_000 < len(data) < 500_000
        self.refused_quickly(data)

    def test_many_small_entries_are_refused_at_once(self) -> None:
        kept = io.BytesIO(workbook(("a",)))
        with zipfile.ZipFile(kept, "a") as archive:
            for number in range(5_000):
                archive.writestr(f"xl/media/{number}.xml", b"<x/>")
        self.refused_quickly(kept.getvalue())

    def test_an_entry_that_lies_about_its_size_is_refused(self) -> None:
        data = bytearray(self.bomb(20_000))
        place = data.rfind(SHEET.encode()) - 46
        assert data[place : place + 4] == b"PK\x01\x02"
        data[place + 24 : place + 28] = (1_000).to_bytes(4, "little")
        first = b"<worksheet><sheetData>" + self.ROW * 9
        data[place + 16 : place + 20] = zlib.crc32(first[:1_000]).to_bytes(4, "little")
        self.refused_quickly(bytes(data))

    def refused_quickly(self, data: bytes) -> None:
        started = time.perf_counter()
        tracemalloc.start()
        with pytest.raises((SheetTooLarge, SheetNotTaken)):
            sheets.rows_of(data)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 30_000_000
        assert time.perf_counter() - started < 1

    def test_more_rows_than_two_thousand(self) -> None:
        full = [("a", "b")] * sheets.MOST_ROWS
        assert len(sheets.rows_of(workbook(*full))) == sheets.MOST_ROWS
        for data in (workbook(*full, ("a", "b")), b"a,b\n" * (sheets.MOST_ROWS + 1)):
            with pytest.raises(SheetTooLarge):
                sheets.rows_of(data)


class TestRefusing:
    """What is no spreadsheet of ours."""

    @pytest.mark.parametrize(
        "part",
        [
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet/>',
            b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>',
            '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x><worksheet/>'.encode("utf-16"),
            b"<worksheet><sheetData>",
            b"",
        ],
    )
    def test_a_sheet_with_entities_or_broken_markup(self, part: bytes) -> None:
        with pytest.raises(SheetNotTaken):
            sheets.rows_of(with_part(SHEET, part))

    @pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "xl/../../x"])
    def test_an_archive_that_climbs(self, name: str) -> None:
        with pytest.raises(SheetNotTaken):
            sheets.rows_of(with_part(name, b"x"))

    @pytest.mark.parametrize(
        "data",
        [
            b"PK\x03\x04" + b"x" * 100,
            workbook(("a",))[:-40],
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
            b"%PDF-1.7\n\0",
            b"a,b\0\n",
            b'a,"b\n',
            b"\xff\xff\xff",
        ],
    )
    def test_bytes_of_another_kind(self, data: bytes) -> None:
        with pytest.raises(SheetNotTaken):
            sheets.rows_of(data)

    def test_an_archive_that_is_no_workbook(self) -> None:
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w") as archive:
            archive.writestr(CONTENT, b"<Types/>")
        with pytest.raises(SheetNotTaken):
            sheets.rows_of(kept.getvalue())
