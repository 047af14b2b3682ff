"""Who acts for an enterprise: the owner's page of people and invitations, and the page where a code is taken up.

A code is shown once, on the page that made it; whoever takes it up sees first for whom and for what.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import members
from auth.actor import Actor
from auth.guards import access
from auth.roles import Matter, Part, Role
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.problems import problem_of
from marketplace.profiles import people
from marketplace.profiles import service as profiles
from marketplace.profiles.errors import InvitationNotFound, InvitationRefused, LastOwner
from marketplace.settings import Settings
from marketplace.web import forms
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)
TYPED = ("invited", "part", "last")


@get("/account/enterprises/{enterprise_id:uuid}/people", **OWNER)
async def show(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, now: datetime
) -> Response[str]:
    """Who acts for the enterprise."""
    return await _page(request, session, actor, enterprise_id, now)


@post("/account/enterprises/{enterprise_id:uuid}/people/invite", status_code=HTTP_200_OK, **OWNER)
async def invite(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    settings: Settings,
    now: datetime,
) -> Response[str]:
    """Make a code; it is on this page and on no other."""
    form = await forms.read(request)
    matters = tuple(matter.value for matter in Matter if f"matter_{matter.value}" in form)
    try:
        offer = people.Offer(
            form.get("invited", ""), form.get("part", ""), matters, _day(form.get("last", ""))
        )
        code = await people.invite(session, actor, enterprise_id, offer, now)
    except InvitationRefused as refused:
        field = refused.field or "invited"
        errors = {field: translate(language_of(request), f"people.refused.{field}")}
        return await _page(request, session, actor, enterprise_id, now, typed=form, errors=errors)
    enterprise = await profiles.enterprise_of(session, actor, enterprise_id)
    link = f"{settings.base_url}/account/invitation?code={code}"
    return page(
        request,
        "account/invited.html",
        headers={"cache-control": "no-store"},
        enterprise=enterprise,
        invited=offer.invited.strip(),
        code=code,
        link=link,
        until=now + people.LASTS,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as refused:
        raise InvitationRefused(field="last") from refused


@post(
    "/account/enterprises/{enterprise_id:uuid}/people/invitations/{invitation_id:uuid}/withdraw",
    status_code=HTTP_303_SEE_OTHER,
    **OWNER,
)
async def withdraw(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, invitation_id: UUID, now: datetime
) -> Redirect:
    """The code opens nothing any more."""
    await people.withdraw(session, actor, enterprise_id, invitation_id, now)
    return Redirect(f"/account/enterprises/{enterprise_id}/people", status_code=HTTP_303_SEE_OTHER)


@post(
    "/account/enterprises/{enterprise_id:uuid}/people/{user_id:uuid}/change",
    status_code=HTTP_303_SEE_OTHER,
    **OWNER,
)
async def change(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    user_id: UUID,
    now: datetime,
) -> Response[Any]:
    """Give somebody another part."""
    form = await forms.read(request)
    try:
        await people.change(session, actor, enterprise_id, user_id, form.get("part", ""), now)
    except LastOwner as refused:
        return await _page(request, session, actor, enterprise_id, now, refused=refused)
    return Redirect(f"/account/enterprises/{enterprise_id}/people", status_code=HTTP_303_SEE_OTHER)


@post(
    "/account/enterprises/{enterprise_id:uuid}/people/{user_id:uuid}/remove",
    status_code=HTTP_303_SEE_OTHER,
    **OWNER,
)
async def remove(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    user_id: UUID,
    now: datetime,
) -> Response[Any]:
    """End somebody's access, or one's own."""
    try:
        await people.remove(session, actor, enterprise_id, user_id, now)
    except LastOwner as refused:
        return await _page(request, session, actor, enterprise_id, now, refused=refused)
    after = "/account" if user_id == actor.user_id else f"/account/enterprises/{enterprise_id}/people"
    return Redirect(after, status_code=HTTP_303_SEE_OTHER)


@get("/account/invitation", **OWNER)
async def offered(request: AnyRequest, session: AsyncSession, now: datetime) -> Response[str]:
    """What a code offers; without one, where it is typed."""
    return await _offer(request, session, request.query_params.get("code", "")[:80], now)


@post("/account/invitation", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def accept(request: AnyRequest, session: AsyncSession, actor: Actor, now: datetime) -> Response[Any]:
    """Take up an invitation."""
    code = (await forms.read(request)).get("code", "")[:80]
    try:
        enterprise_id = await people.accept(session, actor, code, now)
    except InvitationNotFound:
        return await _offer(request, session, code, now)
    return Redirect(f"/account/enterprises/{enterprise_id}", status_code=HTTP_303_SEE_OTHER)


async def _offer(request: AnyRequest, session: AsyncSession, code: str, now: datetime) -> Response[str]:
    invitation = enterprise = inviter = None
    errors: Mapping[str, str] = {}
    if code.strip():
        try:
            invitation, enterprise, inviter = await people.invitation_of(session, code, now)
        except InvitationNotFound as refused:
            errors = {"code": problem_of(refused).said(language_of(request))}
    return page(
        request,
        "account/invitation.html",
        status_code=404 if errors else HTTP_200_OK,
        headers={"cache-control": "no-store", "referrer-policy": "no-referrer"},
        code=code,
        invitation=invitation,
        enterprise=enterprise,
        inviter=inviter,
        errors=errors,
    )


async def _page(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    now: datetime,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    refused: LastOwner | None = None,
) -> Response[str]:
    enterprise = await profiles.enterprise_of(session, actor, enterprise_id)
    own = await members.membership_of(session, actor.user_id, enterprise_id)
    lang = language_of(request)
    form = typed or {}
    return page(
        request,
        "account/people.html",
        status_code=422 if errors else 409 if refused else HTTP_200_OK,
        enterprise=enterprise,
        people=await people.listed(session, enterprise_id),
        invitations=await people.invitations(session, enterprise_id, now),
        is_owner=own is not None and own.role == Part.OWNER,
        parts=[(part.value, translate(lang, f"part.{part.value}")) for part in Part],
        hints={part.value: translate(lang, f"part.{part.value}.may") for part in Part},
        matters=[matter.value for matter in Matter],
        values={name: form.get(name, "") for name in TYPED},
        ticked=[matter.value for matter in Matter if f"matter_{matter.value}" in form],
        errors=errors or {},
        told=problem_of(refused).said(lang) if refused else None,
        labels={name: translate(lang, f"people.{name}") for name in (*TYPED, "matters")},
        now=now,
    )


router = Router(
    "/",
    route_handlers=[show, invite, withdraw, change, remove, offered, accept],
    include_in_schema=False,
)
