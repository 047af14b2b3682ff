"""Bodies of the enterprise API.

The facts' values pass through unjudged here: the vocabulary knows each fact's type better than a model could.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from auth.schemas import Input, Line, Read, ShortText

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
