"""Registering an enterprise: every fault told at once, and the answers of a check come along into its facts.

Answers follow their owner by default; only where one of his enterprises holds all of them already is the new one
taken for another business, and the form starts with leaving them out.
"""

from collections.abc import Mapping
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
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.portal import amounts, checks
from marketplace.profiles import service as profiles
from marketplace.profiles.errors import ProfilesError
from marketplace.profiles.identity import IdentityKey
from marketplace.profiles.schemas import EnterpriseDraft
from marketplace.settings import Settings
from marketplace.web import forms
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)
KEEP, LEAVE = "keep", "leave"
LABELS: Mapping[str, str] = {
    "uscc": "register.uscc",
    "name": "register.name",
    "entity_type": "register.entity_type",
    "owner_name": "register.owner_name",
    "owner_id_number": "register.owner_id",
}
"""The form's fields in order, and the keys of their labels."""


@get("/account/enterprises/new", **OWNER)
async def register_form(request: AnyRequest, session: AsyncSession, actor: Actor) -> Response[str]:
    """The form; what the check was told about the enterprise is filled in."""
    answers = await answers_of(request, session)
    values = {
        "entity_type": str(answers.get("entity_type") or ""),
        "answers": await _first_choice(session, actor, answers),
    }
    return _form(request, values, {}, answers)


@post("/account/enterprises/new", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def register(
    request: AnyRequest, session: AsyncSession, actor: Actor, settings: Settings, now: datetime
) -> Response[Any]:
    """Register an enterprise, keep the check's answers with it, and go on to its facts."""
    form = await forms.read(request)
    answers = await answers_of(request, session)
    values = {name: form.get(name, "").strip() for name in LABELS}
    values["answers"] = form.get("answers") or await _first_choice(session, actor, answers)
    lang = language_of(request)
    draft = {name: values[name] for name in LABELS}
    if errors := faults(draft, lang, now):
        return _form(request, values, errors, answers, 422)
    key = IdentityKey.load_or_create(settings.keys)
    try:
        made = await profiles.register(
            session, actor, validated(EnterpriseDraft, {**draft}), key=key, now=now
        )
    except ProfilesError as refused:
        return _form(request, values, field_errors(refused, lang, "uscc"), answers, 422)
    where = f"/account/enterprises/{made.id}"
    if not answers or values["answers"] != KEEP:
        return Redirect(where, status_code=HTTP_303_SEE_OTHER)
    kept = {**answers.to_json(), "entity_type": made.entity_type}
    await profiles.save_facts(session, actor, made.id, kept, source="declared", now=now)
    await figures_follow(request, session, made.id, now)
    return Redirect(f"{where}?kept=1", status_code=HTTP_303_SEE_OTHER)


def faults(draft: Mapping[str, str], lang: str, now: datetime) -> dict[str, str]:
    """{field: words} of everything wrong with a draft, in the form's order: all of it, so that it is mended at once."""
    found = {name: translate(lang, "register.required") for name in LABELS if not draft[name]}
    try:
        validated(EnterpriseDraft, {**draft})
    except InvalidInput as refused:
        found = {**field_errors(refused, lang, "uscc"), **found}
    for fault in profiles.faults_in(draft, now.date()):
        found = {**field_errors(fault, lang, "uscc"), **found}
    return {name: found[name] for name in LABELS if name in found}


async def answers_of(request: AnyRequest, session: AsyncSession) -> Facts:
    """What this browser's check was answered."""
    return checks.facts_of(await checks.find(session, request.cookies.get(checks.COOKIE)))


async def figures_follow(
    request: AnyRequest, session: AsyncSession, enterprise_id: UUID, now: datetime
) -> None:
    """What was stated of single policies on this browser's result goes with its answers."""
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    if check is not None:
        await amounts.adopt(session, check.id, enterprise_id, now)


async def _first_choice(session: AsyncSession, actor: Actor, answers: Facts) -> str:
    for mine in await profiles.my_enterprises(session, actor):
        known = await profiles.facts_of(session, mine.id)
        if all(name in known and known[name] == answers[name] for name in answers):
            return LEAVE
    return KEEP


def _form(
    request: AnyRequest,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    answers: Facts,
    status: int = HTTP_200_OK,
) -> Response[str]:
    fact, lang = Vocabulary.shipped().facts["entity_type"], language_of(request)
    return page(
        request,
        "account/register.html",
        status_code=status,
        values=values,
        errors=errors,
        answers=len(answers),
        types=[(value, fact.choice_label(value, lang)) for value in fact.allowed],
        labels={name: translate(lang, key) for name, key in LABELS.items()},
    )


router = Router("/", route_handlers=[register_form, register], include_in_schema=False)
