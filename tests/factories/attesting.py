"""Agencies for tests: a real P-256 key registered by an operator, and statements signed with it.

Whatever a test wants wrong is changed in the header or the claims before signing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jws
from jose.backends.cryptography_backend import CryptographyECKey
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import Role
from marketplace.profiles import agencies
from marketplace.profiles.attesting import TYPE
from marketplace.profiles.tables import Agency, AgencyKey
from tests.factories.people import person

AUDIENCE = "http://127.0.0.1:8000"


def pem_of(key: ec.EllipticCurvePrivateKey) -> str:
    """The public half."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


@dataclass
class Signer:
    """A registered agency with its private key."""

    agency: Agency
    key: AgencyKey
    private: ec.EllipticCurvePrivateKey
    operator: Actor
    now: datetime

    def claims(self, uscc: str, facts: Any, **changes: Any) -> dict[str, Any]:
        """What a good statement says."""
        issued = int(self.now.timestamp())
        said = {
            "iss": self.agency.code,
            "aud": AUDIENCE,
            "sub": uscc,
            "iat": issued,
            "exp": issued + 600,
            "jti": uuid4().hex,
            "facts": facts,
        }
        return {name: value for name, value in {**said, **changes}.items() if value is not ...}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """The compact JWS; header: members changed or added."""
        return signed(self.private, claims, {"typ": TYPE, "kid": self.key.kid, **header})


def signed(private: ec.EllipticCurvePrivateKey, claims: dict[str, Any], header: dict[str, Any]) -> str:
    """Any claims under any header by any key."""
    text: str = jws.sign(claims, CryptographyECKey(private, "ES256"), headers=header, algorithm="ES256")
    return text


async def signer(
    session: AsyncSession, now: datetime, kind: str = "tax", code: str = "jinan-tax", last_days: int = 365
) -> Signer:
    """An agency with a key in force, committed."""
    operator = await person(session, now, Role.OPERATOR)
    made = await agencies.register(
        session, operator, code=code, name_zh="济南市税务局", name_en="Jinan Tax Service", kind=kind, now=now
    )
    private = ec.generate_private_key(ec.SECP256R1())
    today = now.date()
    key = await agencies.add_key(
        session,
        operator,
        made.id,
        pem=pem_of(private),
        first=today - timedelta(days=1),
        last=today + timedelta(days=last_days),
        now=now,
    )
    await session.commit()
    return Signer(made, key, private, operator, now)
