"""The policy desk over the API: versions read, a draft saved, handed over, put in force or sent back.

The same services and gates as on the pages, and the same hashes: whoever decides names the content he read.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from litestar import Router, get, post, put
from litestar.params import Body, Parameter
from litestar.response import Response
from litestar.status_codes import HTTP_200_OK
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.guards import access
from auth.roles import Role
from auth.schemas import Input
from marketplace.web.admin_deeds import tried_on
from policies import drafting, packs, queries, service, versions
from policies.drafting import WholeDraft
from policies.errors import PolicyNotFound
from policies.schemas import Rejection, VersionRead

ADMIN = access(Role.POLICY_ADMIN)
READERS = access(Role.POLICY_ADMIN, Role.AUDITOR)
Number = Annotated[int, Parameter(ge=1, le=999_999_999)]
Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
State = Literal["draft", "submitted", "scheduled", "published", "superseded", "rejected", "withdrawn"]


class Seen(Input):
    """`seen_sha256`: the `content_sha256` of the version that was read."""

    seen_sha256: Sha


class DraftSaved(Seen):
    """A whole text, and the content it was made from: the open draft's, or the one in force."""

    draft: WholeDraft


class VersionList(BaseModel):
    """The newest version of each policy."""

    total: int
    items: list[VersionRead]


@get("/", **READERS)
async def newest(session: AsyncSession, status: State | None = None) -> VersionList:
    """The newest version of every policy, whatever its state; what waits for somebody comes first."""
    rows = [row for row in await queries.newest_versions(session) if status in (None, row.status)]
    return VersionList(total=len(rows), items=[VersionRead.model_validate(row) for row in rows])


@get("/pack", **READERS)
async def pack(session: AsyncSession, as_of: date) -> Response[bytes]:
    """The published policies as a YAML pack for git."""
    text = packs.written(await queries.published(session), as_of)
    return Response(text.encode(), media_type="application/yaml")


@get("/{policy_id:str}/versions", **READERS)
async def history(session: AsyncSession, policy_id: str) -> VersionList:
    """Every version of a policy, newest first."""
    rows = await queries.history(session, policy_id)
    if not rows:
        raise PolicyNotFound
    return VersionList(total=len(rows), items=[VersionRead.model_validate(row) for row in rows])


@get("/{policy_id:str}/versions/{number:int}", **READERS)
async def one(session: AsyncSession, policy_id: str, number: Number) -> VersionRead:
    """One version, whole."""
    return VersionRead.model_validate(await versions.find(session, policy_id, number))


@put("/{policy_id:str}/draft", status_code=HTTP_200_OK, **ADMIN)
async def save(
    session: AsyncSession, actor: Actor, policy_id: str, data: Annotated[DraftSaved, Body()], now: datetime
) -> VersionRead:
    """Save the open draft, or begin one on top of the version in force."""
    row = await drafting.save(session, actor, policy_id, data.draft, seen_sha256=data.seen_sha256, now=now)
    return VersionRead.model_validate(row)


@post("/{policy_id:str}/versions/{number:int}/submit", status_code=HTTP_200_OK, **ADMIN)
async def submit(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: Number,
    data: Annotated[Seen, Body()],
    now: datetime,
) -> VersionRead:
    """Hand a draft to a second person. What it still lacks is told at once, in `errors`."""
    known = await tried_on(session)
    row = await service.submit(
        session, actor, policy_id, number, seen_sha256=data.seen_sha256, tried_on=known, now=now
    )
    return VersionRead.model_validate(row)


@post("/{policy_id:str}/versions/{number:int}/take-back", status_code=HTTP_200_OK, **ADMIN)
async def take_back(
    session: AsyncSession, actor: Actor, policy_id: str, number: Number, now: datetime
) -> VersionRead:
    """Make a submitted version a draft again."""
    return VersionRead.model_validate(await service.take_back(session, actor, policy_id, number, now=now))


@post("/{policy_id:str}/versions/{number:int}/publish", status_code=HTTP_200_OK, **ADMIN)
async def publish(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: Number,
    data: Annotated[Seen, Body()],
    now: datetime,
) -> VersionRead:
    """Put a submitted version in force, exactly as it was read; whoever worked on it is refused."""
    known = await tried_on(session)
    row = await service.publish(
        session, actor, policy_id, number, seen_sha256=data.seen_sha256, tried_on=known, now=now
    )
    return VersionRead.model_validate(row)


@post("/{policy_id:str}/versions/{number:int}/reject", status_code=HTTP_200_OK, **ADMIN)
async def reject(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: Number,
    data: Annotated[Rejection, Body()],
    now: datetime,
) -> VersionRead:
    """Send a submitted version back with a reason; whoever worked on it is refused."""
    row = await service.reject(session, actor, policy_id, number, data, now=now)
    return VersionRead.model_validate(row)


router = Router(
    "/api/v1/admin/policies",
    route_handlers=[newest, pack, history, one, save, submit, take_back, publish, reject],
    tags=["policy desk"],
)
