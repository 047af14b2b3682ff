"""A policy's versions at the desk: who did what to them, when and why; any two of them side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Router, get
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth import queries as people
from marketplace.language import language_of
from marketplace.web import version_diff
from marketplace.web.admin import READERS
from marketplace.web.admin_editor import DIFFED, today
from marketplace.web.admin_version import version_number
from marketplace.web.policy_words import PolicyWords
from marketplace.web.render import page
from policies import queries, withdrawing
from policies.errors import PolicyNotFound
from policies.publishing_tables import Withdrawal
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]
LAW = ("issuer", "document_no", "title_zh", "title_en", "level", "category", "checked")
"""Beside what the editor compares: where the text comes from."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A version in the list, with the wishes to withdraw it."""

    version: PolicyVersion
    wishes: Sequence[Withdrawal]


@get("/admin/policies/{policy_id:str}/history", **READERS)
async def listed(request: AnyRequest, session: AsyncSession, policy_id: str) -> Response[str]:
    """Every version, newest first."""
    rows = await queries.history(session, policy_id)
    if not rows:
        raise PolicyNotFound
    entries = [Entry(row, await withdrawing.of(session, row)) for row in rows]
    named = [id for row in rows for id in (*map(UUID, row.editors), row.submitted_by, row.decided_by)]
    named += [id for entry in entries for wish in entry.wishes for id in (wish.asked_by, wish.decided_by)]
    return page(
        request,
        "admin/history.html",
        policy_id=policy_id,
        entries=entries,
        names=await people.display_names(session, list({one for one in named if one is not None})),
        words=PolicyWords(language_of(request), today(request)),
    )


@get("/admin/policies/{policy_id:str}/compare", **READERS)
async def compared(request: AnyRequest, session: AsyncSession, policy_id: str) -> Response[str]:
    """Two versions side by side; the newest against the one before where none are named."""
    rows = {row.version: row for row in await queries.history(session, policy_id)}
    if not rows:
        raise PolicyNotFound
    after = _asked(request, "after", rows, max(rows))
    earlier = [number for number in rows if number < after.version]
    before = _asked(request, "before", rows, max(earlier, default=after.version))
    lang = language_of(request)
    fields = tuple(name for name in (*DIFFED, *LAW) if name != "rule")
    return page(
        request,
        "admin/compare.html",
        policy_id=policy_id,
        rows=list(rows.values()),
        before=before,
        after=after,
        changes=version_diff.changes(after, before, tuple(dict.fromkeys(fields))),
        rule=version_diff.changes(after, before, ("rule",)),
        conditions=version_diff.conditions(before, after, lang),
        words=PolicyWords(lang, today(request)),
    )


def _asked(request: AnyRequest, name: str, rows: dict[int, PolicyVersion], otherwise: int) -> PolicyVersion:
    """The version an address names. Raises PolicyNotFound."""
    given = request.query_params.get(name)
    number = otherwise if given is None else version_number(given)
    if number not in rows:
        raise PolicyNotFound
    return rows[number]


router = Router("/", route_handlers=[listed, compared], include_in_schema=False)
