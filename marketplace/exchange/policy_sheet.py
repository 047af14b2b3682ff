"""All policies as one sheet, a policy a row and a field a column, named as in a pack and read as one.

Fields with parts of their own (what a policy gives, its sources) stand as JSON in one cell.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from marketplace.exchange.proposing import refusal
from marketplace.exchange.workbook import as_workbook, place
from marketplace.i18n import LANGS, translate
from marketplace.profiles.sheets import Row
from policies import content, packs
from policies.packs import Entry
from policies.tables import PolicyVersion

KEY = "id"
PARTS = tuple(dict.fromkeys(("benefit", "exclusions", "sources", *content.RELATIONS, *packs.OWN)))
"""Written as JSON."""
COLUMNS = (
    KEY,
    *(name for name in content.FIELDS if name not in (*PARTS, "relations")),
    *PARTS,
)
WIDE = ("rule", "eligibility_zh", "eligibility_en", "benefit", "sources", "note")
OPTIONAL = ("effective_to", "note")
"""Empty means there is none."""


def written(rows: Iterable[PolicyVersion]) -> bytes:
    """A workbook of these versions; the first row has the fields' names."""
    table = [list(COLUMNS)]
    for row in rows:
        said = packs.entry_of(row)
        table.append([_cell(name, said[name]) if name in said else "" for name in COLUMNS])
    widths = [24 if name == KEY else 60 if name in WIDE else 20 for name in COLUMNS]
    return as_workbook("policies", table, widths, head=1, freeze="B2")


def _cell(name: str, value: Any) -> str:
    if name in PARTS:
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def read(rows: Sequence[Row]) -> tuple[list[Entry], list[dict[str, Any]]]:
    """The entries, and the cells that are none. The rows below the one with the fields' names count."""
    names = rows[0].cells
    entries, refusals = [], []
    for row in rows[1:]:
        said, wrong = _said(names, row)
        policy_id = str(said.get(KEY, ""))
        if not policy_id:
            words = {lang: translate(lang, "exchange.error.no_id") for lang in LANGS}
            refusals.append(refusal(place(row.number, 0), "", words))
        elif wrong:
            refusals += [refusal(cell, policy_id, words) for cell, words in wrong]
        else:
            entries.append(packs.entry(row.number, said))
    return entries, refusals


def _said(names: Sequence[str], row: Row) -> tuple[dict[str, Any], list[tuple[str, dict[str, str]]]]:
    """A row by field, and what is wrong with which cell."""
    said: dict[str, Any] = {}
    wrong = []
    for at, (name, text) in enumerate(zip(names, row.cells, strict=False)):
        if not name:
            continue
        problem = "formula" if at in row.formulas else None
        if name in PARTS and text and not problem:
            try:
                said[name] = json.loads(text)
            except (ValueError, RecursionError):
                problem = "json"
        elif name not in PARTS and (text or name in OPTIONAL):
            said[name] = text or None
        if problem:
            words = {lang: translate(lang, f"exchange.error.{problem}", field=name) for lang in LANGS}
            wrong.append((place(row.number, at), words))
    return said, wrong
