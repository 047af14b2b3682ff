"""The owner's commitments: choosing facts, reading the text, ticking each statement; then their course, to the end.

Two plain pages without script: what is chosen stands in the address, so that the text can be read again; what is
confirmed is the text whose hash the form carries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import members
from auth.actor import Actor
from auth.guards import access
from auth.roles import Matter, Role
from eligibility import Vocabulary
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.problems import problem_of
from marketplace.profiles import commitments
from marketplace.profiles import service as profiles
from marketplace.profiles.commitments import Wanted
from marketplace.profiles.declaration import STATEMENTS
from marketplace.profiles.errors import CommitmentRefused, CommitmentSettled, CommitmentTextChanged
from marketplace.web import commitment_view, forms
from marketplace.web.format import HERE
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)
AT = "/account/enterprises/{enterprise_id:uuid}/commitments"
FACT = "fact."


@dataclass(frozen=True, slots=True)
class Choice:
    """A fact to tick."""

    name: str
    label: str
    value: str
    source: str


def _home(enterprise_id: UUID) -> str:
    return f"/account/enterprises/{enterprise_id}/commitments"


def wanted_of(given: Mapping[str, str], lang: str) -> Wanted:
    """What a form or an address asks to commit to."""
    facts = tuple(sorted(name.removeprefix(FACT) for name in given if name.startswith(FACT)))
    return Wanted(facts, given.get("policy") or None, lang)


@get(AT, **OWNER)
async def listing(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, as_of: date, now: datetime
) -> Response[str]:
    """All commitments of the enterprise."""
    enterprise = await profiles.enterprise_of(session, actor, enterprise_id)
    lang = language_of(request)
    found = await commitments.listed(session, enterprise_id)
    return page(
        request,
        "account/commitments.html",
        enterprise=enterprise,
        shown=[await commitment_view.shown(session, one, as_of, lang) for one in found],
        may=await _may(session, actor, enterprise_id),
        until=await commitments.excluded_until(session, enterprise_id, now.astimezone(HERE).date()),
        open_facts=len(commitments.committable(await profiles.profile_of(session, enterprise_id))),
    )


async def _may(session: AsyncSession, actor: Actor, enterprise_id: UUID) -> bool:
    own = await members.membership_of(session, actor.user_id, enterprise_id)
    return own is not None and Matter.COMMIT in members.matters(own)


@get(f"{AT}/new", **OWNER)
async def choose(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, as_of: date, now: datetime
) -> Response[str]:
    """Which facts to commit to."""
    wanted = wanted_of(request.query_params, language_of(request))
    return await _choose(request, session, actor, enterprise_id, as_of, now, wanted, None)


@get(f"{AT}/declare", **OWNER)
async def read(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, as_of: date, now: datetime
) -> Response[str]:
    """The text of what was chosen, to be read; back to choosing where nothing was."""
    wanted = wanted_of(request.query_params, language_of(request))
    if wanted.policy_id and not wanted.facts:
        return await _choose(request, session, actor, enterprise_id, as_of, now, wanted, None)
    return await _read(request, session, actor, enterprise_id, as_of, now, wanted, (), None)


@post(AT, status_code=HTTP_303_SEE_OTHER, **OWNER)
async def make(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, as_of: date, now: datetime
) -> Response[Any]:
    """Confirm the text that was read."""
    form = await forms.read(request)
    wanted = wanted_of(form, language_of(request))
    ticked = tuple(name for name in STATEMENTS if f"statement.{name}" in form)
    try:
        made = await commitments.make(
            session,
            actor,
            enterprise_id,
            wanted,
            seen=form.get("seen", ""),
            agreed=ticked,
            as_of=as_of,
            now=now,
        )
    except CommitmentTextChanged as refused:
        return await _read(request, session, actor, enterprise_id, as_of, now, wanted, (), refused)
    except CommitmentRefused as refused:
        if refused.field != "statements":
            return await _choose(request, session, actor, enterprise_id, as_of, now, wanted, refused)
        return await _read(request, session, actor, enterprise_id, as_of, now, wanted, ticked, refused)
    return Redirect(f"{_home(enterprise_id)}/{made.id}", status_code=HTTP_303_SEE_OTHER)


async def _choose(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    as_of: date,
    now: datetime,
    wanted: Wanted,
    refused: CommitmentRefused | None,
) -> Response[str]:
    enterprise = await profiles.enterprise_of(session, actor, enterprise_id)
    await members.require(session, actor, enterprise_id, Matter.COMMIT)
    await commitments.refuse_excluded(session, enterprise_id, now)
    profile = await profiles.profile_of(session, enterprise_id)
    open_ = commitments.committable(profile)
    lang = language_of(request)
    policies = await commitments.policies_in_force(session, as_of)
    asked = {name: set(policy.rule.stated_facts) & set(open_) for name, policy in policies.items()}
    ticked = set(wanted.facts)
    by_policy = bool(wanted.policy_id) and not ticked
    if by_policy:
        ticked = asked.get(wanted.policy_id or "", set())
    named = sorted((policies[name].name(lang), name) for name, facts in asked.items() if facts)
    errors = (
        {refused.field: translate(lang, f"commitment.refused.{refused.field}")}
        if refused and refused.field
        else {}
    )
    return page(
        request,
        "account/commitment_choose.html",
        status_code=422 if errors else HTTP_200_OK,
        enterprise=enterprise,
        groups=_groups(open_, {row.name: row.source for row in profile.rows}, lang),
        ticked=ticked,
        by_policy=by_policy,
        policies=[("", translate(lang, "commitment.any_policy"))] + [(name, words) for words, name in named],
        policy=wanted.policy_id or "",
        errors=errors,
    )


def _groups(
    values: Mapping[str, Any], sources: Mapping[str, str], lang: str
) -> Sequence[tuple[str, Sequence[Choice]]]:
    vocabulary = Vocabulary.shipped()
    found = []
    for group in vocabulary.groups:
        choices = [
            Choice(
                fact.name,
                fact.label(lang),
                commitment_view.said(fact.name, values[fact.name], lang),
                sources[fact.name],
            )
            for fact in vocabulary.in_group(group.name)
            if fact.name in values
        ]
        if choices:
            found.append((group.label(lang), choices))
    return found


async def _read(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    as_of: date,
    now: datetime,
    wanted: Wanted,
    ticked: Sequence[str],
    refused: CommitmentRefused | CommitmentTextChanged | None,
) -> Response[str]:
    try:
        text = await commitments.draft(session, actor, enterprise_id, wanted, as_of, now)
    except CommitmentRefused as error:
        return await _choose(request, session, actor, enterprise_id, as_of, now, wanted, error)
    lang = language_of(request)
    errors = (
        {"statements": translate(lang, "commitment.refused.statements")}
        if isinstance(refused, CommitmentRefused)
        else {}
    )
    return page(
        request,
        "account/commitment_read.html",
        status_code=422 if errors else 409 if refused else HTTP_200_OK,
        enterprise=text.enterprise,
        text=text,
        wanted=wanted,
        ticked=ticked,
        errors=errors,
        told=problem_of(refused).said(lang) if isinstance(refused, CommitmentTextChanged) else None,
    )


@get(f"{AT}/{{commitment_id:uuid}}", **OWNER)
async def one(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    commitment_id: UUID,
    as_of: date,
    now: datetime,
) -> Response[str]:
    """One commitment and its course."""
    return await _one(request, session, actor, enterprise_id, commitment_id, as_of, now)


async def _one(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    commitment_id: UUID,
    as_of: date,
    now: datetime,
    *,
    typed: Mapping[str, str] | None = None,
    refused: CommitmentRefused | CommitmentSettled | None = None,
) -> Response[str]:
    found = await commitments.one(session, actor, enterprise_id, commitment_id)
    lang = language_of(request)
    shown = await commitment_view.shown(session, found, as_of, lang)
    field = refused.field if isinstance(refused, CommitmentRefused) else None
    errors = {field: translate(lang, f"commitment.refused.{field}")} if field else {}
    return page(
        request,
        "account/commitment.html",
        status_code=422 if errors else 409 if refused else HTTP_200_OK,
        enterprise=await profiles.enterprise_of(session, actor, enterprise_id),
        shown=shown,
        may=await _may(session, actor, enterprise_id),
        may_object=shown.may_be_objected_to(now.astimezone(HERE).date()),
        typed=typed or {},
        errors=errors,
        told=problem_of(refused).said(lang) if isinstance(refused, CommitmentSettled) else None,
    )


@get(f"{AT}/{{commitment_id:uuid}}/declaration", **OWNER)
async def declaration(
    request: AnyRequest, session: AsyncSession, actor: Actor, enterprise_id: UUID, commitment_id: UUID
) -> Response[str]:
    """The very text that was read, to print."""
    found = await commitments.one(session, actor, enterprise_id, commitment_id)
    return page(request, "account/declaration.html", commitment=found, lines=found.wording.splitlines())


@post(f"{AT}/{{commitment_id:uuid}}/withdraw", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def withdraw(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    commitment_id: UUID,
    as_of: date,
    now: datetime,
) -> Response[Any]:
    """Take it back."""
    form = await forms.read(request)
    try:
        await commitments.withdraw(session, actor, enterprise_id, commitment_id, form.get("reason", ""), now)
    except (CommitmentRefused, CommitmentSettled) as refused:
        return await _one(
            request, session, actor, enterprise_id, commitment_id, as_of, now, typed=form, refused=refused
        )
    return Redirect(f"{_home(enterprise_id)}/{commitment_id}", status_code=HTTP_303_SEE_OTHER)


@post(f"{AT}/{{commitment_id:uuid}}/object", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def object_to(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    commitment_id: UUID,
    as_of: date,
    now: datetime,
) -> Response[Any]:
    """Object to a finding."""
    form = await forms.read(request)
    text = form.get("objection", "")
    try:
        await commitments.object_to(session, actor, enterprise_id, commitment_id, text, now)
    except (CommitmentRefused, CommitmentSettled) as refused:
        return await _one(
            request, session, actor, enterprise_id, commitment_id, as_of, now, typed=form, refused=refused
        )
    return Redirect(f"{_home(enterprise_id)}/{commitment_id}", status_code=HTTP_303_SEE_OTHER)


router = Router(
    "/",
    route_handlers=[listing, choose, read, make, one, declaration, withdraw, object_to],
    include_in_schema=False,
)
