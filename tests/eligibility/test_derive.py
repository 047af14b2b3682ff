"""Facts worked out from others: over every value they can still have, and what the size class rests on."""

from __future__ import annotations

import pytest

from eligibility import Facts, Vocabulary
from eligibility.derive import derived_values, missing_for_size, possible_sizes, size_basis

WORDS = Vocabulary.shipped()


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        ({}, ("employees_end", "industry_code", "operating_revenue_yuan", "total_assets_yuan")),
        ({"industry_code": "3311", "employees_end": 15}, ()),
        ({"industry_code": "3311", "employees_end": 100}, ("operating_revenue_yuan",)),
        ({"industry_code": "8310"}, ()),
        (
            {"industry_code": "70", "employees_end": 5},
            ("industry_code", "operating_revenue_yuan", "total_assets_yuan"),
        ),
    ],
    ids=[
        "nothing known",
        "micro whatever the revenue",
        "100 staff",
        "outside the standard",
        "a code too short",
    ],
)
def test_only_what_can_still_change_the_size_is_missing(
    facts: dict[str, object], missing: tuple[str, ...]
) -> None:
    assert missing_for_size(Facts(facts)) == missing
    assert missing_for_size(Facts(facts), WORDS) == missing


def test_derived_facts_are_told_as_values_as_possible_values_or_not_at_all() -> None:
    known = Facts({"industry_code": "3311", "employees_end": 100, "entity_type": "individual_business"})
    found = derived_values(known)
    assert found["sme_size"] == ["micro", "small"]
    assert found["is_small_low_profit"] is False
    assert "is_small_low_profit" not in derived_values(Facts({"entity_type": "company"}), WORDS)
    assert derived_values(Facts({"industry_code": "8310"}))["sme_size"] == "not_covered"


def test_the_row_of_the_standard_that_applies_is_shown_with_what_was_met() -> None:
    basis = size_basis(Facts({"industry_code": "3311", "employees_end": 100}))
    assert basis is not None
    assert basis["document_no"] == "工信部联企业〔2011〕300号"
    assert basis["floors"] == {
        "employees_end": [1000, 300, 20],
        "operating_revenue_yuan": [400_000_000, 20_000_000, 3_000_000],
    }
    assert basis["values"] == {"employees_end": 100}


@pytest.mark.parametrize("facts", [{}, {"industry_code": None}, {"industry_code": "8310"}])
def test_without_a_row_there_is_nothing_to_show(facts: dict[str, object]) -> None:
    assert size_basis(Facts(facts)) is None
    assert possible_sizes(Facts(facts), WORDS) >= {"not_covered"}
