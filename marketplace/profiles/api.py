"""Enterprises and their facts over the API, for their owners.

Another's enterprise and a missing one give the same answer, from the same query.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post, put
from litestar.datastructures import State
from litestar.di import Provide
from litestar.params import Body
from litestar.status_codes import HTTP_201_CREATED
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.guards import PUBLIC, access
from auth.roles import Role
from eligibility import FactProblem
from marketplace.fact_words import problem_words
from marketplace.profiles import attesting, service
from marketplace.profiles.identity import IdentityKey
from marketplace.profiles.schemas import (
    AttestationInput,
    AttestationRead,
    EnterpriseDraft,
    EnterpriseRead,
    FactProblemRead,
    FactsChange,
    FactsRead,
    ProvenanceRead,
)
from marketplace.profiles.service import Profile
from marketplace.settings import Settings

LANGUAGES = ("zh-CN", "en")


async def identity_key(state: State) -> IdentityKey:
    """The key resident ids are recognised by, from the service's state folder."""
    return IdentityKey.load_or_create(state["settings"].keys)


@post("/", **access(Role.OWNER))
async def register(
    session: AsyncSession,
    actor: Actor,
    data: Annotated[EnterpriseDraft, Body()],
    identity_key: IdentityKey,
    now: datetime,
) -> EnterpriseRead:
    """Register an enterprise of yours."""
    return EnterpriseRead.model_validate(
        await service.register(session, actor, data, key=identity_key, now=now)
    )


@get("/", **access(Role.OWNER))
async def enterprises(session: AsyncSession, actor: Actor) -> list[EnterpriseRead]:
    """Your enterprises, oldest first."""
    return [EnterpriseRead.model_validate(row) for row in await service.my_enterprises(session, actor)]


@get("/{enterprise_id:uuid}", **access(Role.OWNER))
async def enterprise(session: AsyncSession, actor: Actor, enterprise_id: UUID) -> EnterpriseRead:
    """One of your enterprises."""
    return EnterpriseRead.model_validate(await service.enterprise_of(session, actor, enterprise_id))


@get("/{enterprise_id:uuid}/facts", **access(Role.OWNER))
async def facts(session: AsyncSession, actor: Actor, enterprise_id: UUID) -> FactsRead:
    """What is known of one of your enterprises, and from where."""
    await service.enterprise_of(session, actor, enterprise_id)
    return _read(await service.profile_of(session, enterprise_id))


@put("/{enterprise_id:uuid}/facts", **access(Role.OWNER))
async def change_facts(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    data: Annotated[FactsChange, Body()],
    now: datetime,
) -> FactsRead:
    """Set the given facts (null: known to be none), forget the `unknown` ones, keep all others."""
    profile = await service.save_facts(
        session, actor, enterprise_id, data.facts, source="declared", now=now, forget=data.unknown
    )
    return _read(profile)


def _read(profile: Profile) -> FactsRead:
    return FactsRead(
        facts=profile.facts.to_json(),
        provenance={
            row.name: ProvenanceRead(source=row.source, updated_at=row.updated_at) for row in profile.rows
        },
        problems=[_problem(problem) for problem in profile.problems],
    )


def _problem(problem: FactProblem) -> FactProblemRead:
    words = {language: problem_words(problem, language) for language in LANGUAGES}
    return FactProblemRead(fact=problem.fact, code=problem.code, messages=words)


@post("/", status_code=HTTP_201_CREATED, **PUBLIC)
async def attest(
    session: AsyncSession, data: Annotated[AttestationInput, Body()], settings: Settings, now: datetime
) -> AttestationRead:
    """Hand in a statement signed by a registered agency (compact JWS, ES256); its signature is the credential."""
    taken = await attesting.take_in(session, data.attestation, audience=settings.base_url, now=now)
    return AttestationRead.model_validate(taken)


attestations = Router(path="/api/v1/attestations", route_handlers=[attest], tags=["enterprises"])
router = Router(
    path="/api/v1/enterprises",
    route_handlers=[register, enterprises, enterprise, facts, change_facts],
    dependencies={"identity_key": Provide(identity_key)},
    tags=["enterprises"],
)
