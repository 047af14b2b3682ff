"""Notices: what an enterprise is told about its own dealings with the service, and not about a policy.

The row keeps the parameters, the words are worked out when it is read, as with every message. A notice is told once by
its name, and copied to e-mail and webhooks like the rest; no muted category keeps it back.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from eligibility import Vocabulary
from marketplace.i18n import translate
from marketplace.jobs import queue
from marketplace.notifications.copies import Span, plan_copies
from marketplace.notifications.tables import InboxItem
from marketplace.web import format as words

CATEGORY = "notice"
"""No policy's category, so that nobody has muted it."""
DAYS = ("object_by", "excluded_until")


async def tell(
    session: AsyncSession, name: UUID, enterprise_id: UUID, parameters: Mapping[str, Any], now: datetime
) -> None:
    """Put a notice into the enterprise's inbox unless it has one of this name, and plan its copies."""
    made = await session.scalar(
        insert(InboxItem)
        .values(
            push_id=name,
            enterprise_id=enterprise_id,
            kind="notice",
            policies=[],
            facts=dict(parameters),
            day=now.astimezone(words.HERE).date(),
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(col(InboxItem.push_id))
    )
    if made is None:
        return
    await plan_copies(session, name, Span.of(enterprise_id), [CATEGORY], now)
    for job in (queue.MAIL, queue.WEBHOOKS):
        await queue.enqueue(session, job)


def headline(item: InboxItem, lang: str) -> str:
    """A notice in one line."""
    if "commitment" not in item.facts:
        return translate(lang, "inbox.notice.webhook", url=item.facts.get("url", ""))
    return translate(lang, f"notice.commitment.{item.facts['event']}")


def paragraphs(item: InboxItem, lang: str) -> Sequence[str]:
    """What a notice says; nothing for other messages."""
    if item.kind != "notice":
        return ()
    if "commitment" not in item.facts:
        return (translate(lang, "inbox.notice.webhook_do"),)
    given = item.facts
    said = [translate(lang, "notice.commitment.facts", facts=_facts(given["facts"], lang))]
    if agency := given.get("agency_en" if lang == "en" else "agency_zh"):
        said.append(translate(lang, "notice.commitment.agency", agency=agency))
    if given.get("ground"):
        said.append(translate(lang, "notice.commitment.ground", ground=given["ground"]))
    days = {name: words.day(given.get(name), lang) for name in DAYS}
    return [*said, *translate(lang, f"notice.commitment.{given['event']}_means", **days).splitlines()]


def _facts(names: Sequence[str], lang: str) -> str:
    shipped = Vocabulary.shipped().facts
    labels = [shipped[name].label(lang) if name in shipped else name for name in names]
    return translate(lang, "list.comma").join(labels)


def way_on(item: InboxItem) -> tuple[str, str]:
    """Where a notice's matter is settled, and the key of the link's words."""
    if "commitment" not in item.facts:
        return "/inbox/settings#webhooks", "inbox.settings"
    home = f"/account/enterprises/{item.enterprise_id}/commitments"
    return f"{home}/{item.facts['commitment']}", "notice.commitment.open"
