"""Who acts for an enterprise: invited by an owner with a code used once, changed and removed by an owner, gone at once.

An agent's authorisation names its matters and its last day. An enterprise always keeps an owner: whoever would be the
last one to go stays.
"""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit, members
from auth.actor import Actor
from auth.roles import Matter, Part
from auth.tables import Invitation, Membership, User
from marketplace.profiles import leaving, service
from marketplace.profiles.errors import (
    InvitationNotFound,
    InvitationRefused,
    LastOwner,
    MemberAlready,
    MemberNotFound,
)
from marketplace.profiles.tables import Enterprise

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP = 16, 4
"""Eighty random bits: nobody finds one by trying, so trying needs no limit."""
HERE = ZoneInfo("Asia/Shanghai")
LASTS = timedelta(days=7)
LONGEST_AGENCY = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Offer:
    """What an invitation offers. last: the last day of an agent's authorisation; matters: what it covers."""

    invited: str
    part: str
    matters: tuple[str, ...] = ()
    last: date | None = None


async def invite(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, offer: Offer, now: datetime
) -> str:
    """A code that makes whoever takes it up act for the enterprise; only its hash is kept.

    Raises `EnterpriseNotFound`, `MatterNotCovered` or `InvitationRefused`.
    """
    await _owned(session, actor, enterprise_id)
    until = _judged(offer, now)
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    invitation = Invitation(
        id=uuid4(),
        enterprise_id=enterprise_id,
        code_sha256=_hashed(code),
        invited=offer.invited.strip(),
        role=offer.part,
        matters=sorted(set(offer.matters)) if until else None,
        until=until,
        invited_by=actor.user_id,
        created_at=now,
        expires_at=now + LASTS,
    )
    session.add(invitation)
    await session.flush()
    detail = {"invitation": str(invitation.id), "part": offer.part, "matters": invitation.matters}
    await _note(session, actor, "invite", enterprise_id, detail, now)
    return "-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def _judged(offer: Offer, now: datetime) -> datetime | None:
    """The end of an agent's authorisation, None for others. Raises `InvitationRefused`."""
    if not 1 <= len(offer.invited.strip()) <= 100:
        raise InvitationRefused(field="invited")
    if offer.part not in set(Part):
        raise InvitationRefused(field="part")
    if offer.part != Part.AGENT:
        return None
    if not offer.matters or not set(offer.matters) <= set(Matter):
        raise InvitationRefused(field="matters")
    today = now.astimezone(HERE).date()
    if offer.last is None or not today <= offer.last <= today + LONGEST_AGENCY:
        raise InvitationRefused(field="last")
    return datetime.combine(offer.last + timedelta(days=1), time(), HERE)


async def invitation_of(
    session: AsyncSession, code: str, now: datetime
) -> tuple[Invitation, Enterprise, str]:
    """What a code offers, for which enterprise, and who offers it. Raises `InvitationNotFound`."""
    found = await session.execute(
        select(Invitation, Enterprise, col(User.display_name))
        .join(Enterprise, col(Enterprise.id) == col(Invitation.enterprise_id))
        .join(User, col(User.id) == col(Invitation.invited_by))
        .where(
            col(Invitation.code_sha256) == _hashed(_read(code)),
            col(Invitation.ended_at).is_(None),
            col(Invitation.expires_at) > now,
        )
    )
    row = found.one_or_none()
    if row is None or (row[0].until is not None and row[0].until <= now):
        raise InvitationNotFound(field="code")
    return row[0], row[1], row[2]


async def accept(session: AsyncSession, actor: Actor, code: str, now: datetime) -> UUID:
    """Take up an invitation; the enterprise it is for. Raises `InvitationNotFound` or `MemberAlready`."""
    invitation, enterprise, _ = await invitation_of(session, code, now)
    taken = await session.scalar(
        update(Invitation)
        .where(col(Invitation.id) == invitation.id, col(Invitation.ended_at).is_(None))
        .values(ended_at=now, accepted_by=actor.user_id)
        .returning(col(Invitation.id))
    )
    if taken is None:
        raise InvitationNotFound(field="code")
    made = await session.scalar(
        insert(Membership)
        .values(
            user_id=actor.user_id,
            enterprise_id=enterprise.id,
            role=invitation.role,
            matters=invitation.matters,
            until=invitation.until,
            created_at=now,
        )
        .on_conflict_do_nothing(constraint="pk_memberships")
        .returning(col(Membership.user_id))
    )
    if made is None:
        raise MemberAlready
    detail = {"invitation": str(invitation.id), "part": invitation.role, "matters": invitation.matters}
    await _note(session, actor, "accept_invitation", enterprise.id, detail, now)
    return enterprise.id


async def withdraw(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, invitation_id: UUID, now: datetime
) -> None:
    """The code opens nothing any more. Raises as `invite`, or `InvitationNotFound`."""
    await _owned(session, actor, enterprise_id)
    ended = await session.scalar(
        update(Invitation)
        .where(
            col(Invitation.id) == invitation_id,
            col(Invitation.enterprise_id) == enterprise_id,
            col(Invitation.ended_at).is_(None),
        )
        .values(ended_at=now)
        .returning(col(Invitation.id))
    )
    if ended is None:
        raise InvitationNotFound
    await _note(session, actor, "withdraw_invitation", enterprise_id, {"invitation": str(ended)}, now)


async def change(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, user_id: UUID, part: str, now: datetime
) -> None:
    """Give somebody another part; an agent's authorisation is ended and given anew instead. Webhooks are an owner's:
    those of whoever is none any more end.

    Raises `EnterpriseNotFound`, `MatterNotCovered`, `MemberNotFound`, `InvitationRefused` or `LastOwner`.
    """
    await _owned(session, actor, enterprise_id)
    found = await _held(session, enterprise_id, user_id)
    if part not in set(Part) - {Part.AGENT} or found.role == Part.AGENT:
        raise InvitationRefused(field="part")
    if found.role == Part.OWNER and part != Part.OWNER:
        await _keep_an_owner(session, enterprise_id)
    detail = {"user": str(user_id), "was": found.role, "part": part}
    await _note(session, actor, "change_member", enterprise_id, detail, now)
    if part != Part.OWNER:
        await leaving.end_webhooks(session, actor, enterprise_id, user_id, now)
    await session.execute(
        update(Membership)
        .where(col(Membership.user_id) == user_id, col(Membership.enterprise_id) == enterprise_id)
        .values(role=part)
    )


async def remove(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, user_id: UUID, now: datetime
) -> None:
    """End somebody's access at once, and the webhooks and shares he made; everybody may end his own. Raises as
    `change`.
    """
    await service.enterprise_of(session, actor, enterprise_id)
    if user_id != actor.user_id:
        await members.require_owner(session, actor, enterprise_id)
    found = await _held(session, enterprise_id, user_id)
    if found.role == Part.OWNER:
        await _keep_an_owner(session, enterprise_id)
    detail = {"user": str(user_id), "was": found.role}
    await _note(session, actor, "remove_member", enterprise_id, detail, now)
    await leaving.end_webhooks(session, actor, enterprise_id, user_id, now)
    await leaving.end_shares(session, actor, enterprise_id, user_id, now)
    await session.execute(
        delete(Membership).where(
            col(Membership.user_id) == user_id, col(Membership.enterprise_id) == enterprise_id
        )
    )


async def listed(session: AsyncSession, enterprise_id: UUID) -> Sequence[tuple[Membership, User]]:
    """Who acts for the enterprise, longest first."""
    found = await session.execute(
        select(Membership, User)
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(Membership.enterprise_id) == enterprise_id)
        .order_by(col(Membership.created_at), col(User.username))
    )
    return found.all()


async def invitations(session: AsyncSession, enterprise_id: UUID, now: datetime) -> Sequence[Invitation]:
    """Invitations nobody has taken up yet, newest first."""
    found = await session.scalars(
        select(Invitation)
        .where(
            col(Invitation.enterprise_id) == enterprise_id,
            col(Invitation.ended_at).is_(None),
            col(Invitation.expires_at) > now,
        )
        .order_by(col(Invitation.created_at).desc(), col(Invitation.id))
    )
    return found.all()


async def _owned(session: AsyncSession, actor: Actor, enterprise_id: UUID) -> None:
    await service.enterprise_of(session, actor, enterprise_id)
    await members.require_owner(session, actor, enterprise_id)


async def _held(session: AsyncSession, enterprise_id: UUID, user_id: UUID) -> Membership:
    """The membership, with the enterprise's people held: of two owners who leave at once, one waits and stays."""
    await session.execute(
        select(col(Enterprise.id)).where(col(Enterprise.id) == enterprise_id).with_for_update()
    )
    found = await members.membership_of(session, user_id, enterprise_id)
    if found is None:
        raise MemberNotFound
    return found


async def _keep_an_owner(session: AsyncSession, enterprise_id: UUID) -> None:
    owners = await session.scalar(
        select(func.count())
        .select_from(Membership)
        .where(col(Membership.enterprise_id) == enterprise_id, col(Membership.role) == Part.OWNER.value)
    )
    if owners == 1:
        raise LastOwner


def _read(text: str) -> str:
    """What somebody typed or a link carries, as the code's characters."""
    plain = re.sub(r"[\s\-–—_.]", "", unicodedata.normalize("NFKC", text[:80])).upper()
    return plain.translate(str.maketrans("OIL", "011"))


def _hashed(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


async def _note(
    session: AsyncSession,
    actor: Actor,
    deed: str,
    enterprise_id: UUID,
    detail: Mapping[str, object],
    now: datetime,
) -> None:
    await audit.record(
        session,
        actor,
        action=f"profiles.{deed}",
        subject=("enterprise", enterprise_id),
        tenant=str(enterprise_id),
        detail=detail,
        now=now,
    )
