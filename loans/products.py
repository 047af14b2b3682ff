"""Products: versions go in, the current ones come out as Read models.

A change never edits a row: the old version is marked superseded and a new one stored, because applications
point at versions.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from loans.errors import NotFound
from loans.money import exact, fen_from_yuan, yuan_from_fen
from loans.offers import formula_of, rule_of
from loans.product_content import sha256_of
from loans.product_lifecycle import Status
from loans.schemas import ProductRead
from loans.tables import Bank, Product


async def current_products(session: AsyncSession) -> list[ProductRead]:
    """Every product on offer in its current version, by bank and id."""
    found = await session.execute(
        select(Product, Bank)
        .join(Bank, col(Bank.id) == col(Product.bank_id))
        .where(col(Product.status) == "current")
        .order_by(col(Product.bank_id), col(Product.id))
    )
    return [read(product, bank) for product, bank in found]


async def current_product(session: AsyncSession, product_id: str) -> ProductRead:
    """The current version of one product; raises NotFound."""
    found = await session.execute(
        select(Product, Bank)
        .join(Bank, col(Bank.id) == col(Product.bank_id))
        .where(col(Product.status) == "current", col(Product.id) == product_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound(field="product_id")
    return read(*row)


def read(product: Product, bank: Bank) -> ProductRead:
    """A stored version as it is listed."""
    return ProductRead(
        id=product.id,
        version=product.version,
        bank_id=bank.id,
        bank_name_zh=bank.name_zh,
        bank_name_en=bank.name_en,
        lender=product.lender,
        name_zh=product.name_zh,
        name_en=product.name_en,
        min_amount_yuan=yuan_from_fen(product.min_amount_fen),
        max_amount_yuan=yuan_from_fen(product.max_amount_fen),
        min_term_months=product.min_term_months,
        max_term_months=product.max_term_months,
        min_rate_pct=product.min_rate_pct,
        max_rate_pct=product.max_rate_pct,
        repayment_methods=product.repayment_methods,
        guarantee=product.guarantee,
        rule=product.rule_text,
        max_amount=product.max_amount,
        eligibility_zh=product.eligibility_zh,
        eligibility_en=product.eligibility_en,
        campaign=product.campaign,
        marks=product.marks,
        linked_policy=product.linked_policy,
    )


async def store(session: AsyncSession, entry: Mapping[str, Any], *, now: datetime) -> Product:
    """Store one entry of products.yaml as the product's next version, superseding the one before.

    Raises RuleError for a rule or formula that does not parse and KeyError for a missing field; the bank
    must exist.
    """
    rule_of(entry["rule"])
    if entry.get("max_amount"):
        formula_of(entry["max_amount"])
    before = await session.scalars(
        select(col(Product.version))
        .where(col(Product.id) == entry["id"])
        .order_by(col(Product.version).desc())
    )
    version = (before.first() or 0) + 1
    await session.execute(
        update(Product)
        .where(col(Product.id) == entry["id"], col(Product.status) == "current")
        .values(status="superseded")
    )
    fields = columns(entry)
    product = Product(
        **fields,
        version=version,
        status=Status.CURRENT.value,
        content_sha256=sha256_of(fields),
        created_at=now,
        changed_at=now,
    )
    session.add(product)
    await session.flush()
    return product


def columns(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of one products.yaml entry, but for version, status and time."""
    amount, term, rate = entry["amount_yuan"], entry["term_months"], entry["annual_rate_pct"]
    return {
        "id": entry["id"],
        "bank_id": entry["bank_id"],
        "lender": entry["lender"],
        "name_zh": entry["name_zh"],
        "name_en": entry["name_en"],
        "min_amount_fen": fen_from_yuan(exact(amount["min"])),
        "max_amount_fen": fen_from_yuan(exact(amount["max"])),
        "min_term_months": term["min"],
        "max_term_months": term["max"],
        "min_rate_pct": exact(rate["min"]),
        "max_rate_pct": exact(rate["max"]),
        "repayment_methods": list(entry["repayment_methods"]),
        "guarantee": entry["guarantee"],
        "rule_text": entry["rule"],
        "max_amount": entry.get("max_amount"),
        "eligibility_zh": entry["eligibility_zh"],
        "eligibility_en": entry["eligibility_en"],
        "campaign": campaign(entry.get("campaign")),
        "marks": {
            "realism": entry.get("realism"),
            "sources": entry.get("sources") or [],
            "checked": entry.get("checked"),
            "note": entry.get("note"),
        },
        "linked_policy": entry.get("linked_policy"),
    }


def campaign(entry: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A campaign as stored: JSON, its window as ISO days under `from` and `to` (both inclusive)."""
    if not entry:
        return None
    plain = {"from" if key == "from_" else key: value for key, value in entry.items()}
    for key in ("from", "to"):
        if plain.get(key) is not None:
            plain[key] = str(plain[key])
    return plain
