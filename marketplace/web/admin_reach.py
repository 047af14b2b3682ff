"""How far the word of a version went: its pushes, on its own page, while they run and afterwards."""

from typing import Any

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from marketplace.web import pushes
from marketplace.web.version_parts import Part
from policies.lifecycle import EVER_IN_FORCE
from policies.tables import PolicyVersion


async def about_reach(
    request: Request[Any, Any, Any], session: AsyncSession, actor: Actor, row: PolicyVersion
) -> Part | None:
    """The card of a version that is or was in force by people's decision; a pack's own versions told nobody."""
    if row.status not in EVER_IN_FORCE or (row.decided_by is None and row.withdrawn_at is None):
        return None
    shown = await pushes.reach(request, session, row.policy_id, row.version)
    return Part("admin/reach.html", {"reach": shown})
