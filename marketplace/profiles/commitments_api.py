"""Commitments over the API: the text to be read, making, withdrawing and objecting.

As on the pages, a text is read before it is confirmed: `wording_sha256` says which.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.params import Body
from litestar.status_codes import HTTP_200_OK
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.guards import access
from auth.roles import Role
from marketplace.language import language_of
from marketplace.profiles import commitments, service
from marketplace.profiles.commitments import Wanted
from marketplace.profiles.schemas import (
    CommitmentFactRead,
    CommitmentInput,
    CommitmentRead,
    CommitmentTextInput,
    CommitmentTextRead,
    ObjectionInput,
    WithdrawalInput,
)
from marketplace.profiles.tables import Commitment, CommitmentFact

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)


@get("/", **OWNER)
async def listed(session: AsyncSession, actor: Actor, enterprise_id: UUID) -> list[CommitmentRead]:
    """An enterprise's commitments, newest first."""
    await service.enterprise_of(session, actor, enterprise_id)
    found = await commitments.listed(session, enterprise_id)
    facts = await commitments.facts_by_commitment(session, [one.id for one in found])
    return [_read(one, facts[one.id]) for one in found]


@post("/text", status_code=HTTP_200_OK, **OWNER)
async def text(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    data: Annotated[CommitmentTextInput, Body()],
    as_of: date,
    now: datetime,
) -> CommitmentTextRead:
    """What would be declared of these facts as they stand, in the request's language; nothing is kept."""
    wanted = Wanted(tuple(data.facts), data.policy_id, language_of(request))
    draft = await commitments.draft(session, actor, enterprise_id, wanted, as_of, now)
    return CommitmentTextRead(
        wording=draft.wording,
        wording_sha256=draft.sha256,
        statements=dict(draft.statements),
        verify_by=draft.verify_by,
    )


@post("/", **OWNER)
async def make(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    data: Annotated[CommitmentInput, Body()],
    as_of: date,
    now: datetime,
) -> CommitmentRead:
    """Declare the text that was read, in the language it was read in; every statement has to be among `agreed`."""
    wanted = Wanted(tuple(data.facts), data.policy_id, language_of(request))
    made = await commitments.make(
        session,
        actor,
        enterprise_id,
        wanted,
        seen=data.wording_sha256,
        agreed=data.agreed,
        as_of=as_of,
        now=now,
    )
    return await _one(session, actor, enterprise_id, made.id)


@post("/{commitment_id:uuid}/withdraw", status_code=HTTP_200_OK, **OWNER)
async def withdraw(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    commitment_id: UUID,
    data: Annotated[WithdrawalInput, Body()],
    now: datetime,
) -> CommitmentRead:
    """Take a commitment back before it is verified."""
    await commitments.withdraw(session, actor, enterprise_id, commitment_id, data.reason, now)
    return await _one(session, actor, enterprise_id, commitment_id)


@post("/{commitment_id:uuid}/objection", status_code=HTTP_200_OK, **OWNER)
async def object_to(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    commitment_id: UUID,
    data: Annotated[ObjectionInput, Body()],
    now: datetime,
) -> CommitmentRead:
    """Object to a finding of untruth, once and in time."""
    await commitments.object_to(session, actor, enterprise_id, commitment_id, data.objection, now)
    return await _one(session, actor, enterprise_id, commitment_id)


async def _one(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, commitment_id: UUID
) -> CommitmentRead:
    found = await commitments.one(session, actor, enterprise_id, commitment_id)
    return _read(found, await commitments.facts_of(session, commitment_id))


def _read(found: Commitment, facts: Sequence[CommitmentFact]) -> CommitmentRead:
    told = {fact.name: CommitmentFactRead(value=fact.value, outcome=fact.outcome) for fact in facts}
    own = {name: getattr(found, name) for name in CommitmentRead.model_fields if name != "facts"}
    return CommitmentRead(facts=told, **own)


router = Router(
    path="/api/v1/enterprises/{enterprise_id:uuid}/commitments",
    route_handlers=[listed, text, make, withdraw, object_to],
    tags=["enterprises"],
)
