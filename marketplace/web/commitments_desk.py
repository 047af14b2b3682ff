"""Where commitments are verified at the policy desk: the queue, a case with its finding, the answer to an objection.

Policy admins find and answer, each about others alone; auditors read along (docs/decisions/0016).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.problems import problem_of
from marketplace.profiles import commitments, queries, verifying
from marketplace.profiles.commitment_steps import EXCLUDED_FOR
from marketplace.profiles.errors import CommitmentRefused, CommitmentSettled, OwnCommitment
from marketplace.profiles.verifying import Case
from marketplace.web import commitment_view, forms
from marketplace.web.format import HERE
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
VERIFIER = access(Role.POLICY_ADMIN)
READER = access(Role.POLICY_ADMIN, Role.AUDITOR)
HOME = "/admin/commitments"
Refusal = CommitmentRefused | CommitmentSettled | OwnCommitment


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the queue. left: days until its last one."""

    case: Case
    facts: Sequence[str]
    left: int


@get(HOME, **READER)
async def queue(request: AnyRequest, session: AsyncSession, now: datetime) -> Response[str]:
    """What waits, the first to run out on top; then objections."""
    today = now.astimezone(HERE).date()
    waiting, objections = await verifying.to_verify(session, today), await verifying.to_answer(session)
    facts = await commitments.facts_by_commitment(
        session, [case.commitment.id for case in (*waiting, *objections)]
    )
    lang = language_of(request)

    def row(case: Case) -> Row:
        names = [commitment_view.label_of(fact.name, lang) for fact in facts[case.commitment.id]]
        return Row(case, names, (case.commitment.verify_by - today).days)

    return page(
        request,
        "admin/commitments.html",
        waiting=[row(case) for case in waiting],
        objections=[row(case) for case in objections],
    )


@get(f"{HOME}/{{commitment_id:uuid}}", **READER)
async def one(
    request: AnyRequest, session: AsyncSession, actor: Actor, commitment_id: UUID, as_of: date
) -> Response[str]:
    """One case."""
    return await _one(request, session, actor, commitment_id, as_of)


async def _one(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    commitment_id: UUID,
    as_of: date,
    *,
    typed: Mapping[str, str] | None = None,
    refused: Refusal | None = None,
) -> Response[str]:
    found = await verifying.commitment_of(session, commitment_id)
    lang = language_of(request)
    field = refused.field if isinstance(refused, CommitmentRefused) else None
    errors = {field: translate(lang, f"commitment.refused.{field}")} if field else {}
    form = typed or {}
    return page(
        request,
        "admin/commitment.html",
        status_code=422 if errors else problem_of(refused).status if refused else HTTP_200_OK,
        enterprise=await queries.enterprise_by_id(session, found.enterprise_id),
        shown=await commitment_view.shown(session, found, as_of, lang),
        is_verifier=actor.role is Role.POLICY_ADMIN,
        found_it=found.ended_by == actor.user_id,
        typed=form,
        ticked={name.removeprefix("untrue.") for name in form if name.startswith("untrue.")},
        errors=errors,
        told=problem_of(refused).said(lang) if refused and not errors else None,
        excluded_days=EXCLUDED_FOR.days,
    )


@post(f"{HOME}/{{commitment_id:uuid}}/verify", status_code=HTTP_303_SEE_OTHER, **VERIFIER)
async def verify(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    commitment_id: UUID,
    as_of: date,
    now: datetime,
) -> Response[Any]:
    """Record a finding."""
    form = await forms.read(request)
    untrue = [name.removeprefix("untrue.") for name in form if name.startswith("untrue.")]
    outcome = form.get("outcome")
    try:
        if outcome not in ("confirmed", "refuted"):
            raise CommitmentRefused(field="outcome")
        await verifying.verify(
            session,
            actor,
            commitment_id,
            untrue=None if outcome == "confirmed" else untrue,
            ground=form.get("ground", ""),
            now=now,
        )
    except (CommitmentRefused, CommitmentSettled, OwnCommitment) as refused:
        return await _one(request, session, actor, commitment_id, as_of, typed=form, refused=refused)
    return Redirect(HOME, status_code=HTTP_303_SEE_OTHER)


@post(f"{HOME}/{{commitment_id:uuid}}/answer", status_code=HTTP_303_SEE_OTHER, **VERIFIER)
async def answer(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    commitment_id: UUID,
    as_of: date,
    now: datetime,
) -> Response[Any]:
    """Answer an objection."""
    form = await forms.read(request)
    conclusion = form.get("outcome")
    try:
        if conclusion not in ("lifted", "upheld"):
            raise CommitmentRefused(field="outcome")
        await verifying.answer(
            session,
            actor,
            commitment_id,
            lifted=conclusion == "lifted",
            text=form.get("answer", ""),
            now=now,
        )
    except (CommitmentRefused, CommitmentSettled, OwnCommitment) as refused:
        return await _one(request, session, actor, commitment_id, as_of, typed=form, refused=refused)
    return Redirect(HOME, status_code=HTTP_303_SEE_OTHER)


router = Router("/", route_handlers=[queue, one, verify, answer], include_in_schema=False)
