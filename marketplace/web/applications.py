"""An application as its owner follows it: the timeline, the offer, withdrawing, the paper.

Beside loans.py, which ends where an application has been sent.
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
from eligibility import Facts, FactsError, Trace, Vocabulary, explain, parse
from loans import applications, cases, confirmations
from loans.api import pdf_response
from loans.lifecycle import Status
from loans.papers import strength_of
from loans.state import LoansState
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.web import forms, verdicts
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)


@get("/applications", **OWNER)
async def mine() -> Redirect:
    """The list stands on the owner's own page."""
    return Redirect("/account#applications", status_code=HTTP_303_SEE_OTHER)


@get("/applications/{application_id:uuid}", **OWNER)
async def one(
    request: AnyRequest, session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> Response[str]:
    """One case: where it stands, what comes next, the offer, the papers."""
    return await _case_page(request, session, actor, application_id, now)


async def _case_page(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    now: datetime,
    error: str | None = None,
    status: int = HTTP_200_OK,
) -> Response[str]:
    case = await cases.case(session, actor, application_id, now=now)
    lang = language_of(request)
    labels = {name: fact.label(lang) for name, fact in Vocabulary.shipped().facts.items()}
    return page(
        request,
        "applications/case.html",
        status_code=status,
        case=case,
        labels=labels,
        paper=strength_of(Status(case.status)),
        sent="sent" in request.query_params,
        error=error,
        line=verdicts.tree(case_trace(case.rule, case.facts, case.as_of), lang, kept=True),
    )


def case_trace(rule: str, facts: Mapping[str, Any], day: date) -> Trace:
    """The trace of a case's snapshot: the rule text, facts and day it was judged on."""
    vocabulary = Vocabulary.shipped()
    try:
        known = Facts.from_json(facts, vocabulary)
    except FactsError:  # a snapshot of an older vocabulary: shown as it stands, not refused
        known = Facts(facts)
    return explain(parse(rule, vocabulary), known.on(day, vocabulary))


@post("/applications/{application_id:uuid}/accept", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def accept(
    request: AnyRequest, session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> Response[Any]:
    """Accept the bank's offer; the box must be ticked."""
    form = await forms.read(request)
    if form.get("agree") != "yes":
        error = translate(language_of(request), "case.agree_needed")
        return await _case_page(request, session, actor, application_id, now, error, 422)
    await applications.accept(session, actor, application_id, now=now)
    return Redirect(f"/applications/{application_id}", status_code=HTTP_303_SEE_OTHER)


@get("/applications/{application_id:uuid}/withdraw", **OWNER)
async def withdraw_form(
    request: AnyRequest, session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> Response[str]:
    """Ask once more before withdrawing."""
    case = await cases.case(session, actor, application_id, now=now)
    return page(request, "applications/withdraw.html", case=case)


@post("/applications/{application_id:uuid}/withdraw", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def withdraw(session: AsyncSession, actor: Actor, application_id: UUID, now: datetime) -> Redirect:
    """Withdraw; the need stays, so another product can be applied for without retyping."""
    found = await applications.withdraw(session, actor, application_id, now=now)
    return Redirect(f"/applications/{found.id}", status_code=HTTP_303_SEE_OTHER)


@get("/applications/{application_id:uuid}/confirmation.pdf", **OWNER)
async def confirmation(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    lending: LoansState,
    now: datetime,
) -> Response[bytes]:
    """The newest paper of the case: the receipt, the approval, or the agreed terms."""
    lang = "en" if language_of(request) == "en" else "zh-CN"
    paper = await confirmations.confirmation(
        session, actor, application_id, press=lending.press, language=lang, now=now
    )
    return pdf_response(paper.pdf, paper.serial)


router = Router(
    "/", route_handlers=[mine, one, accept, withdraw_form, withdraw, confirmation], include_in_schema=False
)
