"""One policy on a page of its own: what it says, its rule ticking as one answers, how to have it, how it came about.

The answers given here are the check's own: kept in the same place, seen by the same result. Without script the form is
sent; with it every answer is sent as it is given, and only the verdict and the tree change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_410_GONE
from sqlalchemy.ext.asyncio import AsyncSession

from auth import members
from auth.actor import Actor
from auth.guards import PUBLIC
from auth.roles import Matter, Role
from eligibility import Fact, Facts, Status, Vocabulary, explain, sentence
from marketplace.language import language_of
from marketplace.portal import checks, origins
from marketplace.portal.codes import namer
from marketplace.portal.questions import askable
from marketplace.profiles import service as profiles
from marketplace.profiles.tables import Enterprise
from marketplace.web import check_cookie, facts_form, forms, policy_history, verdicts
from marketplace.web.facts_form import FormAnswers
from marketplace.web.policy_words import PolicyWords
from marketplace.web.render import page
from marketplace.web.result_filters import Filters
from marketplace.web.result_view import ResultView
from marketplace.web.result_whose import Subject, subject_of
from policies import keeper, library, matching, queries, withdrawing
from policies.advising import Advice
from policies.errors import PolicyNotFound
from policies.library import Library
from policies.matching import Judged, MatchResult
from policies.pack import PolicyRecord, PublishedText
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]
ANSWERS = "answers"
"""Asks for the check's answers instead of an enterprise's facts."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A policy and whoever looks at it."""

    record: PolicyRecord
    row: PolicyVersion
    kept: Library
    subject: Subject
    mine: Sequence[Enterprise]
    day: date
    lang: str

    @property
    def questions(self) -> str:
        """Where a fact is asked for: on the page itself, unless an enterprise's facts are judged."""
        return self.subject.questions if self.subject.enterprise else "#{fact}"

    @property
    def in_force(self) -> bool:
        """Whether it can be had on the page's day."""
        return self.record.in_force(self.day)

    @property
    def asked(self) -> tuple[Fact, ...]:
        """What its rule and its amount depend on and an owner can answer, in the check's order."""
        amount = self.record.benefit.amount
        wanted = self.record.rule.stated_facts | (amount.stated_facts if amount else frozenset())
        facts = Vocabulary.shipped().facts
        return tuple(facts[name] for name in askable() if name in wanted)

    def judged(self) -> Judged | None:
        """By what is known of the subject; None when it is not in force."""
        if not self.in_force:
            return None
        known = self.subject.facts.on(self.day, Vocabulary.shipped())
        return matching.judge(self.record, known, self.subject.stated.get(self.record.id))

    def view(self, judged: Judged) -> ResultView:
        """What the result says about it, told of this policy alone."""
        lists = {status: (judged,) if judged.verdict.status is status else () for status in Status}
        result = MatchResult(
            pack_version=self.kept.pack.version,
            as_of=self.day,
            eligible=lists[Status.ELIGIBLE],
            undetermined=lists[Status.UNDETERMINED],
            ineligible=lists[Status.INELIGIBLE],
            unavailable=(),
            combined=frozenset(),
            total=judged.yuan or Decimal(0),
            facts=judged.facts,
        )
        kept = self.subject.enterprise is not None
        return ResultView(self.lang, Advice(result), self.questions, Filters(), kept=kept)


@get("/policies/{policy_id:str}", **PUBLIC)
async def one(
    request: AnyRequest, session: AsyncSession, maybe_actor: Actor | None, policy_id: str, as_of: date
) -> Response[str]:
    """One policy, judged for the owner's enterprise or, for whoever has none or asks so, by the check's answers.

    One that was withdrawn says so, and why.
    """
    versions = (await keeper.load_pack(session)).history.get(policy_id)
    gone = await withdrawing.notice(session, policy_id) if versions and versions[-1].withdrawn else None
    if gone is not None:
        words = PolicyWords(language_of(request), as_of)
        return page(request, "policies/withdrawn.html", status_code=HTTP_410_GONE, notice=gone, words=words)
    shown = await _find(request, session, maybe_actor, policy_id, as_of, request.query_params.get("by", ""))
    return await _page(request, session, shown)


@post("/policies/{policy_id:str}", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def answer(
    request: AnyRequest,
    session: AsyncSession,
    maybe_actor: Actor | None,
    policy_id: str,
    as_of: date,
    now: datetime,
) -> Response[Any]:
    """Keep the answers to this policy's questions with the check's others."""
    shown = await _find(request, session, maybe_actor, policy_id, as_of, ANSWERS)
    form = await forms.read(request)
    answers = facts_form.read_form(form, shown.asked, shown.lang)
    if answers.errors:
        return await _page(request, session, shown, typed=form, answers=answers)
    check = await checks.find(session, request.cookies.get(checks.COOKIE))
    token = await checks.save(session, check, answers.changes, answers.forget, now)
    by = f"?by={ANSWERS}" if shown.mine else ""
    response = Redirect(f"/policies/{shown.record.id}{by}#yours", status_code=HTTP_303_SEE_OTHER)
    return check_cookie.given(response, token, request)


async def _find(
    request: AnyRequest, session: AsyncSession, actor: Actor | None, policy_id: str, day: date, by: str
) -> Shown:
    pack = await keeper.load_pack(session)
    record = pack.by_id.get(policy_id)
    row = await queries.current(session, policy_id) if record else None
    if record is None or row is None:
        raise PolicyNotFound
    kept = await library.load(session)
    mine = await _judgeable(session, actor)
    chosen = [one.id for one in mine if str(one.id) == by] or [one.id for one in mine[:1] if by != ANSWERS]
    subject = await subject_of(request, session, actor, chosen[0] if chosen else None)
    return Shown(record, row, kept, subject, mine, day, language_of(request))


async def _judgeable(session: AsyncSession, actor: Actor | None) -> Sequence[Enterprise]:
    """The enterprises the actor may have judged, oldest first."""
    if actor is None or actor.role is not Role.OWNER:
        return ()
    found = []
    for one in await profiles.my_enterprises(session, actor):
        own = await members.membership_of(session, actor.user_id, one.id)
        if own is not None and Matter.CHECK in members.matters(own):
            found.append(one)
    return found


async def _page(
    request: AnyRequest,
    session: AsyncSession,
    shown: Shown,
    typed: Mapping[str, str] | None = None,
    answers: FormAnswers | None = None,
) -> Response[str]:
    record, lang, judged = shown.record, shown.lang, shown.judged()
    related = shown.kept.related(record.id)
    versions = await queries.history(session, record.id)
    fields = facts_form.fields_for(
        shown.asked, shown.subject.facts.to_json(), lang, typed=typed, answers=answers
    )
    return page(
        request,
        "policies/policy.html",
        status_code=422 if answers else HTTP_200_OK,
        policy=shown.row,
        record=record,
        sentence=sentence(record.rule, lang, namer(lang)),
        judged=judged,
        enterprise=shown.subject.enterprise,
        others=[one for one in shown.mine if one != shown.subject.enterprise],
        results=shown.subject.address(),
        view=shown.view(judged) if judged else None,
        tree=verdicts.tree(
            judged.trace if judged else explain(record.rule, Facts()),
            lang,
            cited=record.cited(lang),
            kept=shown.subject.enterprise is not None,
        ),
        fields=fields,
        on_form=set() if shown.subject.enterprise else {field.name for field in fields},
        begun=any(fact.name in shown.subject.facts for fact in shown.asked),
        errors={field.name: field.error for field in fields if field.error},
        labels={field.name: field.label for field in fields},
        timeline=policy_history.timeline(versions, related, shown.day, lang),
        versions=policy_history.published_here(versions, lang),
        successors=policy_history.successors(related, shown.day),
        beside=beside(shown.kept, record),
        origin=origins.origin(record.text),
        words=PolicyWords(lang, shown.day),
    )


def beside(kept: Library, record: PolicyRecord) -> list[tuple[str, Sequence[PublishedText]]]:
    """Policies this one cannot be had with, whichever of them says so, and those it comes on top of."""
    found = {
        "exclusions": {*record.exclusions, *kept.barring.get(record.id, ())},
        "stacks_on": record.text["relations"].get("stacks_on") or (),
    }
    named = [
        (kind, [kept.by_id[one] for one in sorted(ids) if one in kept.by_id]) for kind, ids in found.items()
    ]
    return [(kind, policies) for kind, policies in named if policies]


router = Router("/", route_handlers=[one, answer], include_in_schema=False)
