"""An enterprise's home: what it has, what to do next, each fact with source, agency and age; and the page of one fact.

A contradiction is never silent: what an agency attested stands, with the owner's objection beside it until the agency
has spoken again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import consent, members
from auth.actor import Actor
from auth.guards import access
from auth.roles import Matter, Part, Role
from eligibility import Fact, Vocabulary
from loans import cases
from marketplace.i18n import translate, translate_plural
from marketplace.language import language_of
from marketplace.notifications import inbox
from marketplace.problems import problem_of
from marketplace.profiles import attesting, commitments, history
from marketplace.profiles import service as profiles
from marketplace.profiles.errors import DisputedAlready, NothingAttested
from marketplace.profiles.service import Profile
from marketplace.profiles.tables import Agency, FactDispute
from marketplace.web import forms
from marketplace.web.fact_readers import readers_of
from marketplace.web.format import HERE
from marketplace.web.register import answers_of
from marketplace.web.render import page
from marketplace.web.result_filters import Filters
from marketplace.web.result_view import ResultView
from marketplace.web.result_whose import subject_of
from marketplace.web.verdicts import fact_words

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)
STALE = timedelta(days=366)
"""A fact that can change counts for a year: it is asked for by the year in most policies."""
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact as the page shows it. age: in words; stale: older than it should be relied on."""

    name: str
    label: str
    value: str
    source: str
    agency: str | None
    age: str
    stale: bool
    disputed: bool


@dataclass(frozen=True, slots=True)
class FactGroup:
    """A group with what is known of it, and how many of its facts are not."""

    name: str
    label: str
    lines: list[FactLine]
    unknown: int


@get("/account/enterprises/{enterprise_id:uuid}", **OWNER)
async def home(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, as_of: date, now: datetime
) -> Response[str]:
    """The enterprise's home."""
    enterprise = await profiles.enterprise_of(session, actor, enterprise_id)
    profile = await profiles.profile_of(session, enterprise_id)
    own = await members.membership_of(session, actor.user_id, enterprise_id)
    matters = members.matters(own) if own else frozenset()
    lang = language_of(request)
    view = None
    if Matter.CHECK in matters:
        subject = await subject_of(request, session, actor, enterprise_id)
        view = ResultView(
            lang,
            await asyncio.to_thread(subject.advice, as_of),
            subject.questions,
            Filters(),
            kept=True,
        )
    agencies = await attesting.sources(session, enterprise_id)
    disputes = await attesting.open_disputes(session, enterprise_id)
    groups = _groups(profile, agencies, disputes, lang, now)
    waiting = await inbox.listing(session, actor, unread=True, enterprise_id=enterprise_id)
    mine = [one for one in await cases.summaries(session, actor) if one.enterprise_id == enterprise_id]
    given = [one for one in await consent.given_by(session, actor) if one.enterprise_id == enterprise_id]
    return await asyncio.to_thread(
        page,
        request,
        "account/enterprise.html",
        enterprise=enterprise,
        groups=groups,
        readers=await readers_of(session, enterprise_id, lang, now),
        stale=[line for group in groups for line in group.lines if line.stale],
        disputed=[line for group in groups for line in group.lines if line.disputed],
        view=view,
        applications=mine,
        offers=[one for one in mine if one.status == "approved"],
        waiting=waiting.total,
        consents=[one for one in given if one.revoked_at is None],
        deeds=await history.deeds(session, enterprise_id),
        commitments=await commitments.listed(session, enterprise_id),
        covering=await commitments.covering(session, enterprise_id),
        today=now.astimezone(HERE).date(),
        may={matter.value for matter in matters},
        part=own.role if own else Part.READER.value,
        until=own.until if own else None,
        kept=await _kept(request, session, profile),
        imported=_count(request.query_params.get("imported", "")),
    )


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


async def _kept(request: AnyRequest, session: AsyncSession, profile: Profile) -> int | None:
    """How many of the visitor's answers came along into the enterprise, on the way from registering it."""
    if "kept" not in request.query_params:
        return None
    answers = await answers_of(request, session)
    return sum(name in profile.facts and profile.facts[name] == answers[name] for name in answers)


def _groups(
    profile: Profile,
    agencies: Mapping[str, Agency],
    disputes: Mapping[str, FactDispute],
    lang: str,
    now: datetime,
) -> Sequence[FactGroup]:
    vocabulary = Vocabulary.shipped()
    rows = {row.name: row for row in profile.rows if row.name in profile.facts}
    found = []
    for group in vocabulary.groups:
        facts = vocabulary.in_group(group.name)
        lines = [
            FactLine(
                name=fact.name,
                label=fact.label(lang),
                value=fact_words(fact, profile.facts[fact.name], lang),
                source=rows[fact.name].source,
                agency=_agency(agencies.get(fact.name), lang),
                age=age(rows[fact.name].updated_at, now, lang),
                stale=fact.changeable and now - rows[fact.name].updated_at > STALE,
                disputed=fact.name in disputes,
            )
            for fact in facts
            if fact.name in rows
        ]
        if facts:
            found.append(FactGroup(group.name, group.label(lang), lines, len(facts) - len(lines)))
    return found


def _agency(agency: Agency | None, lang: str) -> str | None:
    return None if agency is None else agency.name_en if lang == "en" else agency.name_zh


def age(since: datetime, now: datetime, lang: str) -> str:
    """How long ago, in the largest unit that is full: today, 3 days, 3 months, 2 years."""
    days = max((now - since).days, 0)
    for key, length in (("years", 365), ("months", 30), ("days", 1)):
        if days >= length:
            return translate_plural(lang, f"age.{key}", days // length)
    return translate(lang, "age.today")


@get("/account/enterprises/{enterprise_id:uuid}/fact/{name:str}", **OWNER)
async def fact_page(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, name: str, now: datetime
) -> Response[str]:
    """One fact: what it is, where it came from, how it changed, and whether it is in dispute."""
    return await _fact(request, session, actor, enterprise_id, name, now)


@post(
    "/account/enterprises/{enterprise_id:uuid}/fact/{name:str}/dispute",
    status_code=HTTP_303_SEE_OTHER,
    **OWNER,
)
async def dispute(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, name: str, now: datetime
) -> Response[Any]:
    """Object to what an agency attested."""
    await profiles.enterprise_of(session, actor, enterprise_id)
    reason = (await forms.read(request)).get("reason", "").strip()
    error = None
    if not 1 <= len(reason) <= LONGEST_REASON:
        error = translate(language_of(request), "dispute.reason_needed")
    else:
        try:
            await attesting.dispute(session, actor, enterprise_id, name, reason, now)
        except (NothingAttested, DisputedAlready) as refused:
            error = problem_of(refused).said(language_of(request))
    if error:
        return await _fact(request, session, actor, enterprise_id, name, now, reason, {"reason": error})
    return Redirect(f"/account/enterprises/{enterprise_id}/fact/{name}", status_code=HTTP_303_SEE_OTHER)


async def _fact(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    name: str,
    now: datetime,
    reason: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    enterprise = await profiles.enterprise_of(session, actor, enterprise_id)
    fact = Vocabulary.shipped().facts.get(name)
    if fact is None:
        raise NotFoundException
    profile = await profiles.profile_of(session, enterprise_id)
    agencies = await attesting.sources(session, enterprise_id)
    disputes = await attesting.open_disputes(session, enterprise_id)
    lang = language_of(request)
    lines = [line for each in _groups(profile, agencies, disputes, lang, now) for line in each.lines]
    versions = await history.versions(session, enterprise_id, name)
    return page(
        request,
        "account/fact.html",
        status_code=422 if errors else HTTP_200_OK,
        enterprise=enterprise,
        fact=fact,
        line=next((line for line in lines if line.name == name), None),
        dispute=disputes.get(name),
        covering=(await commitments.covering(session, enterprise_id)).get(name),
        versions=[
            (each, _said(fact, each.version.value, lang), _agency(each.agency, lang)) for each in versions
        ],
        reason=reason,
        errors=errors or {},
    )


def _said(fact: Fact, value: Any, lang: str) -> str:
    """A former value in words; as it was stored where today's vocabulary has no words for it."""
    try:
        return fact_words(fact, value, lang)
    except (ValueError, ArithmeticError, KeyError, TypeError):
        return str(value)


router = Router("/", route_handlers=[home, fact_page, dispute], include_in_schema=False)
