"""The index against the reference: the same verdicts for every rule and every enterprise, unknown facts included.

Rules are drawn several at a time, so that they share literals, buckets and thresholds as in a real pack.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility import Facts, Rule, RuleIndex, Status, Vocabulary, evaluate, layout, parse
from eligibility.coding import Codes
from eligibility.saved import SavedIndexError
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from eligibility.values import cuts_of
from tests.factories.examples import examples
from tests.factories.rules import conditions, partial_facts, wide_facts, wide_rules

VOCABULARY = Vocabulary.shipped()


def agrees(rules: dict[str, Rule], index: RuleIndex, facts: Facts) -> None:
    """The index's two lists are the reference's, in the rules' order."""
    found = index.match(facts)
    verdicts = {name: evaluate(rule, facts).status for name, rule in rules.items()}
    assert found.eligible == [n for n, status in verdicts.items() if status is Status.ELIGIBLE]
    assert found.undetermined == [n for n, status in verdicts.items() if status is Status.UNDETERMINED]


def named(trees: list[Node]) -> dict[str, Rule]:
    return {f"R{number}": parse(to_cel(tree), VOCABULARY) for number, tree in enumerate(trees)}


@settings(max_examples=examples(400))
@given(st.lists(conditions, min_size=1, max_size=10), st.lists(partial_facts(7), min_size=1, max_size=8))
def test_the_index_gives_the_verdicts_of_the_reference(trees: list[Node], enterprises: list[Facts]) -> None:
    rules = named(trees)
    index = RuleIndex.build(rules, VOCABULARY)
    for facts in enterprises:
        agrees(rules, index, facts)


@settings(max_examples=examples(300))
@given(
    st.lists(conditions, min_size=1, max_size=10),
    st.lists(partial_facts(7), min_size=1, max_size=8),
    st.integers(0, 30),
)
def test_the_same_where_many_thresholds_share_a_cell(
    trees: list[Node], enterprises: list[Facts], cells: int
) -> None:
    rules = named(trees)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "CELLS", cells)
        index = RuleIndex.build(rules, VOCABULARY)
    for facts in enterprises:
        agrees(rules, index, facts)


def test_more_alternatives_than_a_chunk_holds_are_all_found() -> None:
    several = "employees_end > {0} && jobs_commitment || employees_end < {0} && affected_by_epidemic"
    rules = {f"R{number}": parse(several.format(number), VOCABULARY) for number in range(70 * 64)}
    index = RuleIndex.build(rules, VOCABULARY)
    found = index.match({"employees_end": 4000, "jobs_commitment": True, "affected_by_epidemic": True})
    assert found.eligible == [f"R{number}" for number in range(70 * 64) if number != 4000]
    found = index.match({"employees_end": 4000, "jobs_commitment": True})
    assert (len(found.eligible), len(found.undetermined)) == (4000, 479)


@settings(max_examples=examples(300))
@given(st.lists(wide_rules, min_size=1, max_size=6), st.lists(wide_facts(), min_size=1, max_size=5))
def test_the_same_with_sizes_arithmetic_and_comparisons_between_facts(
    texts: list[str], enterprises: list[Facts]
) -> None:
    rules = {f"R{number}": parse(text, VOCABULARY) for number, text in enumerate(texts)}
    index = RuleIndex.build(rules, VOCABULARY)
    for facts in enterprises:
        agrees(rules, index, facts)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 8), conditions),
        st.tuples(st.just("remove"), st.integers(0, 8), st.none()),
        st.tuples(st.just("compact"), st.none(), st.none()),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=examples(100))
@given(
    st.lists(conditions, min_size=1, max_size=5), steps, st.lists(partial_facts(3), min_size=1, max_size=3)
)
def test_changing_an_index_is_like_building_it_anew(
    trees: list[Node], changes: list[tuple[str, int | None, Node | None]], enterprises: list[Facts]
) -> None:
    rules = named(trees)
    index = RuleIndex.build(rules, VOCABULARY)
    for what, number, tree in changes:
        name = f"R{number}"
        if what == "put":
            assert tree is not None
            rules[name] = parse(to_cel(tree), VOCABULARY)
            index.put(name, rules[name])
        elif what == "compact":
            index.compact()
        elif name in rules:
            del rules[name]
            index.remove(name)
        else:
            with pytest.raises(KeyError):
                index.remove(name)
        for facts in enterprises:
            agrees(rules, index, facts)


money = st.one_of(
    st.sampled_from([Decimal("0.1"), Decimal("0.3"), Decimal("1e15"), Decimal("999999999999999.99")]),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=2),
)


@settings(max_examples=examples(300))
@given(
    st.lists(st.one_of(money, st.fractions(max_denominator=30)), min_size=1, max_size=6, unique=True),
    st.lists(money, max_size=5),
)
def test_an_amount_falls_between_the_right_thresholds_however_close(
    thresholds: list[Decimal | Fraction], amounts: list[Decimal]
) -> None:
    fact = VOCABULARY.facts["operating_revenue_yuan"]
    cuts = sorted({cut for value in thresholds for cut in cuts_of(fact, value)})
    codes = Codes(fact, cuts)
    near = [Decimal(t.numerator) / t.denominator if isinstance(t, Fraction) else t for t in thresholds]
    for amount in (*amounts, *near, *(n + Decimal("1e-20") for n in near)):
        expected = sum((Fraction(amount), 0) >= (Fraction(cut), side) for cut, side in cuts)  # type: ignore[arg-type]
        assert codes[amount] == expected


def test_days_given_as_text_and_numbers_given_as_floats_are_read_as_the_reference_reads_them() -> None:
    rules = {
        "day": parse('loan_start_date >= date("2020-02-26")', VOCABULARY),
        "rate": parse("layoff_rate_pct <= 5.5", VOCABULARY),
        "staff": parse("employees_end < 6", VOCABULARY),
        "flag": parse("jobs_commitment", VOCABULARY),
        "word": parse('electricity_tariff_class != "residential"', VOCABULARY),
    }
    index = RuleIndex.build(rules, VOCABULARY)
    for values in (
        {"loan_start_date": "2020-02-26", "layoff_rate_pct": 5.5, "employees_end": 5.0},
        {"loan_start_date": dt.date(2020, 2, 25), "layoff_rate_pct": 5.500001, "employees_end": 5.5},
        {"jobs_commitment": None, "electricity_tariff_class": "something new", "employees_end": None},
    ):
        agrees(rules, index, Facts(values))
        assert index.match(values) == index.match(Facts(values))


def test_many_values_of_one_fact_are_told_apart_when_no_more_codes_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Codes, "MOST", 4)
    index = RuleIndex.build({"a": parse("employees_end > 50 && jobs_commitment", VOCABULARY)}, VOCABULARY)
    for staff in range(100):
        found = index.match({"employees_end": staff, "jobs_commitment": True})
        assert found.eligible == (["a"] if staff > 50 else [])


@settings(max_examples=examples(40))
@given(st.lists(conditions, min_size=1, max_size=6), st.lists(partial_facts(5), min_size=1, max_size=4))
def test_a_saved_index_is_opened_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, trees: list[Node], enterprises: list[Facts]
) -> None:
    rules = named(trees)
    index = RuleIndex.build(rules, VOCABULARY)
    index.put("late", parse("layoff_rate_pct / 3 < 1.9 || !jobs_commitment", VOCABULARY))
    path = tmp_path_factory.mktemp("index") / "saved"
    for _ in range(2):  # the second time over the first
        index.save(path)
    opened = RuleIndex.load(path, VOCABULARY)
    assert isinstance(opened._now.base.layout.blob, np.memmap)
    for facts in enterprises:
        agrees({**rules, "late": index.rules["late"]}, opened, facts)
    opened.put("R0", rules["R0"])
    opened.remove("late")
    for facts in enterprises:
        agrees(rules, opened, facts)


@settings(max_examples=examples(60))
@given(st.lists(conditions, min_size=2, max_size=6), st.lists(partial_facts(5), min_size=1, max_size=4))
def test_some_of_the_rules_are_matched_as_if_there_were_no_others(
    trees: list[Node], enterprises: list[Facts]
) -> None:
    rules = named(trees)
    index = RuleIndex.build(rules, VOCABULARY)
    some = {name: rules[name] for name in list(rules)[::2]}
    for among in (index.among(some), index.copy().among([*some, "nobody"])):
        for facts in enterprises:
            found = index.match(facts, among)
            assert found == RuleIndex.build(some, VOCABULARY).match(facts)
    chosen, other = index.among(some), index.copy()
    before = [index.match(facts) for facts in enterprises]
    other.put("R0", rules["R1"])
    other.remove("R1")
    later = other.among(["R0", "late"])
    assert [index.match(facts) for facts in enterprises] == before
    for facts in enterprises:
        assert index.match(facts, chosen) == RuleIndex.build(some, VOCABULARY).match(facts)
        assert other.match(facts, later) == RuleIndex.build({"R0": rules["R1"]}, VOCABULARY).match(facts)


class TestOpening:
    """What cannot be opened says so."""

    def test_a_folder_without_an_index_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SavedIndexError, match="no saved index"):
            RuleIndex.load(tmp_path)

    @pytest.mark.parametrize("broken", ['{"format": 99}', "[]", "{", '{"format": 1}'])
    def test_another_format_is_refused(self, tmp_path: Path, broken: str) -> None:
        (tmp_path / "about.json").write_text(broken)
        with pytest.raises(SavedIndexError):
            RuleIndex.load(tmp_path)

    def test_another_vocabulary_is_refused(self, tmp_path: Path) -> None:
        RuleIndex.build({"a": parse("employees_end > 3", VOCABULARY)}, VOCABULARY).save(tmp_path / "saved")
        other = tmp_path / "words.yaml"
        other.write_text("facts: [{name: employees_end, type: int, minimum: 3}]")
        with pytest.raises(SavedIndexError, match="another vocabulary"):
            RuleIndex.load(tmp_path / "saved", Vocabulary.load(other))


class TestCovering:
    """Alternatives that may cover every value together."""

    CASES = (
        "(jobs_commitment && employees_end < 5) || (affected_by_epidemic && employees_end >= 5)",
        '(jobs_commitment && sme_size == "micro") || (affected_by_epidemic && sme_size != "micro")',
        'sme_size in ["micro", "small"] && employees_end > 30',
        'sme_size == "micro" && jobs_commitment || sme_size == "small" && jobs_commitment',
    )

    @pytest.mark.parametrize("text", CASES)
    @pytest.mark.parametrize(
        "facts",
        [
            {"jobs_commitment": True, "affected_by_epidemic": True},
            {"jobs_commitment": True, "employees_end": 3, "industry_code": "3311"},
            {"jobs_commitment": True, "employees_end": 100, "industry_code": "3311"},
            {"affected_by_epidemic": True, "employees_end": 40, "industry_code": "70"},
            {
                "employees_end": 40,
                "industry_code": "3311",
                "operating_revenue_yuan": 1,
                "total_assets_yuan": 1,
            },
        ],
    )
    def test_are_told_as_the_reference_tells_them(self, text: str, facts: dict[str, object]) -> None:
        rules = {"a": parse(text, VOCABULARY)}
        agrees(rules, RuleIndex.build(rules, VOCABULARY), Facts(facts))


def test_long_lists_of_ids_come_in_the_rules_order() -> None:
    rules = {f"R{number}": parse(f"employees_end > {number}", VOCABULARY) for number in range(40)}
    index = RuleIndex.build(rules, VOCABULARY)
    assert index.match({"employees_end": 30}).eligible == [f"R{number}" for number in range(30)]
    assert index.match({}).undetermined == list(rules)
