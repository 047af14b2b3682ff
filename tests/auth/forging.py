"""Access tokens as forgers make them, by hand, so that no library refuses to.

Each forgery is named for the flaw it would use; `forgeries(key, ...)` yields them all.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from auth.tokens import AUDIENCE, ISSUER

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_EC_KEY = ec.generate_private_key(ec.SECP256R1())


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(value: object) -> str:
    return b64(value.encode() if isinstance(value, str) else json.dumps(value).encode())


def hs256(message: str, secret: bytes) -> bytes:
    return hmac.new(secret, message.encode(), hashlib.sha256).digest()


def es256(message: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    r, s = decode_dss_signature(key.sign(message.encode(), ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def rs256(message: str, key: rsa.RSAPrivateKey) -> bytes:
    return key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())


def good_claims(user_id: UUID, session_id: UUID, now: datetime) -> dict[str, Any]:
    issued = int(now.timestamp())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": str(session_id),
        "iat": issued,
        "exp": issued + 600,
    }


def public_forms(private: ec.EllipticCurvePrivateKey) -> dict[str, bytes]:
    """The public key as a forger may have found it."""
    public = private.public_key()
    encoding, form = serialization.Encoding, serialization.PublicFormat
    return {
        "PEM": public.public_bytes(encoding.PEM, form.SubjectPublicKeyInfo),
        "DER": public.public_bytes(encoding.DER, form.SubjectPublicKeyInfo),
        "SSH": public.public_bytes(encoding.OpenSSH, form.OpenSSH),
        "point": public.public_bytes(encoding.X962, form.UncompressedPoint),
    }


def forgeries(
    private: ec.EllipticCurvePrivateKey, kid: str, claims: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """(name of the flaw, token). `private` is the true key: what only it can sign shows claims being judged."""
    header = {"alg": "ES256", "kid": kid, "typ": "JWT"}
    yield from _wrong_algorithms(private, header, claims)
    yield from _wrong_headers(private, header, claims)
    yield from _wrong_claims(private, header, claims)
    yield from _wrong_shapes(private, header, claims)


def signed(private: ec.EllipticCurvePrivateKey, header: object, claims: object) -> str:
    """A token with the true signature over any header and claims (text is taken as it is)."""
    message = f"{part(header)}.{part(claims)}"
    return f"{message}.{b64(es256(message, private))}"


def _wrong_algorithms(
    private: ec.EllipticCurvePrivateKey, header: dict[str, Any], claims: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    for name in ("none", "None", "nOnE", ""):
        unsigned = f"{part({**header, 'alg': name})}.{part(claims)}"
        yield f"alg {name!r} without signature", f"{unsigned}."
        yield f"alg {name!r} with 64 zero bytes", f"{unsigned}.{b64(bytes(64))}"
    for algorithm in ("HS256", "HS384", "HS512"):
        message = f"{part({**header, 'alg': algorithm})}.{part(claims)}"
        for form, secret in {**public_forms(private), "nothing": b""}.items():
            yield (
                f"{algorithm} keyed with the public key as {form}",
                f"{message}.{b64(hs256(message, secret))}",
            )
    message = f"{part({**header, 'alg': 'RS256'})}.{part(claims)}"
    yield "RS256", f"{message}.{b64(rs256(message, RSA_KEY))}"
    message = f"{part(header)}.{part(claims)}"
    yield "ES256 of another key", f"{message}.{b64(es256(message, OTHER_EC_KEY))}"
    yield "ES256 claimed, HMAC inside", f"{message}.{b64(hs256(message, public_forms(private)['DER']))}"
    yield "ES256 with r = s = 0", f"{message}.{b64(bytes(64))}"
    yield "ES384 claimed", signed(private, {**header, "alg": "ES384"}, claims)


def _wrong_headers(
    private: ec.EllipticCurvePrivateKey, header: dict[str, Any], claims: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    for kid in ("../../../dev/null", "/etc/passwd", "' OR 1=1 --", "", "token-es256", None, 7, ["a"]):
        yield f"kid {kid!r}", signed(private, {**header, "kid": kid}, claims)
    yield "no kid", signed(private, {"alg": "ES256", "typ": "JWT"}, claims)
    yield "crit unknown", signed(private, {**header, "crit": ["exp2"], "exp2": 1}, claims)
    yield "crit empty", signed(private, {**header, "crit": []}, claims)
    yield "b64 false", signed(private, {**header, "b64": False, "crit": ["b64"]}, claims)
    yield "its own key", signed(private, {**header, "jwk": {"kty": "oct", "k": ""}}, claims)
    yield "a key elsewhere", signed(private, {**header, "jku": "http://127.0.0.1/keys"}, claims)
    yield "alg twice", signed(private, json.dumps(header)[:-1] + ',"alg":"ES256"}', claims)
    yield "alg as a list", signed(private, {**header, "alg": ["ES256"]}, claims)
    yield "header a list", signed(private, [header], claims)
    yield "header null", signed(private, "null", claims)
    yield "header no JSON", signed(private, "{", claims)
    yield "header deep", signed(private, "[" * 250, claims)


def _wrong_claims(
    private: ec.EllipticCurvePrivateKey, header: dict[str, Any], claims: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    def with_text(name: str, text: str) -> str:
        rest = json.dumps({key: value for key, value in claims.items() if key != name})
        return rest[:-1] + f',"{name}":{text}}}'

    for name, value in claims.items():
        yield f"{name} missing", signed(private, header, {k: v for k, v in claims.items() if k != name})
        yield f"{name} null", signed(private, header, {**claims, name: None})
        yield (
            f"{name} twice",
            signed(private, header, json.dumps(claims)[:-1] + f',"{name}":{json.dumps(value)}}}'),
        )
    issued = claims["iat"]
    for exp in (
        issued - 1,
        issued,
        0,
        -1,
        str(issued + 600),
        float(issued + 600),
        True,
        [issued + 600],
        2**63,
        10**400,
    ):
        shown = str(exp)[:24]
        yield f"exp {type(exp).__name__} {shown}", signed(private, header, {**claims, "exp": exp})
    for text in ("Infinity", "-Infinity", "NaN", "1e400", "9" * 900):
        yield f"exp {text[:12]}", signed(private, header, with_text("exp", text))
    yield "exp a year ahead", signed(private, header, {**claims, "exp": issued + 31_536_000})
    yield "iat tomorrow", signed(private, header, {**claims, "iat": issued + 86_400, "exp": issued + 86_700})
    yield "iat text", signed(private, header, {**claims, "iat": str(issued)})
    for name, wrong in (
        ("aud", "other"),
        ("aud", [AUDIENCE]),
        ("aud", ""),
        ("iss", "other"),
        ("iss", [ISSUER]),
    ):
        yield f"{name} {wrong!r}", signed(private, header, {**claims, name: wrong})
    for name in ("sub", "sid"):
        for wrong in ("", "1", "' OR 1=1 --", 1, {}, "00000000-0000-0000-0000-000000000000", "\x00"):
            yield f"{name} {wrong!r}", signed(private, header, {**claims, name: wrong})
    yield "role claimed", signed(private, header, {**claims, "role": "operator"})
    yield "claims a list", signed(private, header, [claims])
    yield "claims no JSON", signed(private, header, "exp")
    yield "claims not UTF-8", _raw(private, header, b'{"sub": "\xff\xfe"}')
    yield "claims deep", signed(private, header, "[" * 1000)


def _wrong_shapes(
    private: ec.EllipticCurvePrivateKey, header: dict[str, Any], claims: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    good = signed(private, header, claims)
    head, body, signature = good.split(".")
    yield "5 MB of claims", f"{head}.{'A' * 5_000_000}.{signature}"
    yield "5 MB of dots", "." * 5_000_000
    yield "empty", ""
    yield "two parts", f"{head}.{body}"
    yield "four parts", f"{good}.{signature}"
    yield "five parts (JWE)", f"{good}.{signature}.{signature}"
    yield "signature cut", good[:-2]
    yield "signature padded", f"{good}=="
    yield "newline after", f"{good}\n"
    yield (
        "claims swapped",
        f"{head}.{part({**claims, 'sub': '00000000-0000-0000-0000-000000000000'})}.{signature}",
    )
    yield "no base64", f"{head}.***.{signature}"
    yield "not ASCII", f"{head}.{body}é.{signature}"
    yield "signature spelt otherwise", f"{head}.{body}.{respelt(signature)}"
    yield "claims spelt otherwise", _signed_as_spelt(private, head, respelt(_with_spare_bits(claims)))
    yield "header spelt otherwise", _signed_as_spelt(private, respelt(_with_spare_bits(header)), body)


def respelt(segment: str) -> str:
    """The same bytes spelt otherwise: the last character carries bits that no decoder reads."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = segment[:-1] + alphabet[alphabet.index(segment[-1]) | 1]
    padding = "=" * (-len(segment) % 4)
    if other == segment or base64.urlsafe_b64decode(other + padding) != base64.urlsafe_b64decode(
        segment + padding
    ):
        raise ValueError(f"{segment} has one spelling")
    return other


def _with_spare_bits(value: dict[str, Any]) -> str:
    """JSON of a length that leaves spare bits in base64url; blanks change nothing in it."""
    text = json.dumps(value)
    return part(text + " " * ((1 - len(text)) % 3))


def _signed_as_spelt(private: ec.EllipticCurvePrivateKey, head: str, body: str) -> str:
    message = f"{head}.{body}"
    return f"{message}.{b64(es256(message, private))}"


def _raw(private: ec.EllipticCurvePrivateKey, header: object, claims: bytes) -> str:
    message = f"{part(header)}.{b64(claims)}"
    return f"{message}.{b64(es256(message, private))}"
