"""The worked APR cases with their published answers, and what the command says to wrong input."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from loans.apr_case import solve
from loans.apr_reading import CaseError
from marketplace.commands import apr as command

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[1] / "fixtures" / "cases" / "apr_cases.yaml").read_text(encoding="utf-8")
)["cases"]
RATED = [case for case in CASES if "expected_apr_pct" in case]
FIGURED = [case for case in CASES if "expected" in case]


def called(case: dict[str, Any]) -> str:
    return str(case["id"])


def stream(n: int, amount: float, first_t: int = 1, f: object = 0) -> dict[str, object]:
    return {"n": n, "amount": amount, "first_t": first_t, "f": f}


class TestPublishedCases:
    def test_the_file_holds_the_cases_we_think_it_does(self) -> None:
        assert len(RATED) == 10
        assert len(FIGURED) == 5

    @pytest.mark.parametrize("case", RATED, ids=called)
    def test_the_rate_is_the_published_one(self, case: dict[str, Any]) -> None:
        found = solve(case)
        assert found["apr_pct"] == pytest.approx(case["expected_apr_pct"], abs=case["tolerance_pct"])
        assert found["apr_pct"] == pytest.approx(case["computed_apr_pct"], abs=2e-6)

    @pytest.mark.parametrize("case", FIGURED, ids=called)
    def test_every_published_figure_is_reproduced(self, case: dict[str, Any]) -> None:
        found = solve(case)
        for name, expected in case["expected"].items():
            assert found[name] == pytest.approx(expected, abs=case["tolerance"]), name

    @pytest.mark.parametrize("case", CASES, ids=called)
    def test_answers_in_the_file_are_not_read(self, case: dict[str, Any]) -> None:
        without = {
            key: value
            for key, value in case.items()
            if not key.startswith(("expected", "computed", "tolerance"))
        }
        assert solve(without) == solve(case)


class TestOtherCasesOfTheSameFamilies:
    """Further examples of 12 CFR 1026 Appendix J (c) and of 98/7/EC, as published there to two decimals."""

    @pytest.mark.parametrize(
        ("published", "advanced", "payments", "per_year"),
        [
            (11.82, 6000, [stream(36, 200, 1, "19/30")], 12),
            (8.97, 10000, [stream(40, 385, 1, "39/90")], 4),
            (10.08, 5000, [stream(1, 250), stream(23, 230, 2)], 12),
            (10.90, 5000, [stream(1, 250), stream(22, 230, 2), stream(1, 280, 24)], 12),
            (12.22, 200, [stream(19, 9.5, 0, "8/14"), stream(1, 30, 19, "8/14")], 26),
            (11.45, 1000, [stream(1, 1080)], "365/255"),
            (8.76, 1000, [stream(1, 1135.19, 1, "6/12")], 1),
        ],
    )
    def test_reg_z(self, published: float, advanced: int, payments: list[Any], per_year: object) -> None:
        found = solve({"amount_advanced": advanced, "payments": payments, "unit_periods_per_year": per_year})
        assert round(found["apr_pct"], 2) == published

    @pytest.mark.parametrize(
        ("published", "case"),
        [
            (
                12.96,
                {
                    "drawdowns": [{"date": "1994-01-01", "amount": 1000}],
                    "payments": [{"date": "1995-07-01", "amount": 1200}],
                    "time_basis": "days/365",
                },
            ),
            (
                13.07,
                {
                    "drawdowns": [{"date": "1994-01-01", "amount": 1000}],
                    "payments": [
                        {"date": "1995-01-01", "amount": 600},
                        {"date": "1996-01-01", "amount": 600},
                    ],
                },
            ),
            (
                12.92,
                {
                    "drawdowns": [{"years": 0, "amount": 1000}],
                    "payments": [{"years": 1.5, "amount": 1200}],
                    "time_basis": "12 equal months",
                },
            ),
        ],
    )
    def test_eu(self, published: float, case: dict[str, Any]) -> None:
        assert round(solve(case)["apr_pct"], 2) == published

    def test_two_drawdowns_cost_what_each_costs(self) -> None:
        case = {
            "drawdowns": [{"years": 0, "amount": 500}, {"years": 0.5, "amount": 500}],
            "payments": [{"years": 1, "amount": 500 * 1.1 + 500 * 1.1**0.5}],
            "time_basis": "12 equal months",
        }
        assert solve(case)["apr_pct"] == pytest.approx(10, abs=1e-6)

    def test_the_example_of_the_peoples_bank(self) -> None:
        found = solve({"principal": 100000, "fee": 1000, "instalment": 8833.3, "months": 12})
        assert round(found["apr_simple_pct"], 2) == 12.80
        assert round(found["apr_pct"], 2) == 13.58
        assert found["method"] == "irr"

    def test_an_annual_rate_counted_actual_over_360_costs_five_days_more(self) -> None:
        found = solve({"principal": 1_000_000, "annual_rate_pct": 4.35, "days": 90})
        assert found["interest"] == 10875
        assert found["simple_annual_pct"] == pytest.approx(4.35 * 365 / 360, abs=1e-6)
        over_365 = solve(
            {"principal": 1_000_000, "annual_rate_pct": 4.35, "days": 90, "day_count": "actual/365"}
        )
        assert over_365["interest"] == pytest.approx(10726.03, abs=0.005)

    def test_both_totals_of_the_common_example_are_given_and_named(self) -> None:
        found = solve(
            {"principal": 1000000, "annual_rate_pct": 4.9, "months": 240, "method": "equal_instalment"}
        )
        assert found["total_interest"] == pytest.approx(570665.72, abs=0.01)
        assert found["total_interest_of_rounded_instalments"] == pytest.approx(570665.60, abs=0.001)

    def test_a_half_yearly_plan_has_an_annual_rate_when_the_periods_a_year_are_given(self) -> None:
        found = solve({"principal": 60000, "period_rate_pct": 5, "periods": 12, "periods_per_year": 2})
        assert found["apr_pct"] == 10
        assert solve({"principal": 60000, "period_rate_pct": 5, "periods": 12})["apr_pct"] is None


WRONG: list[tuple[str, str]] = [
    ("principal: 1000\n", "not a known kind of case"),
    ("- 1\n", "no mapping"),
    ("cases: [{principal: 1}, {principal: 2}]\n", "exactly one case"),
    ("amount_advanced: 5000\npayments: []\nunit_periods_per_year: 12\n", "`payments`"),
    ("amount_advanced: true\npayments: [{n: 1, amount: 2}]\nunit_periods_per_year: 12\n", "must be a number"),
    ("amount_advanced: .nan\npayments: [{n: 1, amount: 2}]\nunit_periods_per_year: 12\n", "number"),
    ("amount_advanced: 1e400000000\npayments: [{n: 1, amount: 2}]\nunit_periods_per_year: 12\n", "number"),
    ("amount_advanced: 5\npayments: [{n: 1, amount: 2, f: 4/0}]\nunit_periods_per_year: 12\n", "zero"),
    ("amount_advanced: 5\npayments: [{n: 99999999, amount: 2}]\nunit_periods_per_year: 12\n", "whole number"),
    ("amount_advanced: 5\npayments: [{n: 1, amount: -2}]\nunit_periods_per_year: 12\n", "negative"),
    ("amount_advanced: 5\npayments: [{n: 1, amount: 0}]\nunit_periods_per_year: 12\n", "no rate"),
    ("amount_advanced: 5\nbonus: 3\npayments: [{n: 1, amount: 6}]\nunit_periods_per_year: 12\n", "`bonus`"),
    ("drawdowns: [{date: 2020-02-30, amount: 5}]\npayments: [{days: 3, amount: 6}]\n", "YAML"),
    ("drawdowns: [{date: '2020-02-30', amount: 5}]\npayments: [{days: 3, amount: 6}]\n", "no date"),
    ("drawdowns: [{years: 0, amount: 5}]\npayments: [{date: 2020-02-03, amount: 6}]\n", "by date too"),
    ("principal: 5\nprincipal: 6\nmonths: 3\n", "twice"),
    ("principal: 5\nannual_rate_pct: 5\nmonths: 0\n", "whole number"),
    ("principal: 5\nannual_rate_pct: 5\nmonths: 3\nmethod: balloon dance\n", "`method`"),
    ("principal: 100\nfee: 100\ninstalment: 10\nmonths: 12\n", "money advanced"),
    ("? [a, b]\n: 1\n", "keys"),
    ("[" * 5000, "YAML"),
    ("\x00", "YAML"),
]


class TestCommand:
    def run(self, tmp_path: Path, text: str) -> int:
        file = tmp_path / "case.yaml"
        file.write_text(text, encoding="utf-8")
        return command.run(argparse.Namespace(file=str(file), json=True))

    def test_json_goes_to_standard_output_alone(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.run(tmp_path, yaml.safe_dump(CASES[0])) == 0
        out, err = capsys.readouterr()
        found = json.loads(out)
        assert found["method"] == "us_reg_z_actuarial_nominal"
        assert round(found["apr_pct"], 2) == 9.69
        assert err == ""

    @pytest.mark.parametrize(("text", "says"), WRONG, ids=[says for _, says in WRONG])
    def test_wrong_input_is_a_sentence_and_exit_2(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
    ) -> None:
        assert self.run(tmp_path, text) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert says in err
        assert len(err.splitlines()) == 1

    def test_a_file_that_is_not_there_is_exit_2(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command.run(argparse.Namespace(file=str(tmp_path / "none.yaml"), json=False)) == 2
        assert "cannot be read" in capsys.readouterr().err


def test_two_solutions_are_reported_and_not_chosen_between() -> None:
    case = {
        "drawdowns": [{"years": 0, "amount": 100}, {"years": 2, "amount": 132}],
        "payments": [{"years": 1, "amount": 230}],
        "time_basis": "12 equal months",
    }
    with pytest.raises(CaseError, match="more than one rate"):
        solve(case)
