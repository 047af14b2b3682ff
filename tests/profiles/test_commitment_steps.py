"""A commitment's way as data: only the stated arrows, each in the stated hands, and no way back from an end."""

from itertools import product

import pytest

from marketplace.profiles.commitment_steps import COVERING, STEPS, Action, By, Status, after, possible
from marketplace.profiles.errors import CommitmentSettled

ARROWS = {(step.source, step.action, by): step.target for step in STEPS for by in step.by}


@pytest.mark.parametrize(("status", "action", "by"), list(product([None, *Status], Action, By)))
def test_only_the_stated_arrows_exist(status: Status | None, action: Action, by: By) -> None:
    if (status, action, by) in ARROWS:
        assert after(status, action, by) is ARROWS[status, action, by]
    else:
        with pytest.raises(CommitmentSettled):
            after(status, action, by)


def test_an_enterprise_withdraws_before_verifying_and_does_nothing_else() -> None:
    assert {status: possible(status, By.ENTERPRISE) for status in Status} == {
        Status.MADE: {Action.WITHDRAW}, Status.VERIFIED: set(), Status.REFUTED: set(),
        Status.WITHDRAWN: set(), Status.LAPSED: set(),
    }  # fmt: skip


def test_an_agency_decides_open_ones_alone_and_only_a_person_takes_a_finding_back() -> None:
    assert [status for status in Status if possible(status, By.AGENCY)] == [Status.MADE]
    assert possible(Status.REFUTED, By.VERIFIER) == {Action.LIFT}


def test_what_counts_as_committed_is_open_or_found_true() -> None:
    assert {Status.MADE, Status.VERIFIED} == COVERING
