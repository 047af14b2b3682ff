"""The page of a version's simulation: the button, how far it is, who gains and loses, and the reason where many lose.

Works without script: the button is a form, and while enterprises are counted a link looks again.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.simulating import service as simulating
from marketplace.web import forms
from marketplace.web.admin import ADMIN, READERS
from marketplace.web.admin_simulation import seen, settings_of
from marketplace.web.admin_version import version_number
from marketplace.web.policy_words import PolicyWords
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page
from policies import queries, simulations
from policies.errors import PoliciesError, PolicyNotFound
from policies.schemas import SimulationReasonGiven, VersionRead

AnyRequest = Request[Any, Any, Any]
ADDRESS = "/admin/policies/{policy_id:str}/versions/{number:str}/simulation"


@get(ADDRESS, **READERS)
async def simulation(
    request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str, number: str
) -> Response[str]:
    """A version's newest simulation, or what there is to do to have one."""
    return await _page(request, session, actor, policy_id, version_number(number))


async def _page(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: int,
    errors: dict[str, str] | None = None,
    reason: str | None = None,
    status: int = HTTP_200_OK,
) -> Response[str]:
    row = await queries.version(session, policy_id, number)
    if row is None:
        raise PolicyNotFound
    found = await seen(request, session, actor, row)
    chosen = request.query_params.get("day", "")
    shown = next((one for one in found.days if one.day.isoformat() == chosen), None)
    return page(
        request,
        "admin/simulation.html",
        status_code=status,
        version=VersionRead.model_validate(row),
        words=PolicyWords(language_of(request), settings_of(request).as_of),
        seen=found,
        shown=shown or (found.days[0] if found.days else None),
        errors=errors or {},
        reason=found.reason if reason is None else reason,
    )


@post(ADDRESS, status_code=HTTP_303_SEE_OTHER, **ADMIN)
async def act(
    request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str, number: str, now: datetime
) -> Response[Any]:
    """Simulate a version as it is now, or say why it takes rights away."""
    form, nth = await forms.read(request), version_number(number)
    settings = settings_of(request)
    try:
        if "reason" in form:
            written = {"reason": form["reason"], "simulation_id": id_of(form.get("simulation_id", ""))}
            given = validated(SimulationReasonGiven, written)
            await simulations.explain(session, actor, policy_id, nth, given, now=now)
        else:
            day, limit = settings.as_of, settings.loss_limit
            await simulating.ask(session, actor, policy_id, nth, day=day, limit=limit, now=now)
    except PolicyNotFound:
        raise
    except (InvalidInput, PoliciesError) as refused:
        errors = field_errors(refused, language_of(request), "simulation")
        status = 422 if isinstance(refused, InvalidInput) else 409
        return await _page(request, session, actor, policy_id, nth, errors, form.get("reason"), status)
    return Redirect(f"/admin/policies/{policy_id}/versions/{nth}/simulation", status_code=HTTP_303_SEE_OTHER)


def id_of(text: str) -> UUID:
    """The id a form names; for what is none, one that no simulation has."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


router = Router("/", route_handlers=[simulation, act], include_in_schema=False)
