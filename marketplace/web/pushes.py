"""Pushes for the policy desk: how far each got, whom it reached, and how many opened it.

Numbers only: which enterprise was told is its own matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Router, get
from litestar.response import Response
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.guards import access
from auth.roles import Role
from marketplace.language import language_of
from marketplace.notifications.pushes import version_in
from marketplace.notifications.tables import InboxItem, Push
from marketplace.profiles.tables import CurrentFacts
from marketplace.web.render import page
from policies.keeper import load_pack
from policies.pack import Pack

AnyRequest = Request[Any, Any, Any]
READERS = access(Role.POLICY_ADMIN, Role.AUDITOR)
MOST = 50


@dataclass(frozen=True, slots=True)
class Reach:
    """A push as the desk sees it; `share`: how far it got, in percent."""

    push: Push
    name: str
    opened: int
    share: int


@dataclass(frozen=True, slots=True)
class Shown:
    """Pushes as the table has them. busy: one is under way; address: where the table alone is fetched anew."""

    pushes: Sequence[Reach]
    busy: bool
    everybody: int
    address: str


@get("/admin/pushes", **READERS)
async def overview(request: AnyRequest, session: AsyncSession) -> Response[str]:
    """The newest pushes; while one is under way the list looks again by itself."""
    policy, version = (request.query_params.get(name) for name in ("policy", "version"))
    number = int(version) if version and version.isdecimal() and len(version) < 10 else None
    shown = await reach(request, session, policy, number)
    part = "hx-request" in request.headers
    template = "admin/pushes_table.html" if part else "admin/pushes.html"
    return page(request, template, reach=shown, policy=policy)


async def reach(request: AnyRequest, session: AsyncSession, policy: str | None, version: int | None) -> Shown:
    """The newest pushes of all policies, of one, or of one version."""
    rows = await recent(session, policy, version)
    everybody = int(await session.scalar(select(func.count()).select_from(CurrentFacts)) or 0)
    opened = await opened_of(session, [push.id for push in rows])
    pack, lang = await load_pack(session), language_of(request)
    found = [
        Reach(push, named(pack, push, lang), opened.get(push.id, 0), share_of(push, everybody))
        for push in rows
    ]
    busy = any(push.state in ("waiting", "running") for push in rows)
    asked = {"policy": policy, "version": version}
    given = urlencode({name: value for name, value in asked.items() if value is not None})
    return Shown(found, busy, everybody, f"/admin/pushes?{given}" if given else "/admin/pushes")


async def recent(session: AsyncSession, policy_id: str | None, version: int | None = None) -> Sequence[Push]:
    """The newest pushes that told anybody, of one version, of one policy or of all."""
    wanted = select(Push).where(or_(col(Push.state) != "skipped", col(Push.looked) > 0))
    if version is not None:
        wanted = wanted.where(col(Push.version) == version)
    if policy_id:
        wanted = wanted.where(col(Push.policy_id) == policy_id)
    found = await session.scalars(wanted.order_by(col(Push.created_at).desc(), col(Push.id)).limit(MOST))
    return found.all()


async def opened_of(session: AsyncSession, push_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many messages of each push were opened."""
    rows = await session.execute(
        select(col(InboxItem.push_id), func.count())
        .where(col(InboxItem.push_id).in_(push_ids), col(InboxItem.read_at).is_not(None))
        .group_by(col(InboxItem.push_id))
    )
    return {row[0]: row[1] for row in rows}


def named(pack: Pack, push: Push, lang: str) -> str:
    """The policy's heading, or its id where that version is not among the published."""
    found = version_in(pack, push.policy_id, push.version)
    return push.policy_id if found is None else found.name(lang)


def share_of(push: Push, everybody: int) -> int:
    """How far a push got, in whole percent."""
    if push.state == "done":
        return 100
    return min(99, push.looked * 100 // everybody) if everybody else 0


router = Router("/", route_handlers=[overview], include_in_schema=False)
