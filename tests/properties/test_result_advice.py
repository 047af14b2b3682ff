"""Advice on the shipped pack: an answer more never widens an amount, and every change and cliff told is true."""

from __future__ import annotations

import functools
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility import Facts, Status, Vocabulary, evaluate, parse
from eligibility.advise_changes import advisable, smallest_change
from marketplace.shipped import shipped_policies
from policies import content
from policies.advising import NEAR_SHARE, NEAR_UNITS, Advice, advise
from policies.pack import Pack, pack_of
from policies.tables import PolicyVersion
from tests.factories.examples import examples

DAY = date(2020, 4, 15)
CASES = Path(__file__).parents[1] / "fixtures" / "cases" / "enterprises.yaml"
ENTERPRISES: list[dict[str, Any]] = [
    case["facts"] for case in yaml.safe_load(CASES.read_text(encoding="utf-8"))["enterprises"]
]
FIGURES = ("SD-SI-2020-SME", "CN-ELEC-2020-258", "SD-SIX-2019", "CN-STABLE-2020-2", "YT-CAPEX-2020")


@functools.cache
def shipped() -> Pack:
    """The pack as it is seeded, without a database."""
    now = datetime(2020, 4, 15, tzinfo=UTC)
    rows = [
        PolicyVersion(
            **content.from_pack(entry), id=uuid.uuid4(), policy_id=entry["id"], version=1, status="published",
            content_sha256="", created_at=now, changed_at=now, decided_at=now,
        )
        for entry in sorted(shipped_policies(), key=lambda entry: str(entry["id"]))
    ]  # fmt: skip
    return pack_of(rows, "shipped")


@st.composite
def known(draw: st.DrawFn) -> tuple[Facts, Facts, dict[str, Facts]]:
    """Some answers of an enterprise, the same with one more, and perhaps some figures."""
    facts = draw(st.sampled_from(ENTERPRISES))
    names = draw(st.permutations(sorted(facts)))
    count = draw(st.integers(0, len(names) - 1))
    fewer = {name: facts[name] for name in names[:count]}
    more = {name: facts[name] for name in names[: count + 1]}
    cost = {name: Facts({"due_yuan": Decimal(1200)}) for name in draw(st.sets(st.sampled_from(FIGURES[:3])))}
    return Facts.from_json(fewer), Facts.from_json(more), cost


def ends(advice: Advice) -> dict[str, tuple[Decimal | None, Decimal | None]]:
    return {policy_id: (found.least, found.most) for policy_id, found in advice.ranges.items()}


@settings(max_examples=examples(25))
@given(known())
def test_an_answer_more_narrows_every_range_and_the_total(
    case: tuple[Facts, Facts, dict[str, Facts]],
) -> None:
    fewer, more, figures = case
    before, after = (advise(shipped(), facts, DAY, figures) for facts in (fewer, more))
    wide, narrow = ends(before), ends(after)
    for policy_id, (least, most) in narrow.items():
        low, high = wide[policy_id]
        assert low is None or (least is not None and low <= least), policy_id
        assert high is None or (most is not None and most <= high), policy_id
    assert before.total.least <= after.total.least
    assert before.total.most is None or (
        after.total.most is not None and after.total.most <= before.total.most
    )


@settings(max_examples=examples(25))
@given(known())
def test_what_is_certain_lies_within_the_total_and_figures_make_amounts_exact(
    case: tuple[Facts, Facts, dict[str, Facts]],
) -> None:
    _, facts, figures = case
    advice = advise(shipped(), facts, DAY, figures)
    assert advice.result.total <= advice.total.least
    assert advice.total.most is None or advice.total.least <= advice.total.most
    for policy_id, own in figures.items():
        judged = next((one for one in advice.judged if one.policy.id == policy_id), None)
        if judged is not None and {fact.name for fact in judged.policy.benefit.inputs} <= own.keys():
            found = advice.amounts.get(policy_id)
            assert found is None or not set(found.missing) & own.keys()


@settings(max_examples=examples(15))
@given(known())
def test_every_change_told_turns_a_no_and_every_cliff_told_is_near_and_costs_what_it_says(
    case: tuple[Facts, Facts, dict[str, Facts]],
) -> None:
    _, facts, _ = case
    advice = advise(shipped(), facts, DAY)
    ineligible = {one.policy.id: one for one in advice.result.ineligible}
    for policy_id, change in advice.changes.items():
        (step,) = change.steps
        then = {**advice.result.facts, step.fact: step.new}
        status = evaluate(ineligible[policy_id].policy.rule, then).status
        assert status is (Status.UNDETERMINED if change.missing else Status.ELIGIBLE)
    for cliff in advice.cliffs:
        old, new = (Decimal(str(value)) for value in (cliff.old, cliff.new))
        assert abs(new - old) <= NEAR_UNITS or abs(new - old) <= Decimal(str(NEAR_SHARE)) * max(
            abs(new), abs(old)
        )
        eligible = {one.policy.id for one in advice.result.eligible}
        assert {loss.id for loss in cliff.lost} <= eligible
        after = advise(shipped(), facts.replace(**{cliff.fact: cliff.new}), DAY)
        assert advice.total.least - after.total.least == cliff.costs
        assert not {loss.id for loss in cliff.lost} & {one.policy.id for one in after.result.eligible}


@settings(max_examples=examples(20))
@given(known())
def test_open_policies_name_answers_they_wait_for_and_never_none(
    case: tuple[Facts, Facts, dict[str, Facts]],
) -> None:
    facts, _, _ = case
    advice = advise(shipped(), facts, DAY)
    for one in advice.result.undetermined:
        settling = advice.settled_by[one.policy.id]
        assert settling
        assert set(settling) <= set(one.verdict.missing)


def test_nobody_is_told_to_become_what_costs_him_what_he_has() -> None:
    small = next(facts for facts in ENTERPRISES if facts.get("on_job_employees", 99) <= 30)
    advice = advise(shipped(), Facts.from_json(small), DAY)
    assert "CN-DISABLED-2019-98-30" in {one.policy.id for one in advice.result.eligible}
    assert "CN-DISABLED-2019-98-TIER" in advice.rivals
    assert "CN-DISABLED-2019-98-TIER" not in advice.changes


@pytest.mark.parametrize(
    ("fact", "old", "near", "beyond"),
    [
        ("insured_employees", 8, 300, 40),
        ("insured_employees", 0, 11, 10),
        ("annual_taxable_income_yuan", Decimal(20_000_000), Decimal(3_000_000), Decimal(4_000_000)),
        ("annual_taxable_income_yuan", Decimal(0), Decimal("100000.01"), Decimal(100_000)),
    ],
)
def test_nobody_is_told_to_become_what_is_beyond_sense(
    fact: str, old: object, near: object, beyond: object
) -> None:
    known = Vocabulary.shipped().facts[fact]
    assert not advisable(known, old, near)
    assert advisable(known, old, beyond)


def test_no_change_told_is_beyond_sense_for_any_enterprise() -> None:
    facts = Facts.from_json({"insured_employees": 2, "has_wage_arrears": False})
    rule = parse("insured_employees >= 300", Vocabulary.shipped())
    assert smallest_change(rule, facts) is None
    assert smallest_change(parse("insured_employees >= 9", Vocabulary.shipped()), facts) is not None


def test_the_same_answers_are_worked_out_once_and_a_new_pack_forgets_them() -> None:
    facts = Facts.from_json(ENTERPRISES[0])
    assert advise(shipped(), facts, DAY) is advise(shipped(), Facts(dict(facts)), DAY)
    other = pack_of([], "another")
    assert advise(other, facts, DAY).judged == ()
