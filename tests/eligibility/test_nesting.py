"""Places that lie in one another: what is known of them agrees after any change, and a contradiction is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility import Facts, FactsError, Vocabulary
from eligibility.nesting import contradictions, settled
from tests.factories.examples import examples

WORDS = Vocabulary.shipped()
PLACES = st.fixed_dictionaries(
    {},
    optional={
        "province_code": st.sampled_from(["370000", "420000", "110000", None]),
        "city_code": st.sampled_from(["370100", "370200", "420100", "110100", None]),
        "employees_end": st.integers(0, 3),
    },
)
AGREEING = PLACES.filter(lambda values: not list(contradictions(values, WORDS)))


def test_a_city_of_another_province_is_no_fact_and_both_are_named() -> None:
    with pytest.raises(FactsError) as refused:
        Facts.from_json({"province_code": "110000", "city_code": "370100", "employees_end": "x"})
    assert [(p.fact, p.code) for p in refused.value.problems] == [
        ("employees_end", "fact_wants_int"), ("city_code", "fact_elsewhere"),
    ]  # fmt: skip
    for lang in ("zh-CN", "en"):
        said = refused.value.problems[1].message(lang)
        assert all(code in said for code in ("110000", "370100", "370000"))


@pytest.mark.parametrize(
    ("changes", "known", "after", "gone"),
    [
        ({"province_code": "420000"}, {"city_code": "370100"}, {"province_code": "420000"}, ["city_code"]),
        ({"province_code": "370000"}, {"city_code": "370100"}, {"province_code": "370000"}, []),
        ({"province_code": None}, {"city_code": "370100"}, {"province_code": None}, []),
        ({"city_code": "370100"}, {}, {"city_code": "370100", "province_code": "370000"}, []),
        (
            {"city_code": "370100"},
            {"province_code": "420000"},
            {"city_code": "370100", "province_code": "370000"},
            [],
        ),
        ({"city_code": "370100"}, {"province_code": "370000"}, {"city_code": "370100"}, []),
        ({"city_code": None}, {"province_code": "420000"}, {"city_code": None}, []),
    ],
)
def test_what_is_stated_last_stands_and_what_contradicts_it_is_forgotten(
    changes: dict[str, object], known: dict[str, object], after: dict[str, object], gone: list[str]
) -> None:
    assert settled(changes, known) == (after, gone)


@settings(max_examples=examples(100))
@given(AGREEING, PLACES, st.sets(st.sampled_from(["province_code", "city_code"])))
def test_places_agree_after_every_change(
    changes: dict[str, object], known: dict[str, object], forgotten: set[str]
) -> None:
    left = sorted(forgotten - set(changes))
    agreeing = {} if list(contradictions(known, WORDS)) else known
    values, gone = settled(changes, agreeing, left)
    assert changes.items() <= values.items()
    assert set(left) <= set(gone)
    after = {**{name: value for name, value in agreeing.items() if name not in gone}, **values}
    assert list(contradictions(after, WORDS)) == []
