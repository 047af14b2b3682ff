"""A result anybody may read who holds its address: verdicts and amounts of one day, no answers and no name.

Policies are named by id and version and looked up when it is read, so that both languages are there and nothing else is
stored. The address's token is random and only its hash is kept; a share ends after thirty days or when it is withdrawn.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from auth.tables import Membership
from eligibility.benefit_range import Range
from marketplace.portal.amounts import Whose
from marketplace.portal.checks import token_hash
from marketplace.portal.errors import ShareEnded, ShareNotFound, TooManyShares
from marketplace.portal.tables import ResultShare
from policies.advising import Advice
from policies.matching import Judged

LIFETIME = timedelta(days=30)
MOST_LIVE = 20
TOKEN_BYTES = 24


def content_of(advice: Advice) -> dict[str, Any]:
    """What a share holds of a result: rows of [policy, version] and, where there is one, [least, most, at most]."""
    result, total = advice.result, advice.total
    return {
        "as_of": result.as_of.isoformat(),
        "pack_version": result.pack_version,
        "least": str(total.least),
        "most": None if total.most is None else str(total.most),
        "eligible": _rows(advice, result.eligible),
        "undetermined": _rows(advice, result.undetermined),
        "ineligible": _rows(advice, result.ineligible),
        "chosen": list(total.surely.chosen),
    }


def _rows(advice: Advice, judged: Iterable[Judged]) -> list[list[Any]]:
    return [
        [one.policy.id, one.policy.version, _amount(advice.amounts.get(one.policy.id), one)] for one in judged
    ]


def _amount(found: Range | None, one: Judged) -> list[Any] | None:
    return None if found is None else [_text(found.least), _text(found.most), one.benefit.at_most]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


async def make(
    session: AsyncSession, whose: Whose, content: dict[str, Any], actor: Actor | None, now: datetime
) -> str:
    """Store a share; returns the token of its address, which is shown once. Raises TooManyShares."""
    await session.execute(delete(ResultShare).where(col(ResultShare.expires_at) < now - LIFETIME))
    await session.execute(whose.held())
    live = await session.scalar(
        select(func.count()).select_from(ResultShare).where(whose.rows(ResultShare), *_live(now))
    )
    if (live or 0) >= MOST_LIVE:
        raise TooManyShares(most=MOST_LIVE)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    share = ResultShare(
        token_hash=token_hash(token),
        check_id=whose.check_id,
        enterprise_id=whose.enterprise_id,
        made_by=actor.user_id if actor else None,
        content=content,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(share)
    await session.flush()
    await _audit(session, actor, "results.share", share, now)
    return token


async def read(session: AsyncSession, token: str, now: datetime) -> ResultShare:
    """The live share of an address. Raises ShareNotFound, ShareEnded."""
    found = (
        await session.scalars(select(ResultShare).where(col(ResultShare.token_hash) == token_hash(token)))
    ).one_or_none()
    if found is None:
        raise ShareNotFound
    this = select(col(ResultShare.id)).where(col(ResultShare.id) == found.id, *_live(now))
    if await session.scalar(this) is None:
        raise ShareEnded
    return found


async def live(session: AsyncSession, whose: Whose, now: datetime) -> Sequence[ResultShare]:
    """The shares that can still be read, newest first."""
    found = await session.scalars(
        select(ResultShare)
        .where(whose.rows(ResultShare), *_live(now))
        .order_by(col(ResultShare.created_at).desc())
    )
    return found.all()


async def withdraw(
    session: AsyncSession, whose: Whose, share_id: UUID, actor: Actor | None, now: datetime
) -> None:
    """End a share and delete what it holds. Raises ShareNotFound for one that is not `whose` or is over already."""
    found = (
        await session.scalars(
            select(ResultShare)
            .where(whose.rows(ResultShare), col(ResultShare.id) == share_id, *_live(now))
            .with_for_update()
        )
    ).one_or_none()
    if found is None:
        raise ShareNotFound
    found.content, found.withdrawn_at = None, now
    await session.flush()
    await _audit(session, actor, "results.withdraw", found, now)


def _live(now: datetime) -> tuple[Any, ...]:
    """Neither withdrawn nor over, and of an enterprise its maker still acts for: an agent's ends with his time."""
    acts = exists().where(
        col(Membership.user_id) == col(ResultShare.made_by),
        col(Membership.enterprise_id) == col(ResultShare.enterprise_id),
        or_(col(Membership.until).is_(None), col(Membership.until) > now),
    )
    nobodys = or_(col(ResultShare.enterprise_id).is_(None), col(ResultShare.made_by).is_(None))
    return col(ResultShare.withdrawn_at).is_(None), col(ResultShare.expires_at) > now, or_(nobodys, acts)


async def _audit(
    session: AsyncSession, actor: Actor | None, action: str, share: ResultShare, now: datetime
) -> None:
    await audit.record(
        session,
        actor,
        action=action,
        subject=("result_share", share.id),
        tenant=str(share.enterprise_id) if share.enterprise_id else None,
        detail={"until": share.expires_at.date().isoformat()},
        now=now,
    )
