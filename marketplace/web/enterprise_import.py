"""Facts from a spreadsheet: the template, what a file would change, and keeping exactly that.

Nothing is stored by sending a file. What is kept is what was shown: if it or anything known has changed in between,
it is shown again.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_413_REQUEST_ENTITY_TOO_LARGE
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.guards import access
from auth.roles import Role
from eligibility import Facts, FactsError
from marketplace.documents.errors import FileMissing, FileUnreadable
from marketplace.documents.uploads import FIELD, sent_file
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.problems import problem_of
from marketplace.profiles import service as profiles
from marketplace.profiles import sheets
from marketplace.profiles.errors import FactsRefused, SheetNotTaken, SheetTooLarge, SheetWithoutColumns
from marketplace.profiles.tables import Enterprise
from marketplace.web import forms, import_sheet
from marketplace.web.comparing import compare, mark
from marketplace.web.import_sheet import RowError
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)
LARGEST_BODY = 6 * sheets.LARGEST
"""More than the largest sheet: a file up to here is read, so that its refusal comes with the page it was sent from."""
TOO_LARGE = "too-large"
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@get("/account/enterprises/{enterprise_id:uuid}/import", **OWNER)
async def form(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID
) -> Response[str]:
    """Where the template is and a filled-in one is sent."""
    enterprise = await profiles.enterprise_of(session, actor, enterprise_id)
    if TOO_LARGE in request.query_params:
        return _again(request, enterprise, problem_of(SheetTooLarge()).said(language_of(request)), 413)
    return page(request, "account/import.html", enterprise=enterprise, errors={})


def _back_too_large(request: AnyRequest, _: Exception) -> Response[Any]:
    """A body nobody reads to its end: the way back to the page it was sent from, which says so."""
    return Redirect(f"{request.url.path}?{TOO_LARGE}=1", status_code=HTTP_303_SEE_OTHER)


@get("/account/enterprises/{enterprise_id:uuid}/import/template/{kind:str}", **OWNER)
async def template(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, kind: str
) -> Response[bytes]:
    """The template, filled in with what is known."""
    await profiles.enterprise_of(session, actor, enterprise_id)
    if kind not in TYPES:
        raise NotFoundException
    facts = await profiles.facts_of(session, enterprise_id)
    rows = import_sheet.table(facts.to_json(), language_of(request))
    made = (
        import_sheet.as_csv(rows)
        if kind == "csv"
        else await asyncio.to_thread(import_sheet.as_workbook, rows)
    )
    return Response(
        made,
        media_type=TYPES[kind],
        headers={"content-disposition": f'attachment; filename="facts.{kind}"', "cache-control": "no-store"},
    )


@post(
    "/account/enterprises/{enterprise_id:uuid}/import",
    status_code=HTTP_200_OK,
    request_max_body_size=LARGEST_BODY,
    exception_handlers={HTTP_413_REQUEST_ENTITY_TOO_LARGE: _back_too_large},
    **OWNER,
)
async def preview(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID
) -> Response[Any]:
    """What the file would change, and which rows do not fit; nothing is stored."""
    enterprise = await profiles.enterprise_of(session, actor, enterprise_id)
    lang = language_of(request)
    try:
        rows = await asyncio.to_thread(sheets.rows_of, await sent_file(request))
        answers = import_sheet.read(rows, lang)
    except (FileMissing, FileUnreadable):
        return _again(request, enterprise, translate(lang, "import.no_file"))
    except SheetTooLarge as refused:
        return _again(request, enterprise, problem_of(refused).said(lang), 413)
    except (SheetNotTaken, SheetWithoutColumns) as refused:
        return _again(request, enterprise, problem_of(refused).said(lang))
    return await _shown(request, session, enterprise, answers.facts, wrong=answers.errors)


def _again(request: AnyRequest, enterprise: Enterprise, error: str, status: int = 422) -> Response[str]:
    return page(
        request, "account/import.html", status_code=status, enterprise=enterprise, errors={FIELD: error}
    )


@post("/account/enterprises/{enterprise_id:uuid}/import/keep", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def keep(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, now: datetime
) -> Response[Any]:
    """Keep what was shown, or show it again where something has changed since."""
    enterprise = await profiles.enterprise_of(session, actor, enterprise_id)
    sent = await forms.read(request)
    facts = _facts(sent.get("facts", ""))
    profile = await profiles.profile_of(session, enterprise_id)
    if sent.get("seen") != mark(facts, profile):
        return await _shown(request, session, enterprise, facts, moved=True)
    values = compare(facts, profile, language_of(request)).values
    await profiles.save_facts(session, actor, enterprise_id, values, source="imported", now=now)
    return Redirect(
        f"/account/enterprises/{enterprise_id}?imported={len(values)}", status_code=HTTP_303_SEE_OTHER
    )


def _facts(text: str) -> Facts:
    try:
        said = json.loads(text)
        if not isinstance(said, dict):
            raise SheetNotTaken
        return Facts.from_json(said)
    except FactsError as refused:
        raise FactsRefused(refused.problems) from refused
    except (ValueError, RecursionError) as refused:
        raise SheetNotTaken from refused


async def _shown(
    request: AnyRequest,
    session: AsyncSession,
    enterprise: Enterprise,
    facts: Facts,
    *,
    wrong: Sequence[RowError] = (),
    moved: bool = False,
) -> Response[str]:
    profile = await profiles.profile_of(session, enterprise.id)
    found = compare(facts, profile, language_of(request))
    return page(
        request,
        "account/import_preview.html",
        status_code=409 if moved else 422 if wrong else HTTP_200_OK,
        enterprise=enterprise,
        changes=found.changes,
        stands=found.stands,
        wrong=wrong,
        same=found.same,
        facts=json.dumps(facts.to_json(), ensure_ascii=False, default=str),
        seen=mark(facts, profile),
        moved=moved,
    )


router = Router("/", route_handlers=[form, template, preview, keep], include_in_schema=False)
