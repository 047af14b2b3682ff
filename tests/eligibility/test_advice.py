"""The next question and the best compatible set.

The set is checked against every subset.
"""

from __future__ import annotations

import itertools
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from eligibility import Vocabulary
from eligibility.advise import best_set, next_question

NAMES = "abcdef"


def test_the_question_most_verdicts_wait_for_comes_next() -> None:
    words = Vocabulary.shipped()
    waiting = [("entity_type", "owner_age"), ("owner_age",), ("province_code", "owner_age"), ("entity_type",)]
    assert next_question(waiting, words) == ("owner_age", 3)
    assert next_question([("owner_age",), ("entity_type",)], words) == ("entity_type", 1)
    assert next_question([], words) is None


@given(
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 5).map(Decimal)),
    st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3)),
)
def test_the_best_set_is_worth_as_much_as_any_compatible_one(
    amounts: dict[str, Decimal], exclusions: dict[str, list[str]]
) -> None:
    def compatible(chosen: tuple[str, ...] | frozenset[str]) -> bool:
        return not any(b in exclusions.get(a, ()) for a, b in itertools.permutations(chosen, 2))

    chosen = best_set(amounts, exclusions)
    assert compatible(chosen)
    every = (c for n in range(len(amounts) + 1) for c in itertools.combinations(amounts, n) if compatible(c))
    assert sum(amounts[n] for n in chosen) == max(sum(amounts[n] for n in c) for c in every)
