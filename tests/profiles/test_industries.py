"""Finding an industry by everyday words in both languages, and what it is called."""

import pytest

from marketplace.portal import industries
from marketplace.portal.reference import rows


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("餐饮", "6210"),
        ("餐馆", "6210"),
        ("正餐服务", "6210"),
        ("621", "6210"),
        ("restaurant", "6210"),
        ("Restaurants", "6210"),
        ("hotel", "6110"),
        ("retail", "5232"),
        ("retail clothing", "5232"),
        ("wholesale", "5132"),
        ("software", "6513"),
        ("construction", "4710"),
        ("trucking", "5431"),
        ("hairdresser", "8040"),
        ("快递", "6020"),
    ],
)
def test_everyday_words_find_the_class(typed: str, code: str) -> None:
    assert code in [found.code for found in industries.search(typed)]


def test_an_exact_name_comes_first_and_nonsense_finds_nothing() -> None:
    assert industries.search("正餐服务")[0].code == "6210"
    assert industries.search("no such trade at all") == ()
    assert industries.search("  ") == ()


def test_what_only_the_section_is_called_comes_last() -> None:
    found = [one.code for one in industries.search("餐饮", limit=100)]
    assert max(found.index(code) for code in found if code.startswith("62")) < found.index("6110")


def test_every_section_and_division_has_an_english_name() -> None:
    broad = [row["code"] for row in rows("industries.csv") if row["level"] in ("section", "division")]
    assert len(broad) == 20 + 97
    assert [code for code in broad if not industries.english_name(code)] == []


def test_every_industry_is_called_something_in_english_beside_its_code() -> None:
    for code in industries.industries():
        name = industries.name_of(code, "en") or ""
        assert name.startswith(f"{code} "), code
        assert name.removeprefix(f"{code} ")[0].isascii(), code


def test_words_belong_to_industries_there_are() -> None:
    known = {row["code"] for row in rows("industries.csv")}
    worded = [row["code"] for row in rows("industry_words.csv")]
    assert set(worded) <= known
    assert len(worded) == len(set(worded))
