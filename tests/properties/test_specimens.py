"""Specimens straddle: at each edge of a rule the two made-up enterprises differ in one step and are told apart.

And none is passed over: wherever two enterprises of the grid show an edge, a pair was found for it.
"""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility import Facts, Rule, Status, Vocabulary, parse
from eligibility.edges import HIGH, LOW, edges_of, judged, sides
from eligibility.specimens import Specimens, specimens
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from tests.factories.examples import examples
from tests.factories.rules import GRID, conditions, partial_facts, wide_rules

WORDS = Vocabulary.shipped()
STARTS, ENDS = dt.date(2020, 2, 26), dt.date(2020, 6, 30)
DAYS = st.sampled_from(("2020-02-26", "2020-05-01", "2021-01-01"))
dated_rules = st.one_of(
    wide_rules,
    st.tuples(wide_rules, DAYS, st.sampled_from(("<", "<=", "==", "!="))).map(
        lambda t: f'({t[0]}) && as_of_date {t[2]} date("{t[1]}")'
    ),
    wide_rules.map(lambda text: f"({text}) || loan_rate_pct <= lpr_1y_pct + 0.5 && affected_by_epidemic"),
    wide_rules.map(lambda text: f"({text}) && months_between(loan_start_date, as_of_date) < 12"),
)


def made(rule: Rule) -> Specimens:
    return specimens(rule, STARTS, ENDS, seconds=60)


@settings(max_examples=examples(40))
@given(dated_rules)
def test_specimens_straddle_and_say_no_more_than_the_verdict_hangs_on(text: str) -> None:
    rule = parse(text, WORDS)
    found = made(rule)
    pairs = [*found.edges.values(), *found.choices]
    for one, other in ((pair.one, pair.other) for pair in pairs):
        assert {one.status, other.status} == {Status.ELIGIBLE, Status.INELIGIBLE}
        for specimen in (one, other):
            assert judged(rule, specimen.facts, specimen.day) is specimen.status
            assert Facts.from_json(specimen.facts.to_json(), WORDS) == specimen.facts
    for edge, pair in found.edges.items():
        assert LOW in sides(edge, rule, pair.one.facts, pair.one.day)
        assert HIGH in sides(edge, rule, pair.other.facts, pair.other.day)
    for status, specimen in found.kinds.items():
        assert judged(rule, specimen.facts, specimen.day) is status
        if status is not Status.UNDETERMINED:
            fewer = (specimen.facts.without(name) for name in specimen.facts)
            assert {judged(rule, facts, specimen.day) for facts in fewer} <= {Status.UNDETERMINED}
    if not found.undecided:
        assert found.possible == found.kinds.keys()
        assert {judged(rule, Facts(), day) for day in (STARTS, ENDS)} <= found.possible


@settings(max_examples=examples(100))
@given(
    conditions,
    partial_facts(unknown=0),
    st.sampled_from(("employees_end", "layoff_rate_pct", "loan_start_date")),
)
def test_no_edge_that_two_enterprises_show_is_passed_over(root: Node, facts: Facts, moved: str) -> None:
    rule = parse(to_cel(root), WORDS)
    found = made(rule)
    for value in GRID[moved]:
        known = Facts({**facts, moved: value})
        for edge in edges_of(rule, STARTS, ENDS):
            assert not sides(edge, rule, known, STARTS) or edge in found.edges
