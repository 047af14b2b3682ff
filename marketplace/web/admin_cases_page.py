"""The cases' page, where proposals are judged and kept and cases retired.

Proposals come back as the facts they are, so that nothing hangs on the engine proposing the same once more. A row
without a choice is left for later.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from eligibility import FactsError
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.web import admin_cases, forms
from marketplace.web.admin import ADMIN, READERS
from marketplace.web.admin_version import version_number
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page
from marketplace.web.version_parts import Part
from policies import cases, versions
from policies.cases import CaseText
from policies.errors import CaseNotFound, PoliciesError
from policies.schemas import VersionRead
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]
MOST_ROWS = 200
"""Rows of proposals read from one form."""


@get("/admin/policies/{policy_id:str}/versions/{number:str}/cases", **READERS)
async def overview(
    request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str, number: str
) -> Response[str]:
    """The cases of a policy against one version, on a page of their own."""
    row = await versions.find(session, policy_id, version_number(number))
    return await _page(request, session, actor, row)


async def _page(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    row: PolicyVersion,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Response[str]:
    return page(
        request,
        "admin/cases_page.html",
        status_code=status,
        version=VersionRead.model_validate(row),
        part=Part("admin/cases.html", await admin_cases.shown(request, session, actor, row)),
        errors=errors or {},
        typed=typed or {},
    )


@post("/admin/policies/{policy_id:str}/versions/{number:str}/cases", status_code=HTTP_303_SEE_OTHER, **ADMIN)
async def act(
    request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str, number: str, now: datetime
) -> Response[Any]:
    """Keep the proposals that were judged, or retire a case."""
    form, lang = await forms.read(request), language_of(request)
    row = await versions.find(session, policy_id, version_number(number))
    if "retire" not in form and not any(form.get(f"expected-{at}") for at in range(MOST_ROWS)):
        errors = {"missing": translate(lang, "cases.none_chosen")}
        return await _page(request, session, actor, row, errors, form, 422)
    try:
        async with session.begin_nested():  # all that was judged, or none of it
            if "retire" in form:
                case = await cases.find(session, policy_id, case_id(form["retire"]))
                await cases.retire(session, actor, case, now=now)
            for text in () if "retire" in form else _judged(form):
                await cases.keep(session, actor, row, text, now=now)
    except CaseNotFound:
        raise
    except (InvalidInput, FactsError, PoliciesError) as refused:
        errors = {"missing": next(iter(field_errors(refused, lang, "missing").values()))}
        status = 409 if isinstance(refused, PoliciesError) else 422
        return await _page(request, session, actor, row, errors, form, status)
    return Redirect(
        f"/admin/policies/{policy_id}/versions/{row.version}#cases", status_code=HTTP_303_SEE_OTHER
    )


def case_id(text: str) -> UUID:
    """A case's id as a form or address has it. Raises CaseNotFound."""
    try:
        return UUID(text)
    except ValueError:
        raise CaseNotFound from None


def _judged(form: Mapping[str, str]) -> Iterable[CaseText]:
    """The rows somebody chose a verdict for. Raises InvalidInput."""
    for at in range(MOST_ROWS):
        if form.get(f"expected-{at}"):
            yield validated(
                CaseText,
                {
                    "name": form.get(f"name-{at}", ""),
                    "facts": _facts(form.get(f"facts-{at}", "")),
                    "day": form.get(f"day-{at}", ""),
                    "expected": form[f"expected-{at}"],
                },
            )


def _facts(text: str) -> Any:
    """Facts as the page wrote them; what is no JSON is no facts and is refused as such."""
    try:
        return json.loads(text)
    except ValueError:
        return text


router = Router("/", route_handlers=[overview, act], include_in_schema=False)
