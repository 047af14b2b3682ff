"""Trying a version over the API, for admins who prepare many of them: the same trial as the page's, with its trace.

On stated facts only; whoever looks at an enterprise's data does so on the page, where it is audited.
"""

from typing import Annotated, Any

from litestar import Router, post
from litestar.params import Body
from litestar.status_codes import HTTP_200_OK
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import access
from auth.roles import Role
from auth.schemas import Input
from eligibility import Facts, Vocabulary
from policies import queries, trying, versions
from policies.errors import PolicyNotFound
from policies.schemas import AmountRead, Day
from policies.tables import PolicyVersion
from policies.trying import Trial


class TryInput(Input):
    """Facts by name (absent: unknown, null: known to be none), the day, and the version; the open one where none is
    named, or else the one in force. `inputs`: what the amount needs that no rule asks for.
    """

    facts: dict[str, Any] = Field(default_factory=dict, max_length=500)
    inputs: dict[str, Any] = Field(default_factory=dict, max_length=20)
    as_of: Day
    version: Annotated[int, Field(ge=1, le=999_999_999)] | None = None


class TrialRead(BaseModel):
    """What came out. `in_effect`: whether the day lies within the version's own dates; the rule is judged all the same.

    `trace`: why, as a tree of conditions.
    """

    id: str
    version: int
    status: str
    missing: list[str]
    in_effect: bool
    amount: AmountRead | None
    trace: dict[str, Any]


@post("/admin/policies/{policy_id:str}/try", status_code=HTTP_200_OK, **access(Role.POLICY_ADMIN))
async def try_version(session: AsyncSession, policy_id: str, data: Annotated[TryInput, Body()]) -> TrialRead:
    """What a version says of made-up facts as of a day, published or not, and why."""
    row = await _version(session, policy_id, data.version)
    facts = Facts.from_json(data.facts, Vocabulary.shipped())
    subject = trying.subject_of(row)
    trial = subject.on(facts, data.as_of, trying.figures_of(subject.benefit, data.inputs))
    return TrialRead(
        id=row.policy_id,
        version=row.version,
        status=trial.verdict.status.value,
        missing=list(trial.verdict.missing),
        in_effect=trial.in_effect,
        amount=_amount(trial),
        trace=trial.trace.to_json(),
    )


async def _version(session: AsyncSession, policy_id: str, number: int | None) -> PolicyVersion:
    """The version asked for. Raises PolicyNotFound."""
    if number is not None:
        return await versions.find(session, policy_id, number)
    found = await queries.open_version(session, policy_id) or await queries.current(session, policy_id)
    if found is None:
        raise PolicyNotFound
    return found


def _amount(trial: Trial) -> AmountRead | None:
    if trial.amount is None:
        return None
    benefit = trial.benefit
    missing = list(trial.amount.missing)
    return AmountRead(exact=trial.amount.exact, missing=missing, at_most=benefit.at_most, per=benefit.per)


router = Router("/api/v1", route_handlers=[try_version], tags=["policy desk"])
