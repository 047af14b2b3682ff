"""The worked cases: enterprises, dates, benefits and size classes with the answers a lawyer gave.

The same pack and the same matching as the command line and the service use.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from eligibility import Facts
from eligibility.benefit import Benefit, compute
from eligibility.derive import missing_for_size, possible_sizes
from marketplace.commands.match import judge
from marketplace.shipped import shipped_policies

CASES = Path(__file__).parents[1] / "fixtures" / "cases"
POLICIES = {p["id"]: p for p in shipped_policies()}


def cases(name: str, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))[key]
    return found


ENTERPRISES = {e["id"]: e for e in cases("enterprises", "enterprises")}
DAY = dt.date(2020, 4, 15)


def called(case: dict[str, Any]) -> str:
    return str(case.get("id") or f"{case.get('enterprise', case.get('policy'))}-{case.get('as_of_date', '')}")


@pytest.mark.parametrize("case", ENTERPRISES.values(), ids=called)
def test_an_enterprise_gets_exactly_the_policies_that_apply(case: dict[str, Any]) -> None:
    found = judge(Facts.from_json(case["facts"]), DAY)
    assert sorted(found["eligible"]) == sorted(case["expected_matches"])
    assert found["undetermined"] == {}


@pytest.mark.parametrize("case", ENTERPRISES.values(), ids=called)
def test_an_enterprise_is_in_the_size_class_its_figures_give(case: dict[str, Any]) -> None:
    assert possible_sizes(Facts.from_json(case["facts"])) == {case["expected_sme_size"]}


@pytest.mark.parametrize("case", cases("enterprises", "partial_enterprises"), ids=called)
def test_what_is_unknown_leaves_open_only_what_it_can_change(case: dict[str, Any]) -> None:
    found = judge(Facts.from_json(case["facts"]), DAY)
    told = dict.fromkeys(found["eligible"], "eligible") | dict.fromkeys(found["ineligible"], "ineligible")
    told |= {name: {"needs": missing} for name, missing in found["undetermined"].items()}
    assert told == case["expected"]


@pytest.mark.parametrize("case", cases("date_cases", "cases"), ids=called)
def test_issue_and_effective_dates_both_count(case: dict[str, Any]) -> None:
    facts = Facts.from_json(ENTERPRISES[case["enterprise"]]["facts"])
    found = judge(facts, dt.date.fromisoformat(case["as_of_date"]))
    about = [name for name in found["eligible"] if case["id_contains"] in name]
    assert sorted(about) == sorted(case["expected_matches"]), case["why"]


def test_the_policies_in_force_on_the_test_day_are_the_listed_ones() -> None:
    listed: list[str] = yaml.safe_load((CASES / "enterprises.yaml").read_text(encoding="utf-8"))[
        "policies_in_force"
    ]
    found = judge(Facts(), DAY)
    assert sorted([*found["eligible"], *found["undetermined"], *found["ineligible"]]) == sorted(listed)


@pytest.mark.parametrize("case", cases("sme_classification", "tests"), ids=called)
def test_the_size_standard_classifies_at_its_edges(case: dict[str, Any]) -> None:
    assert possible_sizes(size_inputs(case)) == {case["expected"]}


@pytest.mark.parametrize("case", cases("sme_classification", "partial_tests"), ids=called)
def test_the_size_class_is_a_set_while_inputs_are_unknown(case: dict[str, Any]) -> None:
    assert possible_sizes(size_inputs(case)) == set(case["possible"])
    assert list(missing_for_size(size_inputs(case))) == sorted(case["needs"])


def size_inputs(case: dict[str, Any]) -> Facts:
    names = ("industry_code", "employees_end", "operating_revenue_yuan", "total_assets_yuan")
    return Facts.from_json({name: case[name] for name in names if name in case})


# Where a case states a figure by another name than the pack: the tax is a figure, a plain number the saving or
# what remains payable.
INPUT_NAMES = {"date": "invested_on"}


@pytest.mark.parametrize("case", cases("benefit_cases", "cases"), ids=called)
def test_a_benefit_comes_to_the_stated_yuan(case: dict[str, Any]) -> None:
    benefit = Benefit.from_json(POLICIES[case["policy"]]["benefit"])
    given = {
        INPUT_NAMES.get(k, k): dt.date.fromisoformat(v) if k == "date" else v
        for k, v in case["input"].items()
    }
    facts = Facts(given)
    figures = {name: compute(formula, facts).exact for name, formula in benefit.figures.items()}
    if "expected_tax_yuan" in case:
        assert figures["tax"] == Decimal(str(case["expected_tax_yuan"]))
    elif isinstance(case["expected"], dict):
        assert figures == {name: Decimal(str(value)) for name, value in case["expected"].items()}
    else:
        assert benefit.amount is not None
        saved = compute(benefit.amount, facts).exact
        assert Decimal(case["expected"]) == figures.get("payable", saved)


@pytest.mark.parametrize("policy", [p for p in shipped_policies() if p["benefit"].get("worked")], ids=called)
def test_the_worked_figures_in_the_pack_are_what_its_formula_gives(policy: dict[str, Any]) -> None:
    benefit = Benefit.from_json(policy["benefit"])
    for income, tax in policy["benefit"].get("worked", []):
        found = compute(benefit.figures["tax"], Facts({"annual_taxable_income_yuan": income}))
        assert found.exact == Decimal(str(tax))
