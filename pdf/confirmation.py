"""Lay out a confirmation on A4: `render(document, fonts)` gives the unsigned PDF.

Same document, same bytes: nothing here reads a clock, so a stored document can be printed again and compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, KeepTogether, NextPageTemplate, PageTemplate

from pdf.document import ConfirmationDocument
from pdf.fonts import Faces, FontSet
from pdf.layout import (
    EDGE,
    INK,
    INK_2,
    INK_3,
    ONE_AT_A_TIME,
    WHITE,
    Bands,
    Style,
    TextBlock,
    draw_line,
    draw_mark,
    draw_qr,
    draw_seal,
    grid,
    pdf_date,
    width_of,
)

WIDTH, HEIGHT = A4
SIDE, TOP, FOOT = 20 * mm, 15 * mm, 20 * mm
MEASURE = WIDTH - 2 * SIDE
SEAL_SIZE, QR_SIZE = 25 * mm, 30 * mm
SEAL_BOX = (WIDTH - SIDE - SEAL_SIZE, FOOT + 2.5 * mm, WIDTH - SIDE, FOOT + 2.5 * mm + SEAL_SIZE)
"""Where the seal stands on its page, in points: x0, y0, x1, y1."""


@dataclass(frozen=True, slots=True)
class Printed:
    """An unsigned PDF, and which page (from 0) carries the seal in SEAL_BOX."""

    pdf: bytes
    seal_page: int
    pages: int


def render(document: ConfirmationDocument, fonts: FontSet) -> bytes:
    """The document as an unsigned PDF with embedded font subsets. Raises FontMissing."""
    return print_pages(document, fonts).pdf


def print_pages(document: ConfirmationDocument, fonts: FontSet) -> Printed:
    """As `render`, and where the seal came to stand.

    Raises FontMissing. Takes about 0.1 s of CPU; safe to call from several threads, one runs at a time.
    """
    with ONE_AT_A_TIME:
        faces = fonts.load()
        letter = _Page(document, faces, annexed=True)
        if _Closing(letter, letter.steps()).least(MEASURE) < HEIGHT / 2:
            printed = _build(letter)
            if printed.seal_page == 0:
                return printed
        return _build(_Page(document, faces, annexed=False))


def _build(page: _Page) -> Printed:
    out = BytesIO()
    template = BaseDocTemplate(out, pagesize=A4, lang=page.document.language, pageCompression=1)
    template.addPageTemplates([page.template("first", 23 * mm), page.template("later", 13 * mm)])
    template.build(page.story(), canvasmaker=partial(_Pages, page=page))
    return Printed(out.getvalue(), page.seal_page, page.pages)


class _Styles:
    def __init__(self, faces: Faces) -> None:
        plain, bold = faces.regular, faces.bold
        self.platform = Style(bold, 12, 15)
        self.tiny = Style(plain, 8, 11.5, INK_3)
        self.aside = Style(plain, 9, 14, INK_2, "right")
        self.serial = Style(bold, 11, 15, INK, "right")
        self.title = Style(bold, 19, 27, INK, "center", 0.08)
        self.subtitle = Style(plain, 9.5, 15, INK_2, "center")
        self.heading = Style(bold, 11, 16)
        self.body = Style(plain, 10, 15.6)
        self.cell = Style(plain, 10, 15)
        self.cell_bold = Style(bold, 10, 15)
        self.label = Style(plain, 9.5, 15, INK_2)
        self.box = Style(bold, 10.5, 15.5, INK_3)
        self.box_note = Style(plain, 8.6, 12.6, INK_3)
        self.figure = Style(bold, 17, 24)
        self.figure_label = Style(plain, 9, 13, INK_2)
        self.figure_note = Style(plain, 8.4, 12, INK_3)
        self.annex = Style(bold, 14, 22)
        self.seal = Style(bold, 14, 19)
        self.notice = Style(plain, 8.6, 13, INK_2)
        self.notice_head = Style(bold, 9, 13.6)


class _Page:
    """One document with its faces and styles: the story, and what stands on every page.

    `annexed`: the letter with its seal is page one, reasons and consent are an annex behind it. A letter too
    long for that runs on, and the seal stands at its end.
    """

    def __init__(self, document: ConfirmationDocument, faces: Faces, *, annexed: bool) -> None:
        self.document, self.words, self.faces = document, document.words, faces
        self.annexed = annexed
        self.style = _Styles(faces)
        self.seal_page = self.pages = 0
        self.marked = any(faces.lacks(each) for each in document.texts())
        if document.language == "en":
            self.style.title = Style(faces.bold, 19, 27, INK, "center")

    def template(self, name: str, head: float) -> PageTemplate:
        frame = Frame(
            SIDE,
            FOOT,
            MEASURE,
            HEIGHT - TOP - head - FOOT,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
        )
        return PageTemplate(id=name, frames=[frame])

    def text(self, value: str, style: Style, **space: Any) -> TextBlock:
        return TextBlock(value, style, self.faces, **space)

    # the story, from top to bottom

    def story(self) -> list[Flowable]:
        style, document, words = self.style, self.document, self.words
        story: list[Flowable] = [
            NextPageTemplate("later"),
            self.text(document.title, style.title, before=0, after=0.5 * mm),
            self.text(document.subtitle, style.subtitle),
            self.strength(),
            self.figures(),
            *self.section(words.parties_heading, [self.particulars()]),
            *self.section(words.conditions_heading, self.conditions()),
        ]
        behind: list[Flowable] = []
        if document.reasons:
            behind += self.section(words.reasons_heading, [self.reasons()])
        consent = [self.text(line, style.body, after=1.6 * mm) for line in document.consent.splitlines()]
        behind += self.section(words.consent_heading, consent)
        if self.annexed:
            closing = _Closing(self, self.steps())
            return [*story, closing, self.text(words.annex_heading, style.annex), *behind]
        return [*story, *behind, *self.steps(), _Closing(self, [])]

    def steps(self) -> list[TextBlock]:
        head = self.text(self.words.next_heading, self.style.heading, before=4.2 * mm, after=1.6 * mm)
        head.keepWithNext = 1
        return [head, *self.numbered(self.document.next_steps)]

    def section(self, heading: str, parts: Sequence[Flowable]) -> list[Flowable]:
        head = self.text(heading, self.style.heading, before=4.2 * mm, after=1.6 * mm)
        return [KeepTogether([head, parts[0]]), *parts[1:]]

    def strength(self) -> Flowable:
        filled = [box.strength for box in self.document.boxes].index(self.document.strength)
        cells = []
        for at, box in enumerate(self.document.boxes):
            head, note = self.style.box, self.style.box_note
            if at == filled:
                head, note = head.in_colour(WHITE), note.in_colour(WHITE)
            lead = "● " if at == filled else "○ "
            cells.append([self.text(lead + box.name, head), self.text(box.meaning, note)])
        return Bands(cells, filled=filled, line=1.4, before=4.5 * mm)

    def figures(self) -> Flowable:
        document, words, style = self.document, self.words, self.style
        cells = [
            (words.amount, document.amount, document.repayment_method),
            (words.total_cost, document.total_cost, document.total_cost_note),
            (words.annualised, document.annualised_rate, document.rate_method),
        ]
        blocks = [
            [self.text(a, style.figure_label), self.text(b, self.fitting(b)), self.text(c, style.figure_note)]
            for a, b, c in cells
        ]
        return Bands(blocks, filled=None, line=0.6, before=4 * mm)

    def fitting(self, figure: str) -> Style:
        style, room = self.style.figure, MEASURE / 3 - 6 * mm
        needed = width_of(self.faces.printable(figure), style)
        if needed <= room:
            return style
        size = max(10.0, style.size * room / needed)
        return Style(style.font, size, style.leading, style.colour)

    def particulars(self) -> Flowable:
        document, words, style = self.document, self.words, self.style
        rows = [
            (words.enterprise, document.enterprise_name, words.bank, document.bank_name),
            (words.uscc, document.uscc, words.product, document.product_name),
            (words.term, document.term, words.purpose, document.purpose),
            (words.application, document.application_number, words.submitted, document.submitted_text),
            (words.status, document.status, "", ""),
        ]
        kinds = (style.label, style.cell, style.label, style.cell)
        cells = [[self.text(each, kind) for each, kind in zip(row, kinds, strict=True)] for row in rows]
        left, right = (self.label_width([row[at] for row in rows]) for at in (0, 2))
        room = MEASURE - left - right
        return grid(cells, [left, room / 2, right, room / 2], labels=True, spanned=(len(rows) - 1,))

    def label_width(self, labels: Sequence[str]) -> float:
        widest = max(width_of(self.faces.printable(each), self.style.label) for each in labels)
        return min(max(widest + 6 * mm, 20 * mm), 40 * mm)

    def conditions(self) -> list[TextBlock]:
        if not self.document.conditions:
            return [self.text(self.words.conditions_none, self.style.body)]
        return self.numbered(self.document.conditions)

    def numbered(self, items: Sequence[str]) -> list[TextBlock]:
        return [
            self.text(item, self.style.body, hang=f"{at}.", after=0.5 * mm)
            for at, item in enumerate(items, start=1)
        ]

    def reasons(self) -> Flowable:
        words, style = self.words, self.style
        head = [
            self.text(each, style.label)
            for each in (words.reason_clause, words.reason_sentence, words.reason_value)
        ]
        rows = [
            [
                self.text(each.clause, style.label),
                self.text(each.sentence, style.cell),
                self.text(each.value, style.cell_bold),
            ]
            for each in self.document.reasons
        ]
        return grid([head, *rows], [44 * mm, 82 * mm, MEASURE - 126 * mm], labels=False, heads=1)

    # what stands on every page

    def draw_head(self, canvas: Canvas, number: int) -> None:
        words, style, document = self.words, self.style, self.document
        top, right = HEIGHT - TOP, WIDTH - SIDE
        if number > 1:
            draw_mark(canvas, SIDE, top - 5 * mm, 5 * mm)
            self.put(canvas, words.platform, style.tiny, SIDE + 7 * mm, top - 3.6 * mm)
            self.put(canvas, document.serial, style.tiny, right, top - 3.6 * mm, right=True)
            self.rule(canvas, top - 7.5 * mm, 0.6)
            return
        draw_mark(canvas, SIDE, top - 11 * mm, 11 * mm)
        self.put(canvas, words.platform, style.platform, SIDE + 14 * mm, top - 4.8 * mm)
        self.put(canvas, words.platform_line, style.tiny, SIDE + 14 * mm, top - 9.8 * mm)
        self.put(canvas, document.serial, style.serial, right, top - 4.8 * mm, right=True)
        self.put(
            canvas, f"{words.issued} {document.issued_text}", style.aside, right, top - 9.8 * mm, right=True
        )
        gap = right - width_of(document.serial, style.serial) - 2 * mm
        self.put(canvas, words.serial, style.aside, gap, top - 4.8 * mm, right=True)
        self.rule(canvas, top - 15 * mm, 1.5)

    def draw_foot(self, canvas: Canvas, number: int, total: int) -> None:
        style, y = self.style, 11 * mm
        page_of = self.words.page_of.replace("{page}", str(number)).replace("{pages}", str(total))
        self.put(canvas, page_of, style.tiny, WIDTH - SIDE, y, right=True)
        left = f"{self.words.this_paper} {self.document.serial}"
        if self.marked:
            left = f"{left}  ·  {self.words.missing_glyph}"
        self.put(canvas, left, style.tiny, SIDE, y)

    def put(
        self, canvas: Canvas, text: str, style: Style, x: float, y: float, *, right: bool = False
    ) -> None:
        line = self.faces.printable(text)
        draw_line(canvas, line, style, x - width_of(line, style) if right else x, y)

    def rule(self, canvas: Canvas, y: float, width: float) -> None:
        canvas.setStrokeColor(INK if width > 1 else EDGE)
        canvas.setLineWidth(width)
        canvas.line(SIDE, y, WIDTH - SIDE, y)


class _Closing(Flowable):
    """The given steps, and at the foot of their page the QR code, the notice and the seal; it fills the page."""

    NOTICE_WIDTH = MEASURE - QR_SIZE - SEAL_SIZE - 10 * mm

    def __init__(self, page: _Page, steps: Sequence[TextBlock]) -> None:
        super().__init__()
        self.page, self.steps = page, steps
        words, style, document = page.words, page.style, page.document
        self.notice = [
            page.text(words.verify_heading, style.notice_head),
            page.text(words.verify_how, style.notice),
            page.text(document.verify_url, style.notice.in_colour(INK), after=1.2 * mm),
            page.text(words.seal_heading, style.notice_head),
            page.text(document.seal_notice, style.notice),
        ]
        self.spaceBefore = 4.2 * mm
        self.width = self.height = self.foot = 0.0

    def least(self, width: float) -> float:
        """The height it needs, without the room between steps and foot that fills the page."""
        steps = sum(each.wrap(width, HEIGHT)[1] + each.getSpaceAfter() for each in self.steps)
        notice = sum(each.wrap(self.NOTICE_WIDTH, HEIGHT)[1] + each.getSpaceAfter() for each in self.notice)
        self.foot = max(notice, QR_SIZE) + 4 * mm
        return steps + self.foot + 6 * mm

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:
        self.width, self.height = aW, max(self.least(aW), aH - 1)
        return aW, self.height

    def draw(self) -> None:
        canvas, page = self.canv, self.page
        page.seal_page = canvas.getPageNumber() - 1
        y = self.height
        for each in self.steps:
            y -= each.height
            each.drawOn(canvas, 0, y)
            y -= each.getSpaceAfter()
        canvas.setStrokeColor(EDGE)
        canvas.setLineWidth(0.6)
        canvas.line(0, self.foot, self.width, self.foot)
        url = page.document.verify_url
        draw_qr(canvas, url, -2 * mm, self.foot - 2 * mm - QR_SIZE, QR_SIZE)
        canvas.linkURL(
            url, (0, self.foot - 2 * mm - QR_SIZE, QR_SIZE - 4 * mm, self.foot - 2 * mm), relative=1
        )
        y = self.foot - 4 * mm
        for each in self.notice:
            y -= each.height
            each.drawOn(canvas, QR_SIZE + 2 * mm, y)
            y -= each.getSpaceAfter()


class _Pages(Canvas):
    """Keeps the pages until their number is known, then draws head, foot and seal and sets the metadata."""

    def __init__(self, *args: Any, page: _Page, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "invariant": 1, "initialFontName": page.faces.regular})
        self.page = page
        self.kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self.kept.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        page, kept = self.page, self.kept
        page.pages = len(kept)
        for number, state in enumerate(kept, start=1):
            self.__dict__.update(state)
            page.draw_head(self, number)
            page.draw_foot(self, number, len(kept))
            if number == page.seal_page + 1:
                draw_seal(self, page.faces.printable(page.words.seal_mark), page.style.seal, SEAL_BOX)
            super().showPage()
        self.describe()
        super().save()

    def describe(self) -> None:
        document = self.page.document
        self.setTitle(self.page.faces.printable(f"{document.title} {document.serial}"))
        self.setAuthor(self.page.faces.printable(document.words.platform))
        self.setSubject(self.page.faces.printable(document.product_name))
        self.setCreator("marketplace")
        self.setKeywords(f"serial={document.serial} strength={document.strength.value}")
        self.setViewerPreference("DisplayDocTitle", "true")
        self.setDateFormatter(partial(pdf_date, document.issued_at))
