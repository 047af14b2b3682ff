"""An enterprise's facts as a spreadsheet, and what a filled-in one says: the same words and errors as the forms.

A row is found by its code or by the fact's name in either language; an empty answer changes nothing, so that a sheet
may hold only what is new.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from eligibility import Fact, Facts, FactsError, Vocabulary
from eligibility.lazily import lazily
from eligibility.sentence import value_words
from marketplace.fact_words import problem_words
from marketplace.i18n import LANGS, translate
from marketplace.profiles.errors import SheetWithoutColumns
from marketplace.profiles.sheets import Row, harmless
from marketplace.web import facts_form

if TYPE_CHECKING:
    import openpyxl
    import openpyxl.cell
    import openpyxl.styles
    import openpyxl.utils.exceptions
else:  # most requests see no sheet, and it is a tenth of the code a process holds
    openpyxl = lazily("openpyxl")

COLUMNS = ("code", "zh", "en", "value", "unit", "allowed")
WIDTHS = (30, 34, 44, 24, 12, 60)
HEADER_WITHIN = 5
"""Rows in which the columns' names are looked for."""
NONE_SAID = "无"
NONE = frozenset({NONE_SAID, "none", "没有"})
YES_NO = {"是": "true", "yes": "true", "否": "false", "no": "false"}


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in a cell and how to mend it."""

    cell: str
    label: str
    typed: str
    error: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What a sheet says: facts that fit, and each row that does not."""

    facts: Facts
    errors: Sequence[RowError]


def table(known: Mapping[str, Any], lang: str) -> list[list[str]]:
    """The template, filled in with what is known; names in both languages, the rest in the reader's."""
    header = [translate(lang, f"import.column.{name}") for name in COLUMNS]
    return [header, *(_line(fact, known, lang) for fact in Vocabulary.shipped().given)]


def _line(fact: Fact, known: Mapping[str, Any], lang: str) -> list[str]:
    value = facts_form.written(fact, known.get(fact.name))
    if fact.name in known and known[fact.name] is None:
        value = translate(lang, "import.none")
    elif fact.codes:
        one = {fact.name: known.get(fact.name)}
        value = facts_form.shown(fact, one, lang)
    elif not fact.is_number and fact.type != "date" and value:
        value = dict(facts_form.options_of(fact, lang)).get(value, value)
    unit = facts_form.suffix_of(fact, lang) or ""
    labels = [fact.label("zh-CN"), fact.label("en")]
    return [fact.name, *labels, value, unit, _allowed(fact, lang)]


def _allowed(fact: Fact, lang: str) -> str:
    """What may be filled in, in words."""
    options = [words for _, words in facts_form.options_of(fact, lang)]
    if options:
        said = " / ".join(options)
    elif fact.codes:
        said = facts_form.hint_of(fact, lang) or translate(lang, "import.place")
    elif fact.type == "date":
        said = translate(lang, "import.date")
    else:
        bounds = [(name, getattr(fact, name)) for name in ("minimum", "maximum")]
        said = translate(lang, "list.comma").join(
            translate(lang, f"import.{name}", limit=value_words(Decimal(str(limit)), fact, lang))
            for name, limit in bounds
            if limit is not None
        )
    return f"{said} / {translate(lang, 'import.none')}" if fact.nullable else said


def as_workbook(rows: Iterable[Sequence[str]]) -> bytes:
    """The table as .xlsx: every cell is text, so that none is a formula and no number changes its form."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("facts")
    for at, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[openpyxl.utils.get_column_letter(at)].width = width
    sheet.freeze_panes = "D2"
    for number, row in enumerate(rows):
        cells = []
        for text in row:
            cell = openpyxl.cell.WriteOnlyCell(sheet, value=harmless(text))
            cell.number_format = "@"
            cell.alignment = openpyxl.styles.Alignment(wrap_text=True, vertical="top")
            cell.font = openpyxl.styles.Font(bold=number == 0)
            cells.append(cell)
        sheet.append(cells)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """The table as .csv that Excel opens with its Chinese intact."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[harmless(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def read(rows: Sequence[Row], lang: str) -> Answers:
    """What the rows below the columns' names say. Raises `SheetWithoutColumns`."""
    start, at = _columns(rows)
    named = _names()
    typed: dict[str, tuple[Row, str]] = {}
    errors: list[RowError] = []
    for row in rows[start + 1 :]:
        text, key = _cell(row, at["value"]), _cell(row, at["key"])
        if not text and at["value"] not in row.formulas:
            continue
        fact = named.get(_folded(key))
        problem = _row_problem(row, fact, text, at, typed)
        if problem or fact is None:
            column = "key" if problem in ("unknown", "twice", "derived") else "value"
            label = fact.label(lang) if fact else key
            words = translate(lang, f"import.error.{problem}")
            errors.append(RowError(_place(row, at[column]), label, text, words))
            continue
        typed[fact.name] = (row, _meant(fact, text))
    answers = _answers(typed, lang)
    for name, words in answers.errors.items():
        row, text = typed.get(name) or typed[facts_form.PLACE_FIELD]
        label = Vocabulary.shipped().facts[name].label(lang)
        errors.append(RowError(_place(row, at["value"]), label, _cell(row, at["value"]), words))
    facts, unfit = _facts(answers.changes)
    for name, told in unfit.items():
        row, text = typed.get(name) or typed[facts_form.PLACE_FIELD]
        label = Vocabulary.shipped().facts[name].label(lang)
        errors.append(RowError(_place(row, at["value"]), label, text, told[lang]))
    errors.sort(key=lambda error: int(error.cell.lstrip(ascii_uppercase)))
    return Answers(facts, errors)


def _row_problem(
    row: Row, fact: Fact | None, text: str, at: Mapping[str, int], typed: Mapping[str, object]
) -> str | None:
    if at["value"] in row.formulas:
        return "formula"
    if fact is None:
        return "unknown"
    if fact.is_derived or fact.context:
        return "derived"
    if fact.name in typed:
        return "twice"
    return "none" if not fact.nullable and _folded(text) in NONE and _meant(fact, text) == text else None


def _answers(typed: Mapping[str, tuple[Row, str]], lang: str) -> facts_form.FormAnswers:
    form = {name: text for name, (_, text) in typed.items()}
    nones = {f"{facts_form.NONE_FIELD}{name}": "1" for name, text in form.items() if text == NONE_SAID}
    facts = [Vocabulary.shipped().facts[name] for name in typed]
    facts.sort(key=lambda fact: fact.name != "province_code")
    return facts_form.read_form({**form, **nones}, facts, lang)


def _facts(changes: Mapping[str, Any]) -> tuple[Facts, Mapping[str, Mapping[str, str]]]:
    """The facts together; those that do not fit beside the others are told and left out."""
    try:
        return Facts.from_json(changes), {}
    except FactsError as refused:
        unfit = {
            problem.fact: {lang: problem_words(problem, lang) for lang in LANGS}
            for problem in refused.problems
        }
        kept = {name: value for name, value in changes.items() if name not in unfit}
        return Facts.from_json(kept), unfit


def _meant(fact: Fact, text: str) -> str:
    """A choice by its words in either language, as the form would send it."""
    folded = _folded(text)
    if fact.nullable and folded in NONE:
        return NONE_SAID
    if fact.type == "bool" and folded in YES_NO:
        return YES_NO[folded]
    for lang in LANGS:
        for value, words in facts_form.options_of(fact, lang):
            if folded in (_folded(words), _folded(value)):
                return value
    return text


def _columns(rows: Sequence[Row]) -> tuple[int, Mapping[str, int]]:
    """Where the names of the columns stand: the place of the row, and the columns of code and answer."""
    keys = {_folded(translate(lang, f"import.column.{name}")) for lang in LANGS for name in COLUMNS[:3]}
    values = {_folded(translate(lang, "import.column.value")) for lang in LANGS}
    for place, row in enumerate(rows[:HEADER_WITHIN]):
        folded = [_folded(cell) for cell in row.cells]
        key = next((at for at, cell in enumerate(folded) if cell in keys), None)
        value = next((at for at, cell in enumerate(folded) if cell in values), None)
        if key is not None and value is not None:
            return place, {"key": key, "value": value}
    raise SheetWithoutColumns


def _names() -> dict[str, Fact]:
    facts = Vocabulary.shipped().facts.values()
    labels = {_folded(fact.label(lang)): fact for fact in facts for lang in LANGS}
    return {**labels, **{_folded(fact.name): fact for fact in facts}}


def _cell(row: Row, at: int) -> str:
    return row.cells[at] if at < len(row.cells) else ""


def _place(row: Row, at: int) -> str:
    return f"{openpyxl.utils.get_column_letter(at + 1)}{row.number}"


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
