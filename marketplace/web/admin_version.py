"""One version of a policy at the desk: what it changes, what is known of it, and what can be done with it.

What else an admin has to see before deciding (cases, a simulation, findings) comes as parts, each from its own file;
what the buttons do is in admin_deeds.py.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import persons
from auth import queries as people
from auth.actor import Actor
from auth.roles import Role
from eligibility import Vocabulary, parse
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.web import admin_deeds, forms, version_diff
from marketplace.web.admin import ADMIN, READERS
from marketplace.web.admin_cases import about_cases
from marketplace.web.admin_changes import part_of_a_set
from marketplace.web.admin_comments import about_comments
from marketplace.web.admin_diagnosis import words_of
from marketplace.web.admin_editor import DIFFED, today
from marketplace.web.admin_findings import about_findings
from marketplace.web.admin_reach import about_reach
from marketplace.web.admin_simulation import about_simulation
from marketplace.web.format import HERE
from marketplace.web.policy_words import PolicyWords
from marketplace.web.refusals import field_errors
from marketplace.web.render import page
from marketplace.web.version_parts import About
from policies import queries, withdrawing
from policies.errors import EffectPast, PoliciesError, PolicyNotFound, RuleFails
from policies.schemas import VersionRead
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]
NOTHING = SimpleNamespace(**dict.fromkeys(DIFFED))
"""What a new policy is compared with, so that whoever reviews it reads all of it."""
ABOUT: tuple[About, ...] = (
    part_of_a_set,
    about_reach,
    about_cases,
    about_simulation,
    about_findings,
    about_comments,
)
"""What the page tells below the text, in this order."""


@get("/admin/policies/{policy_id:str}/versions/{number:str}", **READERS)
async def version(
    request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str, number: str, now: datetime
) -> Response[str]:
    """One version against the one in force, and what can be done with it."""
    return await _version(request, session, actor, policy_id, version_number(number), now)


def version_number(text: str) -> int:
    """The number in a version's address. Raises PolicyNotFound for what no version is called, however long."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise PolicyNotFound
    return int(text)


async def _version(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    policy_id: str,
    number: int,
    now: datetime,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Response[str]:
    row = await queries.version(session, policy_id, number)
    if row is None:
        raise PolicyNotFound
    current = await queries.current(session, policy_id)
    rule = parse(row.rule, Vocabulary.shipped())
    withdrawals = await withdrawing.of(session, row)
    named = [*map(UUID, row.editors), row.submitted_by, row.decided_by]
    named += [one for wish in withdrawals for one in (wish.asked_by, wish.decided_by)]
    mine = set(await persons.accounts_of(session, actor.user_id))
    asked = next((wish for wish in withdrawals if wish.state == "asked"), None)
    tomorrow = (now + timedelta(days=1)).astimezone(HERE)
    return page(
        request,
        "admin/version.html",
        status_code=status,
        version=VersionRead.model_validate(row),
        words=PolicyWords(language_of(request), today(request)),
        current=current,
        changes=_changes(row, current),
        sentence=words_of(rule, language_of(request)),
        names=await people.display_names(session, [one for one in named if one is not None]),
        is_admin=actor.role is Role.POLICY_ADMIN,
        own_work=_any(mine, map(UUID, row.editors)),
        withdrawals=withdrawals,
        asked=asked,
        i_asked=asked is not None and asked.asked_by in mine,
        overdue=row.effect_at is not None and row.effect_at < now - timedelta(minutes=2),
        errors=errors or {},
        typed={"effect_day": tomorrow.date().isoformat(), "effect_time": "08:00", **(typed or {})},
        parts=[part for about in ABOUT if (part := await about(request, session, actor, row)) is not None],
    )


def _changes(row: PolicyVersion, current: PolicyVersion | None) -> list[version_diff.Change]:
    """What a version changes in the one in force, and nothing for that one itself; of a new policy all it says."""
    if current is not None and current.id == row.id:
        return []
    return version_diff.changes(row, current or NOTHING, DIFFED)


def _any(mine: Collection[UUID], others: Any) -> bool:
    return any(one in mine for one in others)


@post("/admin/policies/{policy_id:str}/versions/{number:str}", status_code=HTTP_303_SEE_OTHER, **ADMIN)
async def act(
    request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str, number: str, now: datetime
) -> Response[Any]:
    """Do what the pressed button says; what is refused is told on the page, with everything that was typed."""
    form, nth = await forms.read(request), version_number(number)
    try:
        goes_on = await admin_deeds.press(admin_deeds.Pressed(session, actor, policy_id, nth, form, now))
    except PolicyNotFound:
        raise
    except (InvalidInput, PoliciesError) as refused:
        errors = field_errors(refused, language_of(request), "action")
        status = 422 if isinstance(refused, InvalidInput | RuleFails | EffectPast) else 409
        return await _version(request, session, actor, policy_id, nth, now, errors, form, status)
    return Redirect(goes_on, status_code=HTTP_303_SEE_OTHER)


router = Router("/", route_handlers=[version, act], include_in_schema=False)
