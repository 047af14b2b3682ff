"""Keeping a check's answers with an enterprise its owner has already: he sees what would change, then says so.

What was shown is what is kept: when the enterprise's facts change in between, the page comes again.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
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
from eligibility import Facts, Vocabulary
from marketplace.language import language_of
from marketplace.profiles import service as profiles
from marketplace.profiles.errors import EnterpriseNotFound
from marketplace.profiles.service import Profile
from marketplace.profiles.tables import Enterprise
from marketplace.web import forms
from marketplace.web.register import answers_of, figures_follow
from marketplace.web.render import page
from marketplace.web.verdicts import fact_words

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact that would change. before: None where nothing is known yet; source: where that is known from."""

    name: str
    label: str
    before: str | None
    source: str | None
    after: str


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
    changes = differences(answers, profile, language_of(request))
    if form["seen"] != mark(answers, profile):
        return await _shown(request, session, enterprise, answers, moved=True)
    kept = {name: value for name, value in answers.to_json().items() if name in {c.name for c in changes}}
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
    changes = differences(answers, profile, language_of(request))
    if not changes:
        return Redirect(f"/check/result?enterprise={enterprise.id}", status_code=HTTP_303_SEE_OTHER)
    return page(
        request,
        "check/save.html",
        status_code=409 if moved else HTTP_200_OK,
        enterprise=enterprise,
        changed=[change for change in changes if change.before is not None],
        added=[change for change in changes if change.before is None],
        same=len(answers) - len(changes),
        seen=mark(answers, profile),
        moved=moved,
    )


def differences(answers: Facts, profile: Profile, lang: str) -> Sequence[Difference]:
    """The answers that differ from what is stored, in the order of the questions."""
    rows = {row.name: row for row in profile.rows}
    found = []
    for fact in Vocabulary.shipped().given:
        if fact.name not in answers or (
            fact.name in profile.facts and profile.facts[fact.name] == answers[fact.name]
        ):
            continue
        known = fact.name in profile.facts
        found.append(
            Difference(
                fact.name,
                fact.label(lang),
                fact_words(fact, profile.facts[fact.name], lang) if known else None,
                rows[fact.name].source if known else None,
                fact_words(fact, answers[fact.name], lang),
            )
        )
    return found


def mark(answers: Facts, profile: Profile) -> str:
    """Names what a page compared: another answer or another stored fact gives another mark."""
    compared = json.dumps([answers.to_json(), profile.facts.to_json()], sort_keys=True, default=str)
    return hashlib.sha256(compared.encode()).hexdigest()


router = Router("/", route_handlers=[look, save], include_in_schema=False)
