"""Policies in and out at the desk: packs, spreadsheets and decision tables to download, and a file to be looked at.

Nothing is written by sending a file: it becomes a proposed change, which shows what is new, changed, the same or
refused.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_303_SEE_OTHER, HTTP_413_REQUEST_ENTITY_TOO_LARGE
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from auth import queries as people
from auth.actor import Actor
from auth.guards import access
from auth.roles import Role
from auth.schemas import Input, PlainText
from marketplace.documents.errors import FileMissing, FileUnreadable
from marketplace.documents.uploads import FIELD, sent_file
from marketplace.exchange import policy_sheet, rule_sheet
from marketplace.exchange.proposing import proposed
from marketplace.exchange.reading import Read, read
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.profiles.errors import SheetNotTaken, SheetTooLarge
from marketplace.web import forms
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page
from policies import changesets, dmn, packs, queries
from policies.errors import PackUnreadable, PoliciesError, PolicyNotFound
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]
ADMIN = access(Role.POLICY_ADMIN)
READERS = access(Role.POLICY_ADMIN, Role.AUDITOR)
LARGEST_BODY = 2 * packs.LARGEST
"""More than the largest file, so that its refusal comes with the page it was sent from."""
TOO_LARGE = "too-large"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNREADABLE = (FileUnreadable, SheetNotTaken, SheetTooLarge, PackUnreadable)


class Import(Input):
    """What a file is for."""

    why: Annotated[PlainText, Field(min_length=1, max_length=2000)]


@get("/admin/exchange", **READERS)
async def overview(request: AnyRequest, session: AsyncSession, actor: Actor) -> Response[str]:
    """What can be taken out, where a file is sent, and the changes made so before."""
    errors = {}
    if TOO_LARGE in request.query_params:
        errors = {FIELD: translate(language_of(request), "exchange.too_large")}
    return await _page(request, session, actor, errors, "", 413 if errors else 200)


async def _page(
    request: AnyRequest, session: AsyncSession, actor: Actor, errors: dict[str, str], why: str, status: int
) -> Response[str]:
    made = await changesets.newest(session)
    return page(
        request,
        "admin/exchange.html",
        status_code=status,
        made=made,
        names=await people.display_names(session, [one.made_by for one in made]),
        in_force=await queries.published(session),
        is_admin=actor.role is Role.POLICY_ADMIN,
        errors=errors,
        why=why,
    )


def _back_too_large(request: AnyRequest, _: Exception) -> Response[Any]:
    """A body nobody reads to its end: the way back to the page it was sent from, which says so."""
    return Redirect(f"/admin/exchange?{TOO_LARGE}=1", status_code=HTTP_303_SEE_OTHER)


@post(
    "/admin/exchange",
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=LARGEST_BODY,
    exception_handlers={HTTP_413_REQUEST_ENTITY_TOO_LARGE: _back_too_large},
    **ADMIN,
)
async def propose(request: AnyRequest, session: AsyncSession, actor: Actor, now: datetime) -> Response[Any]:
    """Look at a file: what it would change becomes a proposed change, and no draft is written yet."""
    form, lang = await forms.read(request), language_of(request)
    why = form.get("why", "")
    try:
        wanted = validated(Import, {"why": why})
        data = await sent_file(request)
        if not data:
            raise FileMissing(FIELD)
        found = await _read(session, data)
        made = await proposed(session, actor, found.kind, wanted.why, found.entries, now, found.refusals)
    except FileMissing:
        errors = {FIELD: translate(lang, "exchange.no_file")}
    except UNREADABLE as refused:
        errors = field_errors(refused, lang, FIELD)
        errors = {FIELD: next(iter(errors.values()))}
    except (InvalidInput, PoliciesError) as refused:
        errors = field_errors(refused, lang, FIELD)
    else:
        return Redirect(f"/admin/changes/{made.id}", status_code=HTTP_303_SEE_OTHER)
    return await _page(request, session, actor, errors, why, 422)


async def _read(session: AsyncSession, data: bytes) -> Read:
    """A file's entries. Raises what cannot be read."""
    stored = {row.policy_id: row for row in await queries.newest_versions(session)}
    return await asyncio.to_thread(read, data, stored)


@get("/admin/exchange/policies.yaml", **READERS)
async def pack(request: AnyRequest, session: AsyncSession, as_of: date) -> Response[bytes]:
    """The policies in force, or those named by ?id=, as a pack."""
    text = packs.written(await _chosen(request, session), as_of)
    return _file(text.encode(), "application/yaml", "policies.yaml")


@get("/admin/exchange/policies.xlsx", **READERS)
async def sheet(request: AnyRequest, session: AsyncSession) -> Response[bytes]:
    """The same as a spreadsheet, a policy a row."""
    made = await asyncio.to_thread(policy_sheet.written, await _chosen(request, session))
    return _file(made, XLSX, "policies.xlsx")


@get("/admin/exchange/{policy_id:str}/table.xlsx", **READERS)
async def table(request: AnyRequest, session: AsyncSession, policy_id: str) -> Response[bytes]:
    """One policy's rule as a decision table."""
    row = await _one(session, policy_id)
    made = await asyncio.to_thread(rule_sheet.written, row, language_of(request))
    return _file(made, XLSX, f"{policy_id}.xlsx")


@get("/admin/exchange/{policy_id:str}/table.dmn", **READERS)
async def decision(session: AsyncSession, policy_id: str) -> Response[bytes]:
    """The same as DMN, for engines that decide by tables."""
    return _file(dmn.written(await _one(session, policy_id)), "application/xml", f"{policy_id}.dmn")


async def _chosen(request: AnyRequest, session: AsyncSession) -> Sequence[PolicyVersion]:
    """The published versions; only those ?id= names where it does. Raises PolicyNotFound."""
    rows, ids = await queries.published(session), request.query_params.getall("id", [])
    if not ids:
        return rows
    if unknown := set(ids) - {row.policy_id for row in rows}:
        raise PolicyNotFound(ids=sorted(unknown))
    return [row for row in rows if row.policy_id in ids]


async def _one(session: AsyncSession, policy_id: str) -> PolicyVersion:
    """A policy as it is or is being written. Raises PolicyNotFound."""
    row = await queries.to_edit(session, policy_id)
    if row is None:
        raise PolicyNotFound
    return row


def _file(data: bytes, media_type: str, name: str) -> Response[bytes]:
    disposition = f'attachment; filename="{name}"'
    return Response(
        data,
        media_type=media_type,
        headers={"content-disposition": disposition, "cache-control": "no-store"},
    )


router = Router(
    "/", route_handlers=[overview, propose, pack, sheet, table, decision], include_in_schema=False
)
