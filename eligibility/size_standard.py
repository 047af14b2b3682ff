"""The size standard (工信部联企业〔2011〕300号) as data, and the class of an enterprise as a set of possibilities.

Large, medium and small need all their floors, else one class down; micro needs one shortfall. "以下" excludes the
number here. Reading a class over sets is what lets 15 industrial staff be micro whatever the revenue.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import yaml

CLASSES = ("large", "medium", "small", "micro")
NOT_COVERED = "not_covered"
ALL_SIZES = frozenset((*CLASSES, NOT_COVERED))
DIMENSIONS = ("employees_end", "operating_revenue_yuan", "total_assets_yuan")
INPUTS = ("industry_code", *DIMENSIONS)
ANY_INDUSTRY = object()  # an industry nobody has stated


@dataclass(frozen=True, slots=True)
class SizeGroup:
    """One row of the standard: industries by prefix, and the floors of large, medium and small per dimension."""

    id: str
    name_zh: str
    name_en: str
    prefixes: tuple[str, ...]
    floors: Mapping[str, tuple[Decimal, Decimal, Decimal]]

    def classify(self, values: Mapping[str, Decimal | int | None]) -> str:
        """The class for known values; a dimension known to be none meets no floor."""
        for rank, name in enumerate(CLASSES[:3]):
            if all((v := values[d]) is not None and v >= floor[rank] for d, floor in self.floors.items()):
                return name
        return "micro"

    def possible(self, known: Mapping[str, Decimal | int | None]) -> frozenset[str]:
        """Every class some completion of `known` has. A dimension not in `known` is unknown.

        An unknown dimension can lie in any of its four bands, so its rank ranges over all of them.
        """
        best, worst = 0, 0  # rank 0 = large .. 3 = micro; the class is the worst rank of any dimension
        for dimension, floors in self.floors.items():
            if dimension in known:
                rank = rank_of(known[dimension], floors)
                best, worst = max(best, rank), max(worst, rank)
            else:
                worst = 3
        return frozenset(CLASSES[best : worst + 1])


def rank_of(value: Decimal | int | None, floors: tuple[Decimal, Decimal, Decimal]) -> int:
    """0 large, 1 medium, 2 small, 3 micro, by one dimension alone."""
    if value is None:
        return 3
    return next((rank for rank, floor in enumerate(floors) if value >= floor), 3)


@dataclass(frozen=True, eq=False)
class SizeStandard:
    """The whole standard."""

    title: str
    document_no: str
    groups: tuple[SizeGroup, ...]

    @classmethod
    @functools.cache
    def shipped(cls) -> SizeStandard:
        """The standard of 2011 with the codes of GB/T 4754-2017."""
        path = Path(__file__).with_name("vocabulary") / "sme_size_standard.yaml"
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        groups = tuple(
            SizeGroup(
                id=g["id"],
                name_zh=g["name_zh"],
                name_en=g["name_en"],
                prefixes=tuple(g["prefixes"]),
                floors={
                    d: (Decimal(f["large"]), Decimal(f["medium"]), Decimal(f["small"]))
                    for d, f in g["floors"].items()
                },
            )
            for g in data["groups"]
        )
        return cls(data["standard"]["title"], data["standard"]["document_no"], groups)

    def group_of(self, industry: str | None) -> SizeGroup | None:
        """The row that covers an industry code; None when the standard leaves it out."""
        if industry is None:
            return None
        return self._by_code(industry)

    @functools.lru_cache(maxsize=8192)  # noqa: B019 - one shipped instance lives as long as the process
    def _by_code(self, industry: str) -> SizeGroup | None:
        return next((g for g in self.groups if industry.startswith(g.prefixes)), None)

    @functools.lru_cache(maxsize=8192)  # noqa: B019 - one shipped instance lives as long as the process
    def possible_groups(self, industry: str) -> tuple[SizeGroup | None, ...]:
        """The rows a code can belong to once it is written out to four digits.

        "70" alone may become 701 (development), 702 (property management), 703/709 (other) or 704 (not covered).
        """
        group = self.group_of(industry)
        longer = [g for g in self.groups if any(p.startswith(industry) for p in g.prefixes if p != industry)]
        if group is not None or not longer:
            return (group,)
        return (*longer, None)

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - one shipped instance lives as long as the process
    def rows_of(self, industry: object) -> tuple[SizeGroup, ...]:
        """The rows that can cover an industry: a code, None, or ANY_INDUSTRY."""
        if industry is ANY_INDUSTRY:
            return self.groups
        rows = self.possible_groups(str(industry)) if industry is not None else ()
        return tuple(row for row in rows if row is not None)

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - one shipped instance lives as long as the process
    def inputs_for(self, industry: object) -> tuple[str, ...]:
        """The inputs the size class depends on in an industry: the code itself and the dimensions of its rows."""
        rows = self.rows_of(industry)
        return tuple(i for i in INPUTS if i == INPUTS[0] or any(i in row.floors for row in rows))

    def is_short(self, industry: object) -> bool:
        """Whether a code is too short to say which row covers it."""
        return isinstance(industry, str) and len(self.possible_groups(industry)) > 1

    @functools.lru_cache(maxsize=8)  # noqa: B019 - one shipped instance lives as long as the process
    def long_enough(self, codes: tuple[str, ...]) -> tuple[str, ...]:
        """The codes that say which row covers them."""
        return tuple(code for code in codes if not self.is_short(code))

    def possible(self, known: Mapping[str, Decimal | int | str | None]) -> frozenset[str]:
        """Every size class some completion of the known inputs has. Inputs: industry_code and DIMENSIONS."""
        return self._possible(tuple((name, known[name]) for name in INPUTS if name in known))

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - one shipped instance lives as long as the process
    def _possible(self, inputs: tuple[tuple[str, Decimal | int | str | None], ...]) -> frozenset[str]:
        known = dict(inputs)
        rows: Iterable[SizeGroup | None]
        if "industry_code" not in known:
            rows = (*self.groups, None)
        else:
            code = known["industry_code"]
            rows = (None,) if code is None else self.possible_groups(str(code))
        numbers = {d: known[d] for d in DIMENSIONS if d in known}
        found: set[str] = set()
        for row in rows:
            found |= {NOT_COVERED} if row is None else row.possible(numbers)  # type: ignore[arg-type]
        return frozenset(found)
