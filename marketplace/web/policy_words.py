"""How a policy's row reads on pages: name, area, whether it is in force on the page's day.

Shared by the home page, the library and the government page, so that one policy never reads two ways.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from marketplace.portal import codes
from marketplace.web.format import is_zh
from policies.tables import PolicyVersion


class State(StrEnum):
    """Where a policy stands on a day; the value is the last part of the catalogue key `state.*`."""

    IN_FORCE = "in_force"
    UPCOMING = "upcoming"
    UNISSUED = "unissued"
    ENDED = "ended"


STATE_ORDER = tuple(State)


class Dated(Protocol):
    """What has the dates of a policy: a version's row, or what is read from one."""

    @property
    def issued_on(self) -> date: ...
    @property
    def effective_from(self) -> date: ...
    @property
    def effective_to(self) -> date | None: ...


def state_of(policy: Dated, day: date) -> State:
    """Both dates count: what was issued later could not be known, whatever its effective dates say."""
    if policy.issued_on > day:
        return State.UNISSUED
    if policy.effective_from > day:
        return State.UPCOMING
    if policy.effective_to is not None and policy.effective_to < day:
        return State.ENDED
    return State.IN_FORCE


@dataclass(frozen=True, slots=True)
class PolicyWords:
    """Words about policies for one reader on one day."""

    lang: str
    day: date

    def name(self, policy: PolicyVersion) -> str:
        """The heading owners read."""
        return policy.name_zh if is_zh(self.lang) else policy.name_en

    def title(self, policy: PolicyVersion) -> str:
        """The document's own title."""
        return policy.title_zh if is_zh(self.lang) else policy.title_en

    def says(self, policy: PolicyVersion) -> str:
        """Who gets what, as the document says it."""
        return policy.eligibility_zh if is_zh(self.lang) else policy.eligibility_en

    def clause(self, policy: PolicyVersion) -> str:
        """Where in the document that is written."""
        return policy.clause_zh if is_zh(self.lang) else policy.clause_en

    def state(self, policy: Dated) -> State:
        """Where it stands on this day."""
        return state_of(policy, self.day)

    def area(self, code: str) -> str:
        """The name of the area a policy holds in."""
        found = codes.regions().get(code)
        return codes.named(found, self.lang) if found else code
