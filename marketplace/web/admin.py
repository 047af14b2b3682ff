"""The policy admins' desk: write a rule with its complaints and its sentence beside it, try it, submit it, review it.

Checking and trying work as a form post without script; with script the complaints follow the typing.
"""

from collections.abc import Mapping
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
from eligibility import Rule, RuleError, Verdict, Vocabulary, diagnose, evaluate, explain, parse
from eligibility.sentence import describe
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.portal.codes import namer
from marketplace.profiles import queries as profile_queries
from marketplace.profiles import service as profiles
from marketplace.profiles.tables import Enterprise
from marketplace.settings import Settings
from marketplace.web import forms, verdicts
from marketplace.web.policy_words import PolicyWords
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page
from policies import queries, service
from policies.errors import ChangedMeanwhile, PoliciesError, PolicyNotFound
from policies.lifecycle import Status
from policies.schemas import PolicyDraft, Trial, VersionRead

AnyRequest = Request[Any, Any, Any]
ADMIN = access(Role.POLICY_ADMIN)
READERS = access(Role.POLICY_ADMIN, Role.AUDITOR)
LINES = (
    "name_zh", "name_en", "rule", "issued_on", "effective_from", "effective_to", "eligibility_zh",
    "eligibility_en", "clause_zh", "clause_en", "note",
)  # fmt: skip
DIFFED = (*LINES, "exclusions")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint about a rule: where, the words around it, and what to do."""

    place: str
    before: str
    text: str
    after: str
    message: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What can be said of a rule's text while it is written."""

    complaints: list[Complaint]
    sentence_zh: str | None
    sentence_en: str | None


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule tried on a stored enterprise."""

    enterprise: str
    day: date
    verdict: Verdict
    missing: list[str]
    line: verdicts.Line


def diagnosis(text: str, lang: str) -> Diagnosis:
    """Complaints with their place, or the rule as a sentence in both languages."""
    vocabulary = Vocabulary.shipped()
    found = diagnose(text, vocabulary)
    if found:
        return Diagnosis([_complaint(text, d.start, d.end, d.message(lang)) for d in found], None, None)
    rule = parse(text, vocabulary)
    return Diagnosis([], words_of(rule, "zh-CN"), words_of(rule, "en"))


def words_of(rule: Rule, lang: str) -> str:
    return describe(rule.root, rule.vocabulary, lang, namer(lang))


def _complaint(text: str, start: int, end: int, message: str) -> Complaint:
    row = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    before = text[max(0, start - 30) : start].rsplit("\n", 1)[-1]
    after = text[end : end + 30].split("\n", 1)[0]
    return Complaint(f"{row}:{column}", before, text[start:end][:80], after, message)


@get("/admin/policies/{policy_id:str}", **READERS)
async def editor(request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str) -> Response[str]:
    """The open version of a policy, or the one in force to start from."""
    return await _editor(request, session, actor, policy_id)


async def _editor(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    trial: Tried | None = None,
    status: int = HTTP_200_OK,
) -> Response[str]:
    base = await queries.open_version(session, policy_id) or await queries.current(session, policy_id)
    if base is None:
        raise PolicyNotFound
    version = VersionRead.model_validate(base)
    values = dict(typed) if typed is not None else form_values(version)
    return page(
        request,
        "admin/editor.html",
        status_code=status,
        version=version,
        words=PolicyWords(language_of(request), today(request)),
        values=values,
        errors=errors or {},
        seen=values.get("seen_sha256") or version.content_sha256,
        diagnosis=diagnosis(values.get("rule", ""), language_of(request)),
        trial=trial,
        enterprises=await profile_queries.some_enterprises(session, 100),
        can_edit=actor.role is Role.POLICY_ADMIN and version.status != Status.SUBMITTED.value,
        history=await queries.history(session, policy_id),
        labels={name: translate(language_of(request), f"admin.{name}") for name in (*DIFFED, "try_day")},
    )


def form_values(version: VersionRead) -> dict[str, str]:
    """A version as its form has it."""
    found = {name: getattr(version, name) for name in LINES}
    values = {name: "" if value is None else str(value) for name, value in found.items()}
    values["exclusions"] = "\n".join(version.exclusions)
    values["seen_sha256"] = version.content_sha256
    return values


@post("/admin/policies/{policy_id:str}/check", status_code=HTTP_200_OK, **ADMIN)
async def check(request: AnyRequest, policy_id: str) -> Response[str]:
    """The complaints and the sentence for the text as it stands in the editor."""
    form = await forms.read(request)
    found = diagnosis(form.get("rule", ""), language_of(request))
    return page(request, "admin/diagnosis.html", diagnosis=found, policy_id=policy_id)


@post("/admin/policies/{policy_id:str}", status_code=HTTP_303_SEE_OTHER, **ADMIN)
async def keep(
    request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str, now: datetime, as_of: date
) -> Response[Any]:
    """Check, try or save what is typed; with errors everything typed comes back."""
    form = await forms.read(request)
    lang = language_of(request)
    if "check" in form:
        return await _editor(request, session, actor, policy_id, form)
    if "try" in form:
        trial, errors = await _try(session, actor, policy_id, form, lang, now, as_of)
        status = 404 if "enterprise" in errors else 422 if errors else HTTP_200_OK
        return await _editor(request, session, actor, policy_id, form, errors, trial, status)
    try:
        draft = validated(PolicyDraft, _draft(form))
        row = await service.save_draft(
            session, actor, policy_id, draft, seen_sha256=form.get("seen_sha256", ""), now=now
        )
    except ChangedMeanwhile as refused:
        errors = field_errors(refused, lang, "rule")
        return await _editor(request, session, actor, policy_id, form, errors, status=409)
    except (InvalidInput, PoliciesError, RuleError) as refused:
        errors = field_errors(refused, lang, "rule")
        return await _editor(request, session, actor, policy_id, form, errors, status=422)
    return Redirect(f"/admin/policies/{policy_id}/versions/{row.version}", status_code=HTTP_303_SEE_OTHER)


def _draft(form: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {name: form.get(name, "").strip() for name in LINES}
    for name in ("effective_to", "note"):
        found[name] = found[name] or None
    found["exclusions"] = form.get("exclusions", "").split()
    return found


async def _try(
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    form: Mapping[str, str],
    lang: str,
    now: datetime,
    as_of: date,
) -> tuple[Tried | None, dict[str, str]]:
    """The typed rule on a stored enterprise; who looked at whom is audited."""
    vocabulary = Vocabulary.shipped()
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
    line = verdicts.tree(explain(rule, facts), lang, desk=True)
    return Tried(enterprise.name, day, verdict, missing, line), {}


async def _enterprise(session: AsyncSession, typed: str) -> Enterprise | None:
    """The enterprise of an id as the form has it; what is no id names none."""
    try:
        return await profile_queries.enterprise_by_id(session, UUID(typed))
    except ValueError:
        return None


def today(request: AnyRequest) -> date:
    settings: Settings = request.app.state["settings"]
    return settings.as_of


router = Router("/", route_handlers=[editor, check, keep], include_in_schema=False)
