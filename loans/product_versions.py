"""Versions of one bank's products: found for a person of that bank, changed only as they were read, written down.

Another bank's product is not found, exactly as a missing one; no query here goes without the bank.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import audit, persons
from auth.actor import Actor
from loans import products
from loans.errors import NotFound, ProductChanged
from loans.product_content import content_of, sha256_of
from loans.product_lifecycle import OPEN, Action, Status, move
from loans.product_schemas import ProductVersionRead
from loans.tables import Bank, Product


def bank_of(actor: Actor) -> str:
    """The bank somebody works for. Raises NotFound for who works for none."""
    if actor.bank_id is None:
        raise NotFound
    return actor.bank_id


async def bank(session: AsyncSession, actor: Actor) -> Bank:
    """The row of the actor's bank."""
    return await session.get_one(Bank, bank_of(actor))


async def newest(session: AsyncSession, actor: Actor) -> list[ProductVersionRead]:
    """The newest version of each product of the actor's bank, by id."""
    rows = await session.scalars(
        select(Product)
        .where(col(Product.bank_id) == bank_of(actor))
        .order_by(col(Product.id), col(Product.version).desc())
    )
    first: dict[str, Product] = {}
    for row in rows:
        first.setdefault(row.id, row)
    lender = await bank(session, actor)
    return [read(row, lender) for row in first.values()]


async def history(session: AsyncSession, actor: Actor, product_id: str) -> Sequence[Product]:
    """Every version of a product of the actor's bank, newest first. Raises NotFound."""
    rows = await session.scalars(
        select(Product)
        .where(col(Product.bank_id) == bank_of(actor), col(Product.id) == product_id)
        .order_by(col(Product.version).desc())
    )
    found = rows.all()
    if not found:
        raise NotFound
    return found


async def find(session: AsyncSession, actor: Actor, product_id: str, number: int) -> Product:
    """One version. Raises NotFound."""
    for row in await history(session, actor, product_id):
        if row.version == number:
            return row
    raise NotFound


def current_of(versions: Sequence[Product]) -> Product | None:
    """The version on offer."""
    return next((row for row in versions if row.status == Status.CURRENT), None)


def to_edit(versions: Sequence[Product]) -> Product:
    """What an edit starts from: the open version, else the one on offer, else the newest."""
    opened = (row for row in versions if row.status in OPEN)
    return next(opened, None) or current_of(versions) or versions[0]


def read(row: Product, lender: Bank) -> ProductVersionRead:
    """A stored version as its pages read it."""
    way = (
        "status", "content_sha256", "editors", "why", "submitted_by", "submitted_at", "decided_by", "decided_at",
        "reason", "created_at", "changed_at",
    )  # fmt: skip
    return ProductVersionRead(
        **products.read(row, lender).model_dump(), **{name: getattr(row, name) for name in way}
    )


async def moved(session: AsyncSession, actor: Actor, row: Product, action: Action) -> Status:
    """The state after the actor's deed, judged by persons and not by accounts. Raises what `move` raises."""
    editors = [UUID(one) for one in row.editors]
    people = await persons.of(session, [actor.user_id, *editors])
    worked = {people[one] for one in editors}
    return move(Status(row.status), action, actor.role, person=people[actor.user_id], worked_on_it=worked)


def same_content(row: Product, seen_sha256: str) -> None:
    """Raises ProductChanged where what was seen, or what was hashed, is not what is stored."""
    if row.content_sha256 != seen_sha256 or sha256_of(content_of(row)) != seen_sha256:
        raise ProductChanged


async def change(session: AsyncSession, row: Product, changes: Mapping[str, Any]) -> Product:
    """Change a row if it is still as it was read; raises ProductChanged otherwise."""
    done = await session.execute(
        update(Product)
        .where(
            col(Product.id) == row.id,
            col(Product.version) == row.version,
            col(Product.bank_id) == row.bank_id,
            col(Product.status) == row.status,
            col(Product.content_sha256) == row.content_sha256,
        )
        .values(**changes)
        .returning(Product)
        .execution_options(populate_existing=True)
    )
    found = done.scalar_one_or_none()
    if found is None:
        raise ProductChanged
    return found


async def record(session: AsyncSession, actor: Actor, verb: str, row: Product, now: datetime) -> None:
    """The deed's line in the audit log, with the content it was about."""
    await audit.record(
        session,
        actor,
        action=f"loans.{verb}_product",
        subject=("product_version", f"{row.id}/{row.version}"),
        tenant=row.bank_id,
        detail={"content_sha256": row.content_sha256, "status": row.status},
        now=now,
    )
