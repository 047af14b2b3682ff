"""What a result's reader wants to see of it: by category, level, with an amount, ending soon.

Filters narrow the lists and nothing else: totals stay those of the whole result. What an address says that nobody
understands counts as not asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from policies.tables import CATEGORIES, LEVELS

SOON = (30, 90)
"""Days within which a policy may be asked to end."""


@dataclass(frozen=True, slots=True)
class Filters:
    """within: days until the last day, at most."""

    category: str | None = None
    level: str | None = None
    amounts: bool = False
    within: int | None = None

    @classmethod
    def of(cls, params: Mapping[str, str]) -> "Filters":
        """As an address has them."""
        category, level, within = (params.get(name, "") for name in ("category", "level", "within"))
        return cls(
            category=category if category in CATEGORIES else None,
            level=level if level in LEVELS else None,
            amounts=params.get("amounts") == "1",
            within=next((days for days in SOON if within == str(days)), None),
        )

    @property
    def active(self) -> bool:
        """Whether anything is left out."""
        return self != Filters()

    @property
    def asked(self) -> dict[str, str]:
        """As an address says it."""
        within = "" if self.within is None else str(self.within)
        every = {
            "category": self.category,
            "level": self.level,
            "within": within,
            "amounts": "1" * self.amounts,
        }
        return {name: value for name, value in every.items() if value}

    def admits(self, text: Mapping[str, object], *, has_amount: bool, ends: date | None, today: date) -> bool:
        """Whether a policy is shown. One without a last day does not end soon."""
        if self.category is not None and text["category"] != self.category:
            return False
        if self.level is not None and text["level"] != self.level:
            return False
        if self.amounts and not has_amount:
            return False
        return self.within is None or (ends is not None and 0 <= (ends - today).days <= self.within)
