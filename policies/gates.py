"""What must hold before a version may be handed to a second person, and again before that person puts it in force.

Asked in one place, so that no way of submitting or publishing goes around it. Every hindrance is told at once.
"""

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from policies import case_gate, findings, simulations
from policies.errors import Hindered, PoliciesError
from policies.lifecycle import Action
from policies.tables import PolicyVersion

Gate = Callable[[AsyncSession, PolicyVersion, Action], Awaitable[Sequence[PoliciesError]]]
"""What stands in the way of SUBMIT or PUBLISH: refusals with words, whose field is the card where they are mended."""

GATES: tuple[Gate, ...] = (case_gate.gate, simulations.gate, findings.gate)


async def hindrances(session: AsyncSession, row: PolicyVersion, action: Action) -> list[PoliciesError]:
    """Everything that stands in the way, in the gates' order."""
    return [hindrance for gate in GATES for hindrance in await gate(session, row, action)]


async def must_pass(session: AsyncSession, row: PolicyVersion, action: Action) -> None:
    """Raises Hindered with everything that stands in the way."""
    found = await hindrances(session, row, action)
    if found:
        raise Hindered(found)
