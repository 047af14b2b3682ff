"""A result on paper: what applies, what it comes to, until when, how to have it. Indicative, and sealed by nobody.

Drawn as confirmations are (decision 6): plain text, no markup, the same document gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    NextPageTemplate,
    PageTemplate,
    Table,
    TableStyle,
)

from pdf.document import LANGUAGES, Printed, each_text, text
from pdf.errors import DocumentIncomplete, TextTooLong
from pdf.fonts import Faces, FontSet
from pdf.layout import (
    EDGE,
    INK,
    INK_2,
    INK_3,
    ONE_AT_A_TIME,
    SUNKEN,
    Bands,
    Style,
    TextBlock,
    draw_line,
    draw_mark,
    pdf_date,
    width_of,
)

WIDTH, HEIGHT = A4
SIDE, TOP, FOOT = 20 * mm, 15 * mm, 18 * mm
MEASURE = WIDTH - 2 * SIDE
COLUMNS = (MEASURE - 66 * mm, 34 * mm, 32 * mm)
ROOM_FOR_A_START = 55 * mm
"""A section begins on a page where its heading and its first row have room."""
MOST_ROWS = 300


@dataclass(frozen=True, slots=True)
class SummaryRow(Printed):
    """One policy: its name, where it is written, its amount, until when, and how to have it or what is open.

    The limits keep the fullest row on one page.
    """

    name: str = text(160)
    meta: str = text(300)
    amount: str = text(80)
    until: str = text(80)
    how: str = text(1000, required=False)


@dataclass(frozen=True, slots=True)
class SummaryFigure(Printed):
    """One figure at the top."""

    label: str = text(60)
    figure: str = text(60)
    note: str = text(160, required=False)


@dataclass(frozen=True, slots=True)
class SummaryWords(Printed):
    """The printed labels, in the document's language."""

    platform: str = text(40)
    platform_line: str = text(80)
    policy: str = text(40)
    amount: str = text(40)
    until: str = text(40)
    none: str = text(160)
    strength_heading: str = text(80)
    strength: str = text(600)
    unsealed: str = text(400)
    missing_glyph: str = text(120)
    page_of: str = text(40)


@dataclass(frozen=True, slots=True)
class SummarySection(Printed):
    """A list under its heading; `note` stands below where there is one."""

    rows: tuple[SummaryRow, ...]
    heading: str = text(120)
    note: str = text(400, required=False)


@dataclass(frozen=True, slots=True)
class SummaryDocument(Printed):
    """A result as of one day, every sentence in the reader's language.

    `made_at` is an aware time and goes into the metadata; what is printed is `made_text`. Raises TextRefused,
    TextTooLong or DocumentIncomplete when made from anything else.
    """

    language: str
    made_at: datetime
    words: SummaryWords
    figures: tuple[SummaryFigure, ...]
    sections: tuple[SummarySection, ...]
    title: str = text(80)
    subject: str = text(200, required=False)
    made_text: str = text(120)
    version: str = text(120)

    def __post_init__(self) -> None:
        Printed.__post_init__(self)
        if self.language not in LANGUAGES:
            raise DocumentIncomplete("language")
        if self.made_at.tzinfo is None:
            raise DocumentIncomplete("made_at")
        if not self.figures:
            raise DocumentIncomplete("figures")
        rows = sum(len(section.rows) for section in self.sections)
        if rows > MOST_ROWS:
            raise TextTooLong("sections", length=rows, limit=MOST_ROWS)

    def texts(self) -> Iterator[str]:
        """Every text that will be printed, in no particular order."""
        return each_text(asdict(self))


def render_summary(document: SummaryDocument, fonts: FontSet) -> bytes:
    """The document as a PDF with embedded font subsets. Raises FontMissing. One runs at a time, from any thread."""
    with ONE_AT_A_TIME:
        sheet = _Sheet(document, fonts.load())
        out = BytesIO()
        template = BaseDocTemplate(out, pagesize=A4, lang=document.language, pageCompression=1)
        template.addPageTemplates([_frame("first", 23 * mm), _frame("later", 13 * mm)])
        template.build(sheet.story(), canvasmaker=partial(_Pages, sheet=sheet))
        return out.getvalue()


def _frame(name: str, head: float) -> PageTemplate:
    room = HEIGHT - TOP - head - FOOT
    return PageTemplate(
        id=name,
        frames=[
            Frame(SIDE, FOOT, MEASURE, room, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
        ],
    )


@dataclass(frozen=True, slots=True)
class _Styles:
    """How things are set."""

    faces: Faces

    def plain(self, size: float, leading: float, colour: Any = INK) -> Style:
        return Style(self.faces.regular, size, leading, colour)

    def bold(self, size: float, leading: float) -> Style:
        return Style(self.faces.bold, size, leading)


class _Sheet:
    """One document with its faces: the story, and what stands on every page."""

    def __init__(self, document: SummaryDocument, faces: Faces) -> None:
        self.document, self.words, self.faces = document, document.words, faces
        self.style = _Styles(faces)
        self.marked = any(faces.lacks(each) for each in document.texts())

    def text(self, value: str, style: Style, **space: Any) -> TextBlock:
        return TextBlock(value, style, self.faces, **space)

    def story(self) -> list[Flowable]:
        document, style = self.document, self.style
        story: list[Flowable] = [NextPageTemplate("later"), self.text(document.title, style.bold(19, 27))]
        if document.subject:
            story.append(self.text(document.subject, style.plain(10, 15, INK_2), after=1 * mm))
        story += [self.figures(), self.strength()]
        for section in document.sections:
            story += self.section(section)
        return story

    def figures(self) -> Flowable:
        style = self.style
        cells = [
            [
                self.text(one.label, style.plain(9, 13, INK_2)),
                self.text(one.figure, style.bold(15, 22)),
                self.text(one.note, style.plain(8.4, 12, INK_3)),
            ]
            for one in self.document.figures
        ]
        return Bands(cells, filled=None, line=0.6, before=4 * mm)

    def strength(self) -> Flowable:
        """What the paper is and is not, boxed."""
        words, style = self.words, self.style
        cell = [
            self.text(words.strength_heading, style.bold(10, 15)),
            self.text(words.strength, style.plain(9, 13.6)),
            self.text(words.unsealed, style.plain(9, 13.6)),
        ]
        return Bands([cell], filled=None, line=1.4, before=4 * mm)

    def section(self, section: SummarySection) -> list[Flowable]:
        style = self.style
        head = self.text(section.heading, style.bold(11.5, 17), before=5.5 * mm, after=1.8 * mm)
        parts: list[Flowable] = [CondPageBreak(ROOM_FOR_A_START), head]
        if section.rows:
            parts += self.table(section.rows)
        elif not section.note:
            parts.append(self.text(self.words.none, style.plain(10, 15.6)))
        if section.note:
            parts.append(self.text(section.note, style.plain(9, 14, INK_2), before=1.2 * mm))
        return parts

    def table(self, rows: Sequence[SummaryRow]) -> list[Flowable]:
        """The rows in a ruled table whose head comes again on each page."""
        words, style = self.words, self.style
        small = style.plain(9, 13, INK_2)
        cells: list[list[Any]] = [
            [self.text(each, small) for each in (words.policy, words.amount, words.until)]
        ]
        for row in rows:
            about = [
                self.text(row.name, style.bold(10, 15)),
                self.text(row.meta, style.plain(8.6, 12.6, INK_3)),
            ]
            if row.how:
                about.append(self.text(row.how, style.plain(9, 13.6, INK_2)))
            cells.append(
                [about, self.text(row.amount, style.bold(10, 15)), self.text(row.until, style.plain(9, 15))]
            )
        table = Table(cells, colWidths=list(COLUMNS), repeatRows=1)
        table.setStyle(
            TableStyle(
                [
                    ("LINEBELOW", (0, 0), (-1, -1), 0.6, EDGE),
                    ("LINEABOVE", (0, 0), (-1, 0), 0.6, EDGE),
                    ("BACKGROUND", (0, 0), (-1, 0), SUNKEN),
                    ("FONTNAME", (0, 0), (-1, -1), self.faces.regular),
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ("LEFTPADDING", (0, 0), (-1, -1), 2 * mm),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 2 * mm),
                    ("TOPPADDING", (0, 0), (-1, -1), 1.4 * mm),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6 * mm),
                ]
            )
        )
        table.hAlign = "LEFT"
        return [table]

    # what stands on every page

    def draw_head(self, canvas: Canvas, number: int) -> None:
        words, document, style = self.words, self.document, self.style
        top, right = HEIGHT - TOP, WIDTH - SIDE
        tiny = style.plain(8, 11.5, INK_3)
        if number > 1:
            draw_mark(canvas, SIDE, top - 5 * mm, 5 * mm)
            self.put(canvas, words.platform, tiny, SIDE + 7 * mm, top - 3.6 * mm)
            self.put(canvas, document.made_text, tiny, right, top - 3.6 * mm, right=True)
            self.rule(canvas, top - 7.5 * mm, 0.6)
            return
        draw_mark(canvas, SIDE, top - 11 * mm, 11 * mm)
        self.put(canvas, words.platform, style.bold(12, 15), SIDE + 14 * mm, top - 4.8 * mm)
        self.put(canvas, words.platform_line, tiny, SIDE + 14 * mm, top - 9.8 * mm)
        aside = style.plain(9, 14, INK_2)
        self.put(canvas, document.made_text, aside, right, top - 4.8 * mm, right=True)
        self.put(canvas, document.version, aside, right, top - 9.8 * mm, right=True)
        self.rule(canvas, top - 15 * mm, 1.5)

    def draw_foot(self, canvas: Canvas, number: int, total: int) -> None:
        tiny, y = self.style.plain(8, 11.5, INK_3), 10 * mm
        page_of = self.words.page_of.replace("{page}", str(number)).replace("{pages}", str(total))
        self.put(canvas, page_of, tiny, WIDTH - SIDE, y, right=True)
        left = self.words.strength_heading
        if self.marked:
            left = f"{left}  ·  {self.words.missing_glyph}"
        self.put(canvas, left, tiny, SIDE, y)

    def put(
        self, canvas: Canvas, value: str, style: Style, x: float, y: float, *, right: bool = False
    ) -> None:
        line = self.faces.printable(value)
        draw_line(canvas, line, style, x - width_of(line, style) if right else x, y)

    def rule(self, canvas: Canvas, y: float, width: float) -> None:
        canvas.setStrokeColor(INK if width > 1 else EDGE)
        canvas.setLineWidth(width)
        canvas.line(SIDE, y, WIDTH - SIDE, y)


class _Pages(Canvas):
    """Keeps the pages until their number is known, then draws head and foot and sets the metadata."""

    def __init__(self, *args: Any, sheet: _Sheet, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "invariant": 1, "initialFontName": sheet.faces.regular})
        self.sheet = sheet
        self.kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self.kept.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        kept = self.kept
        for number, state in enumerate(kept, start=1):
            self.__dict__.update(state)
            self.sheet.draw_head(self, number)
            self.sheet.draw_foot(self, number, len(kept))
            super().showPage()
        document = self.sheet.document
        self.setTitle(self.sheet.faces.printable(document.title))
        self.setAuthor(self.sheet.faces.printable(document.words.platform))
        self.setSubject(self.sheet.faces.printable(document.version))
        self.setCreator("marketplace")
        self.setViewerPreference("DisplayDocTitle", "true")
        self.setDateFormatter(partial(pdf_date, document.made_at))
        super().save()
