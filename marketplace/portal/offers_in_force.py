"""Everything the check asks about on one day: the policies in force and the products banks offer.

Parsed and gathered once for each state of the pack and the products, and then shared by every visitor of the process.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from eligibility.advise import Candidate
from loans import products
from loans.offers import rule_of
from loans.schemas import ProductRead
from marketplace.portal.interview import Catalogue, Offer
from policies import keeper
from policies.matching import candidate_of
from policies.pack import Pack

KEPT = 8


@dataclass(frozen=True, slots=True)
class _Kept:
    pack: Pack
    products: tuple[tuple[str, int], ...]
    as_of: date
    catalogue: Catalogue


_recent: deque[_Kept] = deque(maxlen=KEPT)


async def catalogue(session: AsyncSession, as_of: date) -> Catalogue:
    """What is in force and on offer on `as_of`, as the database has it now."""
    pack = await keeper.load_pack(session)
    offered = await products.current_products(session)
    versions = tuple((product.id, product.version) for product in offered)
    for kept in _recent:
        if kept.pack is pack and kept.products == versions and kept.as_of == as_of:
            return kept.catalogue
    made = Catalogue((*_policies(pack, as_of), *_products(offered, as_of)), as_of)
    _recent.append(_Kept(pack, versions, as_of, made))
    return made


def _policies(pack: Pack, as_of: date) -> Sequence[Offer]:
    return [
        Offer(
            candidate_of(policy),
            True,
            {"zh-CN": policy.name("zh-CN"), "en": policy.name("en")},
            f"/policies/{policy.id}",
            f"{policy.text['document_no'] or ''}",
        )
        for policy in pack.on(as_of).records.values()
    ]


def _products(offered: Sequence[ProductRead], as_of: date) -> Sequence[Offer]:
    return [
        Offer(
            Candidate.of(product.id, rule_of(product.rule), None, ()),
            False,
            {
                "zh-CN": f"{product.bank_name_zh} {product.name_zh}",
                "en": f"{product.bank_name_en}: {product.name_en}",
            },
            "/loans",
        )
        for product in offered
        if _runs(product.campaign, as_of)
    ]


def _runs(campaign: Mapping[str, Any] | None, as_of: date) -> bool:
    """Whether a product's campaign, if it is one, is open on the day; both ends count."""
    window = campaign or {}
    start, end = window.get("from"), window.get("to")
    return (not start or str(start) <= as_of.isoformat()) and (not end or as_of.isoformat() <= str(end))
