"""What can go wrong with an enterprise or its facts: plain data, no HTTP, no sentences.

`marketplace/problems.py` gives each class its status and the catalogues `error.<code>.*` give the words.
"""

from typing import ClassVar

from eligibility import FactProblem


class ProfilesError(Exception):
    """Base of this room. `code` keys the catalogue, `params` fill its text, `field` names the input at
    fault.
    """

    code: ClassVar[str] = "profiles.error"

    def __init__(self, *, field: str | None = None, **params: object) -> None:
        super().__init__(self.code)
        self.field = field
        self.params: dict[str, object] = params


class EnterpriseNotFound(ProfilesError):
    """No such enterprise of yours (404); another's looks exactly like a missing one."""

    code = "profiles.enterprise_not_found"


class UsccTaken(ProfilesError):
    """Somebody else registered this code (409)."""

    code = "profiles.uscc_taken"


class UsccYours(ProfilesError):
    """The caller registered this code before (409)."""

    code = "profiles.uscc_yours"


class UsccMalformed(ProfilesError):
    """Not 18 characters of the code's alphabet (422)."""

    code = "profiles.uscc_malformed"


class UsccCheckDigit(ProfilesError):
    """The check digit of GB 32100-2015 does not fit (422)."""

    code = "profiles.uscc_check_digit"


class UsccRefused(ProfilesError):
    """Nobody gives out such a code (422); params: places, the characters that cannot be."""

    code = "profiles.uscc_refused"


class ResidentIdMalformed(ProfilesError):
    """Not 17 digits and a digit or X (422)."""

    code = "profiles.resident_id_malformed"


class ResidentIdRefused(ProfilesError):
    """Check digit, birth date or place of GB 11643-1999 does not fit (422)."""

    code = "profiles.resident_id_refused"


class EntityTypeRefused(ProfilesError):
    """Not a value of the vocabulary's `entity_type` (422)."""

    code = "profiles.entity_type_refused"


class FactSaidTwice(ProfilesError):
    """A fact is both given and forgotten in one change (422)."""

    code = "profiles.fact_said_twice"


class FactAttested(ProfilesError):
    """An agency attested other values of `names` (409); params: fact, the first. Who disagrees disputes it."""

    code = "profiles.fact_attested"

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(field=f"facts.{names[0]}", fact=names[0])
        self.names = names


class NothingAttested(ProfilesError):
    """No agency attested this fact, so there is nothing to dispute (409)."""

    code = "profiles.nothing_attested"


class DisputedAlready(ProfilesError):
    """The fact is in dispute until the agency attests it again (409)."""

    code = "profiles.disputed_already"


class InvitationNotFound(ProfilesError):
    """No invitation to be taken up by this code (404); a wrong, a used and an expired one look the same."""

    code = "profiles.invitation_not_found"


class InvitationRefused(ProfilesError):
    """A name, part, matter or end date that cannot be (422); `field` says which."""

    code = "profiles.invitation_refused"


class MemberNotFound(ProfilesError):
    """Nobody of this id acts for the enterprise (404)."""

    code = "profiles.member_not_found"


class MemberAlready(ProfilesError):
    """The person acts for the enterprise already (409)."""

    code = "profiles.member_already"


class LastOwner(ProfilesError):
    """The enterprise would be left without an owner (409)."""

    code = "profiles.last_owner"


class SheetNotTaken(ProfilesError):
    """Neither an .xlsx workbook nor a .csv, or a broken or protected one (422)."""

    code = "profiles.sheet_not_taken"


class SheetTooLarge(ProfilesError):
    """More bytes, rows or unpacked content than our template could ever have (422)."""

    code = "profiles.sheet_too_large"


class SheetWithoutColumns(ProfilesError):
    """The columns of the template are not in the first rows (422)."""

    code = "profiles.sheet_without_columns"


class AttestationForged(ProfilesError):
    """No compact ES256 JWS by a key that is registered with the agency it names and in force (401). Says no more."""

    code = "profiles.attestation_forged"


class AttestationOutOfDate(ProfilesError):
    """Signed in the future, expired, or good for longer than a day (422)."""

    code = "profiles.attestation_out_of_date"


class AttestationMisdirected(ProfilesError):
    """For another service, or for an enterprise that is not registered here (422)."""

    code = "profiles.attestation_misdirected"


class AttestationBeyond(ProfilesError):
    """The agency may not attest this fact (403); params: fact."""

    code = "profiles.attestation_beyond"


class AttestationReplayed(ProfilesError):
    """The agency's `jti` was taken in before (409)."""

    code = "profiles.attestation_replayed"


class AttestationSuperseded(ProfilesError):
    """Something newer was attested of this fact already (409); params: fact."""

    code = "profiles.attestation_superseded"


class AgencyNotFound(ProfilesError):
    """No such agency (404)."""

    code = "profiles.agency_not_found"


class AgencyTaken(ProfilesError):
    """An agency of this code is registered (409)."""

    code = "profiles.agency_taken"


class AgencyRefused(ProfilesError):
    """A code, a name or a kind that cannot be (422); `field` says which."""

    code = "profiles.agency_refused"


class KeyRefused(ProfilesError):
    """Not the public half of a P-256 key in PEM (422)."""

    code = "profiles.key_refused"


class KeyTaken(ProfilesError):
    """This key is registered already, perhaps with another agency (409)."""

    code = "profiles.key_taken"


class KeyDatesRefused(ProfilesError):
    """A key's validity is a day after another, at most three years (422)."""

    code = "profiles.key_dates_refused"


class CommitmentNotFound(ProfilesError):
    """No such commitment of this enterprise (404)."""

    code = "profiles.commitment_not_found"


class CommitmentRefused(ProfilesError):
    """Facts, statements or words that cannot be (422); `field` says which."""

    code = "profiles.commitment_refused"


class CommitmentTextChanged(ProfilesError):
    """The text is not the one that was read: a value or the day changed meanwhile (409)."""

    code = "profiles.commitment_text_changed"


class CommitmentSettled(ProfilesError):
    """The commitment is past this: somebody verified, withdrew or answered it, or its time is over (409)."""

    code = "profiles.commitment_settled"


class CommitmentExcluded(ProfilesError):
    """A commitment was untrue, and the time without new ones is not over (409); params: zh, en, its end."""

    code = "profiles.commitment_excluded"


class OwnCommitment(ProfilesError):
    """About an enterprise one belongs to, or a finding of one's own: somebody else verifies or answers (403)."""

    code = "profiles.own_commitment"


class FactsRefused(ProfilesError):
    """Some facts do not fit the vocabulary (422); `problems` says which and why, in the engine's own words."""

    code = "eligibility.facts"

    def __init__(self, problems: tuple[FactProblem, ...]) -> None:
        super().__init__(count=len(problems))
        self.problems = problems
