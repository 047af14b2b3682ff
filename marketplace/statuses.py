"""The HTTP status of every refusal the rooms can raise; the one place where domain errors meet HTTP.

Not yours and not there are one answer (404). A new class of an errors.py gets its line here, or a test fails.
"""

from collections.abc import Mapping

from auth import errors as auth
from eligibility import errors as eligibility
from loans import errors as loans
from marketplace.documents import errors as documents
from marketplace.inputs import InvalidInput
from marketplace.notifications import errors as notifications
from marketplace.portal import errors as portal
from marketplace.profiles import errors as profiles
from policies import errors as policies

STATUS: Mapping[type[Exception], int] = {
    InvalidInput: 422,
    # eligibility
    eligibility.RuleError: 422,
    eligibility.FactsError: 422,
    eligibility.VocabularyError: 500,
    # auth
    auth.NotAuthenticated: 401,
    auth.InvalidToken: 401,
    auth.LoginFailed: 401,
    auth.LoginNeeded: 303,
    auth.Forbidden: 403,
    auth.MatterNotCovered: 403,
    auth.ForeignForm: 403,
    auth.TooManyAttempts: 429,
    auth.UsernameTaken: 409,
    auth.UsernameRefused: 422,
    auth.PasswordRefused: 422,
    auth.ConsentNotFound: 404,
    auth.IdempotencyKeyRefused: 422,
    auth.IdempotencyKeyReused: 422,
    auth.IdempotencyKeyBusy: 409,
    # marketplace.profiles
    profiles.EnterpriseNotFound: 404,
    profiles.UsccTaken: 409,
    profiles.UsccYours: 409,
    profiles.UsccMalformed: 422,
    profiles.UsccCheckDigit: 422,
    profiles.UsccRefused: 422,
    profiles.ResidentIdMalformed: 422,
    profiles.ResidentIdRefused: 422,
    profiles.EntityTypeRefused: 422,
    profiles.FactSaidTwice: 422,
    profiles.FactsRefused: 422,
    profiles.FactAttested: 409,
    profiles.NothingAttested: 409,
    profiles.DisputedAlready: 409,
    profiles.InvitationNotFound: 404,
    profiles.InvitationRefused: 422,
    profiles.MemberNotFound: 404,
    profiles.MemberAlready: 409,
    profiles.LastOwner: 409,
    profiles.SheetNotTaken: 422,
    profiles.SheetTooLarge: 422,
    profiles.SheetWithoutColumns: 422,
    profiles.AttestationForged: 401,
    profiles.AttestationOutOfDate: 422,
    profiles.AttestationMisdirected: 422,
    profiles.AttestationBeyond: 403,
    profiles.AttestationReplayed: 409,
    profiles.AttestationSuperseded: 409,
    profiles.AgencyNotFound: 404,
    profiles.AgencyTaken: 409,
    profiles.AgencyRefused: 422,
    profiles.KeyRefused: 422,
    profiles.KeyTaken: 409,
    profiles.KeyDatesRefused: 422,
    profiles.CommitmentNotFound: 404,
    profiles.CommitmentRefused: 422,
    profiles.CommitmentTextChanged: 409,
    profiles.CommitmentSettled: 409,
    profiles.CommitmentExcluded: 409,
    profiles.OwnCommitment: 403,
    # marketplace.notifications
    notifications.ItemNotFound: 404,
    notifications.EndpointNotFound: 404,
    notifications.LinkRefused: 404,
    notifications.AddressRefused: 422,
    notifications.MailOff: 422,
    notifications.UrlRefused: 422,
    notifications.TooManyConfirmations: 429,
    notifications.TooManyEndpoints: 409,
    # marketplace.portal
    portal.ShareNotFound: 404,
    portal.ShareEnded: 410,
    portal.TooManyShares: 409,
    portal.NothingToShare: 409,
    # marketplace.documents
    documents.FileMissing: 422,
    documents.FileUnreadable: 422,
    documents.FontsNotBuilt: 503,
    # loans
    loans.NotFound: 404,
    loans.QueueEmpty: 404,
    loans.ActionNotPossible: 409,
    loans.ActionNotAllowed: 403,
    loans.ChangedMeanwhile: 409,
    loans.ClaimedByAnother: 409,
    loans.NotClaimed: 409,
    loans.SecondPersonNeeded: 403,
    loans.TermsDiffer: 409,
    loans.AlreadyApplied: 409,
    loans.AlreadyDisbursed: 409,
    loans.NotEligible: 409,
    loans.FactsMissing: 409,
    loans.ProductNotOffered: 409,
    loans.MethodNotOffered: 422,
    loans.ConsentMismatch: 422,
    loans.TermsOutside: 422,
    loans.ReasonsNeeded: 422,
    # policies
    policies.PolicyNotFound: 404,
    policies.WrongState: 409,
    policies.OwnWork: 403,
    policies.ChangedMeanwhile: 409,
    policies.DatesCross: 422,
    policies.NothingChanged: 409,
    policies.ExclusionUnknown: 422,
    policies.ExclusionItself: 422,
    policies.RuleFails: 422,
    policies.Hindered: 409,
    policies.InputsRefused: 422,
}
