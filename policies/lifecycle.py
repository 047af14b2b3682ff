"""A version's way: written, submitted, published by a second person, and one day superseded. Pure, stated as data.

Nobody publishes what he wrote, edited or submitted; that is judged here and nowhere else.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from policies.errors import OwnWork, WrongState


class Status(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"


class Action(StrEnum):
    """What people do to a version."""

    EDIT = "edit"
    SUBMIT = "submit"
    TAKE_BACK = "take_back"
    PUBLISH = "publish"
    REJECT = "reject"
    SUPERSEDE = "supersede"


MOVES: Mapping[tuple[Status, Action], Status] = {
    (Status.DRAFT, Action.EDIT): Status.DRAFT,
    (Status.DRAFT, Action.SUBMIT): Status.SUBMITTED,
    (Status.SUBMITTED, Action.TAKE_BACK): Status.DRAFT,
    (Status.SUBMITTED, Action.PUBLISH): Status.PUBLISHED,
    (Status.SUBMITTED, Action.REJECT): Status.REJECTED,
    (Status.PUBLISHED, Action.SUPERSEDE): Status.SUPERSEDED,
}
SECOND_PERSON = frozenset({Action.PUBLISH, Action.REJECT})


def move(status: Status, action: Action, *, actor: str, worked_on_it: Collection[str]) -> Status:
    """The state after `action` by `actor`.

    `worked_on_it`: everybody who wrote, edited or submitted this version. Raises WrongState, or OwnWork where a
    second person is needed.
    """
    after = MOVES.get((status, action))
    if after is None:
        raise WrongState(status=status.value, action=action.value)
    if action in SECOND_PERSON and actor in worked_on_it:
        raise OwnWork
    return after
