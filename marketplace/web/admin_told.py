"""What an enterprise would have been told on a day: by the texts, the pack and the facts as they were known then.

The same question gives the same answer for good; its mark of a few letters says so. Who looked at whom is audited.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from litestar import Request, Router, get
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth import audit
from auth.actor import Actor
from eligibility import Facts, Vocabulary
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.profiles import history, queries
from marketplace.profiles.current import usable
from marketplace.profiles.tables import Enterprise
from marketplace.web import verdicts
from marketplace.web.admin import READERS
from marketplace.web.format import HERE
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page
from policies import matching, told
from policies.matching import Judged, MatchResult
from policies.schemas import TimeTravel

AnyRequest = Request[Any, Any, Any]
LISTED = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A policy as it was told then, with its reasons."""

    judged: Judged
    name: str
    line: verdicts.Line


@dataclass(frozen=True, slots=True)
class Answer:
    """What was told. groups: (verdict, policies); facts: (label, value) known then; mark: see `mark_of`."""

    enterprise: Enterprise
    day: date
    moment: datetime
    result: MatchResult
    groups: Sequence[tuple[str, Sequence[Row]]]
    facts: Sequence[tuple[str, str]]
    mark: str


@get("/admin/told", **READERS)
async def told_then(
    request: AnyRequest, session: AsyncSession, actor: Actor, now: datetime, as_of: date
) -> Response[str]:
    """The question, and its answer once an enterprise is named."""
    lang = language_of(request)
    today = now.astimezone(HERE).date()
    asked = {"day": as_of.isoformat(), "known": today.isoformat(), "enterprise": ""}
    asked |= {name: value for name, value in request.query_params.items() if name in asked}
    answer: Answer | None = None
    errors: dict[str, str] = {}
    if asked["enterprise"].strip():
        answer, errors = await _answer(session, actor, asked, lang, now)
    return page(
        request,
        "admin/told.html",
        status_code=422 if errors else 200,
        typed=asked,
        errors=errors,
        answer=answer,
        enterprises=await queries.some_enterprises(session, LISTED),
        labels={name: translate(lang, f"told.{name}") for name in asked},
    )


async def _answer(
    session: AsyncSession, actor: Actor, asked: dict[str, str], lang: str, now: datetime
) -> tuple[Answer | None, dict[str, str]]:
    try:
        when = validated(TimeTravel, {name: asked[name].strip() for name in ("day", "known")})
    except InvalidInput as refused:
        return None, field_errors(refused, lang, "day")
    enterprise = await queries.enterprise_by_uscc(session, asked["enterprise"].strip().upper())
    if enterprise is None:
        return None, {"enterprise": translate(lang, "told.no_enterprise")}
    moment = min(now, datetime.combine(when.known, time.max, HERE))
    stored = await history.facts_at(session, enterprise.id, moment)
    facts = usable(stored)
    pack = await told.pack_at(session, moment)
    result = matching.match(pack, facts, when.day)
    await audit.record(
        session,
        actor,
        action="policies.told_then",
        subject=("enterprise", enterprise.id),
        tenant=str(enterprise.id),
        detail={"day": when.day.isoformat(), "known": moment.isoformat(), "pack": pack.version},
        now=now,
    )
    groups = [(status, [_row(one, lang) for one in getattr(result, status)]) for status in SHOWN]
    mark = mark_of(result, facts)
    return Answer(enterprise, when.day, moment, result, groups, _known(facts, lang), mark), {}


SHOWN = ("eligible", "undetermined", "ineligible")


def _row(judged: Judged, lang: str) -> Row:
    line = verdicts.tree(judged.trace, lang, judged.policy.words("clause", lang), desk=True)
    return Row(judged, judged.policy.name(lang), line)


def _known(facts: Facts, lang: str) -> Sequence[tuple[str, str]]:
    known = Vocabulary.shipped().facts
    return [
        (known[name].label(lang), verdicts.fact_words(known[name], value, lang))
        for name, value in facts.to_json().items()
    ]


def mark_of(result: MatchResult, facts: Facts) -> str:
    """Letters that are the same exactly when day, pack, facts and every verdict and amount are."""
    said = {
        status: sorted((one.policy.key, str(one.yuan)) for one in getattr(result, status)) for status in SHOWN
    }
    whole = [result.as_of.isoformat(), result.pack_version, facts.to_json(), said]
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


router = Router("/", route_handlers=[told_then], include_in_schema=False)
