"""The answer about a file: its seal, and whether the register knows this very file.

Both must hold: a seal alone would also stand on a paper of another installation or of a stolen key.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.documents.keys import trusted
from marketplace.documents.register import RegisteredPaper, registered
from pdf.verify import Finding, Verdict, verify

UNREGISTERED = "unregistered"
"""The finding on a file with a good seal that the register does not know."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`finding` is one of pdf.verify.Finding or UNREGISTERED; `paper` is set exactly when the file is valid."""

    finding: str
    verdict: Verdict
    paper: RegisteredPaper | None

    @property
    def valid(self) -> bool:
        """Whether the file is a paper of ours, complete, unchanged and on record."""
        return self.paper is not None


async def check(session: AsyncSession, data: bytes, keys: Path) -> Answer:
    """Check a file's bytes against the certificates under `keys` and the register. Never raises for any bytes."""
    verdict = await asyncio.to_thread(verify, data, trusted(keys))
    if verdict.finding is not Finding.VALID or verdict.serial is None:
        return Answer(verdict.finding.value, verdict, None)
    paper = await registered(session, verdict.serial)
    if paper is None or paper.sha256 != verdict.sha256:
        return Answer(UNREGISTERED, verdict, None)
    return Answer(Finding.VALID.value, verdict, paper)
