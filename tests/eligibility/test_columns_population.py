"""A population: what comes in, what is refused, and that its order, size and threads change no answer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from eligibility import Facts, Rule, Status, Vocabulary, columns_coded, evaluate, parse
from eligibility import columns_coding as coding
from eligibility import columns_kernel as kernel
from eligibility.column import ColumnError
from eligibility.columns import Columns
from eligibility.columns_kernel import BLOCK, WORDS
from eligibility.population import Counts
from tests.factories.populations import arrow, assert_same, population, reference
from tests.factories.rules import WIDE

VOCABULARY = Vocabulary.shipped()


def verdicts(columns: Columns, rule: Rule) -> np.ndarray:
    """0 not matching, 1 matching, 2 undetermined, in the caller's order."""
    bitmaps = columns.bitmap(rule)
    sure, open_ = (
        np.unpackbits(bits, bitorder="little", count=len(columns))
        for bits in (bitmaps.matching, bitmaps.undetermined)
    )
    return sure + 2 * open_


class TestSizeAndThreads:
    """Populations of several blocks, the last one not full."""

    RULES = tuple(
        parse(text, VOCABULARY)
        for text in (
            'within(province_code, ["37"]) && employees_end < 10',
            'sme_size in ["micro", "small"] || employees_end >= 300',
            'within(industry_code, ["70", "33"]) && sme_size != "micro" && jobs_commitment',
            "operating_revenue_yuan > total_assets_yuan * 2 && employees_end != 5",
            'electricity_tariff_class in ["residential", "agricultural"]',
            "true",
            "false",
        )
    )

    def test_change_no_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        enterprises = (population(700, 5, WIDE) * (3 * BLOCK // 700 + 1))[: 3 * BLOCK + 100]
        columns = Columns.from_facts(enterprises)
        rules = {f"R{at}": rule for at, rule in enumerate(self.RULES)}
        counts = columns.count(rules, workers=1)
        monkeypatch.setattr(columns_coded, "WORTH_THREADS", 0)
        assert columns.count(rules, workers=3) == counts
        for name, rule in rules.items():
            expected = reference(rule, enterprises)
            assert_same(rule, enterprises, verdicts(columns, rule), expected)
            assert counts[name] == Counts(*(int((expected == code).sum()) for code in (1, 2, 0)))

    def test_an_empty_population_has_no_enterprises(self) -> None:
        columns = Columns.from_facts([])
        assert columns.count({"a": self.RULES[0], "b": self.RULES[5]}) == {
            "a": Counts(0, 0, 0),
            "b": Counts(0, 0, 0),
        }
        assert list(columns.matching(self.RULES[5])) == []

    def test_no_rules_are_no_counts(self) -> None:
        assert Columns.from_facts(population(10, 1, WIDE)).count({}) == {}

    def test_nothing_known_is_a_population_too(self) -> None:
        columns = Columns.from_facts([{}, {}])
        rules = {"a": parse("employees_end > 5", VOCABULARY), "b": parse("employees_end >= 0", VOCABULARY)}
        assert columns.count(rules) == {"a": Counts(0, 2, 0), "b": Counts(2, 0, 0)}

    def test_more_thresholds_than_a_byte_can_number(self) -> None:
        rules = {f"R{n}": parse(f"employees_end >= {n}", VOCABULARY) for n in range(400)}
        staff = [0, 1, 254, 255, 256, 399, 65_536, 10**7]
        for name, found in Columns.from_facts([{"employees_end": n} for n in staff]).count(rules).items():
            assert found.matching == sum(n >= int(name[1:]) for n in staff)

    @pytest.mark.parametrize("bits", [1, 2, 8, 9, 17, 31])
    def test_ranks_of_any_width_are_compared_in_bit_planes(self, bits: int) -> None:
        draw = np.random.default_rng(bits)
        rows = BLOCK + 77
        table, units = draw.integers(0, 1 << bits, 500), draw.integers(0, 500, rows)
        ranks = table[units]
        facts, zones = np.array([0, bits, -1, 0]), np.empty(2 * kernel.ZONE, np.int64)
        planes, nothing = np.empty(2 * bits * WORDS, np.uint64), np.zeros(0, np.int64)
        coding.code(
            0, 2, units, nothing.astype(np.uint8), 0, 0, table, nothing, 0, 0, facts, zones, planes, bits * WORDS,
            WORDS, np.empty(BLOCK, np.uint64),
        )  # fmt: skip
        assert zones[:2].tolist() == [ranks[:BLOCK].min(), ranks[:BLOCK].max()]
        for cut in {1, int(ranks.max()), *draw.integers(1, 1 << bits, 20).tolist()}:
            blob, counts = np.array([0, 0, 1, 1, cut, 1, 0, 0], np.int32), np.zeros((1, 2), np.int64)
            kernel.judge(
                0, 2, rows, facts, zones, planes, np.uint64(bits * WORDS), blob, np.uint64(7), np.array([5, 7]),
                np.empty(6 * WORDS, np.uint64), np.full(2, -1, np.int64).view(np.uint64),
                np.empty(5 * WORDS, np.uint64), counts, np.zeros((0, 2, 0), np.uint64),
            )  # fmt: skip
            assert counts[0].tolist() == [(ranks >= cut).sum()] * 2


class TestFacts:
    """A population of facts as the reference takes them."""

    def test_money_however_close_to_a_threshold_falls_on_the_right_side(self) -> None:
        amounts = [Decimal("0.1"), Decimal("0.3"), 0.3, Decimal("999999999999999.99"), 10**15,
                   Decimal("0.30000000000000000001"),
                   Fraction(1, 3), None, Decimal("-0.3"), 3]  # fmt: skip
        facts = [Facts({"annual_taxable_income_yuan": amount}) for amount in amounts]
        for some in (facts, facts[:5], facts[3:5]):
            for text in ("> 0.3", ">= 0.3", "== 0.3", "< 999999999999999.99", "* 3 >= 1", "* 3 > 0.9"):
                rule = parse(f"annual_taxable_income_yuan {text}", VOCABULARY)
                assert verdicts(Columns.from_facts(some), rule).tolist() == reference(rule, some).tolist()

    def test_days_as_text_and_whole_floats_are_read_as_the_reference_reads_them(self) -> None:
        facts = [
            {"loan_start_date": "2020-02-26"},
            {"loan_start_date": dt.date(2020, 2, 25)},
            {"employees_end": 8.0},
        ]
        columns = Columns.from_facts(facts)
        rule = parse('loan_start_date >= date("2020-02-26") || employees_end == 8', VOCABULARY)
        assert verdicts(columns, rule).tolist() == [1, 2, 1]

    def test_words_outside_the_enumeration_are_other_words(self) -> None:
        facts = [{"electricity_tariff_class": "something new"}, {"electricity_tariff_class": "residential"}]
        rule = parse('electricity_tariff_class != "residential"', VOCABULARY)
        assert verdicts(Columns.from_facts(facts), rule).tolist() == [1, 0]

    def test_come_back_as_they_went_in(self) -> None:
        enterprises = population(50, 9, WIDE)
        columns = Columns.from_facts(enterprises)
        assert [columns.facts(row) for row in range(50)] == enterprises

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("employees_end", 5.5), ("employees_end", True), ("employees_end", "5"),
            ("total_assets_yuan", float("nan")),
            ("loan_start_date", "2020-02-31"),
            ("loan_start_date", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
            ("loan_start_date", 5), ("province_code", 370000), ("jobs_commitment", 1), ("electricity_tariff_class", 3),
        ],
    )  # fmt: skip
    def test_that_do_not_fit_are_refused_by_row(self, name: str, value: object) -> None:
        with pytest.raises(ColumnError) as refused:
            Columns.from_facts([{}, {name: None}, {name: value}])
        assert (refused.value.fact, refused.value.row) == (name, 2)

    @pytest.mark.parametrize("name", ["employes_end", "sme_size", "is_service_industry"])
    def test_that_are_none_or_follow_from_others_are_refused(self, name: str) -> None:
        with pytest.raises(ColumnError, match=name):
            Columns.from_facts([{name: None}])

    def test_on_a_day_have_the_day_and_its_parameters(self) -> None:
        rule = parse('loan_rate_pct <= lpr_1y_pct + 0.5 && as_of_date < date("2020-05-01")', VOCABULARY)
        enterprises = [Facts({"loan_rate_pct": Decimal("4.5")}), Facts({"loan_rate_pct": 5}), Facts()]
        day = dt.date(2020, 4, 15)
        expected = [evaluate(rule, facts.on(day)).status for facts in enterprises]
        assert expected == [Status.ELIGIBLE, Status.INELIGIBLE, Status.UNDETERMINED]
        assert verdicts(Columns.from_facts(enterprises).on(day), rule).tolist() == [1, 0, 2]
        assert verdicts(Columns.from_facts(enterprises).on(dt.date(2020, 6, 1)), rule).tolist() == [0, 0, 0]


class TestArrow:
    """The same population as a table."""

    NAMES = tuple(sorted(WIDE))

    def test_is_the_population_of_its_facts(self) -> None:
        enterprises = population(700, 4, WIDE)
        by_facts, by_table = (
            Columns.from_facts(enterprises),
            Columns.from_arrow(arrow(enterprises, self.NAMES)),
        )
        assert [by_table.facts(row) for row in range(700)] == enterprises
        for rule in TestSizeAndThreads.RULES:
            assert verdicts(by_table, rule).tolist() == verdicts(by_facts, rule).tolist()

    def test_a_parquet_file_gives_its_ids(self, tmp_path: Path) -> None:
        enterprises = population(200, 6, WIDE)
        table = arrow(enterprises, self.NAMES).append_column(
            "number", pa.array([f"E{n}" for n in range(200)])
        )
        parquet.write_table(table, tmp_path / "enterprises.parquet")
        columns = Columns.from_parquet(tmp_path / "enterprises.parquet", ids="number")
        rule = TestSizeAndThreads.RULES[0]
        found = [name for chunk in columns.matching(rule) for name in chunk]
        assert found == [f"E{row}" for row in np.flatnonzero(reference(rule, enterprises) == 1)]

    def test_chunks_slices_and_dictionaries_are_read(self) -> None:
        enterprises = population(300, 8, WIDE)
        whole = arrow(enterprises, self.NAMES)
        table = pa.concat_tables([whole.slice(0, 100), whole.slice(100, 57), whole.slice(157)])
        at = table.column_names.index("industry_code")
        table = table.set_column(at, "industry_code", table["industry_code"].dictionary_encode()).slice(7)
        columns = Columns.from_arrow(table)
        assert [columns.facts(row) for row in range(len(columns))] == enterprises[7:]

    @pytest.mark.parametrize(
        ("kind", "values"),
        [
            (pa.float64(), [0.1, 2.5, None, 1e14]),
            (pa.float64(), [1 / 3, 1e-7, 123456789.123456789]),
            (pa.float32(), [0.5, 3.0]),
            (pa.int16(), [5, None]),
            (pa.decimal128(38, 10), [Decimal("0.0000000001"), Decimal("-7.5")]),
            (pa.decimal256(60, 2), [Decimal("1.25"), None]),
            (pa.decimal128(38, 2), [Decimal("123456789012345678901234.25")]),
        ],
    )  # fmt: skip
    def test_numbers_of_any_type_stay_exact(self, kind: pa.DataType, values: list[object]) -> None:
        columns = Columns.from_arrow(pa.table({"annual_taxable_income_yuan": pa.array(values, kind)}))
        found = [columns.facts(row) for row in range(len(values))]
        assert found == [Facts({} if v is None else {"annual_taxable_income_yuan": v}) for v in values]

    @pytest.mark.parametrize(
        "columns",
        [
            {"company": ["A"]},
            {"sme_size": ["micro"]},
            {"employees_end__none": [True]},
            {"employees_end": [5], "employees_end__none": [True]},
            {"employees_end": ["5"]},
            {"employees_end": [5.5]},
            {"province_code": [370000]},
            {"loan_start_date": ["soon"]},
            {"jobs_commitment": ["maybe"]},
        ],
    )
    def test_columns_that_do_not_fit_are_refused(self, columns: dict[str, list[object]]) -> None:
        with pytest.raises(ColumnError) as refused:
            Columns.from_arrow(pa.table(columns))
        assert refused.value.fact in columns

    def test_a_missing_column_of_ids_is_refused(self) -> None:
        with pytest.raises(ColumnError, match="number"):
            Columns.from_arrow(pa.table({"employees_end": [5]}), ids="number")


class TestExactAnswers:
    """What three-valued logic over parts would leave open."""

    @pytest.mark.parametrize(
        ("text", "facts", "expected"),
        [
            ("employees_end < 5 || employees_end >= 5", {}, 1),
            ("employees_end < 5 && employees_end >= 5", {}, 0),
            (
                "jobs_commitment && employees_end < 5 || !jobs_commitment && employees_end < 9",
                {"employees_end": 4},
                1,
            ),
            (
                'sme_size == "micro" && jobs_commitment || sme_size == "small" && affected_by_epidemic',
                {
                    "industry_code": "3311",
                    "employees_end": 100,
                    "jobs_commitment": True,
                    "affected_by_epidemic": True,
                },
                1,
            ),
            ('within(industry_code, ["62"]) && sme_size == "not_covered"', {}, 0),
            (
                'within(industry_code, ["33"]) && sme_size == "large" && employees_end < 300',
                {"industry_code": "3311"},
                0,
            ),
            ("employees_end > employees_annual_avg", {"employees_end": 0}, 0),
            (
                "employees_end > employees_annual_avg || employees_end <= employees_annual_avg",
                {"employees_end": 3},
                1,
            ),
        ],
    )
    def test_is_found(self, text: str, facts: dict[str, object], expected: int) -> None:
        rule = parse(text, VOCABULARY)
        assert reference(rule, [Facts(facts)]).tolist() == [expected]
        assert verdicts(Columns.from_facts([facts, facts]), rule).tolist() == [expected, expected]

    def test_a_rule_of_very_many_alternatives_is_judged_by_its_tree(self) -> None:
        pairs = [(n, n + 1) for n in range(3, 21, 2)]
        text = " && ".join(
            f"(employees_end != {a} && jobs_commitment || employees_annual_avg != {b})" for a, b in pairs
        )
        rule = parse(text, VOCABULARY)
        enterprises = population(400, 2, WIDE)
        columns = Columns.from_facts(enterprises)
        assert columns.coded({"a": rule}).program.doubts
        assert_same(rule, enterprises, verdicts(columns, rule), reference(rule, enterprises))
