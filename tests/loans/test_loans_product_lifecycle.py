"""The way of a product's version, as data: what leads on offer, and that no sequence of deeds goes round it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auth.roles import Role
from loans.errors import ActionNotAllowed, LoansError
from loans.product_lifecycle import DECIDERS, OPEN, STEPS, Action, Status, move
from tests.factories.examples import examples


class TestTheWay:
    """The machine as data."""

    def test_puts_nothing_on_offer_but_what_was_handed_in_and_seen_by_a_second_person(self) -> None:
        into = [step for step in STEPS if step.target is Status.CURRENT]
        assert [(step.action, step.source, step.second) for step in into] == [
            (Action.PUBLISH, Status.SUBMITTED, True)
        ]
        assert all(step.second for step in STEPS if step.action in (Action.PUBLISH, Action.REJECT))

    def test_is_nobodys_outside_the_bank(self) -> None:
        outside = set(Role) - DECIDERS
        for step in STEPS:
            for role in outside:
                with pytest.raises(ActionNotAllowed):
                    move(step.source, step.action, role, person="a", worked_on_it=())

    def test_ends_in_states_nothing_leaves(self) -> None:
        left = {step.source for step in STEPS}
        assert {Status.REJECTED, Status.SUPERSEDED, Status.WITHDRAWN}.isdisjoint(left)
        assert set(OPEN) <= left


WHO = {
    "writer": Role.PRODUCT_MANAGER,
    "colleague": Role.PRODUCT_MANAGER,
    "senior": Role.SENIOR_OFFICER,
    "officer": Role.OFFICER,
}


@given(st.lists(st.tuples(st.sampled_from(Action), st.sampled_from(sorted(WHO))), max_size=12))
@example([(Action.EDIT, "writer"), (Action.SUBMIT, "colleague"), (Action.PUBLISH, "senior")])
@example([(Action.SUBMIT, "writer"), (Action.TAKE_BACK, "senior"), (Action.PUBLISH, "writer")])
@settings(max_examples=examples(300))
def test_no_sequence_of_deeds_puts_on_offer_what_only_its_writers_saw(
    deeds: list[tuple[Action, str]],
) -> None:
    """Whoever puts a version on offer wrote, edited and handed in nothing of it since it was begun."""
    status, worked = Status.DRAFT, {"writer"}
    for action, who in deeds:
        try:
            status = move(status, action, WHO[who], person=who, worked_on_it=frozenset(worked))
        except LoansError:
            continue
        if action in (Action.EDIT, Action.SUBMIT):
            worked.add(who)
        if status is Status.CURRENT:
            assert action is Action.PUBLISH
            assert who not in worked
            assert WHO[who] in DECIDERS
            return
