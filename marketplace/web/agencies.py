"""Where an operator registers the agencies that attest facts, and the public keys they sign with.

A key is shown by its thumbprint, which the agency can compare over the telephone; what is in dispute stands beside
the agency that must look into it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.guards import access
from auth.roles import Role
from eligibility import Vocabulary
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.problems import problem_of
from marketplace.profiles import agencies, attesting
from marketplace.profiles.errors import AgencyRefused, AgencyTaken, KeyDatesRefused, KeyRefused, KeyTaken
from marketplace.settings import Settings
from marketplace.web import forms
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
OPERATOR = access(Role.OPERATOR)
OF_AGENCY = ("code", "name_zh", "name_en", "kind")
OF_KEY = ("pem", "first", "last")


@get("/operations/agencies", **OPERATOR)
async def listed(request: AnyRequest, session: AsyncSession) -> Response[str]:
    """All agencies, and the form for another."""
    return await _list(request, session, {}, {})


@post("/operations/agencies", status_code=HTTP_303_SEE_OTHER, **OPERATOR)
async def register(request: AnyRequest, session: AsyncSession, actor: Actor, now: datetime) -> Response[Any]:
    """Register an agency."""
    form = await forms.read(request)
    typed = {name: form.get(name, "").strip() for name in OF_AGENCY}
    try:
        made = await agencies.register(session, actor, **typed, now=now)
    except (AgencyRefused, AgencyTaken) as refused:
        lang = language_of(request)
        field = refused.field or "code"
        error = (
            problem_of(refused).said(lang)
            if isinstance(refused, AgencyTaken)
            else translate(lang, f"agencies.refused.{field}")
        )
        return await _list(request, session, typed, {field: error})
    return Redirect(f"/operations/agencies/{made.id}", status_code=HTTP_303_SEE_OTHER)


async def _list(
    request: AnyRequest, session: AsyncSession, typed: Mapping[str, str], errors: Mapping[str, str]
) -> Response[str]:
    lang = language_of(request)
    return page(
        request,
        "operations/agencies.html",
        status_code=422 if errors else HTTP_200_OK,
        agencies=await agencies.agencies(session),
        kinds=[(kind, translate(lang, f"agencies.kind.{kind}")) for kind in agencies.kinds()],
        values={name: typed.get(name, "") for name in OF_AGENCY},
        errors=errors,
        labels={name: translate(lang, f"agencies.{name}") for name in OF_AGENCY},
    )


@get("/operations/agencies/{agency_id:uuid}", **OPERATOR)
async def shown(
    request: AnyRequest, session: AsyncSession, agency_id: UUID, settings: Settings, now: datetime
) -> Response[str]:
    """One agency: its keys, what it may attest, what is in dispute."""
    return await _one(request, session, agency_id, settings, now, {}, {})


@post("/operations/agencies/{agency_id:uuid}/keys", status_code=HTTP_303_SEE_OTHER, **OPERATOR)
async def add_key(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    agency_id: UUID,
    settings: Settings,
    now: datetime,
) -> Response[Any]:
    """Register a public key of an agency."""
    form = await forms.read(request)
    typed = {name: form.get(name, "") for name in OF_KEY}
    try:
        first, last = _day(typed["first"], "first"), _day(typed["last"], "last")
        await agencies.add_key(session, actor, agency_id, pem=typed["pem"], first=first, last=last, now=now)
    except (KeyRefused, KeyTaken, KeyDatesRefused) as refused:
        errors = {refused.field or "pem": problem_of(refused).said(language_of(request))}
        return await _one(request, session, agency_id, settings, now, typed, errors)
    return Redirect(f"/operations/agencies/{agency_id}#keys", status_code=HTTP_303_SEE_OTHER)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as refused:
        raise KeyDatesRefused(field=field) from refused


@post(
    "/operations/agencies/{agency_id:uuid}/keys/{kid:str}/revoke", status_code=HTTP_303_SEE_OTHER, **OPERATOR
)
async def revoke_key(
    session: AsyncSession, actor: Actor, agency_id: UUID, kid: str, now: datetime
) -> Redirect:
    """Take nothing signed by the key from now on."""
    await agencies.revoke_key(session, actor, agency_id, kid, now)
    return Redirect(f"/operations/agencies/{agency_id}#keys", status_code=HTTP_303_SEE_OTHER)


async def _one(
    request: AnyRequest,
    session: AsyncSession,
    agency_id: UUID,
    settings: Settings,
    now: datetime,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response[str]:
    lang = language_of(request)
    found = await agencies.agency(session, agency_id)
    words = Vocabulary.shipped().facts
    return page(
        request,
        "operations/agency.html",
        status_code=422 if errors else HTTP_200_OK,
        agency=found,
        keys=await agencies.keys_of(session, agency_id),
        facts=[fact for fact in words.values() if fact.attested_by == found.kind],
        names={name: fact.label(lang) for name, fact in words.items()},
        disputes=await attesting.disputes_of_kind(session, found.kind),
        now=now,
        audience=settings.base_url,
        token_type=attesting.TYPE,
        values={name: typed.get(name, "") for name in OF_KEY},
        errors=errors,
        labels={name: translate(lang, f"agencies.{name}") for name in OF_KEY},
    )


router = Router("/", route_handlers=[listed, register, shown, add_key, revoke_key], include_in_schema=False)
