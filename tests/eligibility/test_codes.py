"""Codes that look right but do not exist are refused, in facts and in rules.

Every code the shipped pack, its cases and its products use is one.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from eligibility import Facts, FactsError, diagnose

CASES = Path(__file__).parents[1] / "fixtures" / "cases" / "enterprises.yaml"


@pytest.mark.parametrize(
    ("fact", "code"), [("province_code", "999999"), ("city_code", "370199"), ("industry_code", "0000")]
)
def test_a_code_that_does_not_exist_is_refused(fact: str, code: str) -> None:
    with pytest.raises(FactsError) as refused:
        Facts.from_json({fact: code})
    assert [p.code for p in refused.value.problems] == ["fact_bad_code"]
    assert [d.code for d in diagnose(f'{fact} == "{code}"')] == ["bad_code"]


@pytest.mark.parametrize("code", ["62", "621", "6210", "7010", "5310", "A1"])
def test_industries_are_codes_down_to_their_class(code: str) -> None:
    if code == "A1":
        with pytest.raises(FactsError):
            Facts.from_json({"industry_code": code})
    else:
        assert Facts.from_json({"industry_code": code})["industry_code"] == code


def test_the_worked_enterprises_have_codes_that_exist() -> None:
    data = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    for case in [*data["enterprises"], *data["partial_enterprises"]]:
        Facts.from_json(case["facts"])
