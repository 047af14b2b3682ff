"""The check's start, and its questions a group at a time for those who have the papers at hand.

Answers live in check_sessions under a cookie's hash; every group can be left half-filled and come back to, and the
questions one at a time (asking.py) are answered by the same facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from litestar import Request, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from eligibility import Fact, Facts, Vocabulary
from marketplace.language import language_of
from marketplace.portal import checks, industries, interview, offers_in_force, places
from marketplace.web import check_cookie, facts_form, forms
from marketplace.web.panel import Panel
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
LONGEST_SEARCH = 60


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
    """Where a check starts and is taken up again: one click to the first question."""
    lang = language_of(request)
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    facts = checks.facts_of(check)
    catalogue = await offers_in_force.catalogue(session, as_of)
    return page(
        request,
        "check/start.html",
        panel=Panel(interview.standing(catalogue, facts), lang),
        started=check is not None and bool(facts or check.asked),
        answered=len(facts),
        resumed="resumed" in request.query_params,
        erased="erased" in request.query_params,
        sent=_count(request.query_params.get("sent")),
    )


def _count(text: str | None) -> int:
    """How many answers an address says have arrived; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else 0


@get("/check/groups", **PUBLIC)
async def groups(request: AnyRequest, session: AsyncSession, as_of: date) -> Response[str]:
    """Every group of questions with how far it is."""
    lang = language_of(request)
    facts = checks.facts_of(await checks.find(session, request.cookies.get(checks.COOKIE)))
    catalogue = await offers_in_force.catalogue(session, as_of)
    return page(
        request,
        "check/groups.html",
        steps=steps(facts, lang),
        panel=Panel(interview.standing(catalogue, facts), lang),
    )


@get("/check/find/places", **PUBLIC)
async def find_places(request: AnyRequest) -> list[dict[str, str]]:
    """Places that may be meant by what was typed: code and label."""
    lang = language_of(request)
    return [{"code": p.code, "label": places.label(p.code, lang)} for p in places.search(_typed(request))]


@get("/check/find/industries", **PUBLIC)
async def find_industries(request: AnyRequest) -> list[dict[str, str]]:
    """Trades that may be meant by what was typed: code and label."""
    lang = language_of(request)
    return [
        {"code": found.code, "label": facts_form.industry_words(found.code, lang)}
        for found in industries.search(_typed(request))
    ]


def _typed(request: AnyRequest) -> str:
    return request.query_params.get("q", "")[:LONGEST_SEARCH]


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
    return check_cookie.given(response, token, request)


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
    catalogue = await offers_in_force.catalogue(session, as_of)
    fields = facts_form.fields_for(asked_facts(group), facts.to_json(), lang, typed=typed, answers=answers)
    return page(
        request,
        "check/group.html",
        status_code=422 if answers else HTTP_200_OK,
        fields=fields,
        group=next(step for step in steps(facts, lang) if step.name == group),
        number=at + 1,
        groups=len(names),
        previous=f"/check/{names[at - 1]}" if at else "/check/groups",
        is_last=at + 1 == len(names),
        errors={field.name: field.error for field in fields if field.error},
        labels={field.name: field.label for field in fields},
        panel=Panel(interview.standing(catalogue, facts), lang),
    )


router = Router(
    "/",
    route_handlers=[start, groups, find_places, find_industries, ask, keep],
    include_in_schema=False,
)
