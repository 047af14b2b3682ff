"""A policy from nothing: the editor without a stored version, saved as the draft of version 1.

Its own addresses stand before those of a policy, so nothing can be called "new".
"""

from datetime import date, datetime
from typing import Any

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from eligibility import RuleError
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.portal.codes import HOME_PROVINCE
from marketplace.web import forms
from marketplace.web.admin import ADMIN
from marketplace.web.admin_builder_bench import begun
from marketplace.web.admin_editor import NEW, Editing, draft_from, editor_page
from marketplace.web.admin_form import area_words
from marketplace.web.refusals import field_errors, validated
from policies import drafting
from policies.errors import PoliciesError, PolicyExists

AnyRequest = Request[Any, Any, Any]


@get(NEW, **ADMIN)
async def blank(request: AnyRequest, session: AsyncSession, actor: Actor, as_of: date) -> Response[str]:
    """An empty policy of the home province, issued today."""
    day = as_of.isoformat()
    values = {
        "level": "province",
        "region_code": area_words(HOME_PROVINCE, language_of(request)),
        "issued_on": day,
        "effective_from": day,
    }
    return await editor_page(request, session, actor, Editing(None, values, begun("")))


@post(NEW, status_code=HTTP_303_SEE_OTHER, **ADMIN)
async def begin(request: AnyRequest, session: AsyncSession, actor: Actor, now: datetime) -> Response[Any]:
    """Look again, or write the policy down; with errors everything typed comes back."""
    form, lang = await forms.read(request), language_of(request)
    editing = Editing.sent(None, form)
    if "save" not in form:
        return await editor_page(request, session, actor, editing)
    if unsaid := editing.unsaid(lang):
        return await editor_page(request, session, actor, editing.refused(unsaid), 422)
    try:
        named = validated(drafting.NewId, {"id": form.get("id", "").strip()})
        row = await drafting.begin(session, actor, named.id, draft_from(editing), now=now)
    except (InvalidInput, PoliciesError, RuleError) as refused:
        errors = field_errors(refused, lang, "rule")
        status = 409 if isinstance(refused, PolicyExists) else 422
        return await editor_page(request, session, actor, editing.refused(errors), status)
    return Redirect(f"/admin/policies/{row.policy_id}/versions/{row.version}", status_code=HTTP_303_SEE_OTHER)


router = Router("/", route_handlers=[blank, begin], include_in_schema=False)
