"""Facts an agency attests: a signed statement is judged, taken in once, and stands above what is merely declared.

The signature is the sender's only credential, so nothing of a statement is believed before it is known whose it is;
whoever cannot show that learns nothing but that it was refused. Who disagrees with an attested fact disputes it: both
stand side by side until the agency attests it again.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit, members
from auth.actor import Actor
from auth.errors import InvalidToken
from auth.roles import Matter
from auth.tokens import ALGORITHM, CLOCK_SKEW, is_signed, opened
from eligibility import Facts, FactsError, Vocabulary
from marketplace.profiles import service, storing, verifying
from marketplace.profiles.agencies import read_key
from marketplace.profiles.errors import (
    AttestationBeyond,
    AttestationForged,
    AttestationMisdirected,
    AttestationOutOfDate,
    AttestationReplayed,
    AttestationSuperseded,
    DisputedAlready,
    FactsRefused,
    NothingAttested,
)
from marketplace.profiles.tables import (
    Agency,
    AgencyKey,
    Attestation,
    Enterprise,
    EnterpriseFact,
    FactDispute,
)

TYPE = "attestation+jwt"
LARGEST = 16_000
"""Characters of a statement: every fact there is fits several times."""
LONGEST = timedelta(days=1)
"""How long a statement may be good for: it is made to be sent, not to be kept."""
_CLAIMS = frozenset({"iss", "aud", "sub", "iat", "exp", "jti", "facts"})
_JTI = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement whose signature is good: what an agency says of an enterprise, named by its credit code."""

    agency: Agency
    kid: str
    jti: str
    uscc: str
    issued_at: datetime
    facts: Mapping[str, Any]


async def take_in(session: AsyncSession, token: str, *, audience: str, now: datetime) -> Attestation:
    """Judge a compact JWS and store the facts it attests.

    Raises `AttestationForged`, then, of one that is known whose it is, `AttestationMisdirected`,
    `AttestationOutOfDate`, `AttestationBeyond`, `FactsRefused`, `AttestationReplayed` or `AttestationSuperseded`;
    then nothing is changed.
    """
    said = await _judged(session, token, audience, now)
    values = _values_of(said)
    enterprise_id = await session.scalar(select(col(Enterprise.id)).where(col(Enterprise.uscc) == said.uscc))
    if enterprise_id is None:
        raise AttestationMisdirected(field="sub")
    await storing.hold(session, enterprise_id)
    taken = Attestation(
        id=uuid4(),
        agency_id=said.agency.id,
        kid=said.kid,
        jti=said.jti,
        enterprise_id=enterprise_id,
        issued_at=said.issued_at,
        received_at=now,
        facts=sorted(values),
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
    )
    await _once(session, taken)
    values, forgotten = await storing.settled(session, enterprise_id, values, ())
    await _newest(session, taken, [*values, *forgotten])
    await verifying.attested(session, taken, values, now)
    origin = storing.Origin("attested", said.issued_at, attestation=taken.id)
    await storing.change(session, enterprise_id, values, forgotten, origin, now)
    await _settle(session, taken, now)
    await audit.record(
        session,
        None,
        action="profiles.attest",
        subject=("enterprise", enterprise_id),
        tenant=str(enterprise_id),
        detail={"agency": said.agency.code, "kid": said.kid, "jti": said.jti, "set": taken.facts},
        now=now,
    )
    return taken


async def _judged(session: AsyncSession, token: str, audience: str, now: datetime) -> Statement:
    try:
        header, claims = opened(token, LARGEST)
    except InvalidToken as refused:
        raise AttestationForged from refused
    kid = header.get("kid")
    if header != {"alg": ALGORITHM, "typ": TYPE, "kid": kid} or not isinstance(kid, str):
        raise AttestationForged
    key, agency = await _key_of(session, kid, now)
    if not is_signed(token, read_key(key.public_pem)):
        raise AttestationForged
    if set(claims) != _CLAIMS or claims["iss"] != agency.code:
        raise AttestationForged
    if claims["aud"] != audience:
        raise AttestationMisdirected(field="aud")
    issued_at = _moment_of(claims, now)
    if not key.valid_from <= issued_at < key.valid_until:
        raise AttestationForged
    if not isinstance(claims["jti"], str) or not _JTI.fullmatch(claims["jti"]):
        raise AttestationForged
    if not isinstance(claims["facts"], dict) or not claims["facts"]:
        raise AttestationForged
    if not isinstance(claims["sub"], str):
        raise AttestationMisdirected(field="sub")
    return Statement(agency, kid, claims["jti"], claims["sub"], issued_at, claims["facts"])


async def _key_of(session: AsyncSession, kid: str, now: datetime) -> tuple[AgencyKey, Agency]:
    found = await session.execute(
        select(AgencyKey, Agency)
        .join(Agency, col(Agency.id) == col(AgencyKey.agency_id))
        .where(
            col(AgencyKey.kid) == kid[:64],
            col(AgencyKey.revoked_at).is_(None),
            col(AgencyKey.valid_from) <= now,
            col(AgencyKey.valid_until) > now,
        )
    )
    row = found.one_or_none()
    if row is None:
        raise AttestationForged
    return row[0], row[1]


def _moment_of(claims: Mapping[str, Any], now: datetime) -> datetime:
    issued, expires = claims["iat"], claims["exp"]
    if type(issued) is not int or type(expires) is not int:
        raise AttestationOutOfDate(field="exp")
    moment = now.timestamp()
    if not issued - CLOCK_SKEW.total_seconds() <= moment < expires <= issued + LONGEST.total_seconds():
        raise AttestationOutOfDate(field="exp")
    return datetime.fromtimestamp(issued, UTC)


def _values_of(said: Statement) -> Mapping[str, object]:
    words = Vocabulary.shipped().facts
    for name in said.facts:
        if name not in words or words[name].attested_by != said.agency.kind:
            raise AttestationBeyond(field=f"facts.{name[:80]}", fact=name[:80])
    try:
        return Facts.from_json(said.facts).to_json()
    except FactsError as refused:
        raise FactsRefused(refused.problems) from refused


async def _once(session: AsyncSession, taken: Attestation) -> None:
    made = await session.scalar(
        insert(Attestation)
        .values(taken.model_dump())
        .on_conflict_do_nothing(constraint="uq_attestations_agency_id_jti")
        .returning(col(Attestation.id))
    )
    if made is None:
        raise AttestationReplayed(field="jti")


async def _newest(session: AsyncSession, taken: Attestation, changed: Sequence[str]) -> None:
    newer = await session.scalar(
        select(col(EnterpriseFact.name))
        .where(
            col(EnterpriseFact.enterprise_id) == taken.enterprise_id,
            col(EnterpriseFact.name).in_(changed),
            col(EnterpriseFact.source) == "attested",
            col(EnterpriseFact.updated_at) > taken.issued_at,
        )
        .order_by(col(EnterpriseFact.name))
        .limit(1)
    )
    if newer is not None:
        raise AttestationSuperseded(field=f"facts.{newer}", fact=newer)


async def _settle(session: AsyncSession, taken: Attestation, now: datetime) -> None:
    await session.execute(
        update(FactDispute)
        .where(
            col(FactDispute.enterprise_id) == taken.enterprise_id,
            col(FactDispute.name).in_(taken.facts),
            col(FactDispute.closed_at).is_(None),
        )
        .values(closed_at=now, closed_by_attestation=taken.id)
    )


async def dispute(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, fact: str, reason: str, now: datetime
) -> FactDispute:
    """Object to an attested fact. Raises `EnterpriseNotFound`, `NothingAttested` or `DisputedAlready`."""
    await service.enterprise_of(session, actor, enterprise_id)
    await members.require(session, actor, enterprise_id, Matter.FACTS)
    if fact not in await sources(session, enterprise_id):
        raise NothingAttested
    opened_ = FactDispute(
        id=uuid4(),
        enterprise_id=enterprise_id,
        name=fact,
        reason=reason,
        opened_at=now,
        opened_by=actor.user_id,
    )
    made = await session.scalar(
        insert(FactDispute)
        .values(opened_.model_dump())
        .on_conflict_do_nothing(index_elements=["enterprise_id", "name"], index_where=_OPEN)
        .returning(col(FactDispute.id))
    )
    if made is None:
        raise DisputedAlready
    await audit.record(
        session,
        actor,
        action="profiles.dispute",
        subject=("enterprise", enterprise_id),
        tenant=str(enterprise_id),
        detail={"fact": fact},
        now=now,
    )
    return opened_


_OPEN = col(FactDispute.closed_at).is_(None)


async def open_disputes(session: AsyncSession, enterprise_id: UUID) -> Mapping[str, FactDispute]:
    """What of an enterprise's attested facts is in dispute, by fact."""
    found = await session.scalars(
        select(FactDispute).where(col(FactDispute.enterprise_id) == enterprise_id, _OPEN)
    )
    return {row.name: row for row in found}


async def disputes_of_kind(session: AsyncSession, kind: str) -> Sequence[tuple[FactDispute, Enterprise]]:
    """What is in dispute of the facts that such agencies attest, longest waiting first."""
    names = [fact.name for fact in Vocabulary.shipped().facts.values() if fact.attested_by == kind]
    found = await session.execute(
        select(FactDispute, Enterprise)
        .join(Enterprise, col(Enterprise.id) == col(FactDispute.enterprise_id))
        .where(col(FactDispute.name).in_(names), _OPEN)
        .order_by(col(FactDispute.opened_at), col(FactDispute.id))
        .limit(100)
    )
    return found.all()


async def sources(session: AsyncSession, enterprise_id: UUID) -> Mapping[str, Agency]:
    """Who attested which of an enterprise's facts as they stand."""
    found = await session.execute(
        select(col(EnterpriseFact.name), Agency)
        .join(Attestation, col(Attestation.id) == col(EnterpriseFact.attestation_id))
        .join(Agency, col(Agency.id) == col(Attestation.agency_id))
        .where(col(EnterpriseFact.enterprise_id) == enterprise_id, col(EnterpriseFact.source) == "attested")
    )
    return dict(found.all())
