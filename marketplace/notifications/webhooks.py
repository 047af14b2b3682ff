"""Webhooks by the Standard Webhooks scheme: signed, repeated under one id until taken, to public https addresses only.

At least once: an attempt is claimed for two minutes and, should its worker die, made again with the same `webhook-id`.
An endpoint that keeps failing is switched off, and its owner finds that in the inbox.
"""

import asyncio
import ipaddress
import json
import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4, uuid5

import httpcore
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col
from standardwebhooks import Webhook

from auth import audit, members
from auth.actor import Actor
from auth.roles import Part
from auth.tables import Membership
from marketplace.db import transaction
from marketplace.jobs import queue
from marketplace.notifications.door import Door
from marketplace.notifications.errors import EndpointNotFound, TooManyEndpoints, UrlRefused
from marketplace.notifications.keys import NotificationKeys
from marketplace.notifications.tables import InboxItem, WebhookDelivery, WebhookEndpoint
from marketplace.notifications.words import address_of, told_of
from marketplace.profiles.service import enterprise_of
from marketplace.profiles.tables import Enterprise
from marketplace.settings import Settings
from policies.keeper import load_pack

__all__ = ["Caller", "Door", "add", "endpoints_of", "remove"]

AGAIN = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds until the next attempt, after each that failed; after the last the message is given up."""
FAILURES = 10
"""An endpoint that fails so often without a success between is switched off."""
MOST = 3
AT_ONCE = 16
TIMEOUT = 10.0
HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\.?", re.IGNORECASE)
"""A name with a dot in it that ends in a top-level domain, which no number is."""

CLAIM = text(
    "UPDATE webhook_deliveries SET attempts = attempts + 1, next_at = now() + interval '2 minutes' WHERE id IN ("
    " SELECT d.id FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id WHERE d.state = 'waiting'"
    " AND d.next_at <= :now AND e.disabled_at IS NULL AND e.removed_at IS NULL ORDER BY d.next_at LIMIT :most"
    " FOR UPDATE OF d SKIP LOCKED) RETURNING id"
)


def checked_url(url: str) -> str:
    """An https address with a host and nothing secret in it. Raises UrlRefused."""
    try:
        parts = urlsplit(url.strip())
        named = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise UrlRefused(field="url") from error
    plain = parts.scheme == "https" and not parts.username and not parts.password and not parts.fragment
    named = named and is_public(str(parts.hostname))
    if not (named and plain and url.isascii() and url.strip().isprintable() and " " not in url.strip()):
        raise UrlRefused(field="url")
    return url.strip()


def is_public(host: str) -> bool:
    """Whether a host can be somebody's on the internet; what a name leads to is looked at when it is called."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return len(host) <= 253 and HOST.fullmatch(host) is not None


async def endpoints_of(session: AsyncSession, enterprise_ids: Sequence[UUID]) -> Sequence[WebhookEndpoint]:
    """The endpoints of enterprises the caller owns, oldest first."""
    found = await session.scalars(
        select(WebhookEndpoint)
        .where(
            col(WebhookEndpoint.enterprise_id).in_(enterprise_ids), col(WebhookEndpoint.removed_at).is_(None)
        )
        .order_by(col(WebhookEndpoint.created_at), col(WebhookEndpoint.id))
    )
    return found.all()


async def add(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, url: str, now: datetime
) -> WebhookEndpoint:
    """An endpoint for an enterprise the actor owns: what goes there is beyond recall.

    Raises EnterpriseNotFound, MatterNotCovered, UrlRefused, TooManyEndpoints.
    """
    await enterprise_of(session, actor, enterprise_id)
    await members.require_owner(session, actor, enterprise_id)
    address = checked_url(url)
    await session.execute(
        select(col(Enterprise.id)).where(col(Enterprise.id) == enterprise_id).with_for_update()
    )
    there = select(func.count()).where(
        col(WebhookEndpoint.enterprise_id) == enterprise_id, col(WebhookEndpoint.removed_at).is_(None)
    )
    if int(await session.scalar(there) or 0) >= MOST:
        raise TooManyEndpoints(field="url", most=MOST)
    endpoint = WebhookEndpoint(
        id=uuid4(), enterprise_id=enterprise_id, url=address, created_by=actor.user_id, created_at=now
    )
    session.add(endpoint)
    await session.flush()
    await _audit(session, actor, "add_webhook", endpoint, now)
    return endpoint


async def remove(session: AsyncSession, actor: Actor, endpoint_id: UUID, now: datetime) -> None:
    """Nothing goes there any more. Raises EndpointNotFound."""
    mine = select(col(Membership.enterprise_id)).where(
        col(Membership.user_id) == actor.user_id, col(Membership.role) == Part.OWNER.value
    )
    ended = await session.execute(
        update(WebhookEndpoint)
        .where(
            col(WebhookEndpoint.id) == endpoint_id,
            col(WebhookEndpoint.enterprise_id).in_(mine),
            col(WebhookEndpoint.removed_at).is_(None),
        )
        .values(removed_at=now)
        .returning(WebhookEndpoint)
    )
    endpoint = ended.scalar_one_or_none()
    if endpoint is None:
        raise EndpointNotFound
    await _audit(session, actor, "remove_webhook", endpoint, now)


async def _audit(
    session: AsyncSession, actor: Actor | None, verb: str, endpoint: WebhookEndpoint, now: datetime
) -> None:
    await audit.record(
        session,
        actor,
        action=f"notifications.{verb}",
        subject=("webhook", endpoint.id),
        tenant=str(endpoint.enterprise_id),
        detail={"host": urlsplit(endpoint.url).hostname},
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt: where to, under which id and secret, and the body."""

    id: UUID
    endpoint_id: UUID
    attempts: int
    url: str
    secret: str
    body: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an endpoint said. gone: it wants nothing more, ever (410)."""

    taken: bool
    gone: bool
    answer: str


class Caller:
    """Sends what is due, side by side, each to its own endpoint."""

    def __init__(
        self, engine: AsyncEngine, settings: Settings, now: Callable[[], datetime], door: Door
    ) -> None:
        self.engine, self.settings, self.now, self.door = engine, settings, now, door
        self.keys = NotificationKeys.load_or_create(settings.keys)

    async def work(self) -> None:
        """Everything that is due now."""
        while messages := await self._claim():
            async with httpcore.AsyncConnectionPool(
                network_backend=self.door, max_keepalive_connections=0
            ) as pool:
                outcomes = await asyncio.gather(*(self._send(pool, one) for one in messages))
            for message, outcome in zip(messages, outcomes, strict=True):
                async with transaction(self.engine) as session:
                    await self._note(session, message, outcome)
            if len(messages) < AT_ONCE:
                return

    async def _claim(self) -> list[Message]:
        async with transaction(self.engine) as session:
            ids = list(await session.scalars(CLAIM, {"now": self.now(), "most": AT_ONCE}))
            rows = await session.execute(
                select(WebhookDelivery, WebhookEndpoint, InboxItem)
                .join(WebhookEndpoint, col(WebhookEndpoint.id) == col(WebhookDelivery.endpoint_id))
                .join(
                    InboxItem,
                    (col(InboxItem.push_id) == col(WebhookDelivery.push_id))
                    & (col(InboxItem.enterprise_id) == col(WebhookDelivery.enterprise_id)),
                )
                .where(col(WebhookDelivery.id).in_(ids))
            )
            pack = await load_pack(session)
            return [
                Message(
                    id=delivery.id,
                    endpoint_id=endpoint.id,
                    attempts=delivery.attempts,
                    url=endpoint.url,
                    secret=self.keys.webhook_secret(endpoint.id),
                    body=json.dumps(self._payload(item, told_of(pack, item, "zh-CN")), ensure_ascii=False),
                )
                for delivery, endpoint, item in rows
            ]

    def _payload(self, item: InboxItem, told: Sequence[Any]) -> dict[str, Any]:
        """What is told; the facts that decided it stay here."""
        return {
            "type": f"inbox.{item.kind}",
            "timestamp": item.created_at.isoformat(),
            "data": {
                "enterprise_id": str(item.enterprise_id),
                "judged_on": item.day.isoformat(),
                "policies": [
                    {
                        "id": one.id,
                        "version": one.text.version,
                        "name_zh": one.text.name("zh-CN"),
                        "name_en": one.text.name("en"),
                        "ends": one.ends.isoformat() if one.ends else None,
                    }
                    for one in told
                ],
                "url": address_of(item, self.settings.base_url),
            },
        }

    async def _send(self, pool: httpcore.AsyncConnectionPool, message: Message) -> Outcome:
        name, moment = f"msg_{message.id}", self.now()
        headers: dict[bytes | str, bytes | str] = {
            "content-type": "application/json",
            "user-agent": "small-business-service-center",
            "webhook-id": name,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(message.secret).sign(name, moment, message.body),
        }
        if not self.door.inside and not message.url.startswith("https://"):
            return Outcome(False, False, "not an https address")
        limits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT)}
        try:
            async with asyncio.timeout(2 * TIMEOUT):
                async with pool.stream(
                    "POST", message.url, headers=headers, content=message.body.encode(), extensions=limits
                ) as answer:
                    return Outcome(200 <= answer.status < 300, answer.status == 410, str(answer.status))
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            return Outcome(False, False, f"{type(error).__name__}: {error}"[:200])
        except (TimeoutError, httpcore.UnsupportedProtocol, ssl.SSLError) as error:
            return Outcome(False, False, type(error).__name__)

    async def _note(self, session: AsyncSession, message: Message, outcome: Outcome) -> None:
        """Write down how an attempt went, and what follows from it."""
        now, given_up = self.now(), message.attempts > len(AGAIN)
        values: dict[str, Any] = {"answer": outcome.answer}
        if outcome.taken:
            values |= {"state": "delivered", "ended_at": now}
        elif outcome.gone or given_up:
            values |= {"state": "failed", "ended_at": now}
        else:
            wait = timedelta(seconds=AGAIN[message.attempts - 1])
            values |= {"next_at": now + wait}
            await queue.enqueue(session, queue.WEBHOOKS, after=wait)
        await session.execute(
            update(WebhookDelivery).where(col(WebhookDelivery.id) == message.id).values(**values)
        )
        failures = 0 if outcome.taken else col(WebhookEndpoint.failures) + 1
        counted = await session.execute(
            update(WebhookEndpoint)
            .where(col(WebhookEndpoint.id) == message.endpoint_id)
            .values(failures=failures)
            .returning(WebhookEndpoint)
        )
        endpoint = counted.scalar_one()
        if endpoint.disabled_at is None and (outcome.gone or given_up or endpoint.failures >= FAILURES):
            await self._switch_off(session, endpoint, now)

    async def _switch_off(self, session: AsyncSession, endpoint: WebhookEndpoint, now: datetime) -> None:
        await session.execute(
            update(WebhookEndpoint).where(col(WebhookEndpoint.id) == endpoint.id).values(disabled_at=now)
        )
        await session.execute(
            insert(InboxItem)
            .values(
                push_id=uuid5(endpoint.id, "switched off"),
                enterprise_id=endpoint.enterprise_id,
                kind="notice",
                policies=[],
                facts={"url": endpoint.url},
                day=self.settings.as_of,
                created_at=now,
            )
            .on_conflict_do_nothing()
        )
        await _audit(session, None, "switch_off_webhook", endpoint, now)
