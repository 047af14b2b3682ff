"""One version of a policy at the desk: what it changes, what is known of it, and what can be done with it.

What else an admin has to see before deciding (cases, a simulation, findings) comes as parts, each from its own file.
"""

import difflib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import queries as people
from auth.actor import Actor
from auth.roles import Role
from eligibility import Facts, Vocabulary, parse
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.profiles import queries as profile_queries
from marketplace.profiles import service as profiles
from marketplace.web import forms
from marketplace.web.admin import ADMIN, READERS
from marketplace.web.admin_diagnosis import words_of
from marketplace.web.admin_editor import DIFFED, today
from marketplace.web.policy_words import PolicyWords
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page
from policies import queries, service
from policies.errors import PoliciesError, PolicyNotFound, RuleFails
from policies.schemas import Rejection, VersionRead
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]
TRIED_ON = 50


@dataclass(frozen=True, slots=True)
class Part:
    """A card of the version page: `template` is included with `part` in its context."""

    template: str
    shown: Mapping[str, Any]


About = Callable[[AnyRequest, AsyncSession, Actor, PolicyVersion], Awaitable[Part | None]]
ABOUT: tuple[About, ...] = ()
"""What the page tells below the text, in this order; None where there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs from the version in force; parts: (kind, words) with kind same, old or new."""

    name: str
    parts: list[tuple[str, str]]


@get("/admin/policies/{policy_id:str}/versions/{number:str}", **READERS)
async def version(
    request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str, number: str
) -> Response[str]:
    """One version against the one in force, and what can be done with it."""
    return await _version(request, session, actor, policy_id, version_number(number))


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
    errors: Mapping[str, str] | None = None,
    reason: str = "",
    status: int = HTTP_200_OK,
) -> Response[str]:
    row = await queries.version(session, policy_id, number)
    if row is None:
        raise PolicyNotFound
    current = await queries.current(session, policy_id)
    rule = parse(row.rule, Vocabulary.shipped())
    ids = [UUID(editor) for editor in row.editors]
    names = await people.display_names(session, [*ids, *([row.decided_by] if row.decided_by else [])])
    return page(
        request,
        "admin/version.html",
        status_code=status,
        version=VersionRead.model_validate(row),
        words=PolicyWords(language_of(request), today(request)),
        current=current,
        changes=changes(row, current) if current is not None and current.id != row.id else [],
        sentence=words_of(rule, language_of(request)),
        names=names,
        is_admin=actor.role is Role.POLICY_ADMIN,
        own_work=str(actor.user_id) in row.editors,
        errors=errors or {},
        reason=reason,
        parts=[part for about in ABOUT if (part := await about(request, session, actor, row)) is not None],
    )


def changes(row: Any, current: Any) -> list[Change]:
    """The fields that differ from the version in force, word by word."""
    found = []
    for name in DIFFED:
        before, after = _plain(getattr(current, name)), _plain(getattr(row, name))
        if before != after:
            found.append(Change(name, word_diff(before, after)))
    return found


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value)):
        return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    return " ".join(str(v) for v in value) if isinstance(value, list) else str(value)


def word_diff(before: str, after: str) -> list[tuple[str, str]]:
    """What stayed, what went, what came, in order."""
    a, b = before.split(" "), after.split(" ")
    parts: list[tuple[str, str]] = []
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(a=a, b=b, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("same", " ".join(a[i1:i2])))
            continue
        if i2 > i1:
            parts.append(("old", " ".join(a[i1:i2])))
        if j2 > j1:
            parts.append(("new", " ".join(b[j1:j2])))
    return parts


@post("/admin/policies/{policy_id:str}/versions/{number:str}", status_code=HTTP_303_SEE_OTHER, **ADMIN)
async def act(
    request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str, number: str, now: datetime
) -> Response[Any]:
    """Submit, take back, publish or reject a version."""
    form, nth = await forms.read(request), version_number(number)
    try:
        await _do(session, actor, policy_id, nth, form, now)
    except PolicyNotFound:
        raise
    except (InvalidInput, PoliciesError) as refused:
        errors = field_errors(refused, language_of(request), "action")
        status = 422 if isinstance(refused, InvalidInput | RuleFails) else 409
        return await _version(request, session, actor, policy_id, nth, errors, form.get("reason", ""), status)
    return Redirect(f"/admin/policies/{policy_id}/versions/{nth}", status_code=HTTP_303_SEE_OTHER)


async def _do(
    session: AsyncSession, actor: Actor, policy_id: str, number: int, form: Mapping[str, str], now: datetime
) -> None:
    """The deed of the button that was pressed."""
    seen = form.get("seen_sha256", "")
    match form.get("action"):
        case "submit":
            known = await _tried_on(session)
            await service.submit(session, actor, policy_id, number, seen_sha256=seen, tried_on=known, now=now)
        case "take_back":
            await service.take_back(session, actor, policy_id, number, now=now)
        case "publish":
            known = await _tried_on(session)
            await service.publish(
                session, actor, policy_id, number, seen_sha256=seen, tried_on=known, now=now
            )
        case "reject":
            rejection = validated(Rejection, {"reason": form.get("reason", "")})
            await service.reject(session, actor, policy_id, number, rejection, now=now)
        case _:
            raise PolicyNotFound


async def _tried_on(session: AsyncSession) -> list[Facts]:
    """The facts a rule must stand before it comes into force: the oldest enterprises', the demo ones where there are.
    Nobody is shown them.
    """
    found = await profile_queries.some_enterprises(session, TRIED_ON)
    return [await profiles.facts_of(session, enterprise.id) for enterprise in found]


router = Router("/", route_handlers=[version, act], include_in_schema=False)
