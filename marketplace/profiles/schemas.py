"""Bodies of the enterprise API.

The facts' values pass through unjudged here: the vocabulary knows each fact's type better than a model could.
"""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from auth.schemas import Input, Line, PlainText, Read, ShortText

FactName = Annotated[Line, Field(min_length=1, max_length=80)]


class EnterpriseDraft(Input):
    """`POST /api/v1/enterprises`."""

    uscc: Annotated[Line, Field(min_length=1, max_length=40)]
    name: ShortText
    entity_type: Annotated[Line, Field(min_length=1, max_length=32)]
    owner_name: Annotated[Line, Field(min_length=1, max_length=100)]
    owner_id_number: Annotated[Line, Field(min_length=1, max_length=40)]


class EnterpriseRead(Read):
    """An enterprise as its owner sees it; the resident id is masked."""

    id: UUID
    uscc: str
    name: str
    entity_type: str
    owner_name: str
    owner_id_masked: str
    region_code: str | None
    industry_code: str | None
    created_at: datetime


class FactsChange(Input):
    """`PUT /api/v1/enterprises/{id}/facts`: given facts are set (null: known to be none), `unknown` ones
    forgotten.
    """

    facts: Annotated[dict[FactName, Any], Field(default_factory=dict, max_length=200)]
    unknown: Annotated[list[FactName], Field(default_factory=list, max_length=200)]


class AttestationInput(Input):
    """`POST /api/v1/attestations`: a compact JWS of an agency."""

    attestation: Annotated[Line, Field(min_length=1, max_length=16_000)]


class AttestationRead(Read):
    """What was taken in of an agency's statement."""

    id: UUID
    jti: str
    issued_at: datetime
    received_at: datetime
    facts: list[str]


class ProvenanceRead(Read):
    """Where a fact comes from and since when."""

    source: str
    updated_at: datetime


class FactProblemRead(Read):
    """A stored fact the vocabulary no longer accepts; it counts as unknown until mended."""

    fact: str
    code: str
    messages: dict[str, str]


class FactsRead(Read):
    """What is known of an enterprise."""

    facts: dict[str, Any]
    provenance: dict[str, ProvenanceRead]
    problems: list[FactProblemRead]


class CommitmentTextInput(Input):
    """`POST /api/v1/enterprises/{id}/commitments/text`: the facts to commit to, and for which policy."""

    facts: Annotated[list[FactName], Field(min_length=1, max_length=200)]
    policy_id: Annotated[Line, Field(min_length=1, max_length=64)] | None = None


class CommitmentTextRead(Read):
    """A text to be read. statements: what has to be agreed to, by name."""

    wording: str
    wording_sha256: str
    statements: dict[str, str]
    verify_by: date


class CommitmentInput(CommitmentTextInput):
    """`POST /api/v1/enterprises/{id}/commitments`: the same, with the text's hash and the statements agreed to."""

    wording_sha256: Annotated[Line, Field(min_length=64, max_length=64)]
    agreed: Annotated[list[Annotated[Line, Field(max_length=32)]], Field(max_length=8)]


class WithdrawalInput(Input):
    """`POST /api/v1/enterprises/{id}/commitments/{id}/withdraw`."""

    reason: Annotated[PlainText, Field(min_length=1, max_length=1000)]


class ObjectionInput(Input):
    """`POST /api/v1/enterprises/{id}/commitments/{id}/objection`."""

    objection: Annotated[PlainText, Field(min_length=1, max_length=1000)]


class CommitmentFactRead(Read):
    """A fact as it was declared. outcome: open, confirmed or refuted."""

    value: Any
    outcome: str


class CommitmentRead(Read):
    """A commitment and what came of it. status: made, verified, refuted, withdrawn or lapsed."""

    id: UUID
    policy_id: str | None
    facts: dict[str, CommitmentFactRead]
    language: str
    wording: str
    wording_sha256: str
    made_at: datetime
    verify_by: date
    status: str
    ended_at: datetime | None
    ground: str | None
    excluded_until: date | None
    object_by: date | None
    objection: str | None
    answer: str | None
