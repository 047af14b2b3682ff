"""How a person wants to be told: by e-mail or not, at once or once a day, of what, and with his facts matched or not.

An address counts when its owner followed a link sent to it. Consent to e-mail is kept with the words that were shown;
whoever unsubscribes needs no sign-in, and stops everything that is on its way.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from auth.tables import User
from marketplace.jobs import queue
from marketplace.notifications.errors import AddressRefused, LinkRefused, MailOff, TooManyConfirmations
from marketplace.notifications.keys import NotificationKeys
from marketplace.notifications.tables import Mail, MailLine, NotificationConsent, NotificationSettings

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
UNSUBSCRIBE, CONFIRM = "unsubscribe", "confirm"
DAY = timedelta(days=1)
MOST_ASKED, MOST_TO_ONE = 5, 3
"""Confirmation links a day: from one person, and to one address whoever typed it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for; `wording` is the consent he was shown with it."""

    email: str
    mode: str
    muted: Sequence[str]
    personalised: bool
    language: str
    wording: str


async def settings_of(session: AsyncSession, user_id: UUID) -> NotificationSettings | None:
    """What a person asked for, if ever."""
    return await session.scalar(
        select(NotificationSettings)
        .where(col(NotificationSettings.user_id) == user_id)
        .execution_options(populate_existing=True)
    )


async def save(
    session: AsyncSession, actor: Actor, wish: Wish, *, mail_on: bool, now: datetime
) -> NotificationSettings:
    """Keep a wish. A new address is sent a link to confirm it. Raises AddressRefused, MailOff,
    TooManyConfirmations."""
    address = wish.email.strip()
    if address and (not ADDRESS.fullmatch(address) or len(address) > 254):
        raise AddressRefused(field="email")
    if wish.mode != "none":
        if not mail_on:
            raise MailOff(field="mode")
        if not address:
            raise AddressRefused(field="email")
    before = await settings_of(session, actor.user_id)
    same = before is not None and before.email == (address or None)
    values = {
        "email": address or None,
        "email_confirmed_at": before.email_confirmed_at if before is not None and same else None,
        "mode": wish.mode,
        "muted": sorted(set(wish.muted)),
        "personalised": wish.personalised,
        "language": wish.language,
        "updated_at": now,
    }
    row = insert(NotificationSettings).values(user_id=actor.user_id, **values)
    await session.execute(row.on_conflict_do_update(constraint="pk_notification_settings", set_=values))
    await _consent(session, actor.user_id, wish, now)
    if wish.mode == "none":
        await _drop_waiting(session, actor.user_id)
    elif values["email_confirmed_at"] is None:
        await _ask_to_confirm(session, actor.user_id, address, wish.language, now)
    detail = {"mode": wish.mode, "muted": values["muted"], "personalised": wish.personalised}
    await _audit(session, actor, actor.user_id, "preferences", detail, now)
    found = await settings_of(session, actor.user_id)
    assert found is not None  # it was just written
    return found


async def confirm(session: AsyncSession, keys: NotificationKeys, token: str, now: datetime) -> None:
    """The owner of an address says it is his. Raises LinkRefused."""
    found = await settings_of(session, keys.reader(token))
    if found is None or found.email is None:
        raise LinkRefused
    keys.check(token, CONFIRM, found.email)
    await session.execute(
        update(NotificationSettings)
        .where(
            col(NotificationSettings.user_id) == found.user_id,
            col(NotificationSettings.email) == found.email,
            col(NotificationSettings.email_confirmed_at).is_(None),
        )
        .values(email_confirmed_at=now)
    )
    await _audit(session, None, found.user_id, "confirm_address", {}, now)


async def unsubscribe(session: AsyncSession, keys: NotificationKeys, token: str, now: datetime) -> None:
    """No more e-mail to whom a link is about, whoever follows it; twice is as good as once. Raises LinkRefused."""
    user_id = keys.check(token, UNSUBSCRIBE)
    await session.execute(
        update(NotificationSettings)
        .where(col(NotificationSettings.user_id) == user_id)
        .values(mode="none", updated_at=now)
    )
    await _revoke(session, user_id, now)
    await _drop_waiting(session, user_id)
    await _audit(session, None, user_id, "unsubscribe", {}, now)


async def _consent(session: AsyncSession, user_id: UUID, wish: Wish, now: datetime) -> None:
    """Consent is given with the first wish for e-mail in these words, and ends with the wish."""
    if wish.mode == "none":
        await _revoke(session, user_id, now)
        return
    given = await session.scalar(
        select(col(NotificationConsent.id)).where(
            col(NotificationConsent.user_id) == user_id, col(NotificationConsent.revoked_at).is_(None)
        )
    )
    if given is None:
        consent = NotificationConsent(
            user_id=user_id, wording=wish.wording, language=wish.language, given_at=now
        )
        session.add(consent)
        await session.flush()


async def _revoke(session: AsyncSession, user_id: UUID, now: datetime) -> None:
    await session.execute(
        update(NotificationConsent)
        .where(col(NotificationConsent.user_id) == user_id, col(NotificationConsent.revoked_at).is_(None))
        .values(revoked_at=now)
    )


async def _drop_waiting(session: AsyncSession, user_id: UUID) -> None:
    """What waits to be sent is not; an e-mail already being handed over cannot be called back."""
    await session.execute(
        delete(MailLine).where(col(MailLine.user_id) == user_id, col(MailLine.mail_id).is_(None))
    )
    planned = select(col(Mail.id)).where(col(Mail.user_id) == user_id, col(Mail.state) == "planned")
    await session.execute(delete(MailLine).where(col(MailLine.mail_id).in_(planned)))
    await session.execute(delete(Mail).where(col(Mail.user_id) == user_id, col(Mail.state) == "planned"))


async def _ask_to_confirm(
    session: AsyncSession, user_id: UUID, address: str, language: str, now: datetime
) -> None:
    await session.execute(
        delete(Mail).where(
            col(Mail.user_id) == user_id, col(Mail.kind) == "confirm", col(Mail.state) == "planned"
        )
    )
    await session.execute(select(col(User.id)).where(col(User.id) == user_id).with_for_update())
    asked = select(func.count()).where(col(Mail.kind) == "confirm", col(Mail.created_at) > now - DAY)
    for mine, most in (
        (col(Mail.user_id) == user_id, MOST_ASKED),
        (col(Mail.address) == address, MOST_TO_ONE),
    ):
        if int(await session.scalar(asked.where(mine)) or 0) >= most:
            raise TooManyConfirmations(field="email")
    mail = Mail(
        user_id=user_id,
        kind="confirm",
        address=address,
        language=language,
        not_before=now,
        created_at=now,
    )
    session.add(mail)
    await session.flush()
    await queue.enqueue(session, queue.MAIL)


async def _audit(
    session: AsyncSession,
    actor: Actor | None,
    user_id: UUID,
    verb: str,
    detail: Mapping[str, object],
    now: datetime,
) -> None:
    await audit.record(
        session,
        actor,
        action=f"notifications.{verb}",
        subject=("user", user_id),
        tenant=None,
        detail=detail,
        now=now,
    )
