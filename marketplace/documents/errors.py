"""What can stop a paper from being printed or checked.

A file that is not ours is no error but an answer; these are for when there is no answer to give.
"""

from typing import ClassVar


class DocumentsError(Exception):
    """Base of this room's errors; `params` fill the placeholders of the catalogue text."""

    code: ClassVar[str] = "documents.error"

    def __init__(self, field: str | None = None, **params: object) -> None:
        super().__init__(f"{self.code} {params}")
        self.field = field
        self.params: dict[str, object] = params


class FileMissing(DocumentsError):
    """The request to check a file holds none."""

    code = "documents.file_missing"


class FileUnreadable(DocumentsError):
    """The upload's form cannot be read as one."""

    code = "documents.file_unreadable"


class FontsNotBuilt(DocumentsError):
    """The fonts of printed papers are not there: `make assets` builds them; params: path."""

    code = "documents.fonts_not_built"

    def __str__(self) -> str:
        return f"{self.params.get('path')} is missing; run `make assets`, which copies the fonts from npm"
