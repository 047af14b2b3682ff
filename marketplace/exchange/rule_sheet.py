"""One policy's rule as a sheet: what each row asks of each fact, all of a row, any of the rows.

A sheet that asks what the stored rule asks changes nothing, whatever order its columns stand in; so a round trip
keeps the rule's very text.
"""

from collections.abc import Sequence
from typing import Any

from eligibility import RuleError, Vocabulary, parse
from marketplace.exchange.proposing import refusal, told
from marketplace.exchange.workbook import as_workbook, place
from marketplace.i18n import LANGS, translate
from marketplace.profiles.sheets import Row
from policies.decision_table import ANY, Table, rule_of, same_cells, table_of
from policies.errors import PoliciesError, PolicyNotFound, TableCell
from policies.packs import Entry
from policies.tables import PolicyVersion

MARK = "decision table"
CEL = "CEL"
HEAD = 3
"""Rows before the alternatives: what the sheet is about, the facts, and what they are called."""


def written(row: PolicyVersion, lang: str) -> bytes:
    """A workbook with the rule of a version."""
    words = Vocabulary.shipped()
    table = table_of(parse(row.rule, words))
    more = max((len(texts) for texts in table.more), default=0) or 1
    rows = [
        [MARK, row.policy_id, row.name_en if lang.startswith("en") else row.name_zh],
        [*table.facts, *[CEL] * more],
        [*(words.facts[name].label(lang) for name in table.facts), *[translate(lang, "exchange.cel")] * more],
    ]
    for cells, texts in zip(table.rows, table.more, strict=True):
        rows.append([*cells, *texts, *[ANY] * (more - len(texts))])
    return as_workbook("rule", rows, [28] * len(rows[1]), head=HEAD, freeze="A4")


def is_one(rows: Sequence[Row]) -> bool:
    """Whether a sheet is a decision table."""
    return bool(rows) and rows[0].cells[0] == MARK


def read(rows: Sequence[Row], stored: dict[str, PolicyVersion]) -> tuple[list[Entry], list[dict[str, Any]]]:
    """The rule a sheet says, as an entry that changes nothing else; or what is wrong with which cell."""
    policy_id = next((cell for cell in rows[0].cells[1:2] if cell), "")
    base = stored.get(policy_id)
    if base is None:
        return [], [refusal(place(1, 1), policy_id, told(PolicyNotFound()))]
    body = rows[HEAD:]
    formulas = [
        refusal(place(row.number, at), policy_id, _words("formula"))
        for row in body
        for at in sorted(row.formulas)
    ]
    if formulas or len(rows) < HEAD:
        return [], formulas or [refusal(place(2, 0), policy_id, _words("no_table"))]
    names, table = rows[1].cells, _table(rows[1].cells, body)
    try:
        rule = rule_of(table)
    except TableCell as error:
        return [], [_refused(error, policy_id, rows[1], body, names)]
    except (RuleError, PoliciesError) as error:
        return [], [refusal(place(HEAD + 1, 0), policy_id, told(error))]
    kept = same_cells(table, table_of(parse(base.rule)))
    fields = {"rule": base.rule if kept else rule.text, "relations": base.relations}
    return [Entry(1, policy_id, fields)], []


def _table(names: Sequence[str], body: Sequence[Row]) -> Table:
    facts = [at for at, name in enumerate(names) if name not in ("", CEL)]
    cel = [at for at, name in enumerate(names) if name == CEL]

    def cell(row: Row, at: int) -> str:
        return row.cells[at] if at < len(row.cells) else ""

    return Table(
        tuple(names[at] for at in facts),
        tuple(tuple(cell(row, at) or ANY for at in facts) for row in body),
        tuple(tuple(text for at in cel if (text := cell(row, at)) not in ("", ANY)) for row in body),
    )


def _refused(
    error: TableCell, policy_id: str, header: Row, body: Sequence[Row], names: Sequence[str]
) -> dict[str, Any]:
    """The cell a complaint is about, by its place in the sheet."""
    at, number = int(str(error.params["column"])), int(str(error.params["row"]))
    columns = [i for i, name in enumerate(names) if name not in ("", CEL)]
    columns += [i for i, name in enumerate(names) if name == CEL]
    row = header.number if number < 0 else body[number].number
    column = columns[at] if at < len(columns) else len(names)
    return refusal(place(row, column), policy_id, told(error))


def _words(problem: str) -> dict[str, str]:
    return {lang: translate(lang, f"exchange.error.{problem}", field="") for lang in LANGS}
