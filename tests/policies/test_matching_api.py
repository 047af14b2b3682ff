"""POST /api/v1/eligibility/match and the library, on the seeded pack, as an anonymous visitor.

The answers are those of the worked cases; bad input is told fact by fact in both languages.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from litestar import Litestar
from litestar.testing import AsyncTestClient

CASES = Path(__file__).parents[1] / "fixtures" / "cases" / "enterprises.yaml"
DATA = yaml.safe_load(CASES.read_text(encoding="utf-8"))
ENTERPRISES: list[dict[str, Any]] = DATA["enterprises"]
MATCH = "/api/v1/eligibility/match"

pytestmark = pytest.mark.seeded
Client = AsyncTestClient[Litestar]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(row["id"] for row in rows)


async def test_each_worked_enterprise_gets_its_policies(client: Client) -> None:
    for case in ENTERPRISES:
        answer = (await client.post(MATCH, json={"facts": case["facts"], "as_of": "2020-04-15"})).json()
        assert ids(answer["eligible"]) == sorted(case["expected_matches"]), case["id"]
        assert answer["undetermined"] == []
        assert answer["as_of"] == "2020-04-15"


async def test_each_partly_known_enterprise_is_asked_only_what_matters(client: Client) -> None:
    for case in DATA["partial_enterprises"]:
        answer = (await client.post(MATCH, json={"facts": case["facts"], "as_of": "2020-04-15"})).json()
        needs = {row["id"]: {"needs": sorted(row["missing"])} for row in answer["undetermined"]}
        assert needs == {k: v for k, v in case["expected"].items() if isinstance(v, dict)}, case["id"]


async def test_amounts_are_told_and_what_excludes_each_other_is_not_added_up(client: Client) -> None:
    answer = (await client.post(MATCH, json={"facts": ENTERPRISES[0]["facts"], "as_of": "2020-04-15"})).json()
    amounts = {row["id"]: row["amount"]["exact"] for row in answer["eligible"] if row["amount"]}
    assert amounts["CN-VAT-2019-13-1"] == 8400
    assert amounts["CN-VAT-2020-13-OT"] == 5600
    assert "CN-VAT-2019-13-1" in answer["combined"]
    assert "CN-VAT-2020-13-OT" not in answer["combined"]
    assert answer["total_yuan"] == 8400


async def test_a_policy_that_does_not_apply_says_which_condition_fails_and_where_it_is_written(
    client: Client,
) -> None:
    facts = ENTERPRISES[0]["facts"] | {"has_3pct_levy_sales": False}
    answer = (await client.post(MATCH, json={"facts": facts, "as_of": "2020-04-15"})).json()
    failed = next(row["failed"] for row in answer["ineligible"] if row["id"] == "CN-VAT-2020-13-OT")
    assert failed == [
        {
            "clause": "第二句",
            "condition": "has_3pct_levy_sales",
            "fact": "has_3pct_levy_sales",
            "op": "is",
            "threshold": True,
            "value": False,
        }
    ]


async def test_nothing_known_leaves_everything_open_and_asks_the_fact_most_policies_wait_for(
    client: Client,
) -> None:
    answer = (await client.post(MATCH, json={"facts": {}})).json()
    assert answer["eligible"] == []
    assert answer["ineligible"] == []
    waiting = [row["missing"] for row in answer["undetermined"]]
    asked = answer["next_question"]["fact"]
    assert answer["next_question"]["policies"] == sum(asked in missing for missing in waiting)


@pytest.mark.parametrize(
    ("facts", "fact"),
    [
        ({"staff": 8}, "staff"),
        ({"employees_end": "12"}, "employees_end"),
        ({"employees_end": True}, "employees_end"),
        ({"employees_end": 10**30}, "employees_end"),
        ({"operating_revenue_yuan": 1e300}, "operating_revenue_yuan"),
        ({"loan_start_date": "2020-02-30"}, "loan_start_date"),
        ({"province_code": "37\u0000"}, "province_code"),
        ({"sme_size": "micro"}, "sme_size"),
        ({"as_of_date": "2020-04-15"}, "as_of_date"),
        ({"entity_type": {"a": [1]}}, "entity_type"),
    ],
)
async def test_a_fact_that_does_not_fit_is_named_in_both_languages(
    client: Client, facts: dict[str, Any], fact: str
) -> None:
    for lang in ("zh", "en"):
        answer = await client.post(f"{MATCH}?lang={lang}", json={"facts": facts})
        assert answer.status_code == 422
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert fact in answer.text
        problem = answer.json()
        for told in (problem, *problem["errors"]):
            assert set(told["messages"]) == {"zh-CN", "en"}
            assert told["detail"] == told["messages"]["en" if lang == "en" else "zh-CN"]


async def test_money_is_a_number_with_its_fen_and_unknown_amounts_are_null(client: Client) -> None:
    facts = ENTERPRISES[0]["facts"] | {"vat_period_sales_yuan": 280_000.55}
    answer = (await client.post(MATCH, json={"facts": facts, "as_of": "2020-04-15"})).json()
    assert answer["total_yuan"] == 8400.02
    amounts = [row["amount"]["exact"] for row in answer["eligible"] + answer["undetermined"] if row["amount"]]
    assert {type(amount) for amount in amounts} <= {int, float, type(None)}
    assert None in amounts


@pytest.mark.parametrize("body", [b"[" * 20_000, b'{"facts": {"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}"])
async def test_a_body_nested_beyond_all_bounds_is_told_so(client: Client, body: bytes) -> None:
    answer = await client.post(MATCH, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "http.too_deep")
    assert answer.json()["messages"]["en"].startswith("The content is nested")


async def test_a_body_that_is_no_json_by_its_own_words_is_refused(client: Client) -> None:
    answer = await client.post(MATCH, content=b'{"facts": {}}', headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "http.unsupported_media_type")


@pytest.mark.parametrize(
    "query", ["page=0", "categori=tax_reduction", "q=a&colour=red", "session=1", "%00=1", "x" * 500 + "=1"]
)
async def test_a_filter_nobody_knows_is_refused_by_name(client: Client, query: str) -> None:
    answer = await client.get(f"/api/v1/policies?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "input.invalid")
    assert [fault["code"] for fault in answer.json()["errors"]] == ["extra_forbidden"]
    assert (await client.post(f"{MATCH}?{query}", json={})).status_code == 422


@pytest.mark.parametrize(
    "query", ["category=zzz", "level=x", "limit=0", "offset=-1", "in_force_on=2020-02-30"]
)
async def test_a_filter_that_says_nothing_known_is_refused(client: Client, query: str) -> None:
    assert (await client.get(f"/api/v1/policies?{query}")).status_code == 422


async def test_known_filters_and_the_language_pass(client: Client) -> None:
    query = "q=&category=tax_reduction&level=national&in_force_on=2020-04-15&limit=5&offset=0&lang=en"
    assert len((await client.get(f"/api/v1/policies?{query}")).json()["items"]) == 5


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b'{"facts": []}', b'{"facts": {}, "as_of": "2020-02-30"}', b'{"facts": {}, "as_of": 5}',
        b'{"facts": {}, "as_of": "1586908800"}',
        b'{"facts": {}, "extra": 1}', b'{"facts": {"a\\u0000": 1}}', b"\xff", b'{"facts": {"employees_end": NaN}}',
        b'{"facts": {"entity_type": "\\ud800"}}', b"[" * 20_000, b'{"facts": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001,
    ],
)  # fmt: skip
async def test_a_body_that_is_no_question_is_refused_and_never_breaks_the_service(
    client: Client, body: bytes
) -> None:
    answer = await client.post(MATCH, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_the_library_lists_filters_and_finds(client: Client) -> None:
    everything = (await client.get("/api/v1/policies?limit=200")).json()
    assert everything["total"] == 90
    assert len(everything["items"]) == 90
    in_force = (await client.get("/api/v1/policies?in_force_on=2020-04-15&limit=200")).json()
    assert sorted(row["id"] for row in in_force["items"]) == sorted(DATA["policies_in_force"])
    assert (await client.get("/api/v1/policies?category=resumption")).json()["total"] == 6
    found = (await client.get("/api/v1/policies", params={"q": "财税〔2019〕13号"})).json()
    assert {row["id"] for row in found["items"]} >= {"CN-VAT-2019-13-1", "CN-CIT-2019-13-2"}
    plain, signs = [
        (await client.get("/api/v1/policies", params={"q": words})).json()["total"]
        for words in ("100", "100%_\\")
    ]
    assert plain == signs > 0


@pytest.mark.parametrize(
    "query", ["category=money", "level=x", "limit=0", "limit=1000", "offset=-1", "in_force_on=x"]
)
async def test_a_filter_outside_the_list_is_refused(client: Client, query: str) -> None:
    assert (await client.get(f"/api/v1/policies?{query}")).status_code in (400, 422)


async def test_a_policy_shows_its_rule_and_sentence_and_an_unknown_one_is_not_there(client: Client) -> None:
    policy = (await client.get("/api/v1/policies/SD-SIX-2019")).json()
    assert policy["rule"] == 'vat_taxpayer_type == "small_scale" && province_code == "370000"'
    assert "小规模纳税人" in policy["sentence_zh"]
    assert policy["checked"] == "check"
    assert (await client.get("/api/v1/policies/NO-SUCH")).status_code == 404
