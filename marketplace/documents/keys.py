"""The platform's sealing key and certificate in the state folder, made when first asked for.

Papers outlive keys: a certificate moved to keys/retired/ still vouches for what it sealed, and seals nothing new.
"""

from datetime import datetime
from pathlib import Path

from cryptography import x509

from auth.secret_files import create_secret_file
from pdf.errors import SigningKeyUnusable
from pdf.signing import SigningIdentity, new_private_key, self_signed_certificate

KEY = "pdf_signer_key.pem"
CERTIFICATE = "pdf_signer_cert.pem"
RETIRED = "retired"
NAME = "小微服务专栏电子签章"
"""What a reader's program shows as the signer."""


def identity(keys: Path, now: datetime) -> SigningIdentity:
    """The key and certificate under `keys`, made there as of `now` when missing (mode 0600).

    Several processes may start at once: the first one's files count. Raises SigningKeyUnusable.
    """
    key, certificate = keys / KEY, keys / CERTIFICATE
    if not key.exists():
        create_secret_file(key, new_private_key())
    if not certificate.exists():
        create_secret_file(certificate, self_signed_certificate(key.read_bytes(), NAME, now))
    return SigningIdentity.from_pem(key.read_bytes(), certificate.read_bytes())


def trusted(keys: Path) -> tuple[x509.Certificate, ...]:
    """The certificates whose seal counts: the present one, then the retired ones. Empty when none was made yet.

    Raises SigningKeyUnusable for a file that is no certificate.
    """
    return tuple(certificate_of(path) for path in (keys / CERTIFICATE, *_retired(keys)) if path.exists())


def certificate_of(path: Path) -> x509.Certificate:
    """The certificate in a PEM file. Raises SigningKeyUnusable with the file's path."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise SigningKeyUnusable("certificate", path=str(path)) from error


def _retired(keys: Path) -> list[Path]:
    return sorted((keys / RETIRED).glob("*.pem"))
