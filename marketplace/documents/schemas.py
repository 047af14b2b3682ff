"""What the check of a file answers over the API.

No names and no amounts: the sender has the file, and whoever does not have it learns nothing here.
"""

from datetime import datetime
from typing import Literal

from auth.schemas import Read

FindingCode = Literal[
    "valid",
    "altered",
    "appended",
    "truncated",
    "other_key",
    "unregistered",
    "unsigned",
    "encrypted",
    "not_pdf",
    "empty",
    "too_large",
]


class DocumentVerdict(Read):
    """`POST /api/v1/documents/verify`. All but the first six are null unless the file is `valid`.

    `altered`: true when a paper of ours was changed, false when it was not, null when it bears no seal of ours.
    `signed_at` and `strength` are what the seal states; `key_sha256` is the fingerprint of its certificate.
    `application` says whether what the paper confirms is still under way, `state` where it stands today, and
    `newer_paper` that it has come further than this paper says.
    """

    valid: bool
    finding: FindingCode
    message: str
    messages: dict[str, str]
    altered: bool | None
    sha256: str
    serial: str | None
    strength: Literal["indicative", "in_principle", "binding"] | None
    signed_at: datetime | None
    signer: str | None
    key_sha256: str | None
    bank: str | None
    product: str | None
    application: Literal["open", "ended"] | None
    state: Literal["review", "offered", "accepted", "disbursed", "ended"] | None
    newer_paper: bool | None
