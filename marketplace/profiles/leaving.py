"""What ends with a person's part in an enterprise: the addresses its news goes to and the results he shared.

Both are reached by others without asking who acts for the enterprise, so they would outlive whoever made them. Each
end is an audit row of its own.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from marketplace.notifications.tables import WebhookEndpoint
from marketplace.portal.tables import ResultShare


async def end_webhooks(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, user_id: UUID, now: datetime
) -> None:
    """Nothing goes any more where the person had it sent."""
    ended = await session.scalars(
        update(WebhookEndpoint)
        .where(
            col(WebhookEndpoint.enterprise_id) == enterprise_id,
            col(WebhookEndpoint.created_by) == user_id,
            col(WebhookEndpoint.removed_at).is_(None),
        )
        .values(removed_at=now)
        .returning(col(WebhookEndpoint.id))
    )
    for endpoint in ended.all():
        await _note(session, actor, "notifications.remove_webhook", ("webhook", endpoint), enterprise_id, now)


async def end_shares(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, user_id: UUID, now: datetime
) -> None:
    """Results the person shared are withdrawn, and what they held is deleted."""
    ended = await session.scalars(
        update(ResultShare)
        .where(
            col(ResultShare.enterprise_id) == enterprise_id,
            col(ResultShare.made_by) == user_id,
            col(ResultShare.withdrawn_at).is_(None),
            col(ResultShare.expires_at) > now,
        )
        .values(content=None, withdrawn_at=now)
        .returning(col(ResultShare.id))
    )
    for share in ended.all():
        await _note(session, actor, "results.withdraw", ("result_share", share), enterprise_id, now)


async def _note(
    session: AsyncSession,
    actor: Actor,
    action: str,
    subject: tuple[str, UUID],
    enterprise_id: UUID,
    now: datetime,
) -> None:
    detail = {"why": "its maker no longer acts for the enterprise"}
    await audit.record(
        session, actor, action=action, subject=subject, tenant=str(enterprise_id), detail=detail, now=now
    )
