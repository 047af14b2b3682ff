"""Government service: matters handled without meeting, as the published policies state them.

What a matter asks of the owner is the kind of its benefit in the data; nothing is promised beyond that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from litestar import Request, Router, get
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from marketplace.language import language_of
from marketplace.web.policy_words import STATE_ORDER, PolicyWords, State, state_of
from marketplace.web.render import page
from policies import queries
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]

# Policies of other categories that name a matter nobody has to visit a counter for.
MATTERS = (
    "CN-IB-2020-38", "CN-SI-2020-11-DEF", "CN-HF-2020-23", "QD-SI-DEF-2020", "CN-LOAN-2020-6-P",
    "CN-LOAN-2020-6-I", "CN-STABLE-2020-2", "CN-REGFEE-2020-11", "CN-TOLL-2020-62",
)  # fmt: skip

# What the owner does, by the kind of benefit the data gives the policy.
GROUP_OF: Mapping[str, str] = {
    "service": "open",
    "deferral": "defer",
    "exemption": "free",
    "refund": "claim",
    "subsidy": "claim",
}
GROUPS = ("open", "defer", "claim", "free", "other")


@dataclass(frozen=True, slots=True)
class MatterGroup:
    """Matters of one kind, those in force first."""

    name: str
    policies: Sequence[PolicyVersion]
    in_force: int


async def matters(session: AsyncSession, day: date) -> list[MatterGroup]:
    """The resumption policies and the other matters, by what the owner does. Empty groups are left out."""
    found = {policy.policy_id: policy for policy in await queries.by_category(session, "resumption")}
    found |= await queries.by_ids(session, MATTERS)
    return grouped(found.values(), day)


def grouped(policies: Iterable[PolicyVersion], day: date) -> list[MatterGroup]:
    """Policies by kind of benefit; within a group in force, upcoming, not issued, ended, newest first."""
    newest_first = sorted(policies, key=lambda policy: (policy.issued_on, policy.policy_id), reverse=True)
    ordered = sorted(newest_first, key=lambda policy: STATE_ORDER.index(state_of(policy, day)))
    groups: dict[str, list[PolicyVersion]] = {name: [] for name in GROUPS}
    for policy in ordered:
        groups[GROUP_OF.get(str(policy.benefit.get("type")), "other")].append(policy)
    return [
        MatterGroup(name, found, sum(state_of(policy, day) is State.IN_FORCE for policy in found))
        for name, found in groups.items()
        if found
    ]


@get("/government", **PUBLIC)
async def government(request: AnyRequest, session: AsyncSession, as_of: date) -> Response[str]:
    """The matters and what this service itself handles online."""
    return page(
        request,
        "government/government.html",
        groups=await matters(session, as_of),
        words=PolicyWords(language_of(request), as_of),
    )


router = Router("/", route_handlers=[government], include_in_schema=False)
