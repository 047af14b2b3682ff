"""What of a result is drawn at once: every row of a short list, and the details of the policy somebody opened.

Ninety policies with all their parts took a phone a second and a half to lay out. Details come when a policy is opened,
by script in their place, without it by this page's own address with `open`; print needs everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policies.matching import Judged

MOST_ROWS = 20
"""Rows of a list after which the rest waits until it is asked for. What applies is always there whole."""


@dataclass(frozen=True, slots=True)
class Unfolded:
    """opened: the policy whose details are drawn; whole: no list is cut; printed: all lists and all details."""

    opened: str = ""
    whole: bool = False
    printed: bool = False

    @classmethod
    def of(cls, params: Mapping[str, str], opened: str | None = None) -> "Unfolded":
        """As an address has it, or with another policy opened."""
        named = params.get("open", "") if opened is None else opened
        return cls(named, params.get("all") == "1", params.get("view") == "print")

    def shows(self, judged: Judged) -> bool:
        """Whether the details of a policy are drawn."""
        return self.printed or judged.policy.id == self.opened

    def rows(self, judged: Sequence[Judged]) -> Sequence[Judged]:
        """What is drawn of a list; all of it where the opened policy would be cut off."""
        rest = judged[MOST_ROWS:]
        if self.whole or self.printed or any(map(self.shows, rest)):
            return judged
        return judged[:MOST_ROWS]

    def reaches(self, folded: Sequence[Judged]) -> bool:
        """Whether a fold has to be open: all is to be seen, or what was opened lies in it."""
        return self.whole or any(map(self.shows, folded))
