"""The parts a printed page is made of: text, tables, the strength bar, figures, marks.

Text is drawn, never parsed: no part takes markup, so no data can become a tag, a link or a file.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import segno
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Table, TableStyle

from pdf.fonts import Faces
from pdf.lines import AUTOSPACE, break_lines, gap, measure

INK, INK_2, INK_3 = HexColor("#17202b"), HexColor("#424d5b"), HexColor("#5c6775")
SUNKEN, EDGE, HAIR = HexColor("#f1f2f4"), HexColor("#b9bfc7"), HexColor("#dddfe3")
SEAL, WHITE = HexColor("#b3261e"), HexColor("#ffffff")

Align = Literal["left", "center", "right"]
ONE_AT_A_TIME = threading.Lock()
"""Held while a page is laid out: reportlab's font state belongs to the process."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set; sizes in points, tracking in ems."""

    font: str
    size: float
    leading: float
    colour: Color = INK
    align: Align = "left"
    tracking: float = 0.0

    def in_colour(self, colour: Color) -> Style:
        return replace(self, colour=colour)


def draw_line(canvas: Canvas, line: str, style: Style, x: float, y: float) -> None:
    """Draw one line with its baseline at (x, y), slivers of space between Chinese and Latin."""
    text = canvas.beginText(x, y)
    text.setFont(style.font, style.size)
    text.setFillColor(style.colour)
    base = style.tracking * style.size
    start = 0
    for at in range(1, len(line)):
        if gap(line[at - 1], line[at]):
            text.setCharSpace(base)
            text.textOut(line[start : at - 1])
            text.setCharSpace(base + AUTOSPACE * style.size)
            text.textOut(line[at - 1])
            start = at
    text.setCharSpace(base)
    text.textOut(line[start:])
    text.setCharSpace(0)
    canvas.drawText(text)


def width_of(line: str, style: Style) -> float:
    """Width in points of a line set in `style`."""
    return measure(line, style.font, style.size) + style.tracking * style.size * max(0, len(line) - 1)


class TextBlock(Flowable):
    """A paragraph of plain text; `hang` is a number or bullet set in its own column to the left."""

    def __init__(
        self, text: str, style: Style, faces: Faces, *, before: float = 0, after: float = 0, hang: str = ""
    ) -> None:
        super().__init__()
        self.text = faces.printable(text)
        self.style, self.faces, self.hang = style, faces, hang
        self.spaceBefore, self.spaceAfter = before, after
        self.indent = style.size * 1.7 if hang else 0.0
        self.lines: list[str] | None = None
        self.width = self.height = 0.0

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:
        if self.lines is None or aW != self.width:
            self.lines = break_lines(self.text, self.style.font, self.style.size, aW - self.indent)
        self.width, self.height = aW, len(self.lines) * self.style.leading
        return aW, self.height

    def split(self, aW: float, aH: float) -> list[Flowable]:
        self.wrap(aW, aH)
        lines = self.lines or []
        fit = int(aH // self.style.leading)
        if fit >= len(lines):
            return [self]
        if fit < 2 or len(lines) - fit < 2:
            return []
        first, rest = _part(self, lines[:fit], self.hang), _part(self, lines[fit:], "")
        first.spaceAfter = rest.spaceBefore = 0
        rest.indent = self.indent
        return [first, rest]

    def draw(self) -> None:
        style = self.style
        y = self.height - style.leading + (style.leading - style.size) / 2 + style.size * 0.13
        if self.hang:
            draw_line(self.canv, self.hang, style.in_colour(INK_3), 0, y)
        for line in self.lines or []:
            spare = self.width - self.indent - width_of(line, style)
            x = self.indent + {"left": 0.0, "center": spare / 2, "right": spare}[style.align]
            draw_line(self.canv, line, style, x, y)
            y -= style.leading


def _part(block: TextBlock, lines: list[str], hang: str) -> TextBlock:
    part = TextBlock(
        "", block.style, block.faces, before=block.spaceBefore, after=block.spaceAfter, hang=hang
    )
    part.lines, part.width, part.indent = lines, block.width, block.indent
    return part


def grid(
    rows: Sequence[Sequence[TextBlock]],
    widths: Sequence[float],
    *,
    labels: bool,
    heads: int = 0,
    spanned: Sequence[int] = (),
) -> Table:
    """A ruled table; `labels` shades every other column, `heads` rows repeat on each page.

    In the `spanned` rows the second cell takes all the room to its right.
    """
    rules: list[Any] = [
        ("GRID", (0, 0), (-1, -1), 0.6, EDGE),
        ("FONTNAME", (0, 0), (-1, -1), rows[0][0].style.font),  # else reportlab names a font nobody embeds
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2.6 * mm),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2.6 * mm),
        ("TOPPADDING", (0, 0), (-1, -1), 1.25 * mm),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.35 * mm),
    ]
    if labels:
        rules += [("BACKGROUND", (at, 0), (at, -1), SUNKEN) for at in range(0, len(widths), 2)]
    for row in spanned:
        rules += [("SPAN", (1, row), (-1, row)), ("BACKGROUND", (1, row), (-1, row), WHITE)]
    if heads:
        rules.append(("BACKGROUND", (0, 0), (-1, heads - 1), SUNKEN))
    table = Table([list(cells) for cells in rows], colWidths=list(widths), repeatRows=heads)
    table.setStyle(TableStyle(rules))
    table.hAlign = "LEFT"
    return table


class Bands(Flowable):
    """Cells side by side in one frame, each a stack of texts; `filled` names the one shown inverted."""

    def __init__(
        self, cells: Sequence[Sequence[TextBlock]], *, filled: int | None, line: float, before: float
    ) -> None:
        super().__init__()
        self.cells, self.filled, self.line = cells, filled, line
        self.spaceBefore = before
        self.width = self.height = 0.0

    PAD_X, PAD_Y = 3 * mm, 2.1 * mm

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:
        inner = aW / len(self.cells) - 2 * self.PAD_X
        tallest = max(sum(block.wrap(inner, aH)[1] for block in cell) for cell in self.cells)
        self.width, self.height = aW, tallest + 2 * self.PAD_Y
        return aW, self.height

    def draw(self) -> None:
        canvas, step = self.canv, self.width / len(self.cells)
        for at, cell in enumerate(self.cells):
            if at == self.filled:
                canvas.setFillColor(INK)
                canvas.rect(at * step, 0, step, self.height, stroke=0, fill=1)
            y = self.height - self.PAD_Y
            for block in cell:
                y -= block.height
                block.drawOn(canvas, at * step + self.PAD_X, y)
        canvas.setStrokeColor(EDGE)
        canvas.setLineWidth(0.6)
        for at in range(1, len(self.cells)):
            canvas.line(at * step, 0, at * step, self.height)
        canvas.setStrokeColor(INK if self.filled is not None else EDGE)
        canvas.setLineWidth(self.line)
        canvas.rect(0, 0, self.width, self.height, stroke=1, fill=0)


def draw_mark(canvas: Canvas, x: float, y: float, size: float, colour: Color = SEAL) -> None:
    """The platform's mark, its lower left corner at (x, y): three doorways on a red ground, from the web's SVG."""
    canvas.saveState()
    canvas.translate(x, y + size)
    canvas.scale(size / 36, -size / 36)
    canvas.setFillColor(colour)
    canvas.roundRect(0, 0, 36, 36, 5, stroke=0, fill=1)
    canvas.setFillColor(WHITE)
    for left, top in ((7.0, 15.0), (14.8, 11.0), (22.6, 15.0)):
        door = canvas.beginPath()
        door.moveTo(left, 28)
        door.lineTo(left, top)
        door.curveTo(left, top - 4.27, left + 6.4, top - 4.27, left + 6.4, top)
        door.lineTo(left + 6.4, 28)
        door.close()
        canvas.drawPath(door, stroke=0, fill=1)
    canvas.restoreState()


def qr_modules(content: str) -> tuple[tuple[bool, ...], ...]:
    """The dark modules of the code, row by row from the top, without the quiet zone (level M or better)."""
    code = segno.make(content, error="m", micro=False, boost_error=True)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def draw_qr(canvas: Canvas, content: str, x: float, y: float, size: float) -> None:
    """A QR code with its quiet zone inside the square of `size` at (x, y): one path, so no seams show."""
    modules = qr_modules(content)
    step = size / (len(modules) + 8)
    path = canvas.beginPath()
    for row, line in enumerate(modules):
        start = None
        for column, dark in enumerate((*line, False)):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                low = y + size - (row + 5) * step
                path.rect(x + (start + 4) * step, low, (column - start) * step, step)
                start = None
    canvas.setFillColor(INK)
    canvas.drawPath(path, stroke=0, fill=1)


def draw_seal(canvas: Canvas, words: str, style: Style, box: tuple[float, float, float, float]) -> None:
    """The square seal of the platform in `box` (x0, y0, x1, y1), one row for each word of `words`."""
    x0, y0, x1, y1 = box
    canvas.saveState()
    canvas.setStrokeColor(SEAL)
    canvas.setLineWidth(1.8)
    canvas.roundRect(x0, y0, x1 - x0, y1 - y0, 4, stroke=1, fill=0)
    canvas.setLineWidth(0.5)
    canvas.roundRect(x0 + 2.6, y0 + 2.6, x1 - x0 - 5.2, y1 - y0 - 5.2, 2, stroke=1, fill=0)
    rows = words.split()
    inner = x1 - x0 - 14
    widest = max(width_of(row, style) for row in rows)
    set_in = replace(style, size=style.size * min(1.0, inner / widest), colour=SEAL)
    for at, row in enumerate(rows):
        y = (y0 + y1) / 2 + (len(rows) / 2 - at - 0.5) * style.leading - set_in.size * 0.36
        draw_line(canvas, row, set_in, (x0 + x1 - width_of(row, set_in)) / 2, y)
    canvas.restoreState()


def pdf_date(moment: datetime, *_: int) -> str:
    """A moment as PDF metadata writes it; reportlab calls this with the time it would have taken."""
    offset = moment.strftime("%z") or "+0000"
    return f"D:{moment:%Y%m%d%H%M%S}{offset[:3]}'{offset[3:5]}'"
