"""The roles a person can have, one each.

One role a person keeps "who may do this" a single comparison; a second role is a second account,
and maker and checker are told apart by user, not by role.
"""

from enum import StrEnum


class Role(StrEnum):
    """What a user is to the marketplace; stored as text in `users.role`."""

    OWNER = "owner"
    OFFICER = "officer"
    SENIOR_OFFICER = "senior_officer"
    POLICY_ADMIN = "policy_admin"
    AUDITOR = "auditor"
    OPERATOR = "operator"


BANK_ROLES = frozenset({Role.OFFICER, Role.SENIOR_OFFICER})
"""Roles that exist only within one bank: their users carry a `bank_id`, all others none."""
