"""A bank's products at its own desk: the list, and one product's editor with the rule in three views.

Product managers write; senior officers of the bank read along, because they may be the second person.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import queries as people
from auth.actor import Actor
from auth.guards import access
from auth.roles import Role
from eligibility import RuleError
from loans import product_making as making
from loans import product_versions as versions
from loans.errors import LoansError, NotFound, ProductChanged
from loans.product_schemas import ProductVersionRead
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.web import forms, rule_swaps
from marketplace.web.bank_product_editor import Editing, conflict, decided, editor_page
from marketplace.web.bank_product_form import draft_of
from marketplace.web.refusals import field_errors
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
MAKER = access(Role.PRODUCT_MANAGER)
READERS = access(Role.PRODUCT_MANAGER, Role.SENIOR_OFFICER)


@get("/bank/products", **READERS)
async def listing(request: AnyRequest, session: AsyncSession, actor: Actor) -> Response[str]:
    """Every product of the reader's bank with its newest version; what waits for somebody stands on top."""
    rows = await versions.newest(session, actor)
    return page(
        request,
        "bank/products.html",
        rows=rows,
        names=await people.display_names(session, [UUID(e) for row in rows for e in row.editors]),
        bank=await versions.bank(session, actor),
    )


async def _base(session: AsyncSession, actor: Actor, product_id: str) -> ProductVersionRead:
    """What an edit starts from. Raises NotFound."""
    row = versions.to_edit(await versions.history(session, actor, product_id))
    return versions.read(row, await versions.bank(session, actor))


@get("/bank/products/{product_id:str}", **READERS)
async def editor(request: AnyRequest, session: AsyncSession, actor: Actor, product_id: str) -> Response[str]:
    """The open version of a product, or the one on offer to start from."""
    base = await _base(session, actor, product_id)
    return await editor_page(request, session, actor, Editing.stored(base))


@post("/bank/products/{product_id:str}/check", status_code=HTTP_200_OK, **MAKER)
async def check(request: AnyRequest, product_id: str) -> Response[str]:
    """The complaints, the sentence and the rows for the text as it is typed."""
    return await rule_swaps.typed(request, f"/bank/products/{product_id}", citing=False)


@post("/bank/products/{product_id:str}/builder", status_code=HTTP_200_OK, **MAKER)
async def build(request: AnyRequest, product_id: str) -> Response[str]:
    """The rows after one of their buttons or fields."""
    return await rule_swaps.built(request, f"/bank/products/{product_id}", citing=False)


@post("/bank/products/{product_id:str}/amount", status_code=HTTP_200_OK, **MAKER)
async def amount(request: AnyRequest, product_id: str) -> Response[str]:
    """What the formula of the greatest amount says as it is typed."""
    return await rule_swaps.formula(request, f"/bank/products/{product_id}", "max_amount")


@post("/bank/products/{product_id:str}", status_code=HTTP_303_SEE_OTHER, **MAKER)
async def keep(
    request: AnyRequest, session: AsyncSession, actor: Actor, product_id: str, now: datetime
) -> Response[Any]:
    """Look again or save what is typed; with errors everything typed comes back."""
    form, lang = await forms.read(request), language_of(request)
    editing = Editing.sent(await _base(session, actor, product_id), form)
    if "save" not in form:
        return await editor_page(request, session, actor, editing)
    if unsaid := editing.unsaid(lang):
        return await editor_page(request, session, actor, editing.refused(unsaid), 422)
    try:
        if meeting := conflict(editing, lang):
            return await editor_page(request, session, actor, meeting, 409)
        editing = decided(editing)
        draft = draft_of(editing.values, editing.bench.text, editing.version.repayment_methods)
        seen = form.get("seen_sha256", "")
        row = await making.save(session, actor, product_id, draft, seen_sha256=seen, now=now)
    except NotFound:
        raise
    except ProductChanged as refused:  # in this very instant: what is stored now is read afresh
        session.expire_all()
        newer = Editing.sent(await _base(session, actor, product_id), form)
        meeting = conflict(newer, lang) or newer.refused(field_errors(refused, lang, "rule"))
        return await editor_page(request, session, actor, meeting, 409)
    except (InvalidInput, LoansError, RuleError) as refused:
        errors = field_errors(refused, lang, "rule")
        return await editor_page(request, session, actor, editing.refused(errors), 422)
    return Redirect(f"/bank/products/{product_id}/versions/{row.version}", status_code=HTTP_303_SEE_OTHER)


router = Router("/", route_handlers=[listing, editor, check, build, amount, keep], include_in_schema=False)
