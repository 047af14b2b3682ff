"""Real fonts and a real key for printed papers; the key is made once a run, since it says nothing about a test.

Needs the built assets, as the service does: `make test` builds them first.
"""

from datetime import UTC, datetime

import pytest

from marketplace.documents.fonts import font_set
from pdf.confirmation import SEAL_BOX, print_pages
from pdf.document import ConfirmationDocument
from pdf.fonts import FontSet
from pdf.signing import SealPlace, SigningIdentity, new_private_key, self_signed_certificate, sign
from pdf.verify import seal_reason

SEALED_AT = datetime(2020, 4, 15, 2, 32, tzinfo=UTC)


def make_identity(name: str = "小微服务专栏电子签章") -> SigningIdentity:
    """A key and certificate of its own."""
    key = new_private_key()
    return SigningIdentity.from_pem(key, self_signed_certificate(key, name, SEALED_AT))


def seal(document: ConfirmationDocument, sealing: SigningIdentity) -> bytes:
    """The document printed and sealed as the service does it."""
    printed = print_pages(document, font_set())
    reason = seal_reason(document.serial, document.strength)
    return sign(printed.pdf, sealing, SealPlace(printed.seal_page, SEAL_BOX), reason=reason, now=SEALED_AT)


@pytest.fixture(scope="session")
def fonts() -> FontSet:
    return font_set()


@pytest.fixture(scope="session")
def platform() -> SigningIdentity:
    return make_identity()
