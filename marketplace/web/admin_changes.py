"""A change of several policies at the desk: what it would change, and its steps, each for all of them or for none.

What a person decides on is what the page showed: the contents' common hash goes with every button.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
from auth.guards import access
from auth.roles import Role
from eligibility import Status
from marketplace.exchange.proposing import told
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.problems import problem_of
from marketplace.settings import Settings
from marketplace.simulating import service as simulating
from marketplace.web import forms
from marketplace.web.admin_deeds import tried_on
from marketplace.web.admin_editor import DIFFED
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page
from marketplace.web.version_diff import Change, changes
from marketplace.web.version_parts import Part
from policies import changesets, content, findings, gates, packs, queries
from policies.changeset_tables import ChangeSet
from policies.errors import ChangeSetNotFound, PoliciesError, SetMemberRefused
from policies.lifecycle import Action
from policies.schemas import FindingReply, Rejection
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]
ADMIN = access(Role.POLICY_ADMIN)
READERS = access(Role.POLICY_ADMIN, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Line:
    """One policy of a change. kind: new or changed; `moved`: somebody changed the policy since this was proposed.

    `version`: the draft that was written; `hindrances`: field and words of what it still lacks, None while its analysis
    is not done.
    """

    id: str
    name: str
    kind: str
    moved: bool
    changes: Sequence[Change]
    version: PolicyVersion | None = None
    hindrances: Sequence[tuple[str, str]] | None = ()


@get("/admin/changes/{set_id:uuid}", **READERS)
async def change_set(request: AnyRequest, session: AsyncSession, actor: Actor, set_id: UUID) -> Response[str]:
    """What it would change, what was refused, and what can be done with it."""
    return await _page(request, session, actor, await changesets.find(session, set_id))


async def _page(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    made: ChangeSet,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Response[str]:
    rows = await changesets.members(session, made)
    lines = await _lines(session, made, rows, language_of(request))
    worked = {UUID(one) for row in rows for one in row.editors}
    known = await persons.of(session, [actor.user_id, *worked])
    ids = [made.made_by, *([made.decided_by] if made.decided_by else [])]
    return page(
        request,
        "admin/changes.html",
        status_code=status,
        made=made,
        lines=lines,
        unanalysed=sum(line.hindrances is None for line in lines),
        lacks={field for line in lines for field, _ in line.hindrances or ()},
        seen=changesets.hash_of(rows),
        names=await people.display_names(session, ids),
        own_work=known[actor.user_id] in {known[one] for one in worked},
        is_admin=actor.role is Role.POLICY_ADMIN,
        errors=errors or {},
        typed=typed or {},
    )


async def _lines(
    session: AsyncSession, made: ChangeSet, rows: Sequence[PolicyVersion], lang: str
) -> list[Line]:
    """Each policy of the change against what is stored now, or against what its draft was written on."""
    written = {row.policy_id: row for row in rows}
    found = []
    for proposal in changesets.proposals_of(made):
        row = written.get(proposal.policy_id)
        before = await _before(session, proposal, row)
        old = {} if before is None else packs.plain(content.content_of(before))
        differs = changes(
            SimpleNamespace(**proposal.content),
            SimpleNamespace(**{name: old.get(name) for name in content.FIELDS}),
            DIFFED,
        )
        found.append(
            Line(
                id=proposal.policy_id,
                name=proposal.content["name_en" if lang.startswith("en") else "name_zh"],
                kind="new" if proposal.base_sha256 is None else "changed",
                moved=made.state == "proposed"
                and proposal.base_sha256 != (None if before is None else before.content_sha256),
                changes=differs if before is not None else [],
                version=row,
                hindrances=await _hindrances(session, row, lang) if made.state == "written" else (),
            )
        )
    return found


async def _before(
    session: AsyncSession, proposal: changesets.Proposal, row: PolicyVersion | None
) -> PolicyVersion | None:
    """What a proposal is shown against: what is stored now, or the version its draft was made from."""
    if row is None:
        return await queries.to_edit(session, proposal.policy_id)
    earlier = (one for one in await queries.history(session, proposal.policy_id) if one.version < row.version)
    return next((one for one in earlier if one.content_sha256 == proposal.base_sha256), None)


async def _hindrances(
    session: AsyncSession, row: PolicyVersion | None, lang: str
) -> Sequence[tuple[str, str]] | None:
    """What a draft still lacks; nobody who only looks waits for its analysis."""
    if row is None or await findings.of(session, row) is None:
        return None
    found = await gates.hindrances(session, row, Action.SUBMIT)
    return [(one.field or "", problem_of(one).said(lang)) for one in found]


@post("/admin/changes/{set_id:uuid}", status_code=HTTP_303_SEE_OTHER, **ADMIN)
async def act(
    request: AnyRequest, session: AsyncSession, actor: Actor, set_id: UUID, now: datetime
) -> Response[Any]:
    """One step of the whole change. A refusal leaves every policy as it was."""
    form, lang = await forms.read(request), language_of(request)
    made = await changesets.find(session, set_id)
    try:
        async with session.begin_nested():
            await _do(request, session, actor, made, form, now)
    except ChangeSetNotFound:
        raise
    except SetMemberRefused as refused:
        errors = {"action": f"{refused.policy_id}: {told(refused.error)[_key(lang)]}"}
        return await _again(request, session, actor, set_id, errors, form, 409)
    except (InvalidInput, PoliciesError) as refused:
        errors = field_errors(refused, lang, "action")
        status = 422 if isinstance(refused, InvalidInput) else 409
        return await _again(request, session, actor, set_id, errors, form, status)
    return Redirect(f"/admin/changes/{set_id}", status_code=HTTP_303_SEE_OTHER)


def _key(lang: str) -> str:
    return "en" if lang.startswith("en") else "zh-CN"


async def _again(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    set_id: UUID,
    errors: Mapping[str, str],
    form: Mapping[str, str],
    status: int,
) -> Response[str]:
    """The page as the refusal left it: read afresh, since a step that was taken back leaves stale rows behind."""
    session.expire_all()
    made = await changesets.find(session, set_id)
    return await _page(request, session, actor, made, errors, form, status)


async def _do(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    made: ChangeSet,
    form: Mapping[str, str],
    now: datetime,
) -> None:
    """The deed of the button that was pressed."""
    seen = form.get("seen_sha256", "")
    match form.get("action"):
        case "write":
            await changesets.write(session, actor, made, now=now)
        case "drop":
            await changesets.drop(session, actor, made, now=now)
        case "answer":
            reply = validated(FindingReply, {"answer": form.get("answer", "")})
            await changesets.answer_all(session, actor, made, reply, now=now)
        case "cases":
            lang = language_of(request)

            def name(status: Status) -> str:
                return translate(lang, f"exchange.case.{status.value}")

            await changesets.keep_cases(session, actor, made, name, now=now)
        case "simulate":
            await _simulate(request, session, actor, made, now)
        case "submit":
            known = await tried_on(session)
            await changesets.submit(session, actor, made, seen_sha256=seen, tried_on=known, now=now)
        case "take_back":
            await changesets.take_back(session, actor, made, now=now)
        case "publish":
            known = await tried_on(session)
            await changesets.publish(session, actor, made, seen_sha256=seen, tried_on=known, now=now)
        case "reject":
            rejection = validated(Rejection, {"reason": form.get("reason", "")})
            await changesets.reject(session, actor, made, rejection, now=now)
        case _:
            raise ChangeSetNotFound


async def _simulate(
    request: AnyRequest, session: AsyncSession, actor: Actor, made: ChangeSet, now: datetime
) -> None:
    """Have every version counted over the stored enterprises."""
    settings: Settings = request.app.state["settings"]
    for row in await changesets.members(session, made):
        await simulating.ask(
            session,
            actor,
            row.policy_id,
            row.version,
            day=settings.as_of,
            limit=settings.loss_limit,
            now=now,
        )


async def part_of_a_set(
    request: AnyRequest, session: AsyncSession, actor: Actor, row: PolicyVersion
) -> Part | None:
    """A version's page: the change it is part of, which is decided as a whole."""
    made = await changesets.set_of(session, row.id)
    return None if made is None else Part("admin/part_of_changes.html", {"made": made})


router = Router("/", route_handlers=[change_set, act], include_in_schema=False)
