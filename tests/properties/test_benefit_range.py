"""A range holds the amount of every completion, and says it is exact only where somebody gets the least and the most.

The facts here have so few values that every completion can be computed one by one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility import Rule, Status, Vocabulary, evaluate
from eligibility.benefit import Formula, compute, parse_formula, with_inputs
from eligibility.benefit_range import NOTHING, amount_range
from eligibility.parser import read
from tests.factories.examples import examples

NAMED = [
    {"name": "staff", "type": "int", "minimum": 0, "maximum": 5},
    {"name": "hires", "type": "int", "minimum": -2, "maximum": 3},
    {"name": "cost", "type": "money", "minimum": "0.97", "maximum": "1.03"},
    {"name": "owed", "type": "money", "minimum": "-0.02", "maximum": "0.02"},
    {"name": "listed", "type": "bool"},
    {"name": "grade", "type": "enum", "allowed": ["A", "B", "C"]},
    {"name": "place", "type": "code"},
]
INPUTS = [{**entry, "label_zh": entry["name"], "label_en": entry["name"]} for entry in NAMED]
WORDS = with_inputs(Vocabulary.shipped(), INPUTS)
VALUES: Mapping[str, tuple[object, ...]] = {
    "staff": tuple(range(6)),
    "hires": tuple(range(-2, 4)),
    "cost": tuple(Decimal(n).scaleb(-2) for n in range(97, 104)),
    "owed": tuple(Decimal(n).scaleb(-2) for n in range(-2, 3)),
    "listed": (True, False),
    "grade": ("A", "B", "C"),
    "place": ("3701", "3702", "4201", "1101"),
}

ops = st.sampled_from(("==", "!=", "<", "<=", ">", ">="))
numbers = st.sampled_from(("staff", "hires", "cost", "owed"))
tests = st.one_of(
    st.tuples(numbers, ops, st.sampled_from(("0", "2", "1.0", "0.005", "1.5"))).map(" ".join),
    st.tuples(numbers, ops, numbers).map(" ".join),
    st.tuples(numbers, st.just("* 2 >"), numbers).map(" ".join),
    st.sampled_from(("listed", "!listed")),
    st.sampled_from(('grade == "A"', 'grade in ["A", "C"]', 'grade != "B"', 'grade == "C"')),
    st.sampled_from(('within(place, ["37"])', 'place == "3701"', 'within(place, ["42", "3702"])')),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(("&&", "||")), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"!({t})"),
    ),
    max_leaves=3,
)
formulas = st.recursive(
    st.one_of(numbers, st.sampled_from(("0", "1", "3", "0.5", "100.25"))),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, st.sampled_from(("2", "-3", "0.5"))).map(lambda t: f"({t[0]} / {t[1]})"),
        st.tuples(st.sampled_from(("min", "max")), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        st.tuples(conditions, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
    ),
    max_leaves=5,
)
known_facts = st.fixed_dictionaries({}, optional={n: st.sampled_from(v) for n, v in VALUES.items()})


def every_completion(facts: Mapping[str, object], names: frozenset[str]) -> Iterator[dict[str, object]]:
    open_ = sorted(n for n in names if n not in facts)
    for values in itertools.product(*(VALUES[n] for n in open_)):
        yield {**facts, **dict(zip(open_, values, strict=True))}


def amounts(formula: Formula, facts: Mapping[str, object], rule: Rule | None) -> list[Decimal]:
    used = frozenset(n for text in (formula.text, rule.text if rule else "") for n in VALUES if n in text)
    return [
        compute(formula, full).exact or Decimal(0)
        for full in every_completion(facts, used)
        if rule is None or evaluate(rule, full).status is Status.ELIGIBLE
    ]


def check(formula: Formula, facts: Mapping[str, object], rule: Rule | None) -> None:
    found = amount_range(formula, facts, rule)
    real = amounts(formula, facts, rule)
    if not real:  # the rule cannot hold; where two unknown numbers keep it from holding, nobody may see that
        assert found == NOTHING or not found.exact
        return
    assert found.least is not None
    assert found.most is not None
    assert found.least <= min(real)
    assert max(real) <= found.most
    if found.exact:
        assert (found.least, found.most) == (min(real), max(real))
    if found.least == found.most:
        assert set(real) == {found.least}


@settings(max_examples=examples(500))
@given(formulas, known_facts)
def test_a_range_holds_every_completion_and_is_attained_where_it_says_so(
    text: str, facts: dict[str, object]
) -> None:
    check(parse_formula(text, WORDS), facts, None)


@settings(max_examples=examples(400))
@given(formulas, conditions, known_facts)
def test_with_a_rule_only_the_completions_it_holds_for_count(
    text: str, condition: str, facts: dict[str, object]
) -> None:
    check(parse_formula(text, WORDS), facts, Rule(read(condition), WORDS, condition))


@settings(max_examples=examples(150))
@given(formulas)
def test_a_formula_on_known_facts_has_the_range_of_its_amount(text: str) -> None:
    formula = parse_formula(text, WORDS)
    facts = {name: values[0] for name, values in VALUES.items()}
    found = amount_range(formula, facts)
    assert found.is_known
    assert found.exact
    assert found.least == compute(formula, facts).exact
