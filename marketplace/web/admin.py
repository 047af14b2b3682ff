"""The policy admins' desk: write a rule in three views with its complaints beside it, try it, save it.

Checking, building and trying work as form posts without script; with script the views follow the typing.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import audit
from auth.actor import Actor
from auth.guards import access
from auth.roles import Role
from eligibility import RuleError, Verdict, Vocabulary, evaluate, explain, parse
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.profiles import queries as profile_queries
from marketplace.profiles import service as profiles
from marketplace.profiles.tables import Enterprise
from marketplace.web import forms, rule_swaps, verdicts
from marketplace.web.admin_editor import Editing, conflict, decided, draft_from, editor_page
from marketplace.web.admin_form import inputs_of
from marketplace.web.refusals import field_errors, validated
from policies import drafting, queries
from policies.errors import ChangedMeanwhile, PoliciesError, PolicyNotFound
from policies.schemas import Trial, VersionRead

AnyRequest = Request[Any, Any, Any]
ADMIN = access(Role.POLICY_ADMIN)
READERS = access(Role.POLICY_ADMIN, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule tried on a stored enterprise."""

    enterprise: str
    day: date
    verdict: Verdict
    missing: list[str]
    line: verdicts.Line


@get("/admin/policies/{policy_id:str}", **READERS)
async def editor(request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str) -> Response[str]:
    """The open version of a policy, or the one in force to start from."""
    version = await _base(session, policy_id)
    return await editor_page(request, session, actor, Editing.stored(version, language_of(request)))


async def _base(session: AsyncSession, policy_id: str) -> VersionRead:
    """What an edit starts from. Raises PolicyNotFound."""
    found = await queries.to_edit(session, policy_id)
    if found is None:
        raise PolicyNotFound
    return VersionRead.model_validate(found)


@post("/admin/policies/{policy_id:str}/check", status_code=HTTP_200_OK, **ADMIN)
async def check(request: AnyRequest, policy_id: str) -> Response[str]:
    """The complaints, the sentence and the rows for the text as it is typed."""
    return await rule_swaps.typed(request, f"/admin/policies/{policy_id}")


@post("/admin/policies/{policy_id:str}/builder", status_code=HTTP_200_OK, **ADMIN)
async def build(request: AnyRequest, policy_id: str) -> Response[str]:
    """The rows after one of their buttons or fields, with the text and the sentence."""
    return await rule_swaps.built(request, f"/admin/policies/{policy_id}")


@post("/admin/policies/{policy_id:str}/amount", status_code=HTTP_200_OK, **ADMIN)
async def amount(request: AnyRequest, policy_id: str) -> Response[str]:
    """What the benefit formula says as it is typed."""
    own = inputs_of(await forms.read(request))
    return await rule_swaps.formula(request, f"/admin/policies/{policy_id}", "amount", own)


@post("/admin/policies/{policy_id:str}", status_code=HTTP_303_SEE_OTHER, **ADMIN)
async def keep(
    request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str, now: datetime, as_of: date
) -> Response[Any]:
    """Look again, try or save what is typed; with errors everything typed comes back."""
    form, lang = await forms.read(request), language_of(request)
    editing = Editing.sent(await _base(session, policy_id), form)
    if "try" in form:
        trial, errors = await _try(session, actor, policy_id, editing, lang, now, as_of)
        status = 404 if "enterprise" in errors else 422 if errors else HTTP_200_OK
        return await editor_page(request, session, actor, editing.refused(errors), status, trial)
    if "save" not in form:
        return await editor_page(request, session, actor, editing)
    if unsaid := editing.unsaid(lang):
        return await editor_page(request, session, actor, editing.refused(unsaid), 422)
    try:
        if met := conflict(editing, lang):
            return await editor_page(request, session, actor, met, 409)
        editing = decided(editing, lang)
        row = await drafting.save(
            session, actor, policy_id, draft_from(editing), seen_sha256=form.get("seen_sha256", ""), now=now
        )
    except ChangedMeanwhile as refused:  # in this very instant: what is stored now is read afresh
        session.expire_all()
        newer = Editing.sent(await _base(session, policy_id), form)
        met = conflict(newer, lang) or newer.refused(field_errors(refused, lang, "rule"))
        return await editor_page(request, session, actor, met, 409)
    except (InvalidInput, PoliciesError, RuleError) as refused:
        errors = field_errors(refused, lang, "rule")
        return await editor_page(request, session, actor, editing.refused(errors), 422)
    return Redirect(f"/admin/policies/{policy_id}/versions/{row.version}", status_code=HTTP_303_SEE_OTHER)


async def _try(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    editing: Editing,
    lang: str,
    now: datetime,
    as_of: date,
) -> tuple[Tried | None, dict[str, str]]:
    """The typed rule on a stored enterprise; who looked at whom is audited."""
    vocabulary, form = Vocabulary.shipped(), editing.values
    try:
        rule = parse(form.get("rule", ""), vocabulary)
        day = validated(Trial, {"try_day": form.get("try_day", "").strip() or as_of}).try_day
    except (RuleError, InvalidInput) as refused:
        return None, field_errors(refused, lang, "rule")
    enterprise = await _enterprise(session, form.get("enterprise", ""))
    if enterprise is None:
        return None, {"enterprise": translate(lang, "admin.try_no_enterprise")}
    facts = (await profiles.facts_of(session, enterprise.id)).on(day, vocabulary)
    await audit.record(
        session,
        actor,
        action="policies.try",
        subject=("enterprise", enterprise.id),
        tenant=str(enterprise.id),
        detail={"policy": policy_id},
        now=now,
    )
    verdict = evaluate(rule, facts)
    missing = [vocabulary.facts[name].label(lang) for name in verdict.missing]
    clause = "clause_en" if lang == "en" else "clause_zh"
    cited = {one["condition"]: one[clause] for one in editing.bench.citations}
    line = verdicts.tree(explain(rule, facts), lang, form.get(clause), cited=cited, desk=True)
    return Tried(enterprise.name, day, verdict, missing, line), {}


async def _enterprise(session: AsyncSession, typed: str) -> Enterprise | None:
    """The enterprise of an id as the form has it; what is no id names none."""
    try:
        return await profile_queries.enterprise_by_id(session, UUID(typed))
    except ValueError:
        return None


router = Router("/", route_handlers=[editor, check, build, amount, keep], include_in_schema=False)
