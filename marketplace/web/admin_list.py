"""The policy desk's list: every policy with its newest version, reviews on top, found by words and filters.

Filters that say nothing known are taken as not given, as in the library.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Router, get
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth import queries as people
from auth.guards import access
from auth.roles import Role
from marketplace.language import language_of
from marketplace.web.library import searchable
from marketplace.web.policy_words import PolicyWords
from marketplace.web.render import page
from policies import queries
from policies.lifecycle import Status
from policies.tables import CATEGORIES, LEVELS, PolicyVersion

AnyRequest = Request[Any, Any, Any]
READERS = access(Role.POLICY_ADMIN, Role.AUDITOR)
STATUSES = tuple(status.value for status in Status if status is not Status.SUPERSEDED)
SEARCHED = ("policy_id", "name_zh", "name_en", "title_zh", "title_en", "document_no", "issuer")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an admin looks for; None: any."""

    q: str = ""
    status: str | None = None
    level: str | None = None
    category: str | None = None

    @property
    def narrowed(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.q or self.status or self.level or self.category)

    def fits(self, row: PolicyVersion) -> bool:
        """Whether a version is what is looked for: every word somewhere in its names, number or issuer."""
        text = " ".join(str(getattr(row, name)) for name in SEARCHED).lower()
        return (
            all(word in text for word in self.q.lower().split())
            and self.status in (None, row.status)
            and self.level in (None, row.level)
            and self.category in (None, row.category)
        )


def wanted_of(params: Mapping[str, str]) -> Wanted:
    """What an address asks for."""

    def one_of(name: str, known: Sequence[str]) -> str | None:
        return params[name] if params.get(name) in known else None

    return Wanted(
        q=searchable(params.get("q", "")),
        status=one_of("status", STATUSES),
        level=one_of("level", LEVELS),
        category=one_of("category", CATEGORIES),
    )


@get("/admin", **READERS)
async def overview(request: AnyRequest, session: AsyncSession, as_of: date) -> Response[str]:
    """The list; without a filter, reviews and drafts stand on top once more."""
    wanted = wanted_of(request.query_params)
    rows = [row for row in await queries.newest_versions(session) if wanted.fits(row)]
    names = await people.display_names(session, [UUID(e) for row in rows for e in row.editors])
    return page(
        request,
        "admin/overview.html",
        rows=rows,
        names=names,
        wanted=wanted,
        statuses=STATUSES,
        levels=LEVELS,
        categories=CATEGORIES,
        words=PolicyWords(language_of(request), as_of),
    )


router = Router("/", route_handlers=[overview], include_in_schema=False)
