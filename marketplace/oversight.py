"""What auditors and operators read: the audit log page by page, and how many things there are.

Reading only; who may ask is the routes' matter. Pages of the log follow its numbers and count nothing, so that a log
of millions opens as quickly as an empty one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.queries import display_names
from auth.tables import AuditEntry, Consent, User
from loans.tables import Application
from marketplace.portal.tables import CheckSession
from marketplace.profiles.tables import Enterprise
from marketplace.web.format import HERE

KINDS = ("auth", "consent", "profiles", "policies", "loans", "notifications")
"""The parts of the house whose deeds are logged: what an action's name begins with."""
PAGE = 50
EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some entries, newest first, with the names of who acted; `older`: the number to go on below, None at the end."""

    entries: Sequence[AuditEntry]
    names: Mapping[UUID, str]
    older: int | None


async def log_page(
    session: AsyncSession,
    *,
    kind: str | None = None,
    since: date | None = None,
    until: date | None = None,
    below: int | None = None,
) -> LogPage:
    """Entries of a kind between two days of the province's time, both included, numbered below `below`."""
    wanted = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(PAGE + 1)
    if kind is not None:
        wanted = wanted.where(col(AuditEntry.action).startswith(f"{kind}.", autoescape=True))
    if since is not None:
        wanted = wanted.where(col(AuditEntry.at) >= _midnight(since))
    if until is not None and until < date.max:
        wanted = wanted.where(col(AuditEntry.at) < _midnight(until + timedelta(days=1)))
    if below is not None:
        wanted = wanted.where(col(AuditEntry.id) < below)
    found = (await session.scalars(wanted)).all()
    shown = found[:PAGE]
    people = [entry.actor_id for entry in shown if entry.actor_id is not None]
    names = await display_names(session, people)
    return LogPage(shown, names, shown[-1].id if len(found) > PAGE else None)


def _midnight(day: date) -> datetime:
    """The day's beginning here; the first days of all have none that the database can hold."""
    return datetime.combine(max(day, EARLIEST), time(), HERE)


async def counts(session: AsyncSession) -> Mapping[str, int]:
    """How many there are of what an operator watches grow."""
    tables = {
        "users": User,
        "enterprises": Enterprise,
        "checks": CheckSession,
        "consents": Consent,
        "applications": Application,
        "audit": AuditEntry,
    }
    return {
        name: int(await session.scalar(select(func.count()).select_from(table)) or 0)
        for name, table in tables.items()
    }


async def applications_by_status(session: AsyncSession) -> Mapping[str, int]:
    """How many applications stand in each state there is one in."""
    status = col(Application.status)
    rows = await session.execute(select(status, func.count()).group_by(status).order_by(status))
    return {row[0]: row[1] for row in rows}
