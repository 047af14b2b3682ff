"""E-mails: planned when their time has come, each handed to the server once, and what became of it written down.

A person's lines become one e-mail: at once by day, after the night, or once a day. Handing over cannot be made exactly
once: before it the e-mail is `sending`, committed; lost then, it is `unsure` and never sent again, since the inbox has
it anyhow. A server that says no before taking it is asked again later. So nobody is told twice, and rarely not at all.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import aiosmtplib
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col

from marketplace.db import transaction
from marketplace.notifications.keys import NotificationKeys
from marketplace.notifications.letters import Letter, letter_of
from marketplace.notifications.tables import Mail
from marketplace.settings import Settings, Smtp
from marketplace.web.format import HERE

LOG = logging.getLogger(__name__)
QUIET_FROM, QUIET_TO = 21, 8
"""Hours of the province in which nobody is sent an e-mail."""
DIGEST_AT = 9
"""The hour from which the day's digest goes out."""
FRESH = timedelta(days=2)
"""What could not be sent for so long (no server, no address) is not sent any more: the inbox has it."""
AT_ONCE = 500
AGAIN = (60, 300, 1800, 7200, 7200, 14400)
"""Seconds until an e-mail the server did not take is offered again; after the last it has failed."""
TIMEOUT = 20.0
NOBODY = "its reader no longer acts for the enterprise"

PLAN = text(
    "WITH due AS (SELECT s.user_id, s.email, s.language, s.mode FROM notification_settings s"
    " WHERE s.email_confirmed_at IS NOT NULL AND (s.mode = 'immediately' OR (s.mode = 'daily' AND :digests"
    "  AND NOT EXISTS (SELECT FROM mails d WHERE d.user_id = s.user_id AND d.kind = 'digest'"
    "  AND d.created_at >= :today)))"
    " AND EXISTS (SELECT FROM mail_lines l JOIN memberships m USING (user_id, enterprise_id)"
    "  WHERE l.user_id = s.user_id AND l.mail_id IS NULL AND l.created_at > :fresh"
    "  AND (m.until IS NULL OR m.until > :now))"
    " LIMIT :most FOR UPDATE OF s SKIP LOCKED),"
    " made AS (INSERT INTO mails (id, user_id, kind, address, language, state, attempts, not_before, created_at)"
    "  SELECT gen_random_uuid(), user_id, CASE WHEN mode = 'daily' THEN 'digest' ELSE 'single' END, email, language,"
    "  'planned', 0, :now, :now FROM due RETURNING id, user_id)"
    " UPDATE mail_lines l SET mail_id = made.id FROM made"
    " WHERE l.user_id = made.user_id AND l.mail_id IS NULL AND l.created_at > :fresh"
    " AND EXISTS (SELECT FROM memberships m WHERE m.user_id = l.user_id AND m.enterprise_id = l.enterprise_id"
    "  AND (m.until IS NULL OR m.until > :now))"
)
"""A line is told while its reader still acts for its enterprise."""
CLAIM = text(
    "UPDATE mails SET state = 'sending', attempts = attempts + 1, claimed_at = now() WHERE id = (SELECT id FROM mails"
    " WHERE state = 'planned' AND not_before <= :now AND (kind = 'confirm' OR :awake) ORDER BY not_before, id"
    " LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id"
)
LOST = text(
    "UPDATE mails SET state = 'unsure', ended_at = :now, answer = 'the worker ended while handing it over'"
    " WHERE state = 'sending' AND claimed_at < now() - interval '5 minutes'"
)


def is_quiet(now: datetime) -> bool:
    """Whether it is night in the province."""
    hour = now.astimezone(HERE).hour
    return hour >= QUIET_FROM or hour < QUIET_TO


async def plan(session: AsyncSession, now: datetime) -> None:
    """Make e-mails of the lines whose time has come, one a person."""
    if is_quiet(now):
        return
    here = now.astimezone(HERE)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    asked = {"now": now, "today": midnight, "fresh": now - FRESH, "most": AT_ONCE}
    await session.execute(PLAN, {**asked, "digests": here.hour >= DIGEST_AT})


class Mailer:
    """Plans and hands over; nothing where no server is set."""

    def __init__(self, engine: AsyncEngine, settings: Settings, now: Callable[[], datetime]) -> None:
        self.engine, self.settings, self.now = engine, settings, now
        self.keys = NotificationKeys.load_or_create(settings.keys)

    async def work(self) -> None:
        """Everything that is due now. A server that cannot be reached leaves it all for later."""
        smtp = self.settings.smtp
        if smtp is None:
            return
        async with transaction(self.engine) as session:
            await plan(session, self.now())
            await session.execute(LOST, {"now": self.now()})
        try:
            while await self._waits():
                await self._one_connection(await connected(smtp), smtp)
        except (aiosmtplib.SMTPException, OSError) as error:
            LOG.warning("the mail server cannot be used: %s", error)

    async def _one_connection(self, client: aiosmtplib.SMTP, smtp: Smtp) -> None:
        """Hand over e-mail after e-mail, until there is none or the connection breaks."""
        while client.is_connected and (letter := await self._claim()) is not None:
            await self._hand_over(client, smtp, letter)
        if client.is_connected:
            with suppress(aiosmtplib.SMTPException):
                await client.quit()

    async def _waits(self) -> bool:
        """Whether an e-mail is due: the server is not spoken to for nothing."""
        due = text(
            "SELECT EXISTS (SELECT FROM mails WHERE state = 'planned' AND not_before <= :now"
            " AND (kind = 'confirm' OR :awake))"
        )
        async with self.engine.connect() as connection:
            return bool(await connection.scalar(due, {"now": self.now(), "awake": not is_quiet(self.now())}))

    async def _claim(self) -> Letter | None:
        """Take one e-mail: from the commit on it is ours alone to send. One that has nothing left to tell is ended."""
        async with transaction(self.engine) as session:
            asked = {"now": self.now(), "awake": not is_quiet(self.now())}
            while (mail_id := (await session.execute(CLAIM, asked)).scalar_one_or_none()) is not None:
                mail = await session.get_one(Mail, mail_id)
                letter = await letter_of(session, mail, self.keys, self.settings, self.now())
                if letter is not None:
                    return letter
                mail.state, mail.ended_at, mail.answer = "failed", self.now(), NOBODY
                await session.flush()
        return None

    async def _hand_over(self, client: aiosmtplib.SMTP, smtp: Smtp, letter: Letter) -> None:
        """Give it to the server and write down what it said."""
        outcome: dict[str, Any] = {"state": "sent", "answer": None}
        try:
            await client.send_message(letter.message, sender=smtp.sender, recipients=[letter.address])
        except aiosmtplib.SMTPRecipientsRefused as refused:
            outcome = self._refused(letter, refused.recipients[0])
        except aiosmtplib.SMTPResponseException as refused:
            outcome = self._refused(letter, refused)
        except (aiosmtplib.SMTPException, OSError) as error:
            outcome = {"state": "unsure", "answer": str(error)[:200]}
            client.close()
        ended = None if outcome["state"] == "planned" else self.now()
        async with transaction(self.engine) as session:
            await session.execute(
                update(Mail)
                .where(col(Mail.id) == letter.id, col(Mail.state) == "sending")
                .values(**outcome, ended_at=ended)
            )

    def _refused(self, letter: Letter, refused: aiosmtplib.SMTPResponseException) -> dict[str, Any]:
        """A no for now is asked again, unless it was asked often; a no for good ends it. Neither was taken."""
        answer = f"{refused.code} {refused.message}"[:200]
        if refused.code >= 500 or letter.attempts > len(AGAIN):
            return {"state": "failed", "answer": answer}
        later = self.now() + timedelta(seconds=AGAIN[letter.attempts - 1])
        return {"state": "planned", "answer": answer, "not_before": later}


async def connected(smtp: Smtp) -> aiosmtplib.SMTP:
    """A connection, encrypted unless the server is on this machine, and signed in where there is a name."""
    client = aiosmtplib.SMTP(
        hostname=smtp.host,
        port=smtp.port,
        use_tls=smtp.implicit,
        start_tls=not (smtp.bare or smtp.implicit),
        username=smtp.username,
        password=smtp.password,
        timeout=TIMEOUT,
    )
    await client.connect()
    return client
