"""The platform's signature on a printed document: ECDSA on P-256, as PAdES with no change allowed afterwards.

The seal is the platform's own (电子签名法 Art. 13-14): whoever holds the key file can seal, so it is kept like one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.stamp import NoOpStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from pdf.errors import SigningKeyUnusable

FIELD = "PlatformSeal"
YEARS = 10
RESERVED = 8192
"""Hex digits kept free in the file for the signature; with one certificate it takes about 1,700."""


@dataclass(frozen=True, slots=True)
class SealPlace:
    """Where the signature's field lies: page from 0, box in points (x0, y0, x1, y1)."""

    page: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """The platform's private key and the certificate that belongs to it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def from_pem(cls, key: bytes, certificate: bytes) -> SigningIdentity:
        """Read both. Raises SigningKeyUnusable when one is no P-256 key or certificate, or they do not match."""
        private = private_key(key)
        try:
            found = x509.load_pem_x509_certificate(certificate)
        except ValueError as error:
            raise SigningKeyUnusable("certificate") from error
        if found.public_key() != private.public_key():
            raise SigningKeyUnusable("certificate")
        return cls(private, found)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in lower-case hex."""
        return fingerprint(self.certificate)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, in lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def new_private_key() -> bytes:
    """A fresh P-256 key as PKCS 8 PEM, not encrypted: the file's mode protects it."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def private_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """The key of a PEM file. Raises SigningKeyUnusable when it is not an unencrypted P-256 key."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise SigningKeyUnusable("key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningKeyUnusable("key")
    return key


def self_signed_certificate(key_pem: bytes, name: str, now: datetime) -> bytes:
    """A certificate for the key that vouches for itself, in PEM; good for ten years from a day before `now`."""
    key = private_key(key_pem)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def sign(pdf: bytes, identity: SigningIdentity, place: SealPlace, *, reason: str, now: datetime) -> bytes:
    """`pdf` with the platform's signature over all of it, dated `now`; its field lies invisibly on the seal.

    Needs a thread without a running event loop, as pyHanko brings its own. Takes about 50 ms.
    """
    signer = SimpleSigner(
        signing_cert=_asn1_certificate(identity.certificate),
        signing_key=_asn1_key(identity.key),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=reason,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    x0, y0, x1, y1 = (round(edge) for edge in place.box)
    field = SigFieldSpec(FIELD, on_page=place.page, box=(x0, y0, x1, y1))
    machine = _DatedSigner(metadata, signer, stamp_style=NoOpStampStyle(), new_field_spec=field)
    machine.moment = now
    signed = machine.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), bytes_reserved=RESERVED)
    return bytes(signed.getbuffer())


class _DatedSigner(PdfSigner):
    """A signer that takes the time it is told instead of the machine's."""

    moment: datetime

    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.moment
        return session


def _asn1_certificate(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def _asn1_key(key: ec.EllipticCurvePrivateKey) -> asn1_keys.PrivateKeyInfo:
    return asn1_keys.PrivateKeyInfo.load(
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
