"""What can go wrong when someone signs in or asks for something: plain data, no HTTP, no sentences.

`marketplace/problems.py` gives each class its status and the catalogues `error.<code>.*` give the words.
"""

from typing import ClassVar


class AuthError(Exception):
    """Base of this room. `code` keys the catalogue, `params` fill its text, `field` names the input at
    fault.
    """

    code: ClassVar[str] = "auth.error"

    def __init__(self, *, field: str | None = None, **params: object) -> None:
        super().__init__(self.code)
        self.field = field
        self.params: dict[str, object] = params


class NotAuthenticated(AuthError):
    """The API was called without a bearer token (401)."""

    code = "auth.not_authenticated"


class InvalidToken(AuthError):
    """The token is malformed, forged, expired, used up, or its session has ended (401). Says no more on
    purpose.
    """

    code = "auth.invalid_token"


class LoginFailed(AuthError):
    """Wrong username or wrong password, never saying which (401)."""

    code = "auth.login_failed"


class LoginNeeded(AuthError):
    """A page was opened without a session: send the browser to `location` (303)."""

    code = "auth.login_needed"

    def __init__(self, *, location: str) -> None:
        super().__init__()
        self.location = location


class Forbidden(AuthError):
    """Signed in, but this is not for this role (403)."""

    code = "auth.forbidden"


class StaffNumberRefused(AuthError):
    """What was typed is no staff number (422)."""

    code = "auth.staff_number_refused"


class UserNotFound(AuthError):
    """No account of a kind this can be said of (404)."""

    code = "auth.user_not_found"


class MatterNotCovered(AuthError):
    """Acts for the enterprise, but not in this matter (403)."""

    code = "auth.matter_not_covered"


class ForeignForm(AuthError):
    """A form was not sent by a page of ours, or was shown in another session (403)."""

    code = "auth.foreign_form"


class TooManyAttempts(AuthError):
    """Too many sign-ins for this name, from this address, or at this instant (429, Retry-After)."""

    code = "auth.too_many_attempts"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(seconds=retry_after)
        self.retry_after = retry_after


class UsernameTaken(AuthError):
    """Somebody else has this username (409)."""

    code = "auth.username_taken"


class UsernameRefused(AuthError):
    """A username is 3 to 64 characters of a-z, 0-9, dot, dash, underscore, and starts with a letter or
    digit (422).
    """

    code = "auth.username_refused"


class PasswordRefused(AuthError):
    """A new password is too short or too long (422)."""

    code = "auth.password_refused"


class ConsentNotFound(AuthError):
    """No such consent of yours (404); another's consent looks the same."""

    code = "auth.consent_not_found"


class IdempotencyKeyRefused(AuthError):
    """The Idempotency-Key is missing, longer than 200 characters or not printable ASCII (422)."""

    code = "idempotency.refused"


class IdempotencyKeyReused(AuthError):
    """The same Idempotency-Key came with another request body (422)."""

    code = "idempotency.reused"


class IdempotencyKeyBusy(AuthError):
    """The first request with this key has not left an answer (409)."""

    code = "idempotency.busy"
