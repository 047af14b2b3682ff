"""The check: answer questions a group at a time, without an account, and see what applies.

Answers live in check_sessions under a cookie's hash; every group can be left half-filled and come back to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from litestar import Request, Router, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from eligibility import Fact, Facts, Vocabulary
from marketplace.language import language_of
from marketplace.portal import checks, industries
from marketplace.settings import Settings
from marketplace.web import facts_form, forms
from marketplace.web.render import page
from policies import keeper, matching

AnyRequest = Request[Any, Any, Any]
MONTH = 30 * 24 * 3600
SKIPPED_GROUPS = frozenset({"system"})


@dataclass(frozen=True, slots=True)
class GroupStep:
    """A group in the list of steps: how many of its questions are answered."""

    name: str
    label: str
    answered: int
    questions: int


def asked_facts(group: str) -> tuple[Fact, ...]:
    """The questions of a group."""
    return Vocabulary.shipped().in_group(group)


def group_names() -> list[str]:
    """The groups in asking order."""
    return [group.name for group in Vocabulary.shipped().groups if asked_facts(group.name)]


def steps(facts: Mapping[str, Any], lang: str) -> list[GroupStep]:
    """Every group with how far it is."""
    return [
        GroupStep(
            group.name,
            group.label(lang),
            sum(fact.name in facts for fact in asked_facts(group.name)),
            len(asked_facts(group.name)),
        )
        for group in Vocabulary.shipped().groups
        if asked_facts(group.name)
    ]


@get("/check", **PUBLIC)
async def start(request: AnyRequest, session: AsyncSession, as_of: date) -> Response[str]:
    """Where a check starts and is taken up again: the groups and what is known so far."""
    lang = language_of(request)
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    facts = checks.facts_of(check)
    pack = await keeper.load_pack(session)
    return page(
        request,
        "check/start.html",
        steps=steps(facts, lang),
        result=matching.match(pack, facts, as_of),
        started=check is not None and bool(facts),
        first=group_names()[0],
    )


@get("/check/industries", **PUBLIC)
async def suggest_industries(request: AnyRequest) -> Response[str]:
    """Suggestions for an industry field, as options of its datalist."""
    words = next((v for k, v in request.query_params.items() if k != "lang"), "")[:60]
    lang = language_of(request)
    options = [
        Markup('<option value="{}">').format(facts_form.industry_words(found.code, lang))
        for found in industries.search(words)
    ]
    return Response("".join(options), media_type="text/html", status_code=HTTP_200_OK)


@get("/check/{group:str}", **PUBLIC)
async def ask(request: AnyRequest, session: AsyncSession, group: str, as_of: date) -> Response[str]:
    """The questions of one group."""
    facts = checks.facts_of(await checks.find(session, request.cookies.get(checks.COOKIE)))
    return await _questions(request, session, group, facts, as_of)


@post("/check/{group:str}", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def keep(
    request: AnyRequest, session: AsyncSession, group: str, as_of: date, now: datetime
) -> Response[Any]:
    """Keep the answers of a group and go on; with errors, show it again with everything typed kept."""
    _known_group(group)
    lang = language_of(request)
    form = await forms.read(request)
    answers = facts_form.read_form(form, asked_facts(group), lang)
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    if answers.errors:
        facts = checks.facts_of(check)
        return await _questions(request, session, group, facts, as_of, typed=form, answers=answers)
    token = await checks.save(session, check, answers.changes, answers.forget, now)
    response = Redirect(_next(group, form), status_code=HTTP_303_SEE_OTHER)
    if token is not None:
        settings: Settings = request.app.state["settings"]
        response.set_cookie(
            Cookie(
                key=checks.COOKIE,
                value=token,
                max_age=MONTH,
                httponly=True,
                samesite="lax",
                secure=settings.secure,
            )
        )
    return response


def _next(group: str, form: Mapping[str, str]) -> str:
    names = group_names()
    at = names.index(group)
    if "to_result" in form or at + 1 >= len(names):
        return "/check/result"
    return f"/check/{names[at + 1]}"


def _known_group(group: str) -> None:
    if group not in group_names():
        raise NotFoundException


async def _questions(
    request: AnyRequest,
    session: AsyncSession,
    group: str,
    facts: Facts,
    as_of: date,
    typed: Mapping[str, str] | None = None,
    answers: facts_form.FormAnswers | None = None,
) -> Response[str]:
    _known_group(group)
    lang = language_of(request)
    names = group_names()
    at = names.index(group)
    pack = await keeper.load_pack(session)
    fields = facts_form.fields_for(asked_facts(group), facts.to_json(), lang, typed=typed, answers=answers)
    return page(
        request,
        "check/group.html",
        status_code=422 if answers else HTTP_200_OK,
        fields=fields,
        group=next(step for step in steps(facts, lang) if step.name == group),
        number=at + 1,
        groups=len(names),
        previous=f"/check/{names[at - 1]}" if at else "/check",
        is_last=at + 1 == len(names),
        errors={field.name: field.error for field in fields if field.error},
        labels={field.name: field.label for field in fields},
        result=matching.match(pack, facts, as_of),
    )


router = Router("/", route_handlers=[start, suggest_industries, ask, keep], include_in_schema=False)
