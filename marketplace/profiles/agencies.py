"""Agencies that may attest facts, and the public keys by which their statements are known.

An operator registers both. A key has its thumbprint for a name, so nobody registers another's key under a name of his
own; a revoked key never comes back.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from auth.tokens import thumbprint
from eligibility import Vocabulary
from marketplace.profiles.errors import (
    AgencyNotFound,
    AgencyRefused,
    AgencyTaken,
    KeyDatesRefused,
    KeyRefused,
    KeyTaken,
)
from marketplace.profiles.tables import Agency, AgencyKey

LARGEST_PEM = 2_000
LONGEST = timedelta(days=3 * 366)
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,31}")


def kinds() -> tuple[str, ...]:
    """Who the vocabulary says may attest something."""
    return tuple(sorted({f.attested_by for f in Vocabulary.shipped().facts.values() if f.attested_by}))


async def register(
    session: AsyncSession, actor: Actor, *, code: str, name_zh: str, name_en: str, kind: str, now: datetime
) -> Agency:
    """Raises `AgencyRefused` (its `field` says why) or `AgencyTaken`."""
    if not _CODE.fullmatch(code):
        raise AgencyRefused(field="code")
    for field, text in (("name_zh", name_zh), ("name_en", name_en)):
        if not 1 <= len(text.strip()) <= 100:
            raise AgencyRefused(field=field)
    if kind not in kinds():
        raise AgencyRefused(field="kind")
    agency = Agency(
        id=uuid4(),
        code=code,
        name_zh=name_zh.strip(),
        name_en=name_en.strip(),
        kind=kind,
        registered_by=actor.user_id,
        registered_at=now,
    )
    made = await session.scalar(
        insert(Agency)
        .values(agency.model_dump())
        .on_conflict_do_nothing(constraint="uq_agencies_code")
        .returning(col(Agency.id))
    )
    if made is None:
        raise AgencyTaken(field="code")
    await _note(session, actor, "profiles.register_agency", agency.id, {"code": code, "kind": kind}, now)
    return agency


async def add_key(
    session: AsyncSession, actor: Actor, agency_id: UUID, *, pem: str, first: date, last: date, now: datetime
) -> AgencyKey:
    """Register a key good from the `first` to the end of the `last` day.

    Raises `AgencyNotFound`, `KeyRefused`, `KeyDatesRefused` or `KeyTaken`.
    """
    await agency(session, agency_id)
    if not timedelta() <= last - first <= LONGEST or last < now.date():
        raise KeyDatesRefused(field="last")
    public = read_key(pem)
    key = AgencyKey(
        kid=thumbprint(public),
        agency_id=agency_id,
        public_pem=_pem_of(public),
        valid_from=datetime.combine(first, time(), UTC),
        valid_until=datetime.combine(last + timedelta(days=1), time(), UTC),
        registered_by=actor.user_id,
        registered_at=now,
    )
    made = await session.scalar(
        insert(AgencyKey)
        .values(key.model_dump())
        .on_conflict_do_nothing(constraint="pk_agency_keys")
        .returning(col(AgencyKey.kid))
    )
    if made is None:
        raise KeyTaken(field="pem")
    await _note(session, actor, "profiles.add_agency_key", agency_id, {"kid": key.kid}, now)
    return key


async def revoke_key(session: AsyncSession, actor: Actor, agency_id: UUID, kid: str, now: datetime) -> None:
    """From now on nothing signed by the key is taken in; revoking twice keeps the first moment.

    Raises `AgencyNotFound` where the agency has no such key.
    """
    mine = (col(AgencyKey.kid) == kid, col(AgencyKey.agency_id) == agency_id)
    if await session.scalar(select(col(AgencyKey.kid)).where(*mine)) is None:
        raise AgencyNotFound
    ended = await session.scalar(
        update(AgencyKey)
        .where(*mine, col(AgencyKey.revoked_at).is_(None))
        .values(revoked_at=now, revoked_by=actor.user_id)
        .returning(col(AgencyKey.kid))
    )
    if ended is not None:
        await _note(session, actor, "profiles.revoke_agency_key", agency_id, {"kid": kid}, now)


def read_key(pem: str) -> ec.EllipticCurvePublicKey:
    """The P-256 public key of a PEM text; raises `KeyRefused` for any other text whatsoever."""
    if len(pem) > LARGEST_PEM:
        raise KeyRefused(field="pem")
    try:
        key = serialization.load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm) as refused:
        raise KeyRefused(field="pem") from refused
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise KeyRefused(field="pem")
    return key


def _pem_of(key: ec.EllipticCurvePublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


async def agency(session: AsyncSession, agency_id: UUID) -> Agency:
    """Raises `AgencyNotFound`."""
    found = await session.get(Agency, agency_id)
    if found is None:
        raise AgencyNotFound
    return found


async def agencies(session: AsyncSession) -> Sequence[Agency]:
    """All of them by code."""
    return (await session.scalars(select(Agency).order_by(col(Agency.code)))).all()


async def keys_of(session: AsyncSession, agency_id: UUID) -> Sequence[AgencyKey]:
    """An agency's keys, newest first."""
    found = await session.scalars(
        select(AgencyKey)
        .where(col(AgencyKey.agency_id) == agency_id)
        .order_by(col(AgencyKey.registered_at).desc(), col(AgencyKey.kid))
    )
    return found.all()


async def _note(
    session: AsyncSession, actor: Actor, action: str, about: UUID, detail: Mapping[str, str], now: datetime
) -> None:
    await audit.record(
        session, actor, action=action, subject=("agency", about), tenant=None, detail=detail, now=now
    )
