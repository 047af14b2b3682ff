"""How policies are had: every shipped one has an entry in both languages, and none promises a day the text does not."""

from datetime import date

import pytest

from marketplace.i18n import LANGS, catalogue
from marketplace.portal.claiming import KINDS, MARKS, Way, _way, ways
from marketplace.shipped import shipped_policies

CHINESE = range(0x4E00, 0x9FFF)


def has_chinese(text: str) -> bool:
    return any(ord(each) in CHINESE for each in text)


def said(way: Way, lang: str) -> list[str]:
    return [*way.steps(lang), *way.papers(lang), way.where(lang), way.until_words(lang)]


def test_every_shipped_policy_has_a_way_and_no_way_is_of_none() -> None:
    assert ways().keys() == {policy["id"] for policy in shipped_policies()}


@pytest.mark.parametrize("policy_id", sorted(ways()))
def test_a_way_is_told_in_each_language_as_its_readers_write(policy_id: str) -> None:
    way = ways()[policy_id]
    assert all(has_chinese(text) for text in said(way, "zh-CN"))
    assert not any(has_chinese(text) for text in said(way, "en"))
    assert len(way.steps("zh-CN")) == len(way.steps("en"))
    assert not any("!" in text or "！" in text for lang in LANGS for text in said(way, lang))
    assert way.source


def test_a_last_day_is_not_before_the_policy_begins_and_stands_in_the_words() -> None:
    for policy in shipped_policies():
        until = ways()[policy["id"]].until
        if until is not None:
            assert until >= date.fromisoformat(policy["issued_on"]), policy["id"]
            assert str(until.day) in ways()[policy["id"]].until_words("zh-CN")
            assert str(until.year) in ways()[policy["id"]].until_words("en")


def test_what_nobody_is_sure_of_sends_to_the_authority() -> None:
    unsure = [way for way in ways().values() if way.mark == "check"]
    assert unsure
    for way in unsure:
        told = "".join(said(way, "zh-CN"))
        sends = (
            "为准",
            "12345",
            "各地不同",
            "问发证机关",
            "以上级",
            "通知",
            "账单",
            "没有单独的申请",
            "不收注册费",
        )
        assert any(each in told for each in sends), way


def test_kinds_and_marks_have_their_words() -> None:
    for lang in LANGS:
        assert {f"claim.{kind}" for kind in KINDS} <= catalogue(lang).keys()
        assert {f"claim.mark.{mark}" for mark in MARKS} <= catalogue(lang).keys()


ENTRY = {
    "policies": ["X"], "how": "automatic", "steps_zh": ["甲"], "steps_en": ["a"], "papers_zh": ["乙"],
    "papers_en": ["b"], "where_zh": "丙", "where_en": "c", "until_zh": "丁", "until_en": "d",
    "source": "戊", "mark": "check",
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [{"how": "magic"}, {"mark": "sure"}, {"steps_en": ["a", "b"]}, {"papers_zh": [], "papers_en": []}],
)
def test_an_entry_that_is_incomplete_is_refused(wrong: dict[str, object]) -> None:
    assert _way(ENTRY, date(2020, 4, 15)).how == "automatic"
    with pytest.raises(ValueError, match="X"):
        _way({**ENTRY, **wrong}, date(2020, 4, 15))
