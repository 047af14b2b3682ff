"""Signing in and out, the owner's own page, and the forms of his enterprises' facts.

Forms are plain posts that answer with a redirect; one with errors comes back with everything typed.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import consent, cookies, service
from auth.actor import Actor
from auth.errors import LoginFailed, TooManyAttempts
from auth.guards import PUBLIC, access, client_address
from auth.roles import Role
from eligibility import Vocabulary
from loans import cases
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.problems import problem_of
from marketplace.profiles import service as profiles
from marketplace.profiles.errors import FactAttested
from marketplace.web import facts_form, forms
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
HOME_OF = {
    Role.OWNER: "/account",
    Role.OFFICER: "/officer",
    Role.SENIOR_OFFICER: "/officer",
    Role.PRODUCT_MANAGER: "/bank/products",
    Role.POLICY_ADMIN: "/admin",
    Role.AUDITOR: "/audit",
    Role.OPERATOR: "/operations",
}
OWNER = access(Role.OWNER)
EVERYBODY = access(*Role)


@get("/login", **PUBLIC)
async def login_form(request: AnyRequest, maybe_actor: Actor | None) -> Response[Any]:
    """The sign-in form; who is signed in already goes on."""
    wanted = request.query_params.get("next")
    if maybe_actor is not None:
        return Redirect(cookies.safe_next(wanted, _home(maybe_actor)), status_code=HTTP_303_SEE_OTHER)
    return page(request, "account/login.html", username="", wanted=wanted or "", error=None)


@post("/login", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def login(request: AnyRequest, session: AsyncSession, now: datetime) -> Response[Any]:
    """Sign in: always a new session."""
    form = await forms.read(request)
    username, wanted = form.get("username", "")[:64], form.get("next", "")
    try:
        signed_in = await service.login(
            session, username, form.get("password", "")[:200], client_address(request), now
        )
    except (LoginFailed, TooManyAttempts) as refused:
        problem = problem_of(refused)
        return page(
            request,
            "account/login.html",
            status_code=problem.status,
            username=username,
            wanted=wanted,
            error=problem.said(language_of(request)),
        )
    cookies.set_session(request, signed_in)
    return Redirect(cookies.safe_next(wanted, _home(signed_in.actor)), status_code=HTTP_303_SEE_OTHER)


def _home(actor: Actor) -> str:
    return HOME_OF[actor.role]


@post("/logout", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def logout(
    request: AnyRequest, session: AsyncSession, maybe_actor: Actor | None, now: datetime
) -> Redirect:
    """End this session; harmless for whoever has none."""
    if maybe_actor is not None:
        await service.logout(session, maybe_actor, now)
    cookies.clear_session(request)
    return Redirect("/", status_code=HTTP_303_SEE_OTHER)


@get("/account", **EVERYBODY)
async def account(request: AnyRequest, session: AsyncSession, actor: Actor) -> Response[Any]:
    """The owner's own page: enterprises, applications, consents. Others are sent to their desk."""
    if actor.role is not Role.OWNER:
        return Redirect(HOME_OF[actor.role], status_code=HTTP_303_SEE_OTHER)
    enterprises = await profiles.my_enterprises(session, actor)
    known = {e.id: len((await profiles.profile_of(session, e.id)).facts) for e in enterprises}
    return page(
        request,
        "account/account.html",
        enterprises=enterprises,
        known=known,
        questions=len(Vocabulary.shipped().given),
        applications=await cases.summaries(session, actor),
        consents=await consent.given_by(session, actor),
        names={e.id: e.name for e in enterprises},
    )


@post("/account/consents/{consent_id:uuid}/revoke", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def revoke(session: AsyncSession, actor: Actor, consent_id: UUID, now: datetime) -> Redirect:
    """Take back a consent."""
    await consent.revoke(session, actor, consent_id, now=now)
    return Redirect("/account#consents", status_code=HTTP_303_SEE_OTHER)


@get("/account/enterprises/{enterprise_id:uuid}/facts/{group:str}", **OWNER)
async def facts_page(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, group: str
) -> Response[str]:
    """The questions of one group for an enterprise."""
    return await _facts(request, session, actor, enterprise_id, group)


@post("/account/enterprises/{enterprise_id:uuid}/facts/{group:str}", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def keep_facts(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    group: str,
    now: datetime,
) -> Response[Any]:
    """Keep the answers of a group as declared facts."""
    await profiles.enterprise_of(session, actor, enterprise_id)
    form = await forms.read(request)
    answers = facts_form.read_form(form, _group_facts(group), language_of(request))
    if answers.errors:
        return await _facts(request, session, actor, enterprise_id, group, typed=form, answers=answers)
    try:
        await profiles.save_facts(
            session, actor, enterprise_id, answers.changes, source="declared", now=now, forget=answers.forget
        )
    except FactAttested as refused:
        stands = translate(language_of(request), "facts.attested")
        answers = replace(answers, errors=dict.fromkeys(map(facts_form.field_of, refused.names), stands))
        return await _facts(request, session, actor, enterprise_id, group, typed=form, answers=answers)
    return Redirect(f"/account/enterprises/{enterprise_id}#{group}", status_code=HTTP_303_SEE_OTHER)


def _group_facts(group: str) -> tuple[Any, ...]:
    facts = Vocabulary.shipped().in_group(group)
    if not facts:
        raise NotFoundException
    return facts


async def _facts(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    group: str,
    typed: Mapping[str, str] | None = None,
    answers: facts_form.FormAnswers | None = None,
) -> Response[str]:
    found = await profiles.enterprise_of(session, actor, enterprise_id)
    facts = await profiles.facts_of(session, enterprise_id)
    lang = language_of(request)
    fields = facts_form.fields_for(_group_facts(group), facts.to_json(), lang, typed=typed, answers=answers)
    label = next(g.label(lang) for g in Vocabulary.shipped().groups if g.name == group)
    return page(
        request,
        "account/facts.html",
        status_code=422 if answers else HTTP_200_OK,
        enterprise=found,
        fields=fields,
        group=group,
        label=label,
        errors={field.name: field.error for field in fields if field.error},
        labels={field.name: field.label for field in fields},
    )


router = Router(
    "/",
    route_handlers=[
        *(login_form, login, logout, account, revoke),
        *(facts_page, keep_facts),
    ],
    include_in_schema=False,
)
