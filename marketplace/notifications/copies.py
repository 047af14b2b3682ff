"""Copies of what the inbox got, for those who want it elsewhere too: lines for e-mails, messages to webhooks.

Planned in the transaction of the inbox's row and sent later, so that neither can be there without the other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Span:
    """Enterprises by id: those after `after`, up to `upto`, which is one of them."""

    after: UUID
    upto: UUID

    @classmethod
    def of(cls, enterprise_id: UUID) -> "Span":
        """One enterprise alone."""
        return cls(UUID(int=enterprise_id.int - 1), enterprise_id)


LINES = text(
    "INSERT INTO mail_lines (user_id, push_id, enterprise_id, created_at)"
    " SELECT m.user_id, i.push_id, i.enterprise_id, :now FROM inbox_items i"
    " JOIN memberships m ON m.enterprise_id = i.enterprise_id AND (m.until IS NULL OR m.until > :now)"
    " JOIN notification_settings s ON s.user_id = m.user_id"
    " WHERE i.push_id = :push AND i.enterprise_id > :after AND i.enterprise_id <= :upto"
    " AND s.mode <> 'none' AND s.email_confirmed_at IS NOT NULL AND NOT s.muted @> CAST(:categories AS jsonb)"
    " ON CONFLICT DO NOTHING"
)
MESSAGES = text(
    "INSERT INTO webhook_deliveries (id, endpoint_id, push_id, enterprise_id, state, attempts, next_at, created_at)"
    " SELECT gen_random_uuid(), w.id, i.push_id, i.enterprise_id, 'waiting', 0, :now, :now FROM inbox_items i"
    " JOIN webhook_endpoints w ON w.enterprise_id = i.enterprise_id"
    " WHERE i.push_id = :push AND i.enterprise_id > :after AND i.enterprise_id <= :upto"
    " AND w.disabled_at IS NULL AND w.removed_at IS NULL ON CONFLICT DO NOTHING"
)


async def plan_copies(
    session: AsyncSession, push_id: UUID, span: Span, categories: Sequence[str], now: datetime
) -> None:
    """Plan the copies of a push's rows in a span. Who muted all of its categories gets no e-mail of it."""
    where = {"push": push_id, "after": span.after, "upto": span.upto, "now": now}
    await session.execute(LINES, {**where, "categories": json.dumps(sorted(set(categories)))})
    await session.execute(MESSAGES, where)
