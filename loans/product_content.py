"""What a product's version says, as one canonical document with its hash: what an approval binds.

Everything a bank can change is in it and nothing else. migrations/versions/0016_product_versions.py hashes the rows
that were there before in the same way.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from loans.tables import Product

FIELDS = (
    "lender", "name_zh", "name_en", "min_amount_fen", "max_amount_fen", "min_term_months", "max_term_months",
    "min_rate_pct", "max_rate_pct", "repayment_methods", "guarantee", "rule_text", "max_amount", "eligibility_zh",
    "eligibility_en", "campaign", "marks", "linked_policy",
)  # fmt: skip


def content_of(row: Product) -> dict[str, Any]:
    """The fields of a version that say what is offered."""
    return {name: getattr(row, name) for name in FIELDS}


def sha256_of(content: Mapping[str, Any]) -> str:
    """Hash of a content; 3.25 and 3.2500 are one rate."""
    plain = {
        name: format(value.normalize(), "f") if isinstance(value, Decimal) else value
        for name, value in ((name, content[name]) for name in FIELDS)
    }
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
