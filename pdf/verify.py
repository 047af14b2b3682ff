"""Whether a file is, byte for byte, a document the platform sealed, and if not, why not.

No PDF parser meets a stranger's bytes: the signature is found and checked on the raw file first, in time
proportional to its length, and only a file that is wholly ours is then opened to read what it says.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import BytesIO

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from asn1crypto.core import OctetString
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.reader import PdfFileReader

from pdf.document import Strength
from pdf.signing import FIELD, fingerprint

LARGEST = 5_000_000
"""Bytes; a confirmation takes about a fiftieth of that."""

LARGEST_SIGNATURE = 65_536
_BYTE_RANGE = re.compile(
    rb"/ByteRange\s{0,8}\[\s{0,8}(\d{1,9})\s{1,8}(\d{1,9})\s{1,8}(\d{1,9})\s{1,8}(\d{1,9})\s{0,8}\]"
)
_HEX = re.compile(rb"<([0-9A-F]+)>")
_REASON = re.compile(r"serial=(?P<serial>[A-Z0-9-]{1,40}) strength=(?P<strength>[a-z_]{1,20})")


class Finding(StrEnum):
    """What the check of a file came to; only VALID is good."""

    VALID = "valid"
    ALTERED = "altered"
    APPENDED = "appended"
    TRUNCATED = "truncated"
    OTHER_KEY = "other_key"
    UNSIGNED = "unsigned"
    ENCRYPTED = "encrypted"
    NOT_PDF = "not_pdf"
    EMPTY = "empty"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer about one file. Everything but `finding`, `sha256` and `size` is None unless it is VALID.

    `signed_at` is the platform's own statement inside the signature; `signer` the name on its certificate;
    `key` that certificate's SHA-256; `sha256` that of the whole file, `size` its length in bytes.
    """

    finding: Finding
    sha256: str
    size: int
    serial: str | None = None
    strength: Strength | None = None
    signed_at: datetime | None = None
    signer: str | None = None
    key: str | None = None

    @property
    def valid(self) -> bool:
        """Whether the file is a document of ours, complete and unchanged."""
        return self.finding is Finding.VALID

    @property
    def altered(self) -> bool | None:
        """True when a sealed document was changed, False when it was not, None when there is no seal of ours."""
        if self.finding in (Finding.ALTERED, Finding.APPENDED, Finding.TRUNCATED):
            return True
        return False if self.valid else None


def verify(data: bytes, trusted: Sequence[x509.Certificate]) -> Verdict:
    """Check `data` against the platform's certificates, the present one and those it has retired.

    Never raises for any bytes. Work is linear in the length and bounded by LARGEST.
    """
    found = hashlib.sha256(data).hexdigest()
    if len(data) > LARGEST:
        return Verdict(Finding.TOO_LARGE, found, len(data))
    finding, certificate = _check(data, trusted)
    if certificate is None:
        return Verdict(finding, found, len(data))
    return _read(data, found, certificate)


def _check(data: bytes, trusted: Sequence[x509.Certificate]) -> tuple[Finding, x509.Certificate | None]:
    if not data:
        return Finding.EMPTY, None
    if not data.startswith(b"%PDF-"):
        return Finding.NOT_PDF, None
    ranges = list(_BYTE_RANGE.finditer(data))
    if not ranges:
        return _without_signature(data), None
    start, first, second, length = (int(each) for each in ranges[0].groups())
    end = second + length
    if len(ranges) > 1 or end < len(data):
        return Finding.APPENDED, None
    if end > len(data):
        return Finding.TRUNCATED, None
    if start != 0 or not first < second or second - first > LARGEST_SIGNATURE:
        return Finding.ALTERED, None
    gap = _HEX.fullmatch(data, first, second)
    if gap is None or len(gap[1]) % 2:
        return Finding.ALTERED, None
    covered = data[:first] + data[second:]
    return _check_signature(bytes.fromhex(gap[1].decode()), covered, trusted)


def _without_signature(data: bytes) -> Finding:
    if b"%%EOF" not in data[-1024:]:
        return Finding.TRUNCATED
    if re.search(rb"/Encrypt\s{1,8}\d{1,9}\s{1,8}\d{1,9}\s{1,8}R", data):
        return Finding.ENCRYPTED
    return Finding.UNSIGNED


def _check_signature(
    der: bytes, covered: bytes, trusted: Sequence[x509.Certificate]
) -> tuple[Finding, x509.Certificate | None]:
    try:
        signed = _signed_data(der)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError):
        # whatever asn1crypto makes of bytes that are no signature of ours
        return Finding.ALTERED, None
    certificate = next((each for each in trusted if _der(each) == signed.certificate), None)
    if certificate is None:
        return Finding.OTHER_KEY, None
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return Finding.OTHER_KEY, None
    try:
        public.verify(signed.signature, signed.attributes, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return Finding.ALTERED, None
    if signed.digest != hashlib.sha256(covered).digest():
        return Finding.ALTERED, None
    return Finding.VALID, certificate


@dataclass(frozen=True, slots=True)
class _SignedData:
    """The parts of the CMS structure the check needs; `attributes` as they were signed."""

    certificate: bytes
    attributes: bytes
    digest: bytes
    signature: bytes


def _signed_data(der: bytes) -> _SignedData:
    """Read a detached CMS signature with one certificate and one signer, SHA-256 and ECDSA (RFC 5652).

    It must be exactly the envelope its parts make, with zeros behind it: what the signature itself does not
    cover has one form only. Raises ValueError and its like.
    """
    content = cms.ContentInfo.load(der, strict=False)["content"]
    (signer,), (certificate,) = content["signer_infos"], content["certificates"]
    whole = _envelope(certificate.chosen, signer["signed_attrs"], signer["signature"]).dump()
    if der != whole.ljust(len(der), b"\0"):
        raise ValueError("not the envelope we make")
    (digest,) = (
        value.native
        for attribute in signer["signed_attrs"]
        if attribute["type"].native == "message_digest"
        for value in attribute["values"]
    )
    return _SignedData(
        certificate=certificate.dump(),
        attributes=signer["signed_attrs"].untag().dump(),
        digest=digest,
        signature=signer["signature"].native,
    )


def _envelope(
    certificate: asn1_x509.Certificate, attributes: cms.CMSAttributes, signature: OctetString
) -> cms.ContentInfo:
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            {
                "issuer_and_serial_number": {
                    "issuer": certificate.issuer,
                    "serial_number": certificate.serial_number,
                }
            }
        ),
        "digest_algorithm": {"algorithm": "sha256"},
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": signature.native,
    }
    content = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [certificate],
        "signer_infos": [signer],
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)})


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _read(data: bytes, sha256: str, certificate: x509.Certificate) -> Verdict:
    """What a file says whose every byte we signed."""
    (seal,) = PdfFileReader(BytesIO(data)).embedded_signatures
    said = _REASON.fullmatch(str(seal.sig_object["/Reason"]))
    if seal.field_name != FIELD or said is None:
        # sealed with our key, yet not a confirmation: nothing the platform prints today
        return Verdict(Finding.UNSIGNED, sha256, len(data))
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Verdict(
        Finding.VALID,
        sha256,
        len(data),
        serial=said["serial"],
        strength=Strength(said["strength"]),
        signed_at=seal.self_reported_timestamp,
        signer=str(name.value),
        key=fingerprint(certificate),
    )


def seal_reason(serial: str, strength: Strength) -> str:
    """What the signature states as its reason: the two things a check must be able to say without a database."""
    return f"serial={serial} strength={strength.value}"
