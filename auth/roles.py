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
    PRODUCT_MANAGER = "product_manager"
    POLICY_ADMIN = "policy_admin"
    AUDITOR = "auditor"
    OPERATOR = "operator"


BANK_ROLES = frozenset({Role.OFFICER, Role.SENIOR_OFFICER, Role.PRODUCT_MANAGER})
"""Roles that exist only within one bank: their users carry a `bank_id`, all others none."""


class Part(StrEnum):
    """What a person is to one enterprise; stored as text in `memberships.role`."""

    OWNER = "owner"
    APPLICANT = "applicant"
    EDITOR = "editor"
    READER = "reader"
    AGENT = "agent"


class Matter(StrEnum):
    """What an authorisation to act for an enterprise can cover; seeing what is known goes with each."""

    FACTS = "facts"
    CHECK = "check"
    APPLY = "apply"
    COMMIT = "commit"


MATTERS_OF: dict[Part, frozenset[Matter]] = {
    Part.OWNER: frozenset(Matter),
    Part.APPLICANT: frozenset(Matter),
    Part.EDITOR: frozenset({Matter.FACTS, Matter.CHECK}),
    Part.READER: frozenset({Matter.CHECK}),
}
"""What each part may do; an agent's authorisation names it itself."""
