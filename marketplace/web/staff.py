"""Where an operator says whose account is whose: by the staff number, so that two accounts of one person count as one.

Whoever operates the service decides nothing himself, and each statement is in the audit log.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import persons
from auth.actor import Actor
from auth.errors import StaffNumberRefused
from auth.guards import access
from auth.roles import Role
from marketplace.language import language_of
from marketplace.problems import problem_of
from marketplace.web import forms
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
OPERATOR = access(Role.OPERATOR)


@get("/operations/staff", **OPERATOR)
async def listed(request: AnyRequest, session: AsyncSession) -> Response[str]:
    """Every account that needs a staff number."""
    return await _list(request, session, {}, {})


@post("/operations/staff/{user_id:uuid}", status_code=HTTP_303_SEE_OTHER, **OPERATOR)
async def state(
    request: AnyRequest, session: AsyncSession, actor: Actor, user_id: UUID, now: datetime
) -> Response[Any]:
    """Say whose account one is."""
    typed = (await forms.read(request)).get("staff_number", "").strip()
    try:
        await persons.belongs_to(session, actor, user_id, typed, now=now)
    except StaffNumberRefused as refused:
        field = f"staff-{user_id}"
        error = problem_of(refused).said(language_of(request))
        return await _list(request, session, {field: typed}, {field: error})
    return Redirect("/operations/staff", status_code=HTTP_303_SEE_OTHER)


async def _list(
    request: AnyRequest, session: AsyncSession, typed: Mapping[str, str], errors: Mapping[str, str]
) -> Response[str]:
    rows = await persons.staff(session)
    keys = [row.person_key for row in rows if row.person_key]
    shared = {key for key in keys if keys.count(key) > 1}
    status = 422 if errors else HTTP_200_OK
    template = "operations/staff.html"
    return page(request, template, status_code=status, rows=rows, shared=shared, typed=typed, errors=errors)


router = Router("/", route_handlers=[listed, state], include_in_schema=False)
