"""The strict input base of every feature, its text type, and the bodies of the sign-in API.

Strict and closed, because a lenient model lets "12", true and stray fields become data.
"""

import unicodedata
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

_ALLOWED_CONTROLS = frozenset("\n\t")
_REPLACEMENT = "\ufffd"
_DIRECTION_CONTROLS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


class Input(BaseModel):
    """A request body: unknown fields are refused and nothing is converted ("12" is not a number)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Read(BaseModel):
    """A response body: the only thing a handler returns; built from a row once, in `api.py`."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)


def refuse_unstorable(text: str) -> str:
    """Return `text` unless it holds what cannot be stored or would deceive its reader.

    That is NUL and other control characters (newline and tab pass), lone surrogates, what Unicode says is never a
    character, the mark of a character that was lost on the way, and the invisible characters that reverse the
    direction of what follows.
    """
    for character in text:
        category = unicodedata.category(character)
        control = category == "Cc" and character not in _ALLOWED_CONTROLS
        deceives = character in _DIRECTION_CONTROLS or character == _REPLACEMENT
        if control or category == "Cs" or deceives or _is_no_character(character):
            raise PydanticCustomError("text.unstorable", "the text holds a character that cannot be stored")
    return text


def _is_no_character(character: str) -> bool:
    """The 66 noncharacters: U+FDD0 to U+FDEF and the last two of each plane."""
    code = ord(character)
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def newlines_of_a_form(text: object) -> object:
    """Every form sends its line breaks as CR LF, whatever was typed; they are kept as LF."""
    return text.replace("\r\n", "\n") if isinstance(text, str) else text


def refuse_line_breaks(text: str) -> str:
    """Return `text` unless it runs over more than one line."""
    if "\n" in text or "\t" in text:
        raise PydanticCustomError("text.unstorable", "the text holds a line break or a tab")
    return text


PlainText = Annotated[
    str,
    BeforeValidator(newlines_of_a_form),
    StringConstraints(strip_whitespace=True),
    AfterValidator(refuse_unstorable),
]
"""Text a person typed: stripped, free of NUL, control characters, lone surrogates and noncharacters. Bound its
length where used.
"""

Line = Annotated[PlainText, AfterValidator(refuse_line_breaks)]
"""Plain text on one line. Bound its length where used."""

ShortText = Annotated[Line, Field(min_length=1, max_length=200)]
"""One line of text that must be there."""


class PasswordLogin(Input):
    """`POST /api/v1/auth/token`."""

    username: Annotated[Line, Field(min_length=1, max_length=64)]
    password: Annotated[str, AfterValidator(refuse_unstorable), Field(min_length=1, max_length=256)]


class RefreshLogin(Input):
    """`POST /api/v1/auth/refresh`."""

    refresh_token: Annotated[str, AfterValidator(refuse_unstorable), Field(min_length=1, max_length=256)]


class TokenRead(Read):
    """What both answer: `expires_in` counts the access token's remaining seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (a scheme, no secret)
    expires_in: int
    role: str


class ConsentRead(Read):
    """A consent as its giver sees it. `wording` is the exact text shown when it was given."""

    id: UUID
    enterprise_id: UUID
    bank_id: str
    purpose: str
    data_categories: list[str]
    wording: str
    wording_sha256: str
    language: str
    given_at: datetime
    revoked_at: datetime | None
    application_id: UUID | None
