"""The owner's inbox: what is new for his enterprises and why, unread first; a message with its reason and next step.

A message is drawn from the version it is about and the facts kept with it, so it says the same whenever it is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.guards import access
from auth.roles import Role
from marketplace.language import language_of
from marketplace.notifications import inbox, notices
from marketplace.notifications.errors import ItemNotFound
from marketplace.notifications.tables import ITEM_KINDS, MARKS, InboxItem
from marketplace.notifications.words import Told, headline, told_of
from marketplace.profiles import service as profiles
from marketplace.web import forms, verdicts
from marketplace.web.render import page
from policies.keeper import load_pack

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)
MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the inbox is asked for; whatever is not understood counts as not asked."""

    unread: bool
    kind: str | None
    enterprise: UUID | None
    page: int

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered."""
        return self.unread or self.kind is not None or self.enterprise is not None

    def address(self, number: int) -> str:
        """The same question, another page."""
        given = {"unread": "1" if self.unread else None, "kind": self.kind, "enterprise": self.enterprise}
        kept = {name: str(value) for name, value in given.items() if value}
        return f"/inbox?{urlencode({**kept, 'page': number})}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as the list shows it."""

    item: InboxItem
    title: str
    enterprise: str
    told: Sequence[Told]

    @property
    def address(self) -> str:
        """Where it is opened."""
        return f"/inbox/{self.item.push_id}/{self.item.enterprise_id}"


def wanted_of(params: Mapping[str, str]) -> Wanted:
    """What an address asks for."""
    number = params.get("page", "")
    try:
        enterprise: UUID | None = UUID(params.get("enterprise", ""))
    except ValueError:
        enterprise = None
    return Wanted(
        unread=params.get("unread") == "1",
        kind=params["kind"] if params.get("kind") in ITEM_KINDS else None,
        enterprise=enterprise,
        page=min(MOST_PAGES, int(number))
        if number.isascii() and number.isdigit() and number.strip("0")
        else 1,
    )


@get("/inbox", **OWNER)
async def listing(request: AnyRequest, session: AsyncSession, actor: Actor) -> Response[str]:
    """What the owner's enterprises were told."""
    wanted, lang = wanted_of(request.query_params), language_of(request)
    found = await inbox.listing(
        session,
        actor,
        unread=wanted.unread,
        kind=wanted.kind,
        enterprise_id=wanted.enterprise,
        page=wanted.page,
    )
    pack = await load_pack(session)
    mine = {one.id: one.name for one in await profiles.my_enterprises(session, actor)}
    entries = []
    for item in found.items:
        told = told_of(pack, item, lang)
        entries.append(Entry(item, headline(item, told, lang), mine.get(item.enterprise_id, ""), told))
    return page(
        request,
        "inbox/list.html",
        wanted=replace(wanted, page=found.page),
        entries=entries,
        found=found,
        enterprises=mine,
        kinds=ITEM_KINDS,
    )


@post("/inbox/read", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def read_all(session: AsyncSession, actor: Actor, now: datetime) -> Redirect:
    """Everything counts as read."""
    await inbox.read_all(session, actor, now)
    return Redirect("/inbox", status_code=HTTP_303_SEE_OTHER)


@get("/inbox/{push_id:uuid}/{enterprise_id:uuid}", **OWNER)
async def message(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    push_id: UUID,
    enterprise_id: UUID,
    now: datetime,
    as_of: date,
) -> Response[str]:
    """One message: why it applies, what it is worth, until when, and what to do. Opening it makes it read."""
    item = await inbox.opened(session, actor, push_id, enterprise_id, now)
    lang = language_of(request)
    told = told_of(await load_pack(session), item, lang)
    enterprise = await profiles.enterprise_of(session, actor, enterprise_id)
    return page(
        request,
        "inbox/message.html",
        item=item,
        title=headline(item, told, lang),
        enterprise=enterprise,
        notice=notices.paragraphs(item, lang),
        way_on=notices.way_on(item),
        told=told,
        lines={
            one.id: verdicts.tree(
                one.trace, lang, one.text.words("clause", lang), cited=one.text.cited(lang), kept=True
            )
            for one in told
            if one.trace is not None and item.kind in ("policy", "facts", "deadline")
        },
        marks=await inbox.marks_of(session, enterprise_id, [one.id for one in told]),
        over={one.id for one in told if one.ends is not None and one.ends < as_of},
    )


@post("/inbox/{push_id:uuid}/{enterprise_id:uuid}", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def mark(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    push_id: UUID,
    enterprise_id: UUID,
    now: datetime,
) -> Redirect:
    """Note that a policy was claimed, or that there shall be no more reminders of it."""
    form = await forms.read(request)
    item = await inbox.opened(session, actor, push_id, enterprise_id, now)
    what = form.get("mark", "")
    if what not in MARKS:
        raise ItemNotFound
    await inbox.mark(session, actor, item, form.get("policy", ""), what, now)
    return Redirect(f"/inbox/{push_id}/{enterprise_id}", status_code=HTTP_303_SEE_OTHER)


router = Router("/", route_handlers=[listing, read_all, message, mark], include_in_schema=False)
