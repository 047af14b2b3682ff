"""The life of a commitment as data: what leads from which state to which, by whose hand, and how long each may take.

Pure, so that the whole machine can be enumerated by a test; rows change only by a conditional update on the state named
here. What the periods rest on is told in docs/decisions/0016.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from marketplace.profiles.errors import CommitmentSettled

VERIFY_WITHIN = timedelta(days=60)
"""So long an agency may take to verify; then the commitment lapses, at no cost to the enterprise."""
OBJECT_WITHIN = timedelta(days=15)
"""So long an enterprise may object to what was found."""
EXCLUDED_FOR = timedelta(days=365)
"""So long an enterprise whose commitment was untrue cannot make another."""


class Status(StrEnum):
    """Where a commitment stands; stored as text in `commitments.status`."""

    MADE = "made"
    VERIFIED = "verified"
    REFUTED = "refuted"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Action(StrEnum):
    """What happens to it; each becomes one line of the log."""

    MAKE = "make"
    CONFIRM = "confirm"
    REFUTE = "refute"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    LIFT = "lift"


class By(StrEnum):
    """Whose hand does it."""

    ENTERPRISE = "enterprise"
    AGENCY = "agency"
    VERIFIER = "verifier"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow of the machine. `source` None: the commitment comes into being."""

    action: Action
    source: Status | None
    target: Status
    by: frozenset[By]


CHECKERS = frozenset({By.AGENCY, By.VERIFIER})
STEPS: tuple[Step, ...] = (
    Step(Action.MAKE, None, Status.MADE, frozenset({By.ENTERPRISE})),
    Step(Action.CONFIRM, Status.MADE, Status.VERIFIED, CHECKERS),
    Step(Action.REFUTE, Status.MADE, Status.REFUTED, CHECKERS),
    Step(Action.WITHDRAW, Status.MADE, Status.WITHDRAWN, frozenset({By.ENTERPRISE})),
    Step(Action.LAPSE, Status.MADE, Status.LAPSED, frozenset({By.CLOCK})),
    Step(Action.LIFT, Status.REFUTED, Status.VERIFIED, frozenset({By.VERIFIER})),
)
COVERING = frozenset({Status.MADE, Status.VERIFIED})
"""States in which the facts count as committed, as long as nobody changes them."""


def after(status: Status | None, action: Action, by: By) -> Status:
    """The state `action` leads to. Raises `CommitmentSettled` where no such arrow leaves the state."""
    for step in STEPS:
        if step.action is action and step.source == status and by in step.by:
            return step.target
    raise CommitmentSettled(status=status.value if status else "none")


def possible(status: Status, by: By) -> frozenset[Action]:
    """What may be done next: the buttons of a page."""
    return frozenset(step.action for step in STEPS if step.source == status and by in step.by)
