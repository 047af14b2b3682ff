"""What goes in and out of the policies' API and pages: input models, strict; Read models, made once from rows.

An input is validated before any row is touched; a row is never returned itself.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from auth.schemas import Input, Line, PlainText

Category = Literal["tax_reduction", "fee_reduction", "resumption", "financial_support", "comprehensive"]
Level = Literal["national", "province", "city"]


def _iso_day(value: object) -> object:
    """The day written as YYYY-MM-DD; a number of seconds written as text is not one."""
    if not isinstance(value, str):
        return value
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date_parsing", "a day written YYYY-MM-DD is needed") from None


def _of_our_time(day: date) -> date:
    """A day a policy can have: nobody means the year 1 or 9999."""
    if not EARLIEST <= day <= LATEST:
        limits = {"earliest": EARLIEST.isoformat(), "latest": LATEST.isoformat()}
        raise PydanticCustomError("day_range", "a day from {earliest} to {latest} is needed", limits)
    return day


EARLIEST, LATEST = date(1949, 1, 1), date(2200, 12, 31)
Day = Annotated[date, BeforeValidator(_iso_day)]
PolicyDay = Annotated[Day, AfterValidator(_of_our_time)]


class MatchInput(Input):
    """Facts by name (absent: unknown, null: known to be none), the day to judge on, and how much to tell.

    `inputs`: figures of single policies' own, `{policy id: {name: value}}`, named in each policy's `benefit.inputs`.
    `detail`: "ids" tells ids alone, "advice" adds ranges, the best set, changes and cliffs, and takes longer.
    """

    facts: dict[str, Any] = Field(default_factory=dict, max_length=500)
    as_of: Day | None = None
    inputs: dict[str, Annotated[dict[str, Any], Field(max_length=20)]] = Field(
        default_factory=dict, max_length=200
    )
    detail: Literal["full", "ids", "advice"] = "full"


class PolicyDraft(Input):
    """What an admin may change about a policy. The rule is CEL; dates are days."""

    name_zh: Annotated[PlainText, Field(min_length=1, max_length=200)]
    name_en: Annotated[PlainText, Field(min_length=1, max_length=300)]
    rule: str = Field(max_length=25_000)
    issued_on: PolicyDay
    effective_from: PolicyDay
    effective_to: PolicyDay | None = None
    eligibility_zh: Annotated[PlainText, Field(min_length=1, max_length=2000)]
    eligibility_en: Annotated[PlainText, Field(min_length=1, max_length=2000)]
    clause_zh: Annotated[PlainText, Field(min_length=1, max_length=300)]
    clause_en: Annotated[PlainText, Field(min_length=1, max_length=300)]
    exclusions: list[Annotated[Line, Field(min_length=1, max_length=64)]] = Field(
        default_factory=list, max_length=50
    )
    note: Annotated[PlainText, Field(max_length=4000)] | None = None


def _json_number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


NUMBER = {"type": "number"}
NUMBER_OR_NULL: dict[str, Any] = {"oneOf": [NUMBER, {"type": "null"}]}
Yuan = Annotated[
    Decimal,
    PlainSerializer(_json_number, return_type=float, when_used="json"),
    Field(json_schema_extra=NUMBER),
]
"""An amount in yuan, a JSON number as everywhere in this API: 9000 or 8409.55."""
YuanOrNone = Annotated[
    Decimal | None,
    PlainSerializer(_json_number, return_type=float | None, when_used="json"),
    Field(json_schema_extra=NUMBER_OR_NULL),
]


class Rejection(Input):
    """Why a second person sends a version back."""

    reason: Annotated[PlainText, Field(min_length=1, max_length=2000)]


class FindingReply(Input):
    """Why a finding of the analysis is meant to be so."""

    answer: Annotated[PlainText, Field(min_length=1, max_length=2000)]


class SimulationReasonGiven(Input):
    """Why a version takes rights away, said of the simulation whose figures were seen."""

    simulation_id: UUID
    reason: Annotated[PlainText, Field(min_length=20, max_length=2000)]


class Remark(Input):
    """What somebody says of a version."""

    words: Annotated[PlainText, Field(min_length=1, max_length=4000)]


class Trial(Input):
    """The day a rule is tried on."""

    try_day: PolicyDay


class TimeTravel(Input):
    """The day that is judged, and the last day whose knowledge counts."""

    day: PolicyDay
    known: PolicyDay


class Read(BaseModel):
    """Made from a row by `model_validate`."""

    model_config = ConfigDict(from_attributes=True, frozen=True, populate_by_name=True)


class PolicySummary(Read):
    """A published policy in a list."""

    id: str = Field(validation_alias="policy_id")
    version: int
    name_zh: str
    name_en: str
    title_zh: str
    title_en: str
    level: str
    region_code: str
    category: str
    issuer: str
    document_no: str
    issued_on: date
    effective_from: date
    effective_to: date | None
    checked: str


class PolicyRead(PolicySummary):
    """A published policy, whole."""

    eligibility_zh: str
    eligibility_en: str
    rule: str
    clause_zh: str
    clause_en: str
    benefit: dict[str, Any]
    exclusions: list[str]
    relations: dict[str, Any]
    sources: list[dict[str, Any]]
    note: str | None
    content_sha256: str


class PolicyDetail(PolicyRead):
    """A published policy with its rule as a sentence in both languages."""

    sentence_zh: str
    sentence_en: str


class PolicyList(BaseModel):
    """A page of a list."""

    total: int
    items: list[PolicySummary]


class VersionRead(PolicyRead):
    """Any version, as the admins' desk shows it."""

    status: str
    editors: list[str]
    reason: str | None
    created_at: datetime
    changed_at: datetime
    submitted_by: UUID | None
    submitted_at: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    why: str | None
    restores: int | None
    effect_at: datetime | None
    published_at: datetime | None
    withdrawn_at: datetime | None


class AmountRead(BaseModel):
    """Yuan a policy is worth here; `missing` names facts it waits for; at_most: a ceiling, not a promise."""

    exact: YuanOrNone
    missing: list[str]
    at_most: bool
    per: str | None


class FailedCondition(BaseModel):
    """A condition that does not hold: where the law says so, which fact, and both values."""

    clause: str | None
    condition: str
    fact: str | None
    op: str
    threshold: Any
    value: Any


class Named(BaseModel):
    """The part every verdict shares."""

    id: str
    version: int
    name_zh: str
    name_en: str
    category: str
    level: str
    document_no: str
    clause_zh: str
    clause_en: str
    effective_to: date | None


class EligibleRead(Named):
    """A policy that applies."""

    amount: AmountRead | None


class UndeterminedRead(Named):
    """A policy that needs more answers: the facts that can still change it."""

    missing: list[str]
    amount: AmountRead | None


class IneligibleRead(Named):
    """A policy that does not apply, with the conditions that fail."""

    failed: list[FailedCondition]


class QuestionRead(BaseModel):
    """The fact most open verdicts wait for."""

    fact: str
    label_zh: str
    label_en: str
    policies: int


class RangeRead(BaseModel):
    """Yuan a policy is worth over everything still unknown. null: without end, and `unbounded` names why.

    `exact`: somebody gets the least and somebody the most. `missing`: what the amount waits for.
    """

    least: YuanOrNone
    most: YuanOrNone
    exact: bool
    missing: list[str]
    unbounded: list[str]


class ConflictRead(BaseModel):
    """Two policies that exclude each other, per enterprise, hire, asset or year; "same": one carries out the other."""

    one: str
    other: str
    per: str


class LeftOutRead(BaseModel):
    """A policy outside the best set: with which chosen ones it conflicts, and what taking it instead would cost."""

    id: str
    because: list[ConflictRead]
    gives_up: Yuan


class CombinationRead(BaseModel):
    """The set worth most together for certain, and the next best one with something else in it.

    `counted`: for how many hires a chosen policy counts, where it is fewer than its own. `cautions`: chosen pairs that
    may not be had for the same hire or asset.
    """

    chosen: list[str]
    yuan: Yuan
    runner_up: list[str] | None
    runner_up_yuan: YuanOrNone
    left_out: list[LeftOutRead]
    counted: dict[str, int]
    cautions: list[ConflictRead]


class StepRead(BaseModel):
    """One fact an owner could change. `mends`: the conditions about it that fail today."""

    fact: str
    old: Any
    new: Any
    mends: list[str]


class ChangeRead(BaseModel):
    """What would make a policy apply; `missing`: what would then still have to be answered."""

    steps: list[StepRead]
    clause: str | None
    missing: list[str]


class LossRead(BaseModel):
    """A policy lost at a cliff, with what it is worth today."""

    id: str
    clause: str | None
    worth: RangeRead | None


class CliffRead(BaseModel):
    """A step of one number near by at which something is lost; `costs`: what the best set is then worth less."""

    fact: str
    old: Any
    new: Any
    lost: list[LossRead]
    gained: list[str]
    yuan: Yuan
    costs: Yuan


class AdviceRead(BaseModel):
    """What goes beyond verdicts: the total's ends, ranges by policy, the best set, what would settle or change what.

    `settling`: for each open policy the fewest facts whose answers may make it apply.
    """

    total_least_yuan: Yuan
    total_most_yuan: YuanOrNone
    unbounded: list[str]
    ranges: dict[str, RangeRead]
    combination: CombinationRead
    settling: dict[str, list[str]]
    changes: dict[str, ChangeRead]
    cliffs: list[CliffRead]


class MatchRead(BaseModel):
    """The answer to a match, from one consistent pack. `unavailable`: in force, and not to be judged by our fault.

    `advice` is there with `detail: advice`.
    """

    as_of: date
    pack_version: str
    total_yuan: Yuan
    combined: list[str]
    eligible: list[EligibleRead]
    undetermined: list[UndeterminedRead]
    ineligible: list[IneligibleRead]
    unavailable: list[Named]
    next_question: QuestionRead | None
    advice: AdviceRead | None = None


class MatchIds(msgspec.Struct):
    """The answer with `detail: ids`: every policy in force that is in neither list does not apply.

    A plain struct, since its lists can be long and there is nothing in them to check.
    """

    as_of: date
    pack_version: str
    in_force: int
    eligible: list[str]
    undetermined: list[str]
