"""A small pack is judged by the reference and a large one by the index: the lists are the same, in the same order."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from eligibility import Facts, RuleIndex, Vocabulary
from marketplace.shipped import shipped_policies
from policies import content, pack
from policies.matching import verdicts
from policies.pack import Day, pack_of
from policies.tables import PolicyVersion

CASES = Path(__file__).parents[1] / "fixtures" / "cases" / "enterprises.yaml"
DAY = date(2020, 4, 15)


def ruling() -> Day:
    """The shipped policies in force, as they would be published."""
    rows = [
        PolicyVersion(
            **content.from_pack(entry), policy_id=entry["id"], version=1, status="published",
            content_sha256="0" * 64, created_at=datetime.now(UTC), changed_at=datetime.now(UTC),
        )
        for entry in sorted(shipped_policies(), key=lambda entry: str(entry["id"]))
    ]  # fmt: skip
    return pack_of(rows, "shipped").on(DAY)


def enterprises() -> list[Facts]:
    """The worked cases, complete and partly known, and one of which nothing is known."""
    data: dict[str, Any] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    stated = [case["facts"] for case in (*data["enterprises"], *data["partial_enterprises"])]
    return [Facts.from_json(facts).on(DAY, Vocabulary.shipped()) for facts in (*stated, {})]


def test_both_give_the_same_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    day, found = ruling(), []
    asked: list[object] = []
    by_index = RuleIndex.match
    monkeypatch.setattr(RuleIndex, "match", lambda *given: (asked.append(given), by_index(*given))[1])
    for few in (0, len(day.records) + 1):
        monkeypatch.setattr(pack, "FEW", few)
        asked.clear()
        lists = [day.match(facts) for facts in enterprises()]
        told = [verdicts(day, facts)[0] for facts in enterprises()]
        found.append(
            (lists, [{s: [(j.policy.id, j.verdict) for j in js] for s, js in one.items()} for one in told])
        )
        assert bool(asked) is (few == 0)
    assert found[0] == found[1]
    assert any(lists.undetermined for lists in found[0][0])
