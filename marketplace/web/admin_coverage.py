"""What the policies do not reach: enterprises with nothing, policies for nobody, searches in vain, open questions.

Each as a chart with its table, and a way to do something about it. Numbers only: nobody's answers are shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from litestar import Request, Router, get
from litestar.response import Response
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.guards import access
from auth.roles import Role
from eligibility import Vocabulary
from marketplace.exchange import coverage
from marketplace.exchange.coverage import Group
from marketplace.language import language_of
from marketplace.simulating.told import LEAST
from marketplace.web.admin_simulation_view import Reader
from marketplace.web.render import page
from policies.keeper import load_pack
from policies.tables import SearchMiss

AnyRequest = Request[Any, Any, Any]
READERS = access(Role.POLICY_ADMIN, Role.AUDITOR)
MOST = 20
UNANSWERED = text(
    "SELECT fact, count(*) AS asked, count(*) FILTER (WHERE NOT answers ? fact) AS unanswered"
    " FROM check_sessions, jsonb_array_elements_text(asked) AS fact GROUP BY fact"
    " HAVING count(*) >= :least AND count(*) FILTER (WHERE NOT answers ? fact) >= :least"
    " ORDER BY 3 DESC, 1 LIMIT :most"
)
"""Questions that were asked one at a time and left without an answer; those of a few visitors are not told."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a chart. share: of the longest, in percent; `all`: of how many; link: where something can be done."""

    name: str
    count: int | None
    all: int | None
    share: float
    link: str = ""
    sub: str = ""


def bars(found: Sequence[Bar]) -> list[Bar]:
    """The same with their lengths."""
    longest = max((one.count or 0 for one in found), default=0)
    return [
        Bar(
            one.name,
            one.count,
            one.all,
            100 * (one.count or 0) / longest if longest else 0,
            one.link,
            one.sub,
        )
        for one in found
    ]


@get("/admin/coverage", **READERS)
async def overview(request: AnyRequest, session: AsyncSession, as_of: date, now: datetime) -> Response[str]:
    """The dashboard; counting happens at most once an hour and pack in each process."""
    lang = language_of(request)
    found = await coverage.of(session, as_of, now)
    pack, words = await load_pack(session), Reader(lang, LEAST)

    def named(kind: str, groups: Sequence[Group]) -> list[Bar]:
        return bars([Bar(words.group_name(kind, one.key), one.nothing, one.enterprises, 0) for one in groups])

    nobody = [
        Bar(
            pack.by_id[one.policy_id].name(lang),
            one.open,
            None,
            0,
            f"/admin/policies/{one.policy_id}",
            one.policy_id,
        )
        for one in found.matching_nobody
    ]
    return page(
        request,
        "admin/coverage.html",
        found=found,
        groups={kind: named(kind, groups) for kind, groups in found.groups.items()},
        nobody=bars(nobody),
        misses=bars(await _misses(session, now)),
        questions=bars(await _questions(session, lang)),
        least=LEAST,
    )


async def _misses(session: AsyncSession, now: datetime) -> list[Bar]:
    """Words most looked for in vain, of the last half year."""
    rows = await session.scalars(
        select(SearchMiss)
        .where(col(SearchMiss.last_on) >= now.date() - timedelta(days=180), col(SearchMiss.searches) >= 2)
        .order_by(col(SearchMiss.searches).desc(), col(SearchMiss.words))
        .limit(MOST)
    )
    return [Bar(row.words, row.searches, None, 0, sub=row.last_on.isoformat()) for row in rows]


async def _questions(session: AsyncSession, lang: str) -> list[Bar]:
    """The facts visitors were asked for and did not know, of the checks that are still kept."""
    facts = Vocabulary.shipped().facts
    rows = await session.execute(UNANSWERED, {"least": LEAST, "most": MOST})
    return [
        Bar(facts[row.fact].label(lang), row.unanswered, row.asked, 0, sub=row.fact)
        for row in rows
        if row.fact in facts
    ]


router = Router("/", route_handlers=[overview], include_in_schema=False)
