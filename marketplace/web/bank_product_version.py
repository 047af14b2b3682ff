"""One version of a product at its bank's desk: what it changes in the one on offer, and what can be done with it.

The buttons' deeds are judged by loans/product_making.py; here a form becomes its arguments and nothing more.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
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
from loans import product_making as making
from loans import product_versions as versions
from loans.errors import LoansError, NotFound, ProductRuleFails
from loans.product_schemas import ProductPurpose, ProductRejection, ProductVersionRead
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.web import forms, version_diff
from marketplace.web.admin_deeds import tried_on
from marketplace.web.admin_diagnosis import amount_said, words_of
from marketplace.web.bank_product_editor import labels
from marketplace.web.bank_product_form import UNITS, in_words
from marketplace.web.bank_products import READERS
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]


def version_number(text: str) -> int:
    """The number in a version's address. Raises NotFound for what no version is called, however long."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise NotFound
    return int(text)


@get("/bank/products/{product_id:str}/versions/{number:str}", **READERS)
async def version(
    request: AnyRequest, session: AsyncSession, actor: Actor, product_id: str, number: str
) -> Response[str]:
    """One version against the one on offer, and what can be done with it."""
    return await _version(request, session, actor, product_id, version_number(number))


async def _version(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    product_id: str,
    number: int,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Response[str]:
    lang = language_of(request)
    row = await versions.find(session, actor, product_id, number)
    lender = await versions.bank(session, actor)
    known = await versions.history(session, actor, product_id)
    current = versions.current_of(known)
    shown = versions.read(row, lender)
    editors = [UUID(one) for one in row.editors]
    named = [one for one in (*editors, row.submitted_by, row.decided_by) if one is not None]
    mine = await persons.accounts_of(session, actor.user_id)
    return page(
        request,
        "bank/version.html",
        status_code=status,
        version=shown,
        current=current,
        changes=_changes(shown, None if current is None else versions.read(current, lender), lang),
        sentence=words_of(parse(row.rule_text, Vocabulary.shipped()), lang),
        amount=amount_said(row.max_amount or "", (), lang),
        labels=labels(lang),
        names=await people.display_names(session, named),
        is_maker=actor.role is Role.PRODUCT_MANAGER,
        own_work=any(one in mine for one in editors),
        history=known,
        errors=errors or {},
        typed=typed or {},
    )


def _changes(
    shown: ProductVersionRead, current: ProductVersionRead | None, lang: str
) -> list[version_diff.Change]:
    """What a version changes in the one on offer; nothing for that one itself and where there is none."""
    if current is None or current.version == shown.version:
        return []
    before, after = in_words(current, lang), in_words(shown, lang)
    return [
        version_diff.Change(unit, version_diff.word_diff(before[unit], after[unit]))
        for unit in UNITS
        if before[unit] != after[unit]
    ]


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of a version's page, with the form around it."""

    session: AsyncSession
    actor: Actor
    product_id: str
    number: int
    form: Mapping[str, str]
    now: datetime
    as_of: date

    @property
    def about(self) -> tuple[AsyncSession, Actor, str, int]:
        """What every deed is about."""
        return self.session, self.actor, self.product_id, self.number

    async def judged(self) -> dict[str, Any]:
        """The content that was read, and what it has to stand before anybody sees it."""
        seen = self.form.get("seen_sha256", "")
        known = await tried_on(self.session)
        return {"seen_sha256": seen, "tried_on": known, "as_of": self.as_of, "now": self.now}


async def submit(of: Pressed) -> None:
    why = validated(ProductPurpose, {"why": of.form.get("why", "")}).why
    await making.submit(*of.about, **await of.judged(), why=why or None)


async def take_back(of: Pressed) -> None:
    await making.take_back(*of.about, now=of.now)


async def publish(of: Pressed) -> None:
    await making.publish(*of.about, **await of.judged())


async def reject(of: Pressed) -> None:
    reason = validated(ProductRejection, {"reason": of.form.get("reason", "")}).reason
    await making.reject(*of.about, reason, now=of.now)


DEEDS: Mapping[str, Callable[[Pressed], Awaitable[None]]] = {
    deed.__name__: deed for deed in (submit, take_back, publish, reject)
}


@post("/bank/products/{product_id:str}/versions/{number:str}", status_code=HTTP_303_SEE_OTHER, **READERS)
async def act(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    product_id: str,
    number: str,
    now: datetime,
    as_of: date,
) -> Response[Any]:
    """Do what the pressed button says; what is refused is told on the page, with everything that was typed."""
    form, nth = await forms.read(request), version_number(number)
    deed = DEEDS.get(form.get("action", ""))
    if deed is None:
        raise NotFound
    try:
        async with session.begin_nested():  # of what is refused nothing stays
            await deed(Pressed(session, actor, product_id, nth, form, now, as_of))
    except NotFound:
        raise
    except (InvalidInput, LoansError) as refused:
        session.expire_all()
        errors = field_errors(refused, language_of(request), "action")
        status = 422 if isinstance(refused, InvalidInput | ProductRuleFails) else 409
        return await _version(request, session, actor, product_id, nth, errors, form, status)
    return Redirect(f"/bank/products/{product_id}/versions/{nth}", status_code=HTTP_303_SEE_OTHER)


router = Router("/", route_handlers=[version, act], include_in_schema=False)
