"""Keeping a check's answers with an enterprise its owner has already: he sees what would change, then says so.

What was shown is what is kept: when the enterprise's facts change in between, the page comes again.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.guards import access
from auth.roles import Role
from eligibility import Facts
from marketplace.language import language_of
from marketplace.profiles import service as profiles
from marketplace.profiles.errors import EnterpriseNotFound
from marketplace.profiles.tables import Enterprise
from marketplace.web import forms
from marketplace.web.comparing import compare, mark
from marketplace.web.register import answers_of, figures_follow
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)


@get("/check/save", **OWNER)
async def look(request: AnyRequest, session: AsyncSession, actor: Actor) -> Response[Any]:
    """What would change at the enterprise that was chosen; without one, the choice."""
    chosen = request.query_params.get("enterprise", "")
    answers = await answers_of(request, session)
    if not answers:
        return Redirect("/check", status_code=HTTP_303_SEE_OTHER)
    if not chosen:
        mine = await profiles.my_enterprises(session, actor)
        return page(request, "check/save.html", status_code=422, enterprises=mine, enterprise=None)
    return await _shown(request, session, await _mine(session, actor, chosen), answers)


@post("/check/save", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def save(request: AnyRequest, session: AsyncSession, actor: Actor, now: datetime) -> Response[Any]:
    """Keep what was shown as declared facts; without having been shown it, show it first."""
    form = await forms.read(request)
    enterprise = await _mine(session, actor, form.get("enterprise", ""))
    if "seen" not in form:
        return Redirect(f"/check/save?enterprise={enterprise.id}", status_code=HTTP_303_SEE_OTHER)
    answers = await answers_of(request, session)
    profile = await profiles.profile_of(session, enterprise.id)
    if form["seen"] != mark(answers, profile):
        return await _shown(request, session, enterprise, answers, moved=True)
    kept = compare(answers, profile, language_of(request)).values
    await profiles.save_facts(session, actor, enterprise.id, kept, source="declared", now=now)
    await figures_follow(request, session, enterprise.id, now)
    return Redirect(f"/check/result?enterprise={enterprise.id}", status_code=HTTP_303_SEE_OTHER)


async def _mine(session: AsyncSession, actor: Actor, text: str) -> Enterprise:
    try:
        wanted = UUID(text)
    except ValueError as error:
        raise EnterpriseNotFound from error
    return await profiles.enterprise_of(session, actor, wanted)


async def _shown(
    request: AnyRequest, session: AsyncSession, enterprise: Enterprise, answers: Facts, moved: bool = False
) -> Response[Any]:
    profile = await profiles.profile_of(session, enterprise.id)
    found = compare(answers, profile, language_of(request))
    if not found.changes and not found.stands:
        return Redirect(f"/check/result?enterprise={enterprise.id}", status_code=HTTP_303_SEE_OTHER)
    return page(
        request,
        "check/save.html",
        status_code=409 if moved else HTTP_200_OK,
        enterprise=enterprise,
        changed=[change for change in found.changes if change.before is not None],
        added=[change for change in found.changes if change.before is None],
        stands=found.stands,
        same=found.same,
        seen=mark(answers, profile),
        moved=moved,
    )


router = Router("/", route_handlers=[look, save], include_in_schema=False)
