"""What the register says about a paper in public: that it is ours, what it is about, and whether it still holds.

Anybody who has the number may look, so names are masked, no amount is told, and a case that ended without a loan
does not say whose wish that was.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from loans.lifecycle import OPEN, Status
from loans.papers import strength_of
from loans.serials import normalised
from loans.tables import STRENGTHS, Application, Confirmation
from pdf.document import Strength

ENDED = "ended"
STATES = {
    Status.SUBMITTED: "review",
    Status.IN_REVIEW: "review",
    Status.SECOND_APPROVAL: "review",
    Status.OFFERED: "offered",
    Status.ACCEPTED: "accepted",
    Status.DISBURSED: "disbursed",
    Status.DECLINED: ENDED,
    Status.WITHDRAWN: ENDED,
}
"""What the public learns of where a case stands."""


@dataclass(frozen=True, slots=True)
class RegisteredPaper:
    """One issued paper, in public form.

    `state` is where its case stands today, one of the values of STATES. `open`: whether that can still change.
    `newer`: whether the case has come further than this paper says, so that there is a stronger one to ask for.
    """

    serial: str
    issued_at: datetime
    submitted_at: datetime
    strength: Strength
    language: str
    enterprise: str
    bank_zh: str
    bank_en: str
    product_zh: str
    product_en: str
    state: str
    open: bool
    newer: bool
    sha256: str

    def bank(self, lang: str) -> str:
        """The bank's name in `lang`."""
        return self.bank_en if lang == "en" else self.bank_zh

    def product(self, lang: str) -> str:
        """The product's name in `lang`."""
        return self.product_en if lang == "en" else self.product_zh


async def registered(session: AsyncSession, typed: str) -> RegisteredPaper | None:
    """The paper of a serial number as somebody typed it; None where we issued none by that number."""
    serial = normalised(typed)
    if serial is None:
        return None
    columns = (
        *(Confirmation.issued_at, Confirmation.document, Confirmation.sha256, Confirmation.strength),
        *(Application.submitted_at, Application.status, Application.applicant, Application.product),
    )
    found = await session.execute(
        select(*columns)  # type: ignore[call-overload]
        .join(Application, col(Application.id) == col(Confirmation.application_id))
        .where(col(Confirmation.serial) == serial)
    )
    row = found.one_or_none()
    if row is None:
        return None
    status, strength = Status(row.status), Strength(row.strength)
    return RegisteredPaper(
        serial=serial,
        issued_at=row.issued_at,
        submitted_at=row.submitted_at,
        strength=strength,
        language=row.document["language"],
        enterprise=masked(row.applicant["name"]),
        bank_zh=row.product["bank_name_zh"],
        bank_en=row.product["bank_name_en"],
        product_zh=row.product["name_zh"],
        product_en=row.product["name_en"],
        state=STATES[status],
        open=status in OPEN,
        newer=STRENGTHS.index(strength_of(status)) > STRENGTHS.index(strength),
        sha256=row.sha256,
    )


def masked(name: str) -> str:
    """A name its bearer recognises and nobody else learns: the ends stay, the stars do not tell the length.

    淄博和润食品有限公司 becomes 淄博***有限公司; a short name, often a person's, keeps its first character only.
    """
    if len(name) >= 8:
        return f"{name[:2]}***{name[-4:]}"
    return f"{name[:1]}***{name[-1:] if len(name) >= 5 else ''}"
