"""What can go wrong when a document is printed or signed.

Plain exceptions with a code and parameters; words and HTTP statuses are given elsewhere.
"""

from __future__ import annotations

from typing import ClassVar


class PdfError(Exception):
    """Base of this room's errors; `params` fill the placeholders of the catalogue text."""

    code: ClassVar[str] = "pdf.error"

    def __init__(self, field: str | None = None, **params: object) -> None:
        super().__init__(f"{self.code} {field or ''} {params}")
        self.field = field
        self.params: dict[str, object] = params


class TextRefused(PdfError):
    """A text holds what cannot be text: NUL, a control character or half of a surrogate pair."""

    code = "pdf.text_refused"


class TextTooLong(PdfError):
    """A text or a list is longer than the document has room for; params: length, limit."""

    code = "pdf.text_too_long"


class DocumentIncomplete(PdfError):
    """A part the document cannot do without is empty or malformed."""

    code = "pdf.document_incomplete"


class FontMissing(PdfError):
    """A font file is not where it was said to be, or is not a TrueType font; params: path."""

    code = "pdf.font_missing"


class SigningKeyUnusable(PdfError):
    """The platform's signing key or certificate cannot be read, or they do not belong together."""

    code = "pdf.signing_key"
