"""The person behind a request, as every service receives him.

A frozen value rather than a row: it carries what decisions need and cannot be changed or leaked by a handler.
"""

from dataclasses import dataclass
from uuid import UUID

from auth.roles import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person. `bank_id` is set exactly for bank roles; `session_id` is None outside a request."""

    user_id: UUID
    username: str
    display_name: str
    role: Role
    bank_id: str | None = None
    session_id: UUID | None = None
