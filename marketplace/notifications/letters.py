"""The words and headers of an e-mail: plain text, one link a message, and a way out that needs no sign-in.

The way out is RFC 8058's: a header that mail programs turn into a button, and a link for everybody else. What somebody
answered about his enterprise is not written into e-mails, which anybody on their way can read.
"""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.tables import Membership
from marketplace.i18n import translate, translate_plural
from marketplace.notifications.keys import NotificationKeys
from marketplace.notifications.preferences import CONFIRM, UNSUBSCRIBE
from marketplace.notifications.tables import InboxItem, Mail, MailLine
from marketplace.notifications.words import address_of, headline, told_of
from marketplace.profiles.tables import Enterprise
from marketplace.settings import Settings
from policies.keeper import load_pack

MOST = 30
"""Messages an e-mail tells one by one; of more it gives the number."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail ready for the server."""

    id: UUID
    address: str
    attempts: int
    message: EmailMessage


async def letter_of(
    session: AsyncSession, mail: Mail, keys: NotificationKeys, settings: Settings, now: datetime
) -> Letter | None:
    """The e-mail of a row: the link that confirms an address, or what its lines tell.

    None where its reader no longer acts for any enterprise it would tell of.
    """
    if mail.kind == "confirm":
        link = f"{settings.base_url}/inbox/email/{keys.link(CONFIRM, mail.user_id, mail.address)}"
        subject = translate(mail.language, "mail.confirm.subject")
        body = translate(mail.language, "mail.confirm.body", link=link)
        return Letter(mail.id, mail.address, mail.attempts, _message(mail, settings, subject, body))
    parts = await _parts(session, mail, settings, now)
    if not parts:
        return None
    shown = [part for _, part in parts[:MOST]]
    if len(parts) > MOST:
        shown.append(translate_plural(mail.language, "mail.more", len(parts) - MOST))
    token = keys.link(UNSUBSCRIBE, mail.user_id)
    leave = f"{settings.base_url}/unsubscribe/{token}"
    end = translate(mail.language, "mail.end", inbox=f"{settings.base_url}/inbox", leave=leave)
    single = len(parts) == 1
    subject = parts[0][0] if single else translate_plural(mail.language, "mail.subject", len(parts))
    message = _message(mail, settings, subject, "\n\n".join([*shown, end]))
    message["List-Unsubscribe"] = f"<{settings.base_url}/api/v1/notifications/unsubscribe/{token}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return Letter(mail.id, mail.address, mail.attempts, message)


async def _parts(
    session: AsyncSession, mail: Mail, settings: Settings, now: datetime
) -> list[tuple[str, str]]:
    """(headline, paragraph) of each message, newest first."""
    pack = await load_pack(session)
    rows = await session.execute(
        select(InboxItem, col(Enterprise.name))
        .join(
            MailLine,
            (col(MailLine.push_id) == col(InboxItem.push_id))
            & (col(MailLine.enterprise_id) == col(InboxItem.enterprise_id)),
        )
        .join(Enterprise, col(Enterprise.id) == col(InboxItem.enterprise_id))
        .join(
            Membership,
            (col(Membership.enterprise_id) == col(InboxItem.enterprise_id))
            & (col(Membership.user_id) == mail.user_id),
        )
        .where(
            col(MailLine.mail_id) == mail.id,
            or_(col(Membership.until).is_(None), col(Membership.until) > now),
        )
        .order_by(col(InboxItem.created_at).desc(), col(InboxItem.push_id))
    )
    parts = []
    for item, enterprise in rows:
        told = told_of(pack, item, mail.language)
        title = headline(item, told, mail.language)
        lines = [title, translate(mail.language, "mail.for", enterprise=enterprise)]
        if item.kind not in ("news", "withdrawn"):
            lines += [translate(mail.language, "mail.why", policy=one.name, why=one.sentence) for one in told]
        lines.append(address_of(item, settings.base_url))
        parts.append((title, "\n".join(lines)))
    return parts


def _message(mail: Mail, settings: Settings, subject: str, body: str) -> EmailMessage:
    """The Message-ID is the row's, so that an e-mail handed over twice by whoever is still one."""
    assert settings.smtp is not None  # without a server nothing is planned
    message = EmailMessage()
    message["From"] = settings.smtp.sender
    message["To"] = mail.address
    message["Subject"] = subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.id}@{urlsplit(settings.base_url).hostname or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body + "\n")
    return message
