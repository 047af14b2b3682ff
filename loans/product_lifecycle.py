"""A product version's way: written, submitted, put on offer by a second person of the bank, replaced or refused.

Pure, stated as data, as the policies' own is. Nobody approves what he wrote, edited or submitted; that is judged here
and nowhere else.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from auth.roles import Role
from loans.errors import ActionNotAllowed, ProductOwnWork, ProductWrongState


class Status(StrEnum):
    """Where a version of a product stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CURRENT = "current"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What people of a bank do to it."""

    EDIT = "edit"
    SUBMIT = "submit"
    TAKE_BACK = "take_back"
    PUBLISH = "publish"
    REJECT = "reject"
    SUPERSEDE = "supersede"


WRITERS = frozenset({Role.PRODUCT_MANAGER})
DECIDERS = frozenset({Role.PRODUCT_MANAGER, Role.SENIOR_OFFICER})


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow. `second`: only somebody who has not worked on the version takes it."""

    action: Action
    source: Status
    target: Status
    roles: frozenset[Role]
    second: bool = False


STEPS = (
    Step(Action.EDIT, Status.DRAFT, Status.DRAFT, WRITERS),
    Step(Action.SUBMIT, Status.DRAFT, Status.SUBMITTED, WRITERS),
    Step(Action.TAKE_BACK, Status.SUBMITTED, Status.DRAFT, WRITERS),
    Step(Action.PUBLISH, Status.SUBMITTED, Status.CURRENT, DECIDERS, second=True),
    Step(Action.REJECT, Status.SUBMITTED, Status.REJECTED, DECIDERS, second=True),
    Step(Action.SUPERSEDE, Status.CURRENT, Status.SUPERSEDED, DECIDERS),
)
OPEN = (Status.DRAFT, Status.SUBMITTED)
"""Still on its way; a product has at most one such version."""
_ARROWS = {(step.action, step.source): step for step in STEPS}


def move(status: Status, action: Action, role: Role, *, person: str, worked_on_it: Collection[str]) -> Status:
    """The state after `action` by `person`, who has this role at the product's bank.

    `worked_on_it`: every person who wrote, edited or submitted the version. Raises ProductWrongState,
    ActionNotAllowed for another role's step, ProductOwnWork where a second person is needed.
    """
    step = _ARROWS.get((action, status))
    if step is None:
        raise ProductWrongState(status=status.value, action=action.value)
    if role not in step.roles:
        raise ActionNotAllowed(action=action.value)
    if step.second and person in worked_on_it:
        raise ProductOwnWork
    return step.target
