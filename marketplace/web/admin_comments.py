"""The comments under a version, and where those on the rejected versions before it are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from auth import queries as people
from auth.actor import Actor
from auth.roles import Role
from marketplace.web.version_parts import Part
from policies import comments
from policies.tables import PolicyVersion


@dataclass(frozen=True, slots=True)
class Said:
    """One comment."""

    who: str
    when: datetime
    words: str


async def about_comments(
    request: Request[Any, Any, Any], session: AsyncSession, actor: Actor, row: PolicyVersion
) -> Part:
    """The card."""
    found = await comments.of(session, row.id)
    names = await people.display_names(session, [one.said_by for one in found])
    said: Sequence[Said] = [Said(names[one.said_by], one.said_at, one.words) for one in found]
    before = await comments.of_rejected_before(session, row)
    may = actor.role is Role.POLICY_ADMIN
    return Part("admin/comments.html", {"said": said, "before": before, "may_say": may})
