"""The state machine, enumerated: who may do what from where, and what can never happen."""

from itertools import product

import pytest

from auth.roles import Role
from loans.errors import ActionNotAllowed, ActionNotPossible
from loans.lifecycle import OPEN, STEPS, Action, Status, possible, reachable, transition


@pytest.mark.parametrize("action", Action)
def test_only_the_stated_arrows_exist(action: Action) -> None:
    for state, role in product((None, *Status), Role):
        arrow = next((step for step in STEPS if (step.source, step.action) == (state, action)), None)
        if arrow is None:
            with pytest.raises(ActionNotPossible):
                transition(state, action, role)
        elif role not in arrow.roles:
            with pytest.raises(ActionNotAllowed):
                transition(state, action, role)
        else:
            assert transition(state, action, role) is arrow.target


def test_no_money_leaves_without_review_offer_and_acceptance() -> None:
    for station in (Status.IN_REVIEW, Status.OFFERED, Status.ACCEPTED):
        assert Status.DISBURSED not in reachable(None, avoiding={station})
    assert Status.DISBURSED in reachable(None)


def test_an_end_is_an_end() -> None:
    assert set(Status) - OPEN == {Status.DISBURSED, Status.DECLINED, Status.WITHDRAWN}
    for status in set(Status) - OPEN:
        assert reachable(status) == frozenset()
        assert all(possible(status, role) == () for role in Role)


def test_administrators_auditors_and_operators_do_nothing_to_a_case() -> None:
    for role in (Role.PRODUCT_MANAGER, Role.POLICY_ADMIN, Role.AUDITOR, Role.OPERATOR):
        assert all(possible(status, role) == () for status in Status)


def test_only_owners_accept_and_only_banks_decide() -> None:
    for step in STEPS:
        owners = step.action in (Action.SUBMIT, Action.ACCEPT, Action.WITHDRAW)
        assert (step.roles == {Role.OWNER}) is owners


def test_a_second_approval_is_senior() -> None:
    assert possible(Status.SECOND_APPROVAL, Role.OFFICER) == ()
    assert possible(Status.SECOND_APPROVAL, Role.SENIOR_OFFICER) == (Action.CONFIRM, Action.DECLINE)
