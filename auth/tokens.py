"""Access tokens, and the tokens of others: ES256 made and checked with python-jose, which no other file may import.

jose 3.5 has open flaws (a DER public key accepted as HMAC secret, empty HMAC keys, missing exp and aud
accepted), so the token is bounded and its header judged before jose sees it, jose only ever gets
`algorithms=["ES256"]` and one typed EC key, and the claims are judged here, strictly, against the injected
clock (RFC 7519, RFC 8725).
"""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jws
from jose.backends.cryptography_backend import CryptographyECKey
from jose.exceptions import JOSEError

from auth.errors import InvalidToken
from auth.secret_files import create_secret_file

ALGORITHM = "ES256"
ISSUER = "marketplace"
AUDIENCE = "marketplace-api"
LIFETIME = timedelta(minutes=10)
LARGEST_TOKEN = 2048
CLOCK_SKEW = timedelta(seconds=60)
"""How far in the future `iat` may lie: several machines never agree to the second."""

_SHAPE = re.compile(r"[A-Za-z0-9_-]{1,400}\.[A-Za-z0-9_-]{1,1400}\.[A-Za-z0-9_-]{86}")
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_CLAIMS = frozenset({"iss", "aud", "sub", "sid", "iat", "exp"})


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a good token says: the user and his session; everything else is read from the database."""

    user_id: UUID
    session_id: UUID
    expires_at: int


class TokenKey:
    """The one P-256 key that signs and checks access tokens, with its RFC 7638 thumbprint as `kid`."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(private_key, ec.EllipticCurvePrivateKey) or private_key.curve.name != "secp256r1":
            raise TypeError("the token key must be an EC private key on P-256")
        self._signing = CryptographyECKey(private_key, ALGORITHM)
        self._checking = CryptographyECKey(private_key.public_key(), ALGORITHM)
        self.kid = thumbprint(private_key.public_key())

    @classmethod
    def load_or_create(cls, keys: Path) -> "TokenKey":
        """The key of `keys`/token-es256.pem, made with mode 0600 when missing (several starting workers get
        one).
        """
        path = keys / "token-es256.pem"
        if not path.exists():
            _create(path)
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{path} does not hold an EC private key")
        return cls(key)

    def encode(self, user_id: UUID, session_id: UUID, now: datetime) -> str:
        """An access token for this session, good for `LIFETIME` from `now`."""
        issued = int(now.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id),
            "iat": issued,
            "exp": issued + int(LIFETIME.total_seconds()),
        }
        signed: str = jws.sign(claims, self._signing, headers={"kid": self.kid}, algorithm=ALGORITHM)
        return signed

    def decode(self, token: str, now: datetime) -> AccessClaims:
        """The claims of a token that is ours and in date; raises `InvalidToken` for any other text
        whatsoever.
        """
        if len(token) > LARGEST_TOKEN or not _SHAPE.fullmatch(token):
            raise InvalidToken
        for segment in token.split("."):
            _bytes_of(segment)
        header = _json_object(token.split(".", 1)[0])
        if header != {"alg": ALGORITHM, "kid": self.kid, "typ": "JWT"}:
            raise InvalidToken
        try:
            jws.verify(token, self._checking, algorithms=[ALGORITHM])
        except JOSEError as refused:
            raise InvalidToken from refused
        return _judge(_json_object(token.split(".")[1]), now)


def opened(token: str, largest: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of somebody's compact ES256 token, each canonical and said once; nothing of it is verified.

    Raises `InvalidToken`.
    """
    if len(token) > largest or not _COMPACT.fullmatch(token):
        raise InvalidToken
    header, claims, signature = token.split(".")
    _bytes_of(signature)
    return _json_object(header), _json_object(claims)


def is_signed(token: str, public_key: ec.EllipticCurvePublicKey) -> bool:
    """Whether an `opened` token's signature is ES256 by this key."""
    try:
        jws.verify(token, CryptographyECKey(public_key, ALGORITHM), algorithms=[ALGORITHM])
    except JOSEError:
        return False
    return True


def _judge(claims: dict[str, Any], now: datetime) -> AccessClaims:
    if set(claims) != _CLAIMS or claims["iss"] != ISSUER or claims["aud"] != AUDIENCE:
        raise InvalidToken
    issued, expires = claims["iat"], claims["exp"]
    if type(issued) is not int or type(expires) is not int:
        raise InvalidToken
    moment = now.timestamp()
    if not issued - CLOCK_SKEW.total_seconds() <= moment < expires <= issued + LIFETIME.total_seconds():
        raise InvalidToken
    return AccessClaims(_uuid(claims["sub"]), _uuid(claims["sid"]), expires)


def _uuid(value: object) -> UUID:
    if not isinstance(value, str):
        raise InvalidToken
    try:
        return UUID(value)
    except ValueError as refused:
        raise InvalidToken from refused


def _json_object(segment: str) -> dict[str, Any]:
    """Decode one base64url segment to a JSON object, refusing duplicate names and non-finite numbers."""
    try:
        text = _bytes_of(segment).decode()
        value = json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as refused:
        raise InvalidToken from refused
    if not isinstance(value, dict):
        raise InvalidToken
    return value


def _bytes_of(segment: str) -> bytes:
    """The bytes of a base64url segment in its one canonical spelling.

    Decoders drop the bits left over in the last character, so sixteen spellings of a signature would be taken.
    """
    try:
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error as refused:
        raise InvalidToken from refused
    if _base64url(raw) != segment:
        raise InvalidToken
    return raw


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise InvalidToken
    return names


def _refuse_constant(text: str) -> float:
    raise InvalidToken(constant=text)


def thumbprint(public_key: ec.EllipticCurvePublicKey) -> str:
    """The RFC 7638 name of a P-256 key."""
    numbers = public_key.public_numbers()
    members = {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
    digest = hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest()
    return _base64url(digest)


def _coordinate(number: int) -> str:
    return _base64url(number.to_bytes(32, "big"))


def _create(path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    create_secret_file(path, pem)
