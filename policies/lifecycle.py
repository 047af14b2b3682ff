"""A version's way: written, submitted, put in force by a second person at once or on a day, replaced or withdrawn.

Pure, stated as data. Nobody approves what he wrote, edited or submitted; that is judged here and nowhere else.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from policies.errors import OwnWork, WrongState


class Status(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What people do to a version."""

    EDIT = "edit"
    SUBMIT = "submit"
    TAKE_BACK = "take_back"
    PUBLISH = "publish"
    SCHEDULE = "schedule"
    CALL_OFF = "call_off"
    TAKE_EFFECT = "take_effect"
    REJECT = "reject"
    SUPERSEDE = "supersede"
    WITHDRAW = "withdraw"


MOVES: Mapping[tuple[Status, Action], Status] = {
    (Status.DRAFT, Action.EDIT): Status.DRAFT,
    (Status.DRAFT, Action.SUBMIT): Status.SUBMITTED,
    (Status.SUBMITTED, Action.TAKE_BACK): Status.DRAFT,
    (Status.SUBMITTED, Action.PUBLISH): Status.PUBLISHED,
    (Status.SUBMITTED, Action.SCHEDULE): Status.SCHEDULED,
    (Status.SUBMITTED, Action.REJECT): Status.REJECTED,
    (Status.SCHEDULED, Action.CALL_OFF): Status.DRAFT,
    (Status.SCHEDULED, Action.TAKE_EFFECT): Status.PUBLISHED,
    (Status.PUBLISHED, Action.SUPERSEDE): Status.SUPERSEDED,
    (Status.PUBLISHED, Action.WITHDRAW): Status.WITHDRAWN,
}
SECOND_PERSON = frozenset({Action.PUBLISH, Action.SCHEDULE, Action.REJECT, Action.WITHDRAW})
OPEN = (Status.DRAFT, Status.SUBMITTED, Status.SCHEDULED)
"""Still on its way; a policy has at most one such version."""
EVER_IN_FORCE = (Status.PUBLISHED, Status.SUPERSEDED, Status.WITHDRAWN)
"""Was or is what owners are told."""


def move(status: Status, action: Action, *, actor: str, worked_on_it: Collection[str]) -> Status:
    """The state after `action` by the person `actor`.

    `worked_on_it`: every person who wrote, edited or submitted this version; for a withdrawal, who asked for it. Raises
    WrongState, or OwnWork where a second person is needed.
    """
    after = MOVES.get((status, action))
    if after is None:
        raise WrongState(status=status.value, action=action.value)
    if action in SECOND_PERSON and actor in worked_on_it:
        raise OwnWork
    return after
