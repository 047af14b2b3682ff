"""The result: what applies and is worth, what answers would settle, what does not apply and why, what goes together.

Apart from the check, because an enterprise's stored facts are answered by the same page as a visitor's.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import audit
from auth.actor import Actor
from auth.guards import PUBLIC
from auth.roles import Role
from marketplace.language import language_of
from marketplace.portal import amounts, checks, shares
from marketplace.portal.amounts import Whose
from marketplace.profiles import service as profiles
from marketplace.settings import Settings
from marketplace.web import forms, result_amounts
from marketplace.web.facts_form import FactField
from marketplace.web.render import page
from marketplace.web.result_amounts import Typed
from marketplace.web.result_filters import SOON, Filters
from marketplace.web.result_unfolded import Unfolded
from marketplace.web.result_view import ResultView
from marketplace.web.result_whose import Subject, begun, subject_of, subject_of_form
from policies.advising import Advice
from policies.errors import PolicyNotFound
from policies.matching import Judged
from policies.tables import CATEGORIES, LEVELS

AnyRequest = Request[Any, Any, Any]


@get("/check/result", **PUBLIC)
async def result(
    request: AnyRequest,
    session: AsyncSession,
    as_of: date,
    now: datetime,
    maybe_actor: Actor | None,
    enterprise: UUID | None = None,
) -> Response[str]:
    """The result of the visitor's answers, or of an enterprise of the signed-in owner."""
    subject = await subject_of(request, session, maybe_actor, enterprise)
    return await _page(request, session, subject, maybe_actor, as_of, now)


@get("/check/result/policies/{policy_id:str}", **PUBLIC)
async def details(
    request: AnyRequest,
    session: AsyncSession,
    policy_id: str,
    as_of: date,
    maybe_actor: Actor | None,
    enterprise: UUID | None = None,
) -> Response[str]:
    """What an opened policy tells, to stand in its row."""
    subject = await subject_of(request, session, maybe_actor, enterprise)
    lang, advice = language_of(request), subject.advice(as_of)
    judged = next((one for one in advice.judged if one.policy.id == policy_id), None)
    if judged is None:
        raise PolicyNotFound
    return await asyncio.to_thread(
        page,
        request,
        "result/details.html",
        view=_view(subject, advice, lang, Filters()),
        judged=judged,
        subject=subject,
        fields=partial(_fields, subject, lang, None),
    )


@post("/check/result/amounts/{policy_id:str}", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def state(
    request: AnyRequest,
    session: AsyncSession,
    policy_id: str,
    as_of: date,
    now: datetime,
    maybe_actor: Actor | None,
) -> Response[Any]:
    """Keep a policy's own figures, so that its amount becomes exact; with errors, show them where they were typed."""
    form = await forms.read(request)
    subject = await subject_of_form(request, session, maybe_actor, form)
    record = subject.pack.by_id.get(policy_id)
    if record is None or not record.benefit.inputs:
        raise PolicyNotFound
    typed = result_amounts.read(form, policy_id, record.benefit, language_of(request))
    if typed.errors:
        return await _page(request, session, subject, maybe_actor, as_of, now, typed)
    token, whose = (None, subject.whose) if subject.whose else await begun(session, now)
    if whose is not None:
        await amounts.state(session, whose, policy_id, typed.figures, now)
        await _audit(session, maybe_actor, whose, typed, now)
    back = subject.address(open=policy_id)
    response = Redirect(f"{back}#p-{policy_id}", status_code=HTTP_303_SEE_OTHER)
    if token is not None:
        response.set_cookie(_check_cookie(request, token))
    return response


async def _audit(
    session: AsyncSession, actor: Actor | None, whose: Whose, typed: Typed, now: datetime
) -> None:
    """What was stated is named without its values; a visitor's check is nobody's and leaves no line."""
    if whose.enterprise_id is None:
        return
    await audit.record(
        session,
        actor,
        action="profiles.state_amount",
        subject=("enterprise", whose.enterprise_id),
        tenant=str(whose.enterprise_id),
        detail={"policy": typed.policy_id, "figures": sorted(typed.figures)},
        now=now,
    )


def _check_cookie(request: AnyRequest, token: str) -> Cookie:
    settings: Settings = request.app.state["settings"]
    return Cookie(
        key=checks.COOKIE,
        value=token,
        max_age=int(checks.KEPT.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings.secure,
    )


async def _page(
    request: AnyRequest,
    session: AsyncSession,
    subject: Subject,
    actor: Actor | None,
    day: date,
    now: datetime,
    typed: Typed | None = None,
) -> Response[str]:
    lang = language_of(request)
    advice = subject.advice(day)
    filters = Filters.of(request.query_params)
    mine: Sequence[Any] = ()
    if subject.enterprise is None and actor is not None and actor.role is Role.OWNER:
        mine = await profiles.my_enterprises(session, actor)
    shared = await shares.live(session, subject.whose, now) if subject.whose else ()
    return (
        await asyncio.to_thread(  # advice is worked out as the page is drawn; others are answered meanwhile
            page,
            request,
            "result/result.html",
            status_code=422 if typed else HTTP_200_OK,
            result=advice.result,
            view=_view(subject, advice, lang, filters),
            subject=subject,
            enterprise=subject.enterprise,
            enterprises=mine,
            facts_known=len(subject.facts),
            fields=partial(_fields, subject, lang, typed),
            errors=typed.errors if typed else {},
            labels=_labels(subject, typed, lang),
            unfolded=Unfolded.of(request.query_params, typed.policy_id if typed else None),
            here=partial(subject.address, **filters.asked),
            shared=shared,
            withdrawn="withdrawn" in request.query_params,
            categories=CATEGORIES,
            levels=LEVELS,
            soon=SOON,
            address=f"{request.app.state['settings'].base_url}{subject.address()}",
        )
    )


def _view(subject: Subject, advice: Advice, lang: str, filters: Filters) -> ResultView:
    return ResultView(lang, advice, subject.questions, filters, kept=subject.enterprise is not None)


def _fields(subject: Subject, lang: str, typed: Typed | None, judged: Judged) -> list[FactField]:
    own = subject.stated.get(judged.policy.id)
    return result_amounts.fields_of(judged.policy.id, judged.policy.benefit, own, lang, typed)


def _labels(subject: Subject, typed: Typed | None, lang: str) -> dict[str, str]:
    if typed is None:
        return {}
    facts = subject.pack.by_id[typed.policy_id].benefit.inputs
    return {f"{typed.policy_id}.{fact.name}": fact.label(lang) for fact in facts}


router = Router("/", route_handlers=[result, details, state], include_in_schema=False)
