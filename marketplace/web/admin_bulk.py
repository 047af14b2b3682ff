"""One change to many policies: choose them, say what happens to their last day, and look at each before it is written.

The choice is made in a list found by filters; the change itself is a change set (admin_changes.py).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.guards import access
from auth.roles import Role
from auth.schemas import Input, PlainText
from marketplace.exchange.proposing import refusal, told
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.web import forms
from marketplace.web.admin_list import Wanted, wanted_of
from marketplace.web.policy_words import PolicyWords
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page
from policies import bulk, changesets, queries
from policies.bulk import Change, Kind
from policies.errors import PoliciesError
from policies.schemas import PolicyDay
from policies.tables import CATEGORIES, LEVELS, PolicyVersion

AnyRequest = Request[Any, Any, Any]
ADMIN = access(Role.POLICY_ADMIN)
PICKED = "pick."
"""Before a policy's id in the name of its box."""


class BulkChange(Input):
    """What happens to the chosen policies' last day, and why."""

    kind: Kind
    months: int = 0
    day: PolicyDay | None = None
    why: Annotated[PlainText, Field(min_length=1, max_length=2000)]


class LastDay(BulkChange):
    """The same where a day is needed."""

    kind: Literal["last_day"]
    day: PolicyDay


@get("/admin/bulk", **ADMIN)
async def choose(request: AnyRequest, session: AsyncSession, as_of: date) -> Response[str]:
    """The policies to choose from."""
    return await _page(request, session, as_of, {})


async def _page(
    request: AnyRequest,
    session: AsyncSession,
    as_of: date,
    form: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Response[str]:
    wanted = wanted_of(request.query_params)
    until = _day(request.query_params.get("until", ""))
    rows = [row for row in await queries.published(session) if _fits(row, wanted, until)]
    return page(
        request,
        "admin/bulk.html",
        status_code=status,
        rows=rows,
        wanted=wanted,
        until=request.query_params.get("until", ""),
        levels=LEVELS,
        categories=CATEGORIES,
        picked={name.removeprefix(PICKED) for name in form if name.startswith(PICKED)},
        form=form,
        errors=errors or {},
        words=PolicyWords(language_of(request), as_of),
    )


def _fits(row: PolicyVersion, wanted: Wanted, until: date | None) -> bool:
    """What the filters look for; `until`: what ends by that day."""
    return wanted.fits(row) and (
        until is None or (row.effective_to is not None and row.effective_to <= until)
    )


def _day(text: str) -> date | None:
    """A day of a filter; what is none is taken as not given."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@post("/admin/bulk", status_code=HTTP_303_SEE_OTHER, **ADMIN)
async def propose(
    request: AnyRequest, session: AsyncSession, actor: Actor, now: datetime, as_of: date
) -> Response[Any]:
    """Keep the choice and the change as a change set; no draft is written yet."""
    form, lang = await forms.read(request), language_of(request)
    chosen = [name.removeprefix(PICKED) for name in form if name.startswith(PICKED)]
    try:
        change = _change(form)
        if not chosen:
            errors = {"policies": translate(lang, "exchange.bulk.none_chosen")}
            return await _page(request, session, as_of, form, errors, 422)
        made, same, unfit = await bulk.proposals(
            session, chosen, Change(change.kind, change.months, change.day)
        )
        refused = {**unfit, **await changesets.refused(session, actor, made, now)}
        kept = await changesets.propose(
            session,
            actor,
            "bulk",
            change.why,
            [one for one in made if one.policy_id not in refused],
            now,
            refusals=[refusal("", name, told(error)) for name, error in sorted(refused.items())],
            unchanged=same,
        )
    except (InvalidInput, PoliciesError) as error:
        return await _page(request, session, as_of, form, field_errors(error, lang, "policies"), 422)
    return Redirect(f"/admin/changes/{kept.id}", status_code=HTTP_303_SEE_OTHER)


def _change(form: Mapping[str, str]) -> BulkChange:
    """The change as typed. Raises InvalidInput."""
    kind = form.get("kind", "")
    said: dict[str, object] = {"kind": kind, "why": form.get("why", "")}
    if kind == "extend":
        months = form.get("months", "").strip()
        said["months"] = int(months) if months.isascii() and months.isdigit() and len(months) < 6 else months
    if kind == "last_day":
        day = form.get("day", "").strip()
        return validated(LastDay, {**said, **({"day": day} if day else {})})
    return validated(BulkChange, said)


router = Router("/", route_handlers=[choose, propose], include_in_schema=False)
