"""The check: answer questions a group at a time, without an account, and see what applies.

Answers live in check_sessions under a cookie's hash; every group can be left half-filled and come back to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.errors import Forbidden
from auth.guards import PUBLIC
from auth.roles import Role
from eligibility import Fact, Facts, Vocabulary
from eligibility.derive import derived_values
from marketplace.language import language_of
from marketplace.portal import checks, industries
from marketplace.profiles import service as profiles
from marketplace.settings import Settings
from marketplace.web import facts_form, forms, verdicts
from marketplace.web.render import page
from policies import keeper, matching
from policies.matching import Judged, MatchResult
from policies.pack import Pack

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


@get("/check/result", **PUBLIC)
async def result(
    request: AnyRequest,
    session: AsyncSession,
    as_of: date,
    maybe_actor: Actor | None,
    enterprise: UUID | None = None,
) -> Response[str]:
    """The three lists, for the visitor's answers or for an enterprise of the signed-in owner."""
    about = None
    if enterprise is None:
        facts = checks.facts_of(await checks.find(session, request.cookies.get(checks.COOKIE)))
    else:
        if maybe_actor is None or maybe_actor.role is not Role.OWNER:
            raise Forbidden
        about = await profiles.enterprise_of(session, maybe_actor, enterprise)
        facts = await profiles.facts_of(session, enterprise)
    mine: Sequence[Any] = ()
    if about is None and maybe_actor is not None and maybe_actor.role is Role.OWNER:
        mine = await profiles.my_enterprises(session, maybe_actor)
    lang = language_of(request)
    pack = await keeper.load_pack(session)
    found = matching.match(pack, facts, as_of)
    return page(
        request,
        "result/result.html",
        result=found,
        enterprise=about,
        enterprises=mine,
        facts_known=len(facts),
        view=ResultView(lang, found, pack, f"/account/enterprises/{about.id}/facts" if about else "/check"),
        derived=derived_values(facts),
    )


class ResultView:
    """What the result page says about each policy, worked out as it is shown."""

    def __init__(self, lang: str, result: MatchResult, pack: Pack, questions: str = "/check") -> None:
        self.lang, self.result, self.pack, self.questions = lang, result, pack, questions
        self.vocabulary = Vocabulary.shipped()

    def tree(self, judged: Judged) -> verdicts.Line:
        """Why, as lines."""
        return verdicts.tree(judged.trace, self.lang, judged.policy.words("clause", self.lang))

    def reasons(self, judged: Judged) -> list[verdicts.Reason]:
        """Which conditions fail."""
        return verdicts.reasons(judged, self.lang)

    def missing(self, judged: Judged) -> list[tuple[str, str]]:
        """Links to the questions that settle it: (address, label)."""
        facts = [self.vocabulary.facts[name] for name in judged.verdict.missing]
        return [(f"{self.questions}/{fact.group}#{fact.name}", fact.label(self.lang)) for fact in facts]

    def excluded(self, judged: Judged) -> list[str]:
        """Names of other policies that apply too but cannot be combined with this one."""
        ids = {j.policy.id for j in self.result.eligible}
        named = set(judged.policy.exclusions) | {
            p.id for p in self.pack.policies if judged.policy.id in p.exclusions
        }
        return [self.pack.by_id[name].name(self.lang) for name in sorted(named & ids)]

    def combined(self) -> list[Judged]:
        """The set worth most together, dearest first."""
        return [j for j in self.result.eligible if j.policy.id in self.result.combined]

    def open_facts(self) -> list[tuple[str, str, int]]:
        """Open questions by how many verdicts wait for them: (address, label, verdicts)."""
        waiting: dict[str, int] = {}
        for judged in self.result.undetermined:
            for name in judged.verdict.missing:
                waiting[name] = waiting.get(name, 0) + 1
        ordered = sorted(waiting, key=lambda name: -waiting[name])[:5]
        facts = [self.vocabulary.facts[name] for name in ordered]
        return [(f"{self.questions}/{f.group}#{f.name}", f.label(self.lang), waiting[f.name]) for f in facts]


router = Router("/", route_handlers=[start, suggest_industries, result, ask, keep], include_in_schema=False)
