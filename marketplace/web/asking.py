"""The check one question at a time: the next best page, why it is asked, and where the answers so far leave everything.

Each page is an address of its own, so that back, reload and a link from elsewhere all work; the answer decides what
comes next when it is sent, and what stands beside the question is worked out from the answers alone.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from litestar import Request, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from eligibility import Fact, Facts, Vocabulary
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.portal import checks, interview, offers_in_force, questions
from marketplace.portal.questions import Question
from marketplace.portal.tables import CheckSession
from marketplace.web import check_cookie, facts_form, forms
from marketplace.web.facts_form import FormAnswers
from marketplace.web.panel import Panel, Why
from marketplace.web.render import page
from marketplace.web.verdicts import fact_words

AnyRequest = Request[Any, Any, Any]
SKIP = "skip"
"""The button that says: I do not know."""
SHOWN = "shown"
"""The field that names the facts a page asked for."""
NONE_OF_THESE = "none_of_these"
UNKNOWN = "unknown"
"""The choice that says the same among radios."""
SOON = 10
"""With no more pages to come than this, the page says how many."""


@get("/check/next", **PUBLIC)
async def next_question(request: AnyRequest, session: AsyncSession, as_of: date) -> Response[Any]:
    """Go to the page worth most, or to the end."""
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    return Redirect(await _onwards(session, check, as_of), status_code=HTTP_303_SEE_OTHER)


@get("/check/q/{name:str}", **PUBLIC)
async def question(request: AnyRequest, session: AsyncSession, name: str, as_of: date) -> Response[str]:
    """One page of questions, with what was answered before."""
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    return await _shown(request, session, check, _known(name), as_of)


@post("/check/q/{name:str}", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def answer(
    request: AnyRequest, session: AsyncSession, name: str, as_of: date, now: datetime
) -> Response[Any]:
    """Keep the answer and go on to what is now worth asking; with an error, show the page again."""
    asked, lang = _known(name), language_of(request)
    form = await forms.read(request)
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    catalogue = await offers_in_force.catalogue(session, as_of)
    facts = shown_facts(asked, interview.standing(catalogue, checks.facts_of(check)), check)
    if SHOWN in form:  # another window may have answered since: what was not seen is not answered
        facts = tuple(fact for fact in facts if fact.name in form[SHOWN].split()) or facts
    answers = read(form, asked, facts, lang)
    if answers.errors:
        return await _shown(request, session, check, asked, as_of, typed=form, answers=answers)
    token = await checks.save(
        session, check, answers.changes, answers.forget, now, asked=[fact.name for fact in facts]
    )
    if token is not None:
        check = await checks.find(session, token)
    response = Redirect(
        "/check/result" if "to_result" in form else await _onwards(session, check, as_of, after=asked),
        status_code=HTTP_303_SEE_OTHER,
    )
    return check_cookie.given(response, token, request)


@get("/check/done", **PUBLIC)
async def done(request: AnyRequest, session: AsyncSession, as_of: date) -> Response[Any]:
    """The end: what is decided, what was left open and can still be answered."""
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    if check is None or not (check.asked or check.answers):
        return Redirect("/check", status_code=HTTP_303_SEE_OTHER)
    lang = language_of(request)
    catalogue = await offers_in_force.catalogue(session, as_of)
    standing = interview.standing(catalogue, checks.facts_of(check))
    return page(
        request,
        "check/done.html",
        panel=Panel(standing, lang),
        left=left_open(check, standing, lang),
        more=standing.next_page(checks.asked_of(check)) is not None,
    )


@post("/check/again", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def again(request: AnyRequest, session: AsyncSession, as_of: date, now: datetime) -> Response[Any]:
    """Ask once more for what was left open."""
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    if check is not None:
        await checks.ask_again(session, check, now)
    return Redirect(await _onwards(session, check, as_of), status_code=HTTP_303_SEE_OTHER)


async def _onwards(
    session: AsyncSession, check: CheckSession | None, as_of: date, after: Question | None = None
) -> str:
    catalogue = await offers_in_force.catalogue(session, as_of)
    found = interview.standing(catalogue, checks.facts_of(check)).next_page(checks.asked_of(check))
    if found is None:
        return "/check/done"
    return f"/check/q/{found.name}" + (f"?after={after.name}" if after else "")


def _known(name: str) -> Question:
    found = questions.named(name)
    if found is None:
        raise NotFoundException
    return found


def shown_facts(
    asked: Question, standing: interview.Standing, check: CheckSession | None
) -> tuple[Fact, ...]:
    """What a page asks now: of a list, the lines something still hangs on and those that were asked already."""
    words = Vocabulary.shipped().facts
    if asked.kind in ("single", "place"):
        return tuple(words[name] for name in asked.facts)
    before = {*checks.asked_of(check), *(check.answers if check else ())}
    wanted = [name for name in asked.facts if name in standing.votes or name in before]
    return tuple(words[name] for name in wanted or asked.facts)


def read(form: Mapping[str, str], asked: Question, facts: tuple[Fact, ...], lang: str) -> FormAnswers:
    """What a page's form says. Nothing at all is an error, because not knowing has a button of its own."""
    names = [fact.name for fact in facts]
    if SKIP in form or (len(names) == 1 and form.get(names[0]) == UNKNOWN):
        return FormAnswers({}, tuple(names), {})
    if asked.kind == "ticks" and len(names) > 1:
        ticked = {name for name in names if form.get(name) == "true"}
        if bool(ticked) is (NONE_OF_THESE in form):
            key = "asking.error.both" if ticked else "asking.error.tick"
            return FormAnswers({}, (), {names[0]: translate(lang, key)})
        return FormAnswers({name: name in ticked for name in names}, (), {})
    found = facts_form.read_form(form, facts, lang)
    if not found.changes and not found.errors:
        first = facts_form.PLACE_FIELD if asked.kind == "place" else names[0]
        kind = "choose" if facts_form.kind_of(facts[0]) == "radios" else "write"
        return FormAnswers({}, (), {first: translate(lang, f"asking.error.{kind}")})
    return found


async def _shown(
    request: AnyRequest,
    session: AsyncSession,
    check: CheckSession | None,
    asked: Question,
    as_of: date,
    typed: Mapping[str, str] | None = None,
    answers: FormAnswers | None = None,
) -> Response[str]:
    lang = language_of(request)
    facts = checks.facts_of(check)
    catalogue = await offers_in_force.catalogue(session, as_of)
    standing = interview.standing(catalogue, facts)
    shown = shown_facts(asked, standing, check)
    path = checks.asked_of(check)
    fields = facts_form.fields_for(shown, facts.to_json(), lang, typed=typed, answers=answers)
    kind = "single" if asked.kind == "ticks" and len(shown) == 1 else asked.kind
    said = questions.single(shown[0].name).said(lang) if kind == "single" else asked.said(lang)
    pages_asked = list(dict.fromkeys(questions.page_of(name).name for name in path))
    here = questions.page_of(shown[0].name).name
    left = standing.pages_left([*path, *asked.facts])
    return page(
        request,
        "check/question.html",
        status_code=422 if answers else HTTP_200_OK,
        question=asked,
        kind=kind,
        said=said,
        fields=fields,
        shown=" ".join(fact.name for fact in shown),
        choices={fact.name: _choices(fact, lang) for fact in shown},
        errors=dict(answers.errors) if answers else {},
        unknown=_left_unknown(shown, check, typed),
        nothing_ticked=_nothing_ticked(shown, facts, typed),
        previous=_previous(here, pages_asked),
        number=pages_asked.index(here) + 1 if here in pages_asked else len(pages_asked) + 1,
        left=left if left <= SOON else None,
        why=Why(standing, [fact.name for fact in shown], lang),
        panel=Panel(standing, lang, since=_before(catalogue, facts, request.query_params.get("after"))),
        answered=answered(facts, lang),
    )


def _choices(fact: Fact, lang: str) -> list[tuple[str, str, str]]:
    """The choices of a fact with what each means."""
    found = facts_form.options_of(fact, lang)
    return [(value, text, questions.choice_hint(fact.name, value, lang)) for value, text in found]


def _left_unknown(
    facts: tuple[Fact, ...], check: CheckSession | None, typed: Mapping[str, str] | None
) -> bool:
    """Whether this page was answered with not knowing before."""
    if typed is not None or check is None:
        return False
    return all(fact.name in check.asked and fact.name not in check.answers for fact in facts)


def _nothing_ticked(facts: tuple[Fact, ...], known: Facts, typed: Mapping[str, str] | None) -> bool:
    """Whether none of a list's lines applied."""
    if typed is not None:
        return NONE_OF_THESE in typed
    return all(known.get(fact.name) is False for fact in facts)


def _previous(here: str, pages_asked: list[str]) -> str:
    """The address of the page asked before this one."""
    at = pages_asked.index(here) if here in pages_asked else len(pages_asked)
    return f"/check/q/{pages_asked[at - 1]}" if at else "/check"


def _before(catalogue: interview.Catalogue, facts: Facts, after: str | None) -> interview.Standing | None:
    """Where everything stood without the answer that was just given."""
    last = questions.named(after) if after else None
    return None if last is None else interview.standing(catalogue, facts.without(*last.facts))


def answered(facts: Facts, lang: str) -> list[tuple[str, str, str]]:
    """What was answered, to be mended: (address, label, words)."""
    words = Vocabulary.shipped().facts
    return [
        (f"/check/q/{name}", words[name].label(lang), fact_words(words[name], value, lang))
        for name, value in facts.items()
        if name in questions.askable()
    ]


def left_open(check: CheckSession, standing: interview.Standing, lang: str) -> list[tuple[str, str, int]]:
    """What was asked and nobody knew, most awaited first: (address, question, how many wait for it)."""
    unknown = [
        name for name in checks.asked_of(check) if name not in check.answers and name in standing.votes
    ]
    ordered = sorted(unknown, key=lambda name: -standing.votes[name])
    return [
        (f"/check/q/{name}", questions.single(name).said(lang).ask, len(standing.waiting_for([name])))
        for name in ordered
    ]


router = Router("/", route_handlers=[next_question, question, answer, done, again], include_in_schema=False)
