"""A version's way: only the stated moves, and whatever people do in whatever order, a second person publishes.

The walk keeps its own log of who did what and never asks the code under test who worked on a version.
"""

from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from policies.errors import OwnWork, WrongState
from policies.lifecycle import MOVES, SECOND_PERSON, Action, Status, move
from tests.factories.examples import examples

PEOPLE = ("lin", "ma", "tang")
people = st.sampled_from(PEOPLE)
WORK = ("write", "edit", "submit")


@pytest.mark.parametrize(("status", "action"), list(product(Status, Action)))
def test_only_the_stated_moves_exist(status: Status, action: Action) -> None:
    if (status, action) in MOVES:
        assert move(status, action, actor="ma", worked_on_it={"lin"}) is MOVES[status, action]
    else:
        with pytest.raises(WrongState):
            move(status, action, actor="ma", worked_on_it={"lin"})


@pytest.mark.parametrize("action", sorted(SECOND_PERSON))
def test_whoever_worked_on_a_version_neither_publishes_nor_rejects_it(action: Action) -> None:
    status = Status.PUBLISHED if action is Action.WITHDRAW else Status.SUBMITTED
    with pytest.raises(OwnWork):
        move(status, action, actor="lin", worked_on_it={"lin", "ma"})


def test_nothing_leads_out_of_an_end() -> None:
    assert {status for status in Status if not any(source is status for source, _ in MOVES)} == {
        Status.SUPERSEDED,
        Status.REJECTED,
        Status.WITHDRAWN,
    }


def test_a_text_comes_into_force_only_through_review() -> None:
    ways = {(source, action) for (source, action), after in MOVES.items() if after is Status.PUBLISHED}
    assert ways == {(Status.SUBMITTED, Action.PUBLISH), (Status.SCHEDULED, Action.TAKE_EFFECT)}
    waits = {(source, action) for (source, action), after in MOVES.items() if after is Status.SCHEDULED}
    assert waits == {(Status.SUBMITTED, Action.SCHEDULE)}
    assert {Action.PUBLISH, Action.SCHEDULE} <= SECOND_PERSON


class Desk(RuleBasedStateMachine):
    """Three admins at one policy, in any order."""

    @initialize(who=people)
    def start(self, who: str) -> None:
        """Somebody writes the first draft."""
        self.status = Status.DRAFT
        self.workers = {who}
        self.approver = ""
        self.log: list[tuple[str, str]] = [(who, "write")]
        self.published: list[tuple[str, list[tuple[str, str]]]] = []

    def try_to(self, who: str, action: Action) -> bool:
        """Do it if the law lets him; what was refused changed nothing."""
        try:
            self.status = move(self.status, action, actor=who, worked_on_it=self.workers)
        except (WrongState, OwnWork):
            return False
        return True

    @rule(who=people)
    def edit(self, who: str) -> None:
        """Change the text."""
        if self.try_to(who, Action.EDIT):
            self.workers.add(who)
            self.log.append((who, "edit"))

    @rule(who=people)
    def submit(self, who: str) -> None:
        """Hand it on, perhaps somebody else's text."""
        if self.try_to(who, Action.SUBMIT):
            self.workers.add(who)
            self.log.append((who, "submit"))

    @rule(who=people)
    def take_back(self, who: str) -> None:
        """Anybody may fetch it back to work on it."""
        self.try_to(who, Action.TAKE_BACK)

    @rule(who=people)
    def publish(self, who: str) -> None:
        """Put it in force."""
        if self.try_to(who, Action.PUBLISH):
            self.published.append((who, list(self.log)))

    @rule(who=people)
    def schedule(self, who: str) -> None:
        """Approve it for later; in force once its moment comes, unless it is called off."""
        if self.try_to(who, Action.SCHEDULE):
            self.approver = who

    @rule(who=people)
    def call_off(self, who: str) -> None:
        """Anybody may; what was approved has to be approved again."""
        self.try_to(who, Action.CALL_OFF)

    @rule()
    def moment_comes(self) -> None:
        """Nobody does this."""
        if self.try_to("", Action.TAKE_EFFECT):
            self.published.append((self.approver, list(self.log)))

    @rule(who=people)
    def withdraw(self, who: str) -> None:
        """Out of force; whoever asked is not among those who may confirm, which the service says."""
        self.try_to(who, Action.WITHDRAW)

    @rule(who=people)
    def reject(self, who: str) -> None:
        """Refuse it."""
        self.try_to(who, Action.REJECT)

    @rule(who=people)
    def write_anew(self, who: str) -> None:
        """A new version begins once the last is decided."""
        if self.status in {Status.PUBLISHED, Status.REJECTED, Status.WITHDRAWN}:
            self.status, self.workers, self.log = Status.DRAFT, {who}, [(who, "write")]

    @invariant()
    def nobody_published_his_own_work(self) -> None:
        """The publisher stands nowhere in the log of work, and somebody else submitted."""
        for publisher, log in self.published:
            assert publisher not in {who for who, action in log if action in WORK}
            assert "submit" in {action for _, action in log}


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=examples(60), stateful_step_count=25)
