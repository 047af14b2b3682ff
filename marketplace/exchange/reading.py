"""A file somebody sends, by what its bytes are: a pack, all policies as a sheet, or one rule as a decision table.

Whichever it is, it becomes entries that are proposed in one way (proposing.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.exchange import policy_sheet, rule_sheet
from marketplace.exchange.workbook import BOUNDS
from marketplace.profiles.errors import SheetNotTaken
from marketplace.profiles.sheets import is_workbook, rows_of
from policies import packs
from policies.packs import Entry
from policies.tables import PolicyVersion


@dataclass(frozen=True, slots=True)
class Read:
    """kind: of the change set it becomes. `refusals`: what is no entry, by its place."""

    kind: str
    entries: Sequence[Entry]
    refusals: Sequence[dict[str, Any]] = ()


def read(data: bytes, stored: dict[str, PolicyVersion]) -> Read:
    """The entries of a file. `stored`: the newest version by policy.

    Raises PackUnreadable, SheetNotTaken, SheetTooLarge.
    """
    if not is_workbook(data):
        return Read("pack", packs.read(data))
    rows = rows_of(data, BOUNDS)
    if rule_sheet.is_one(rows):
        return Read("table", *rule_sheet.read(rows, stored))
    if not rows or policy_sheet.KEY not in rows[0].cells:
        raise SheetNotTaken
    return Read("sheet", *policy_sheet.read(rows))
