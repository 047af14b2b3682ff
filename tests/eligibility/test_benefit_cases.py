"""Worked amounts a lawyer can read (tests/rules/benefits_*.yaml): every policy that states an amount has a case.

A policy without one is named with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from eligibility import Facts, Vocabulary, parse
from eligibility.benefit import Benefit, Formula, compute
from eligibility.benefit_range import amount_range
from marketplace.shipped import shipped_policies

RULES = Path(__file__).parents[1] / "rules"
PACK = {policy["id"]: policy for policy in shipped_policies()}
CASES: list[dict[str, Any]] = [
    case
    for path in sorted(RULES.glob("benefits_*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8")).get("cases", [])
]
WITHOUT: list[dict[str, Any]] = yaml.safe_load((RULES / "benefits_without.yaml").read_text(encoding="utf-8"))[
    "without"
]


def called(case: Mapping[str, Any]) -> str:
    return f"{case['policy']} {case['facts']}"


def benefit_of(policy: str) -> Benefit:
    return Benefit.from_json(PACK[policy]["benefit"])


def facts_of(case: Mapping[str, Any], formula: Formula) -> Facts:
    """The case's facts, checked against the vocabulary with the formula's own inputs."""
    return Facts.from_json(case["facts"], formula.vocabulary)


def yuan(value: object) -> Decimal | None:
    return None if value == "none" else Decimal(str(value))


@pytest.mark.parametrize("case", CASES, ids=called)
def test_the_amount_is_what_the_clause_gives(case: dict[str, Any]) -> None:
    benefit = benefit_of(case["policy"])
    assert case["clause"] == PACK[case["policy"]]["clause_zh"]
    assert case["why"]
    assert benefit.amount is not None
    facts = facts_of(case, benefit.amount)
    rule = parse(PACK[case["policy"]]["rule"], Vocabulary.shipped())
    if "yuan" in case:
        assert compute(benefit.amount, facts).exact == yuan(case["yuan"])
        assert benefit.at_most == case.get("at_most", False)
    else:
        found = amount_range(benefit.amount, facts, rule)
        assert (found.least, found.most) == (yuan(case["least"]), yuan(case["most"]))
        assert found.exact
        assert bool(found.unbounded) == (case["most"] == "none")


def test_every_policy_that_states_an_amount_has_a_case_and_every_other_a_reason() -> None:
    stated = {id for id in PACK if benefit_of(id).amount is not None}
    assert {case["policy"] for case in CASES if "yuan" in case} == stated
    assert {entry["policy"] for entry in WITHOUT} == set(PACK) - stated
    assert len(WITHOUT) == len(set(PACK) - stated)
    assert all(entry["why"] for entry in WITHOUT)


@pytest.mark.parametrize("id", [id for id in PACK if benefit_of(id).amount is not None])
def test_each_amount_says_in_both_languages_how_it_is_worked_out_and_for_how_long(id: str) -> None:
    benefit = benefit_of(id)
    assert benefit.per in {"filing_period", "month", "relief_period", "year", "once"}
    for lang, stop in (("zh-CN", "。"), ("en", ".")):
        text = benefit.basis(lang)
        assert text is not None
        assert text.endswith(stop)
        assert not set(text) & set("*=<>?_")


@pytest.mark.parametrize("id", list(PACK))
def test_no_amount_is_below_zero_and_its_inputs_have_ends(id: str) -> None:
    benefit = benefit_of(id)
    if benefit.amount is None:
        return
    found = amount_range(benefit.amount, Facts(), parse(PACK[id]["rule"], Vocabulary.shipped()))
    assert found.least is not None
    assert found.least >= 0
    for entry in PACK[id]["benefit"].get("inputs", []):
        assert entry["type"] == "date" or entry["minimum"] == 0
        assert entry["label_zh"] != entry["label_en"]
