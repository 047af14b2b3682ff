"""The officers' desk: the bank's own queue and decided cases, one case on one page, a decision with its reasons.

Every action is a plain form; a refusal comes back on the case's page with everything typed kept.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.guards import access
from auth.roles import Role
from eligibility import Facts, FactsError, Vocabulary
from eligibility.sentence import trimmed
from loans import cases, decisions, products
from loans import officer as desk
from loans.deadlines import Standing
from loans.errors import LoansError, QueueEmpty, TermsOutside
from loans.schemas import ApplicationRead, DecisionInput, DecisionRead, EventRead, ReasonCode
from loans.tables import Application
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.problems import problem_of
from marketplace.web import forms, verdicts
from marketplace.web.applications import case_trace
from marketplace.web.loans import used_by
from marketplace.web.numbers import number_of
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
BANK = access(Role.OFFICER, Role.SENIOR_OFFICER)
READERS = access(Role.OFFICER, Role.SENIOR_OFFICER, Role.AUDITOR)
REASONS: tuple[str, ...] = get_args(ReasonCode)
SIZE = 20
LONGEST_SEARCH = 100
DECIDING = frozenset({"approve", "propose", "confirm", "decline"})
"""Events that a decision belongs to."""
NEEDED = "needed"
BANK_GROUP = "bank_product"
DESK_LABELS = {
    NEEDED: "desk.group.needed",
    "identity": "desk.group.identity",
    "finance": "desk.group.finance",
}
"""Groups of facts that the desk calls otherwise than the owner, to whom the vocabulary speaks."""
TERMS = ("amount_yuan", "annual_rate_pct", "term_months")


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact of the snapshot: where from and since when."""

    label: str
    value: str
    source: str | None
    since: datetime | None


@get("/officer", **BANK)
async def queue(request: AnyRequest, session: AsyncSession, actor: Actor, now: datetime) -> Response[str]:
    """The bank's waiting cases, worst deadline first; the decided ones; or those a search finds."""
    asked = request.query_params
    search = forms.storable(asked.get("q", "").strip()[:LONGEST_SEARCH])
    show = asked.get("show", "all")
    only = asked.get("only")
    number = asked.get("page", "1")
    found = await desk.queue(
        session,
        actor,
        now=now,
        show=show if show in desk.FILTERS else "all",
        only=Standing(only) if only in [each.value for each in Standing] else None,
        search=search,
        page=min(max(int(number), 1), desk.LAST_PAGE) if number.isdecimal() and len(number) < 6 else 1,
        size=SIZE,
    )
    current = await products.current_products(session)
    bank = next((p for p in current if p.bank_id == actor.bank_id), None)
    return page(
        request,
        "officer/queue.html",
        queue=found,
        show=show if show in desk.FILTERS else "all",
        only=only,
        search=search,
        filters=desk.FILTERS,
        pages=-(-found.total // SIZE) or 1,
        bank=bank,
        empty="empty" in asked,
    )


@post("/officer/next", status_code=HTTP_303_SEE_OTHER, **BANK)
async def take_next(session: AsyncSession, actor: Actor, now: datetime) -> Redirect:
    """Take the most urgent case nobody has."""
    try:
        found = await desk.claim_next(session, actor, now=now)
    except QueueEmpty:
        return Redirect("/officer?empty=1", status_code=HTTP_303_SEE_OTHER)
    return Redirect(f"/officer/cases/{found.id}", status_code=HTTP_303_SEE_OTHER)


@get("/officer/cases/{application_id:uuid}", **READERS)
async def case(
    request: AnyRequest, session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> Response[str]:
    """Everything about a case on one page."""
    return await _case_page(request, session, actor, application_id, now)


async def _case_page(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    now: datetime,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Response[str]:
    found = await cases.case(session, actor, application_id, now=now)
    lang = language_of(request)
    first = found.decisions[0] if found.decisions else None
    current = {
        "amount_yuan": trimmed((first and first.amount_yuan) or found.amount_yuan),
        "annual_rate_pct": trimmed((first and first.annual_rate_pct) or found.quote.annual_rate_pct),
        "term_months": str((first and first.term_months) or found.term_months),
        **(values or {}),
    }
    return page(
        request,
        "officer/case.html",
        status_code=status,
        case=found,
        history=_history(found),
        groups=_facts(found, lang),
        line=verdicts.tree(case_trace(found.rule, found.facts, found.as_of), lang, desk=True),
        reasons=REASONS,
        values=current,
        errors=errors or {},
    )


def _history(found: ApplicationRead) -> list[tuple[EventRead, DecisionRead | None]]:
    """The timeline, each deciding event with what was decided then: decisions come in the order of their events."""
    decided = iter(found.decisions)
    return [(event, next(decided, None) if event.kind in DECIDING else None) for event in found.events]


def _facts(found: ApplicationRead, lang: str) -> list[tuple[str, list[FactRow]]]:
    """The snapshot in groups, in words, with sources; first what the product looks at."""
    vocabulary = Vocabulary.shipped()
    try:
        facts = Facts.from_json(found.facts, vocabulary)
    except FactsError:  # a snapshot of an older vocabulary is shown as it stands
        facts = Facts(found.facts)
    asked = used_by(found.product)
    grouped: dict[str, list[FactRow]] = {NEEDED: []}
    for fact in vocabulary.given:
        if fact.name not in facts:
            continue
        origin = found.provenance.get(fact.name)
        row = FactRow(
            fact.label(lang),
            verdicts.fact_words(fact, facts[fact.name], lang),
            origin.source if origin else None,
            origin.updated_at if origin else None,
        )
        needed = fact.name in asked or fact.group == BANK_GROUP
        grouped.setdefault(NEEDED if needed else fact.group, []).append(row)
    labels = {group.name: group.label(lang) for group in vocabulary.groups}
    own = {name: translate(lang, key) for name, key in DESK_LABELS.items()}
    return [({**labels, **own}[name], rows) for name, rows in grouped.items() if rows]


Step = Callable[..., Awaitable[Application]]


async def _step(
    request: AnyRequest, session: AsyncSession, actor: Actor, application_id: UUID, now: datetime, step: Step
) -> Response[Any]:
    try:
        await step(session, actor, application_id, now=now)
    except LoansError as refused:
        errors = field_errors(refused, language_of(request), "case")
        return await _case_page(request, session, actor, application_id, now, errors=errors, status=409)
    return Redirect(f"/officer/cases/{application_id}", status_code=HTTP_303_SEE_OTHER)


@post("/officer/cases/{application_id:uuid}/claim", status_code=HTTP_303_SEE_OTHER, **BANK)
async def claim(
    request: AnyRequest, session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> Response[Any]:
    """Take this case."""
    return await _step(request, session, actor, application_id, now, desk.claim)


@post("/officer/cases/{application_id:uuid}/release", status_code=HTTP_303_SEE_OTHER, **BANK)
async def release(
    request: AnyRequest, session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> Response[Any]:
    """Put it back."""
    return await _step(request, session, actor, application_id, now, desk.release)


@post("/officer/cases/{application_id:uuid}/disburse", status_code=HTTP_303_SEE_OTHER, **BANK)
async def disburse(
    request: AnyRequest, session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> Response[Any]:
    """Record the pay-out, once."""
    try:
        await decisions.disburse(session, actor, application_id, now=now)
    except LoansError as refused:
        errors = field_errors(refused, language_of(request), "case")
        return await _case_page(request, session, actor, application_id, now, errors=errors, status=409)
    return Redirect(f"/officer/cases/{application_id}", status_code=HTTP_303_SEE_OTHER)


@post("/officer/cases/{application_id:uuid}/decide", status_code=HTTP_303_SEE_OTHER, **BANK)
async def decide(
    request: AnyRequest, session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> Response[Any]:
    """Approve with terms, or decline with reasons."""
    form = await forms.read(request)
    typed = _decision(form)
    try:
        asked = validated(DecisionInput, typed)
        await decisions.decide(session, actor, application_id, asked, now=now, seen=form.get("seen"))
    except (InvalidInput, LoansError) as refused:
        case = await cases.case(session, actor, application_id, now=now)
        errors = _faults(refused, case, typed, language_of(request))
        status = problem_of(refused).status
        return await _case_page(request, session, actor, application_id, now, form, errors, status)
    return Redirect(f"/officer/cases/{application_id}", status_code=HTTP_303_SEE_OTHER)


def _faults(
    refused: InvalidInput | LoansError, case: ApplicationRead, typed: Mapping[str, object], lang: str
) -> dict[str, str]:
    """Everything wrong with a decision at once: what cannot be read, and what can and lies outside the limits."""
    errors = field_errors(refused, lang, "case")
    readable = {
        name: Decimal(value)
        for name in TERMS
        if name not in errors and isinstance(value := typed.get(name), int | Decimal)
    }
    if not isinstance(refused, InvalidInput | TermsOutside):
        return errors
    for each in decisions.outside(case.product, case.amount_yuan, readable):
        errors |= field_errors(each, lang, "case")
    return {name: errors[name] for name in sorted(errors, key=_place)}


def _place(name: str) -> int:
    """Where a field stands in the form."""
    return TERMS.index(name) if name in TERMS else len(TERMS)


def _decision(form: Mapping[str, str]) -> dict[str, object]:
    note = form.get("note", "").strip() or None
    if form.get("kind") == "decline":
        chosen = [code for code in REASONS if f"reason.{code}" in form]
        words = form.get("reason_note", "").strip() or None
        fact = form.get("reason_fact", "").strip() or None
        reasons = [{"code": code, "fact": fact, "note": words} for code in chosen]
        return {"kind": "decline", "reasons": reasons, "note": note}
    found: dict[str, object] = {"kind": "approve", "note": note}
    for name in ("amount_yuan", "annual_rate_pct", "term_months"):
        text = form.get(name, "").strip()
        try:
            number = number_of(text)
            found[name] = int(number) if number == number.to_integral_value() else number
        except ValueError:
            found[name] = text
    return found


router = Router(
    "/",
    route_handlers=[queue, take_next, case, claim, release, disburse, decide],
    include_in_schema=False,
)
