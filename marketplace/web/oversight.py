"""The auditor's log and the operator's overview: both only read.

An auditor reads what was done, by whom, to what; an operator sees whether the service is well, which pack is in
force, and how much of everything there is. Neither sees what an owner answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Router, get
from litestar.datastructures import State
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import access
from auth.roles import Role
from marketplace import health, oversight
from marketplace.web.render import page
from policies import keeper, queries

AnyRequest = Request[Any, Any, Any]
AUDITOR = access(Role.AUDITOR)
OPERATOR = access(Role.OPERATOR)


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the log is asked for; whatever is not understood counts as not asked."""

    kind: str | None
    since: date | None
    until: date | None
    below: int | None

    def address(self, below: int) -> str:
        """The same question, further down."""
        given = {"kind": self.kind, "since": self.since, "until": self.until}
        kept = {name: str(value) for name, value in given.items() if value}
        return f"/audit?{urlencode({**kept, 'below': below})}"

    @property
    def narrowed(self) -> bool:
        """Whether anything but the newest is asked for."""
        return any((self.kind, self.since, self.until, self.below))


def asked_of(params: Mapping[str, str]) -> Asked:
    """What an address asks for."""
    kind, below = params.get("kind"), params.get("below", "")
    return Asked(
        kind=kind if kind in oversight.KINDS else None,
        since=_day(params.get("since", "")),
        until=_day(params.get("until", "")),
        below=int(below) if below.isascii() and below.isdigit() and len(below) < 19 else None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


@get("/audit", **AUDITOR)
async def log(request: AnyRequest, session: AsyncSession) -> Response[str]:
    """The audit log, newest first."""
    asked = asked_of(request.query_params)
    found = await oversight.log_page(
        session, kind=asked.kind, since=asked.since, until=asked.until, below=asked.below
    )
    return page(request, "audit/log.html", asked=asked, found=found, kinds=oversight.KINDS)


@get("/operations", **OPERATOR)
async def overview(request: AnyRequest, session: AsyncSession, state: State, as_of: date) -> Response[str]:
    """Whether the service is well, what it answers from, and how much there is."""
    pack = await keeper.load_pack(session)
    in_force = await queries.count_by_category(session, as_of)
    return page(
        request,
        "operations/overview.html",
        health=await health.standing(state),
        pack=pack,
        in_force=sum(in_force.values()),
        listening=keeper.KEEPER.of(keeper.database_of(session)).listening,
        counts=await oversight.counts(session),
        applications=await oversight.applications_by_status(session),
    )


router = Router("/", route_handlers=[log, overview], include_in_schema=False)
