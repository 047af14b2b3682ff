"""The shipped reference lists as rows: read once, the same the database is seeded with."""

import csv
from dataclasses import dataclass
from pathlib import Path

REFERENCE = Path(__file__).parents[1] / "data" / "reference"


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a code list."""

    code: str
    name: str
    level: str
    parent: str = ""


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a list."""
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
