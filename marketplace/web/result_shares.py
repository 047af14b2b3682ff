"""A result for others: making an address, the page behind it, and taking it back.

Whoever makes it is led to the very page others see, where the address stands once; only its hash is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.guards import PUBLIC
from auth.roles import Role
from marketplace.language import language_of
from marketplace.portal import checks, shares
from marketplace.portal.errors import NothingToShare, ShareNotFound
from marketplace.portal.tables import ResultShare
from marketplace.profiles import service as profiles
from marketplace.profiles.errors import EnterpriseNotFound
from marketplace.web import forms
from marketplace.web.policy_words import PolicyWords
from marketplace.web.render import page
from marketplace.web.result_whose import subject_of_form
from marketplace.web.result_worth import Worth
from policies import keeper
from policies.pack import Pack, PublishedText

AnyRequest = Request[Any, Any, Any]
PRIVATE = {"x-robots-tag": "noindex, nofollow", "referrer-policy": "no-referrer"}
"""Nobody finds the page but who was given its address, and links on it do not hand the address on."""


@dataclass(frozen=True, slots=True)
class SharedRow:
    """A policy of a shared result, by the text as it was."""

    policy: PublishedText
    worth: Worth


@post("/check/result/shares", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def make(
    request: AnyRequest, session: AsyncSession, as_of: date, now: datetime, maybe_actor: Actor | None
) -> Redirect:
    """Store the result as it is and lead to its page."""
    form = await forms.read(request)
    subject = await subject_of_form(request, session, maybe_actor, form)
    if subject.whose is None or not subject.facts:
        raise NothingToShare
    content = shares.content_of(subject.advice(as_of))
    token = await shares.make(session, subject.whose, content, maybe_actor, now)
    return Redirect(f"/r/{token}", status_code=HTTP_303_SEE_OTHER)


@post("/check/result/shares/{share_id:uuid}/withdraw", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def withdraw(
    request: AnyRequest, session: AsyncSession, share_id: UUID, now: datetime, maybe_actor: Actor | None
) -> Redirect:
    """Take a share back."""
    form = await forms.read(request)
    subject = await subject_of_form(request, session, maybe_actor, form)
    if subject.whose is None:
        raise ShareNotFound
    await shares.withdraw(session, subject.whose, share_id, maybe_actor, now)
    return Redirect(f"{subject.address(withdrawn='1')}#take", status_code=HTTP_303_SEE_OTHER)


@get("/r/{token:str}", **PUBLIC)
async def shared(
    request: AnyRequest, session: AsyncSession, token: str, now: datetime, maybe_actor: Actor | None
) -> Response[str]:
    """What somebody shared, for whoever holds the address; its maker can take it back here."""
    share = await shares.read(session, token[:200], now)
    pack = await keeper.load_pack(session)
    content = share.content or {}
    as_of = date.fromisoformat(content["as_of"])
    lang = language_of(request)
    return page(
        request,
        "result/shared.html",
        headers=PRIVATE,
        share=share,
        day_of=as_of,
        version=content["pack_version"],
        changed=content["pack_version"] != pack.version,
        least=Decimal(content["least"]),
        most=None if content["most"] is None else Decimal(content["most"]),
        certain=rows(pack, content["eligible"]),
        possible=rows(pack, content["undetermined"]),
        not_now=rows(pack, content["ineligible"]),
        chosen=frozenset(content["chosen"]),
        words=PolicyWords(lang, as_of),
        mine=await made_here(request, session, share, maybe_actor),
        address=f"{request.app.state['settings'].base_url}/r/{token}",
    )


def rows(pack: Pack, kept: Sequence[Sequence[Any]]) -> list[SharedRow]:
    """The policies of a share with their texts as they were; one that is not there any more is left out."""
    found = []
    for policy_id, version, amount in kept:
        text = next((one for one in pack.history.get(policy_id, ()) if one.version == version), None)
        if text is not None:
            found.append(SharedRow(text, worth_kept(amount)))
    return found


def worth_kept(amount: Sequence[Any] | None) -> Worth:
    """An amount as it was stored."""
    if amount is None:
        return Worth("none")
    least, most = (None if each is None else Decimal(each) for each in amount[:2])
    if most is None:
        return Worth("open")
    if amount[2] or not least:
        return Worth("at_most" if most else "exact", Decimal(0), most)
    return Worth("exact" if least == most else "range", least, most)


async def made_here(
    request: AnyRequest, session: AsyncSession, share: ResultShare, actor: Actor | None
) -> bool:
    """Whether whoever looks made it: his browser holds the check, or he acts for the enterprise."""
    if share.enterprise_id is None:
        check = await checks.find(session, request.cookies.get(checks.COOKIE))
        return check is not None and check.id == share.check_id
    if actor is None or actor.role is not Role.OWNER:
        return False
    try:
        await profiles.enterprise_of(session, actor, share.enterprise_id)
    except EnterpriseNotFound:
        return False
    return True


router = Router("/", route_handlers=[make, withdraw, shared], include_in_schema=False)
