"""The demo enterprises of data/demo_enterprises.yaml, registered by the demo owners as people would do it.

Through the profile service and not straight into tables, so that the demo rows passed every check real ones
pass.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from auth.queries import user_by_username
from auth.roles import Role
from marketplace.profiles import service
from marketplace.profiles.identity import IdentityKey
from marketplace.profiles.schemas import EnterpriseDraft
from marketplace.profiles.tables import Enterprise
from marketplace.seeding.step import Progress, Step

FILE = Path(__file__).resolve().parents[1] / "data" / "demo_enterprises.yaml"


def demo_enterprises() -> list[dict[str, Any]]:
    """The entries of the file: id, owner (username), uscc, name, owner_name, owner_id_number, facts."""
    entries: list[dict[str, Any]] = yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)[
        "enterprises"
    ]
    return entries


def step(keys: Path, clock: Callable[[], datetime]) -> Step:
    """The step that registers the enterprises missing from the database."""

    async def register(session: AsyncSession, progress: Progress) -> None:
        entries = demo_enterprises()
        codes = [entry["uscc"] for entry in entries]
        present = set(
            (
                await session.execute(select(col(Enterprise.uscc)).where(col(Enterprise.uscc).in_(codes)))
            ).scalars()
        )
        progress(len(present), len(entries))
        if len(present) == len(entries):
            return
        key = IdentityKey.load_or_create(keys)
        owners = {name: await _owner(session, name) for name in {entry["owner"] for entry in entries}}
        for number, entry in enumerate(entries, 1):
            if entry["uscc"] not in present:
                await _register(session, owners[entry["owner"]], entry, key, clock())
            progress(number, len(entries))

    return Step("demo enterprises", register)


async def _owner(session: AsyncSession, username: str) -> Actor:
    user = await user_by_username(session, username)
    if user is None:
        raise RuntimeError(f"the demo enterprises need the demo account `{username}`")
    return Actor(user.id, user.username, user.display_name, Role(user.role), user.bank_id)


async def _register(
    session: AsyncSession, owner: Actor, entry: dict[str, Any], key: IdentityKey, now: datetime
) -> None:
    draft = EnterpriseDraft(
        uscc=entry["uscc"],
        name=entry["name"],
        entity_type=entry["facts"]["entity_type"],
        owner_name=entry["owner_name"],
        owner_id_number=entry["owner_id_number"],
    )
    made = await service.register(session, owner, draft, key=key, now=now)
    await service.save_facts(session, owner, made.id, entry["facts"], source="declared", now=now)
