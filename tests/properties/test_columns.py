"""One meaning: the reference, the index, the columns and the SQL say the same of every rule and every enterprise.

Each example is a few rules against a whole population, which every machine takes in one go: about a million
comparisons of a machine with the reference in a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility import Facts, Rule, RuleIndex, Status, parse
from eligibility.columns import Columns
from eligibility.population import Counts
from eligibility.sql import NotInSqlError, compile_sql
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from tests.factories.examples import examples
from tests.factories.populations import VOCABULARY, arrow, assert_same, population, reference
from tests.factories.rules import GRID, WIDE, conditions, wide_rules

seeds = st.integers(0, 1_000_000)


def by_columns(rules: Mapping[str, Rule], enterprises: Sequence[Facts]) -> dict[str, npt.NDArray[np.uint8]]:
    """Every rule's verdicts by bitmap, checked against its counts."""
    coded = Columns.from_facts(enterprises, VOCABULARY).coded(rules, workers=1)
    counts, found = coded.count(), {}
    for name in rules:
        bitmaps = coded.bitmap(name)
        sure, open_ = (
            np.unpackbits(bits, bitorder="little", count=len(enterprises))
            for bits in (bitmaps.matching, bitmaps.undetermined)
        )
        found[name] = sure + 2 * open_
        assert counts[name] == Counts(*(int((found[name] == code).sum()) for code in (1, 2, 0)))
    return found


def by_index(rules: Mapping[str, Rule], enterprises: Sequence[Facts]) -> dict[str, npt.NDArray[np.uint8]]:
    """Every rule's verdicts, one enterprise after the other."""
    index = RuleIndex.build(rules, VOCABULARY)
    found = {name: np.zeros(len(enterprises), np.uint8) for name in rules}
    for row, facts in enumerate(enterprises):
        matches = index.match(facts)
        for name in matches.eligible:
            found[name][row] = 1
        for name in matches.undetermined:
            found[name][row] = 2
    return found


def by_duckdb(
    rules: Mapping[str, Rule], enterprises: Sequence[Facts], names: Sequence[str]
) -> dict[str, tuple[npt.NDArray[np.uint8], bool]]:
    """Every rule's verdicts by its SQL, and whether the SQL claims to be exact; rules without SQL are left out."""
    found = {}
    with duckdb.connect() as connection:
        connection.register("enterprise", arrow(enterprises, names))
        for name, rule in rules.items():
            try:
                sql = compile_sql(rule)
            except NotInSqlError:
                continue
            verdict = "CASE WHEN v IS NULL THEN 2 WHEN v THEN 1 ELSE 0 END"
            text = f"SELECT {verdict} FROM (SELECT {sql.text} AS v FROM enterprise)"
            rows = connection.execute(text, list(sql.params)).fetchnumpy()
            found[name] = next(iter(rows.values())).astype(np.uint8), sql.exact
    return found


def all_agree(rules: Mapping[str, Rule], enterprises: Sequence[Facts], names: Sequence[str]) -> None:
    """Each machine against the reference."""
    columns, index = by_columns(rules, enterprises), by_index(rules, enterprises)
    sql = by_duckdb(rules, enterprises, names)
    for name, rule in rules.items():
        expected = reference(rule, enterprises)
        assert_same(rule, enterprises, columns[name], expected)
        assert_same(rule, enterprises, index[name], expected)
        if name in sql:
            verdicts, exact = sql[name]
            assert_same(rule, enterprises, verdicts, expected, may_be_open=not exact)


@settings(max_examples=examples(60))
@given(st.lists(conditions, min_size=3, max_size=10), seeds)
def test_every_machine_says_what_the_reference_says(trees: list[Node], seed: int) -> None:
    rules = {f"R{at}": parse(to_cel(tree), VOCABULARY) for at, tree in enumerate(trees)}
    all_agree(rules, population(900, seed, GRID), sorted(GRID))


@settings(max_examples=examples(60))
@given(st.lists(wide_rules, min_size=2, max_size=6), seeds)
def test_the_same_with_sizes_arithmetic_and_comparisons_between_facts(texts: list[str], seed: int) -> None:
    rules = {f"R{at}": parse(text, VOCABULARY) for at, text in enumerate(texts)}
    all_agree(rules, population(400, seed, WIDE, 0.4), sorted(WIDE))


sized_rules = st.recursive(
    st.one_of(
        st.lists(
            st.sampled_from(("micro", "small", "medium", "large", "not_covered")), min_size=1, max_size=4
        ).map(lambda sizes: f"sme_size in [{', '.join(map(repr, sizes))}]"),
        st.sampled_from(("01", "33", "62", "70", "701", "7010", "72", "83")).map(
            lambda code: f'within(industry_code, ["{code}"])'
        ),
        st.sampled_from(("employees_end < 20", "employees_end >= 300", "operating_revenue_yuan < 3000000")),
        st.sampled_from(("total_assets_yuan >= 80000000", "jobs_commitment", 'industry_code != "7010"')),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' && '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' || '.join(parts)})"),
        inner.map(lambda part: f"!({part})"),
    ),
    max_leaves=6,
)


@settings(max_examples=examples(50))
@given(st.lists(sized_rules, min_size=2, max_size=6), seeds)
def test_a_size_class_beside_what_it_follows_from(texts: list[str], seed: int) -> None:
    """Joint completions: an unknown industry moves the class and the scope at once."""
    rules = {f"R{at}": parse(text, VOCABULARY) for at, text in enumerate(texts)}
    enterprises = population(250, seed, {name: WIDE[name] for name in SIZED}, 0.6)
    columns = by_columns(rules, enterprises)
    for name, rule in rules.items():
        assert_same(rule, enterprises, columns[name], reference(rule, enterprises))


SIZED = ("industry_code", "employees_end", "operating_revenue_yuan", "total_assets_yuan", "jobs_commitment")


@settings(max_examples=examples(20))
@given(conditions, seeds, st.sampled_from(list(Status)))
def test_the_ids_of_a_verdict_are_those_of_its_enterprises(tree: Node, seed: int, status: Status) -> None:
    rule = parse(to_cel(tree), VOCABULARY)
    enterprises = population(300, seed, GRID)
    ids = [f"E{row:03}" for row in range(len(enterprises))]
    found = [i for chunk in Columns.from_facts(enterprises, ids=ids).matching(rule, status) for i in chunk]
    code = {Status.INELIGIBLE: 0, Status.ELIGIBLE: 1, Status.UNDETERMINED: 2}[status]
    assert found == [ids[row] for row in np.flatnonzero(reference(rule, enterprises) == code)]
