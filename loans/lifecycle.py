"""The life of a loan application as data: which action leads from which state to which, and whose it is.

Pure, so that the whole machine can be enumerated by a test; rows change only by a conditional update on the
state named here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from auth.roles import Role
from loans.errors import ActionNotAllowed, ActionNotPossible


class Status(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    SECOND_APPROVAL = "second_approval"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DISBURSED = "disbursed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What people do to it; each becomes one line of the timeline."""

    SUBMIT = "submit"
    CLAIM = "claim"
    RELEASE = "release"
    APPROVE = "approve"
    PROPOSE = "propose"
    CONFIRM = "confirm"
    DECLINE = "decline"
    ACCEPT = "accept"
    WITHDRAW = "withdraw"
    DISBURSE = "disburse"


OWNER = frozenset({Role.OWNER})
OFFICERS = frozenset({Role.OFFICER, Role.SENIOR_OFFICER})
SENIOR = frozenset({Role.SENIOR_OFFICER})


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow of the machine. `source` None is the application coming into being."""

    action: Action
    source: Status | None
    target: Status
    roles: frozenset[Role]


STEPS: tuple[Step, ...] = (
    Step(Action.SUBMIT, None, Status.SUBMITTED, OWNER),
    Step(Action.CLAIM, Status.SUBMITTED, Status.IN_REVIEW, OFFICERS),
    Step(Action.RELEASE, Status.IN_REVIEW, Status.SUBMITTED, OFFICERS),
    Step(Action.APPROVE, Status.IN_REVIEW, Status.OFFERED, OFFICERS),
    Step(Action.PROPOSE, Status.IN_REVIEW, Status.SECOND_APPROVAL, OFFICERS),
    Step(Action.CONFIRM, Status.SECOND_APPROVAL, Status.OFFERED, SENIOR),
    Step(Action.DECLINE, Status.IN_REVIEW, Status.DECLINED, OFFICERS),
    Step(Action.DECLINE, Status.SECOND_APPROVAL, Status.DECLINED, SENIOR),
    Step(Action.ACCEPT, Status.OFFERED, Status.ACCEPTED, OWNER),
    Step(Action.WITHDRAW, Status.SUBMITTED, Status.WITHDRAWN, OWNER),
    Step(Action.WITHDRAW, Status.IN_REVIEW, Status.WITHDRAWN, OWNER),
    Step(Action.WITHDRAW, Status.SECOND_APPROVAL, Status.WITHDRAWN, OWNER),
    Step(Action.WITHDRAW, Status.OFFERED, Status.WITHDRAWN, OWNER),
    Step(Action.WITHDRAW, Status.ACCEPTED, Status.WITHDRAWN, OWNER),
    Step(Action.DISBURSE, Status.ACCEPTED, Status.DISBURSED, OFFICERS),
)

OPEN = frozenset(step.source for step in STEPS if step.source is not None)
"""States that something can still happen in; one need has at most one open application a product."""

QUEUED = (Status.SUBMITTED, Status.IN_REVIEW, Status.SECOND_APPROVAL)
"""States that wait for the bank."""

_ARROWS = {(step.action, step.source): step for step in STEPS}


def transition(state: Status | None, action: Action, role: Role) -> Status:
    """The state `action` by `role` leads to from `state`.

    Raises ActionNotPossible where no such arrow leaves the state (409), ActionNotAllowed where it is
    another role's (403).
    """
    step = _ARROWS.get((action, state))
    if step is None:
        raise ActionNotPossible(action=action.value, status=state.value if state else "none")
    if role not in step.roles:
        raise ActionNotAllowed(action=action.value)
    return step.target


def possible(state: Status, role: Role) -> tuple[Action, ...]:
    """What `role` may do next in `state`, in the machine's order: the buttons of a page."""
    return tuple(step.action for step in STEPS if step.source == state and role in step.roles)


def reachable(source: Status | None, avoiding: Iterable[Status] = ()) -> frozenset[Status]:
    """Every state that can follow `source` without passing through `avoiding`."""
    avoided, found, todo = frozenset(avoiding), set[Status](), [source]
    while todo:
        here = todo.pop()
        for step in STEPS:
            if step.source == here and step.target not in found and step.target not in avoided:
                found.add(step.target)
                todo.append(step.target)
    return frozenset(found)
