"""The banks and the shipped credit products, each rule checked by the engine before it is stored.

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
from marketplace.seeding.step import Progress, Step
from marketplace.shipped import DATA


@cache
def shipped() -> Mapping[str, Any]:
    """The file data/products.yaml: `banks` and `products`."""
    text = (DATA / "products.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return found


def step(clock: Callable[[], datetime]) -> Step:
    """The step that stores the banks and products missing from the database."""

    async def store(session: AsyncSession, progress: Progress) -> None:
        entries = shipped()["products"]
        await session.execute(insert(Bank).values(list(shipped()["banks"])).on_conflict_do_nothing())
        there = set(await session.scalars(select(col(Product.id)).distinct()))
        for number, entry in enumerate(entries, 1):
            if entry["id"] not in there:
                await products.store(session, entry, now=clock())
            progress(number, len(entries))

    return Step("credit products", store)
