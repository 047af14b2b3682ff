"""What can be refused about policies: plain exceptions with a code and parameters, knowing no HTTP.

The words are in marketplace/locale/*/errors_policies.po, the statuses in marketplace/statuses.py.
"""

from collections.abc import Sequence
from typing import ClassVar

from eligibility import FactProblem


class PoliciesError(Exception):
    """Whatever this room refuses."""

    code: ClassVar[str] = "policies"

    def __init__(self, *, field: str | None = None, **params: object) -> None:
        self.field, self.params = field, params
        super().__init__(f"{self.code} {params}" if params else self.code)


class PolicyNotFound(PoliciesError):
    """No such policy, or no such version of it."""

    code = "policies.not_found"


class WrongState(PoliciesError):
    """The version is not in a state this can be done in; params: status, action."""

    code = "policies.wrong_state"


class OwnWork(PoliciesError):
    """Whoever wrote, edited or submitted a version cannot publish or reject it."""

    code = "policies.own_work"


class ChangedMeanwhile(PoliciesError):
    """The version's content is not the one this was decided on."""

    code = "policies.changed_meanwhile"


class DatesCross(PoliciesError):
    """The last day lies before the first."""

    code = "policies.dates_cross"


class NothingChanged(PoliciesError):
    """The draft says what is in force already."""

    code = "policies.nothing_changed"


class DraftOpen(PoliciesError):
    """Another version of the policy is being worked on already."""

    code = "policies.draft_open"


class EffectPast(PoliciesError):
    """The moment a version is to take effect is over, or further off than anybody plans."""

    code = "policies.effect_past"


class WithdrawalAsked(PoliciesError):
    """Somebody has asked for this already; a second person has to confirm it."""

    code = "policies.withdrawal_asked"


class NoWithdrawal(PoliciesError):
    """Nobody has asked to withdraw this version, or that is settled."""

    code = "policies.no_withdrawal"


class FindingBlocks(PoliciesError):
    """The analysis found what cannot be meant; params: count."""

    code = "policies.finding_blocks"


class FindingUnanswered(PoliciesError):
    """The analysis found what needs a written answer; params: count."""

    code = "policies.finding_unanswered"


class FindingGone(PoliciesError):
    """The finding that was answered is not there any more."""

    code = "policies.finding_gone"


class PolicyExists(PoliciesError):
    """A new policy is to have an id that one has already; params: id."""

    code = "policies.exists"


class BenefitFails(PoliciesError):
    """What a policy gives cannot be worked out as it is written; params: why."""

    code = "policies.benefit_fails"


class FamilyFails(PoliciesError):
    """A family cannot be used as it is written; params: id, why."""

    code = "policies.family_fails"


class ExclusionUnknown(PoliciesError):
    """A policy is to exclude one that there is not; params: ids."""

    code = "policies.exclusion_unknown"


class ExclusionItself(PoliciesError):
    """A policy is to exclude itself."""

    code = "policies.exclusion_itself"


class CaseNotFound(PoliciesError):
    """No such case is kept with the policy any more."""

    code = "policies.case_not_found"


class CaseNameTaken(PoliciesError):
    """Another case of the policy is called so; params: name."""

    code = "policies.case_name_taken"


class CasesFail(PoliciesError):
    """The version does not say what cases kept with the policy expect; params: count."""

    code = "policies.cases_fail"


class CaseKindsMissing(PoliciesError):
    """No case stands for a verdict the rule can come to; params: kinds."""

    code = "policies.case_kinds_missing"


class EdgesUncovered(PoliciesError):
    """Thresholds of the rule have no case on one side or on both; params: count."""

    code = "policies.edges_uncovered"


class SimulationMissing(PoliciesError):
    """Nobody has simulated this content against the one in force."""

    code = "policies.simulation_missing"


class SimulationUnexplained(PoliciesError):
    """More lose a right than may without a written reason; params: lost, share in percent."""

    code = "policies.simulation_unexplained"


class SimulationOver(PoliciesError):
    """A reason was written for figures that are not the newest."""

    code = "policies.simulation_over"


class RuleFails(PoliciesError):
    """The rule reads well and still cannot be judged; it must not come into force."""

    code = "policies.rule_fails"


class InputsRefused(PoliciesError):
    """Stated figures do not fit what the policies' amounts ask for. `problems` names each as `policy.figure`."""

    code = "policies.inputs"

    def __init__(self, problems: tuple[FactProblem, ...]) -> None:
        super().__init__(count=len(problems))
        self.problems = problems


class Hindered(PoliciesError):
    """Something has to be done before this version may go on; `hindrances` says what, each a refusal of its own."""

    code = "policies.hindered"

    def __init__(self, hindrances: Sequence[PoliciesError]) -> None:
        super().__init__(count=len(hindrances))
        self.hindrances = tuple(hindrances)


class ChangeSetNotFound(PoliciesError):
    """No such change of several policies."""

    code = "policies.change_set_not_found"


class ChangeSetMoved(PoliciesError):
    """The change is further on, or decided."""

    code = "policies.change_set_moved"


class NothingProposed(PoliciesError):
    """A change of several policies that changes none."""

    code = "policies.nothing_proposed"


class SetTooLarge(PoliciesError):
    """More policies than one change may have; params: most."""

    code = "policies.set_too_large"


class SetMemberRefused(PoliciesError):
    """One policy of a change cannot go along, so none does; `error` says why. params: id."""

    code = "policies.set_member_refused"

    def __init__(self, policy_id: str, error: Exception) -> None:
        super().__init__(id=policy_id)
        self.policy_id, self.error = policy_id, error


class PackUnreadable(PoliciesError):
    """A pack's text is not one; params: line."""

    code = "policies.pack_unreadable"


class TableCell(PoliciesError):
    """A cell of a decision table cannot be read; params: cell."""

    code = "policies.table_cell"


class MonthsRefused(PoliciesError):
    """Policies are to be extended by no month, or by more than anybody plans; params: most."""

    code = "policies.months_refused"
