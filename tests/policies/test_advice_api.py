"""POST /api/v1/eligibility/match with `inputs` and `detail: advice`: what is added, what stays, what is refused."""

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from tests.policies.test_matching_api import ENTERPRISES, MATCH

pytestmark = pytest.mark.seeded
Client = AsyncTestClient[Litestar]
DAY = "2020-04-15"
FACTS: dict[str, Any] = ENTERPRISES[0]["facts"]


async def matched(client: Client, **body: object) -> dict[str, Any]:
    answer = await client.post(MATCH, json={"as_of": DAY, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_advice_is_told_only_when_asked_for_and_changes_nothing_else(client: Client) -> None:
    plain = await matched(client, facts=FACTS)
    told = await matched(client, facts=FACTS, detail="advice")
    assert plain["advice"] is None
    assert {**told, "advice": None} == plain


async def test_the_best_set_is_told_with_the_next_best_and_what_each_choice_gives_up(client: Client) -> None:
    best = (await matched(client, facts=FACTS, detail="advice"))["advice"]["combination"]
    assert "CN-VAT-2019-13-1" in best["chosen"]
    assert best["yuan"] == 8400
    left = {one["id"]: one for one in best["left_out"]}
    assert left["CN-VAT-2020-13-OT"]["gives_up"] == 2800
    assert {
        frozenset((c["one"], c["other"])) for c in left["CN-VAT-2020-13-OT"]["because"]
    } == {frozenset(("CN-VAT-2019-13-1", "CN-VAT-2020-13-OT"))}  # fmt: skip
    assert best["runner_up_yuan"] == 5600


async def test_stated_figures_make_an_amount_exact_and_count_in_the_total(client: Client) -> None:
    before = await matched(client, facts=FACTS, detail="advice")
    premiums = {"SD-SI-2020-SME": {"due_yuan": 27_360}}
    after = await matched(client, facts=FACTS, inputs=premiums, detail="advice")
    amounts = {row["id"]: row["amount"] for row in after["eligible"]}
    assert amounts["SD-SI-2020-SME"]["exact"] == 27_360
    assert amounts["SD-SI-2020-SME"]["missing"] == []
    assert after["total_yuan"] == before["total_yuan"] + 27_360
    unknown, known = (one["advice"]["ranges"]["SD-SI-2020-SME"] for one in (before, after))
    assert (unknown["least"], unknown["most"], unknown["unbounded"]) == (0, None, ["due_yuan"])
    assert (known["least"], known["most"], known["exact"]) == (27_360, 27_360, True)


async def test_a_no_says_which_one_answer_would_change_it_and_by_which_condition(client: Client) -> None:
    facts = FACTS | {"on_job_employees": 31, "insured_employees": 31, "disabled_employment_ratio": 0.0}
    advice = (await matched(client, facts=facts, detail="advice"))["advice"]
    for policy_id, change in advice["changes"].items():
        assert len(change["steps"]) == 1, policy_id
        (step,) = change["steps"]
        again = await matched(client, facts=facts | {step["fact"]: step["new"]})
        status = {row["id"]: kind for kind in ("eligible", "undetermined") for row in again[kind]}
        assert status[policy_id] == ("undetermined" if change["missing"] else "eligible")


async def test_a_cliff_near_by_is_told_with_what_falls_over_it(client: Client) -> None:
    facts = FACTS | {"vat_period_sales_yuan": 299_000}
    advice = (await matched(client, facts=facts, detail="advice"))["advice"]
    cliff = next(
        one for one in advice["cliffs"] if one["fact"] == "vat_period_sales_yuan" and one["new"] > 299_000
    )
    assert "CN-VAT-2019-13-1" in [loss["id"] for loss in cliff["lost"]]
    assert cliff["old"] == 299_000
    assert cliff["new"] == 300_000.01


async def test_an_open_policy_names_the_fewest_answers_that_may_settle_it(client: Client) -> None:
    answer = await matched(client, facts={"vat_taxpayer_type": "small_scale"}, detail="advice")
    waiting = {row["id"]: row["missing"] for row in answer["undetermined"]}
    settling = answer["advice"]["settling"]
    assert settling.keys() == waiting.keys()
    assert all(set(settling[name]) <= set(missing) for name, missing in waiting.items())
    assert all(settling.values())


@pytest.mark.parametrize(
    ("inputs", "field", "code"),
    [
        ({"NO-SUCH": {"due_yuan": 1}}, "inputs.NO-SUCH", "fact_unknown"),
        ({"SD-SIX-2019": {"employees_end": 1}}, "inputs.SD-SIX-2019.employees_end", "fact_unknown"),
        ({"SD-SIX-2019": {"due_yuan": "1"}}, "inputs.SD-SIX-2019.due_yuan", "fact_wants_number"),
        ({"SD-SIX-2019": {"due_yuan": True}}, "inputs.SD-SIX-2019.due_yuan", "fact_wants_number"),
        ({"SD-SIX-2019": {"due_yuan": -1}}, "inputs.SD-SIX-2019.due_yuan", "fact_too_small"),
        ({"SD-SIX-2019": {"due_yuan": 0.001}}, "inputs.SD-SIX-2019.due_yuan", "fact_too_precise"),
        ({"SD-SIX-2019": {"due_yuan": [1]}}, "inputs.SD-SIX-2019.due_yuan", "fact_wants_number"),
        (
            {"YT-CAPEX-2020": {"invested_on": "2020-02-30"}},
            "inputs.YT-CAPEX-2020.invested_on",
            "fact_wants_date",
        ),
    ],
)
async def test_a_figure_that_does_not_fit_is_named_in_both_languages(
    client: Client, inputs: dict[str, Any], field: str, code: str
) -> None:
    answer = await client.post(MATCH, json={"inputs": inputs})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "policies.inputs")
    assert [(fault["field"], fault["code"]) for fault in problem["errors"]] == [(field, code)]
    assert set(problem["errors"][0]["messages"]) == {"zh-CN", "en"}


@pytest.mark.parametrize(
    "inputs", [[], {"a": 1}, {"a": {str(n): 1 for n in range(21)}}, {str(n): {} for n in range(201)}]
)
async def test_figures_of_another_shape_or_beyond_all_number_are_refused(
    client: Client, inputs: object
) -> None:
    answer = await client.post(MATCH, json={"inputs": inputs})
    assert (answer.status_code, answer.json()["code"]) == (422, "input.invalid")


async def test_a_figure_that_is_none_counts_as_not_stated(client: Client) -> None:
    plain = await matched(client, facts=FACTS)
    assert await matched(client, facts=FACTS, inputs={"SD-SI-2020-SME": {"due_yuan": None}}) == plain
