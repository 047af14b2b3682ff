"""How an owner wants to be told: e-mail, its rhythm and categories, no matching of his facts, webhooks.

What does not need a signature of his own, the links of e-mails, is in unsubscribe.py.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import members
from auth.actor import Actor
from auth.errors import MatterNotCovered
from auth.guards import access
from auth.roles import Role
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.notifications import preferences, webhooks
from marketplace.notifications.errors import NotificationsError
from marketplace.notifications.keys import NotificationKeys
from marketplace.notifications.tables import MODES, NotificationSettings
from marketplace.profiles import service as profiles
from marketplace.profiles.errors import EnterpriseNotFound
from marketplace.settings import Settings
from marketplace.web import forms
from marketplace.web.refusals import field_errors
from marketplace.web.render import page
from policies.tables import CATEGORIES

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)


@get("/inbox/settings", **OWNER)
async def show(request: AnyRequest, session: AsyncSession, actor: Actor) -> Response[str]:
    """What is set."""
    return await _page(request, session, actor, saved="saved" in request.query_params)


@post("/inbox/settings", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def save(
    request: AnyRequest, session: AsyncSession, actor: Actor, settings: Settings, now: datetime
) -> Response[Any]:
    """Keep what is wished; with errors everything typed comes back."""
    form, lang = await forms.read(request), language_of(request)
    wish = preferences.Wish(
        email=form.get("email", "")[:300],
        mode=form["mode"] if form.get("mode") in MODES else "none",
        muted=[name for name in CATEGORIES if f"tell_{name}" not in form],
        personalised=form.get("personalised") != "no",
        language=lang,
        wording=translate(lang, "preferences.consent"),
    )
    try:
        await preferences.save(session, actor, wish, mail_on=settings.smtp is not None, now=now)
    except NotificationsError as refused:
        return await _page(request, session, actor, form, field_errors(refused, lang, "email"))
    return Redirect("/inbox/settings?saved=1", status_code=HTTP_303_SEE_OTHER)


@post("/inbox/webhooks", status_code=HTTP_200_OK, **OWNER)
async def add_webhook(
    request: AnyRequest, session: AsyncSession, actor: Actor, settings: Settings, now: datetime
) -> Response[str]:
    """A webhook for an enterprise; its secret is on this page and on no other."""
    form, lang = await forms.read(request), language_of(request)
    try:
        endpoint = await webhooks.add(
            session, actor, _id(form.get("enterprise", "")), form.get("url", "")[:500], now
        )
    except (NotificationsError, EnterpriseNotFound, MatterNotCovered) as refused:
        field = "url" if isinstance(refused, NotificationsError) else "enterprise"
        return await _page(request, session, actor, form, field_errors(refused, lang, field))
    secret = NotificationKeys.load_or_create(settings.keys).webhook_secret(endpoint.id)
    return page(request, "inbox/secret.html", endpoint=endpoint, secret=secret)


@post("/inbox/webhooks/{endpoint_id:uuid}/remove", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def remove_webhook(session: AsyncSession, actor: Actor, endpoint_id: UUID, now: datetime) -> Redirect:
    """Nothing is sent there any more."""
    await webhooks.remove(session, actor, endpoint_id, now)
    return Redirect("/inbox/settings#webhooks", status_code=HTTP_303_SEE_OTHER)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise EnterpriseNotFound from error


async def _page(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    *,
    saved: bool = False,
) -> Response[str]:
    found = await preferences.settings_of(session, actor.user_id)
    enterprises = [
        one
        for one in await profiles.my_enterprises(session, actor)
        if await members.is_owner(session, actor, one.id)
    ]
    settings: Settings = request.app.state["settings"]
    endpoints = await webhooks.endpoints_of(session, [one.id for one in enterprises])
    lang = language_of(request)
    return page(
        request,
        "inbox/settings.html",
        status_code=422 if errors else HTTP_200_OK,
        values=_values(found, typed if typed and "url" not in typed else None),
        url=(typed or {}).get("url", ""),
        chosen=(typed or {}).get("enterprise", ""),
        kept=found,
        errors=errors or {},
        saved=saved,
        mail_on=settings.smtp is not None,
        categories=CATEGORIES,
        enterprises=enterprises,
        names={one.id: one.name for one in enterprises},
        endpoints=endpoints,
        labels={
            name: translate(lang, f"preferences.{name}") for name in ("email", "mode", "url", "enterprise")
        },
    )


def _values(found: NotificationSettings | None, typed: Mapping[str, str] | None) -> dict[str, Any]:
    """The form as it is filled in: as typed, as kept, or as nobody has touched it."""
    if typed is not None:
        return {
            "email": typed.get("email", ""),
            "mode": typed.get("mode", "none"),
            "told": {name for name in CATEGORIES if f"tell_{name}" in typed},
            "personalised": "no" if typed.get("personalised") == "no" else "yes",
        }
    if found is None:
        return {"email": "", "mode": "none", "told": set(CATEGORIES), "personalised": "yes"}
    return {
        "email": found.email or "",
        "mode": found.mode,
        "told": set(CATEGORIES) - set(found.muted),
        "personalised": "yes" if found.personalised else "no",
    }


router = Router("/", route_handlers=[show, save, add_webhook, remove_webhook], include_in_schema=False)
