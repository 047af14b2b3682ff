"""What can go wrong around a loan: plain data, no HTTP, no sentences.

`marketplace/problems.py` gives each class its status, `errors_loans.po` the words. Not yours and not there
are one error.
"""

from typing import ClassVar


class LoansError(Exception):
    """Base of this room. `code` keys the catalogue, `params` fill its text, `field` names the input at
    fault."""

    code: ClassVar[str] = "loans.error"

    def __init__(self, *, field: str | None = None, **params: object) -> None:
        super().__init__(f"{self.code} {params}" if params else self.code)
        self.field = field
        self.params: dict[str, object] = params


class NotFound(LoansError):
    """No such enterprise, request, application or product for this person (404)."""

    code = "loans.not_found"


class QueueEmpty(LoansError):
    """There is no case left to take (404)."""

    code = "loans.queue_empty"


class ActionNotPossible(LoansError):
    """The case stands where this cannot be done; params: action, status (409)."""

    code = "loans.action_not_possible"


class ActionNotAllowed(LoansError):
    """Another role does this; params: action (403)."""

    code = "loans.action_not_allowed"


class ChangedMeanwhile(LoansError):
    """Somebody else was faster: the case is no longer where it was read (409)."""

    code = "loans.changed_meanwhile"


class ClaimedByAnother(LoansError):
    """A colleague has taken the case (409)."""

    code = "loans.claimed_by_another"


class NotClaimed(LoansError):
    """Only who has taken the case decides it (409)."""

    code = "loans.not_claimed"


class SecondPersonNeeded(LoansError):
    """The person who proposed an approval cannot confirm it (403)."""

    code = "loans.second_person_needed"


class TermsDiffer(LoansError):
    """A confirmation names other terms than were proposed; params: amount, rate, months as proposed (409)."""

    code = "loans.terms_differ"


class AlreadyApplied(LoansError):
    """The same need already has an open application for this product; params: application_id (409)."""

    code = "loans.already_applied"


class AlreadyDisbursed(LoansError):
    """The loan has been paid out before (409)."""

    code = "loans.already_disbursed"


class NotEligible(LoansError):
    """The product's conditions are not met; params: product_id, clauses (409)."""

    code = "loans.not_eligible"


class FactsMissing(LoansError):
    """The product cannot be judged until these facts are known; params: product_id, missing (409)."""

    code = "loans.facts_missing"


class ProductNotOffered(LoansError):
    """The product is not for this need on this day; params: product_id, limits (409)."""

    code = "loans.product_not_offered"


class MethodNotOffered(LoansError):
    """The product has no such repayment method; params: methods (422)."""

    code = "loans.method_not_offered"


class ConsentMismatch(LoansError):
    """The consent does not name exactly this bank, purpose and data; params: expected (422)."""

    code = "loans.consent_mismatch"


class TermsOutside(LoansError):
    """An approval outside the product or the request; params: least, most (422)."""

    code = "loans.terms_outside"


class ReasonsNeeded(LoansError):
    """A decline without a reason, or "other" without words (422)."""

    code = "loans.reasons_needed"


class ProductWrongState(LoansError):
    """The product's version stands where this cannot be done; params: action, status (409)."""

    code = "loans.product_wrong_state"


class ProductOwnWork(LoansError):
    """Whoever worked on a product's version neither publishes nor rejects it (403)."""

    code = "loans.product_own_work"


class ProductChanged(LoansError):
    """Somebody changed the product's version after it was read (409)."""

    code = "loans.product_changed"


class ProductUnchanged(LoansError):
    """A version that says what is on offer already (409)."""

    code = "loans.product_unchanged"


class ProductLimitsCross(LoansError):
    """The least is more than the most (422)."""

    code = "loans.product_limits_cross"


class ProductFormulaFails(LoansError):
    """The formula of the greatest amount cannot be read; params: why (422)."""

    code = "loans.product_formula_fails"


class ProductRuleFails(LoansError):
    """The version cannot be judged as offers judge it (422)."""

    code = "loans.product_rule_fails"
