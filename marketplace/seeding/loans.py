"""Seeds the banks and the shipped credit products, each rule checked by the engine before it is stored.

A product that is stored already is left alone, so that a second start neither doubles it nor undoes a bank's
own change.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from loans import products
from loans.tables import Bank, Product
from marketplace.shipped import DATA


@cache
def shipped() -> Mapping[str, Any]:
    """The file marketplace/data/products.yaml: `banks` and `products`."""
    text = (DATA / "products.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return found


async def seed_loans(
    session: AsyncSession, *, now: datetime, progress: Callable[[int], None] | None = None
) -> int:
    """Store the banks and every shipped product that is not there yet; how many were stored.

    `progress` is told 1 after each product, stored or not. Commits nothing.
    """
    await session.execute(insert(Bank).values(list(shipped()["banks"])).on_conflict_do_nothing())
    there = set(await session.scalars(select(col(Product.id)).distinct()))
    stored = 0
    for entry in shipped()["products"]:
        if entry["id"] not in there:
            await products.store(session, entry, now=now)
            stored += 1
        if progress is not None:
            progress(1)
    return stored
