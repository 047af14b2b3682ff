"""One change of an application's state: the conditional update, its timeline entry and its audit row,
always together.

The lifecycle decides from the state that was read; the update insists that it is still so, so of many at
once one wins.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit
from auth.actor import Actor
from loans.errors import ChangedMeanwhile
from loans.lifecycle import Action, Status, transition
from loans.tables import Application, ApplicationEvent


async def move(
    session: AsyncSession,
    application: Application,
    action: Action,
    actor: Actor,
    *,
    now: datetime,
    only_if: ColumnElement[bool] | None = None,
    public: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
    **columns: Any,
) -> Status:
    """Lead `application` along `action`; `columns` change with it, `only_if` is a further condition on the
    row.

    `public` goes into the timeline, `private` beside it into the audit log. Raises ActionNotPossible,
    ActionNotAllowed
    from the lifecycle and ChangedMeanwhile when the row is no longer as it was read.
    """
    before = Status(application.status)
    target = transition(before, action, actor.role)
    statement = update(Application).where(
        col(Application.id) == application.id, col(Application.status) == before.value
    )
    if only_if is not None:
        statement = statement.where(only_if)
    changed = await session.execute(
        statement.values(status=target.value, changed_at=now, **columns)
        .returning(col(Application.id))
        .execution_options(synchronize_session=False)
    )
    if changed.scalar_one_or_none() is None:
        raise ChangedMeanwhile
    await record(session, application, action, target, actor, now=now, public=public, private=private)
    await session.refresh(application)
    return target


async def record(
    session: AsyncSession,
    application: Application,
    action: Action,
    status: Status,
    actor: Actor,
    *,
    now: datetime,
    public: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
) -> None:
    """One timeline entry and one audit row of a change that has been made."""
    await session.execute(
        insert(ApplicationEvent).values(
            application_id=application.id,
            kind=action.value,
            status=status.value,
            at=now,
            actor_role=actor.role.value,
            detail=dict(public or {}),
        )
    )
    await audit.record(
        session,
        actor,
        action=f"loans.{action.value}",
        subject=("application", application.id),
        tenant=actor.bank_id or str(application.enterprise_id),
        detail={"serial": application.serial, "status": status.value, **(public or {}), **(private or {})},
        now=now,
    )
