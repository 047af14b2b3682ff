"""What a confirmation says: every sentence already in the reader's language, frozen.

Each text declares its longest length here, because a printed page is the last place to find out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from pdf.errors import DocumentIncomplete, TextRefused, TextTooLong

LANGUAGES = ("zh-CN", "en")
MOST_ITEMS = 40
NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
VERIFY_URL = re.compile(
    r"https?://([A-Za-z0-9.\-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?(/[A-Za-z0-9._~\-]+)*/verify/(?P<serial>[A-Z0-9-]+)"
)


class Strength(StrEnum):
    """How far a borrower may rely on the paper, weakest first."""

    INDICATIVE = "indicative"
    IN_PRINCIPLE = "in_principle"
    BINDING = "binding"


def text(limit: int, *, required: bool = True) -> Any:
    """A field that holds one text of at most `limit` characters."""
    return field(metadata={"limit": limit, "required": required})


def texts(limit: int) -> Any:
    """A field that holds a tuple of texts of at most `limit` characters each."""
    return field(metadata={"limit": limit, "required": True})


class Printed:
    """Checks the declared texts of a frozen dataclass as it is made."""

    def __post_init__(self) -> None:
        for each in fields(self):  # type: ignore[arg-type]
            limit = each.metadata.get("limit")
            value = getattr(self, each.name)
            if limit is None:
                continue
            values = value if isinstance(value, tuple) else (value,)
            if len(values) > MOST_ITEMS:
                raise TextTooLong(each.name, length=len(values), limit=MOST_ITEMS)
            for one in values:
                check_text(each.name, one, limit, required=each.metadata["required"])


def check_text(name: str, value: object, limit: int, *, required: bool = True) -> None:
    """Refuse what is not a text, is longer than `limit` characters, or is empty though required.

    Raises TextRefused, TextTooLong, DocumentIncomplete; looks at the length first, so it is quick.
    """
    if not isinstance(value, str):
        raise TextRefused(name)
    if len(value) > limit:
        raise TextTooLong(name, length=len(value), limit=limit)
    if NOT_TEXT.search(value):
        raise TextRefused(name)
    if required and not value.strip():
        raise DocumentIncomplete(name)


@dataclass(frozen=True, slots=True)
class StrengthBox(Printed):
    """One box of the bar that shows how binding the paper is."""

    strength: Strength
    name: str = text(24)
    meaning: str = text(90)


@dataclass(frozen=True, slots=True)
class Reason(Printed):
    """One clause that was tested: where it stands, what it asks, what this enterprise has."""

    clause: str = text(120, required=False)
    sentence: str = text(400)
    value: str = text(160, required=False)


@dataclass(frozen=True, slots=True)
class Words(Printed):
    """The printed labels and headings, in the document's language."""

    platform: str = text(40)
    platform_line: str = text(80)
    serial: str = text(24)
    issued: str = text(24)
    application: str = text(30)
    enterprise: str = text(30)
    uscc: str = text(40)
    bank: str = text(30)
    product: str = text(30)
    amount: str = text(30)
    term: str = text(30)
    annualised: str = text(40)
    purpose: str = text(30)
    total_cost: str = text(40)
    submitted: str = text(30)
    status: str = text(30)
    parties_heading: str = text(60)
    annex_heading: str = text(60)
    conditions_heading: str = text(60)
    conditions_none: str = text(160)
    reasons_heading: str = text(60)
    reason_clause: str = text(30)
    reason_sentence: str = text(30)
    reason_value: str = text(30)
    consent_heading: str = text(60)
    next_heading: str = text(60)
    verify_heading: str = text(60)
    verify_how: str = text(300)
    seal_heading: str = text(60)
    seal_mark: str = text(24)
    missing_glyph: str = text(120)
    page_of: str = text(40)
    this_paper: str = text(40)


@dataclass(frozen=True, slots=True)
class ConfirmationDocument(Printed):
    """One confirmation of one application, as it will be printed, signed and kept.

    `issued_at` is an aware time and goes into the metadata; what is printed is `issued_text`.
    `boxes` holds the three strengths, weakest first. `conditions` are those still open.
    Raises TextRefused, TextTooLong or DocumentIncomplete when made from anything else.
    """

    language: str
    issued_at: datetime
    strength: Strength
    boxes: tuple[StrengthBox, StrengthBox, StrengthBox]
    reasons: tuple[Reason, ...]
    words: Words
    serial: str = text(40)
    verify_url: str = text(200)
    title: str = text(40)
    subtitle: str = text(160)
    issued_text: str = text(60)
    submitted_text: str = text(60)
    application_number: str = text(40)
    enterprise_name: str = text(120)
    uscc: str = text(40)
    bank_name: str = text(80)
    product_name: str = text(80)
    amount: str = text(40)
    term: str = text(30)
    annualised_rate: str = text(40)
    rate_method: str = text(160)
    repayment_method: str = text(120)
    purpose: str = text(200)
    total_cost: str = text(40)
    total_cost_note: str = text(160)
    status: str = text(120)
    consent: str = text(6000)
    seal_notice: str = text(500)
    conditions: tuple[str, ...] = texts(300)
    next_steps: tuple[str, ...] = texts(300)

    def __post_init__(self) -> None:
        # slots=True makes a new class, on which the argument-free super() would not find its way
        Printed.__post_init__(self)
        if self.language not in LANGUAGES:
            raise DocumentIncomplete("language")
        if self.issued_at.tzinfo is None:
            raise DocumentIncomplete("issued_at")
        if tuple(box.strength for box in self.boxes) != tuple(Strength):
            raise DocumentIncomplete("boxes")
        if not self.next_steps:
            raise DocumentIncomplete("next_steps")
        if len(self.reasons) > MOST_ITEMS:
            raise TextTooLong("reasons", length=len(self.reasons), limit=MOST_ITEMS)
        link = VERIFY_URL.fullmatch(self.verify_url)
        if link is None or link["serial"] != self.serial:
            raise DocumentIncomplete("verify_url")

    def texts(self) -> Iterator[str]:
        """Every text that will be printed, in no particular order."""
        return each_text(asdict(self))

    def to_json(self) -> dict[str, object]:
        """The document as JSON-able data; `from_json` gives an equal document back."""
        return {**asdict(self), "issued_at": self.issued_at.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ConfirmationDocument:
        """The document that `to_json` described. Raises what the constructor raises."""
        plain = dict(data)
        boxes = tuple(StrengthBox(**{**box, "strength": Strength(box["strength"])}) for box in plain["boxes"])
        return cls(
            **{
                **plain,
                "issued_at": datetime.fromisoformat(plain["issued_at"]),
                "strength": Strength(plain["strength"]),
                "boxes": cast("tuple[StrengthBox, StrengthBox, StrengthBox]", boxes),
                "reasons": tuple(Reason(**reason) for reason in plain["reasons"]),
                "words": Words(**plain["words"]),
                "conditions": tuple(plain["conditions"]),
                "next_steps": tuple(plain["next_steps"]),
            }
        )


def longest(kind: type[Printed], name: str) -> int:
    """How many characters the field `name` of a document class takes."""
    return next(int(each.metadata["limit"]) for each in fields(kind) if each.name == name)  # type: ignore[arg-type]


def shorten(value: str, limit: int) -> str:
    """`value` as it fits into `limit` characters, with an ellipsis that shows it was cut."""
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def each_text(value: object) -> Iterator[str]:
    """Every text within lists and mappings."""
    walk: Callable[[object], Iterator[str]] = each_text
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from walk(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from walk(each)
