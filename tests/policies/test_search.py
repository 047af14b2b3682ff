"""Search held to a slow and obvious scorer, and to what people expect of it: typing errors, numbers, both scripts."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marketplace.shipped import shipped_policies
from policies import content
from policies.marking import marked
from policies.search import DIGITS, LEAST_SHARE, NAMED, SearchIndex, Text, text_of
from policies.search_terms import MOST_UNITS, MOST_WORDS, Asked, Unit, fold, numbers_in, terms, understand
from policies.search_words import Words, likeness
from tests.factories.examples import examples

SHIPPED = [text_of(p["id"], p["id"], content.from_pack(p)) for p in shipped_policies()]
NAMES = {p["id"]: p for p in shipped_policies()}
INDEX = SearchIndex.build(SHIPPED)

PARTS = [
    "小微企业",
    "贷款",
    "贴息",
    "免征",
    "增值税",
    "房租",
    "exemption",
    "loan",
    "loans",
    "rate",
    "2020",
    "13",
    "号",
    "税",
    " ",
    "第",
]
phrase = st.lists(st.sampled_from(PARTS), max_size=8).map("".join) | st.text("小徽企业贷 exm1", max_size=12)
fields = st.lists(st.tuples(phrase, st.integers(1, 5)), min_size=1, max_size=4)
corpus = st.lists(st.tuples(fields, phrase), max_size=6).map(
    lambda found: [Text(f"K-{n}", f"K-{n}", number, parts) for n, (parts, number) in enumerate(found)]
)


def unit_in(unit: Unit, text: Text) -> float:
    """What a unit is worth in a text: its best field, times how alike a word is."""
    worth = [0.0]
    for said, weight in text.fields:
        for term in terms(said):
            is_word = term.isascii() and term.isalpha()
            alike = likeness(unit.text, term) if unit.kind == "word" and is_word else float(unit.text == term)
            worth.append(weight * alike)
    return max(worth)


def rarity(unit: Unit, texts: Sequence[Text]) -> float | None:
    having = sum(unit_in(unit, text) > 0 for text in texts)
    return math.log(1 + len(texts) / having) if having else None


def share(word: Sequence[Unit], text: Text, texts: Sequence[Text]) -> float:
    """How much of a word a text has, what no text has counting as the mean of the rest."""
    known = {unit: rare for unit in word if (rare := rarity(unit, texts)) is not None}
    if not known:
        return 0.0
    has = sum(unit.weight * rare for unit, rare in known.items() if unit_in(unit, text) > 0)
    mean = sum(unit.weight * rare for unit, rare in known.items()) / sum(unit.weight for unit in known)
    return has / (mean * sum(unit.weight for unit in word))


def obvious(texts: Sequence[Text], asked: Asked) -> dict[str, float]:
    """Scores of all that match, straight from the definition."""
    matched = {
        text.key: sum(share(word, text, texts) >= LEAST_SHARE for word in asked.words) for text in texts
    }
    named = {
        text.key
        for text in texts
        if (asked.number and asked.number <= numbers_in(text.document_no)) or fold(text.id) == asked.plain
    }
    most = max(matched.values(), default=0)
    wanted = len(asked.words)
    if most < wanted and not named and 2 * most >= wanted:
        wanted = most
    found = {}
    for text in texts:
        if (not asked.words or most == 0 or matched[text.key] != wanted) and text.key not in named:
            continue
        worth = sum(unit.weight * (rarity(unit, texts) or 0) * unit_in(unit, text) for unit in asked.units)
        found[text.key] = round(worth + NAMED * (text.key in named), DIGITS)
    return {key: score for key, score in found.items() if score > 0}


def scored(index: SearchIndex, typed: str) -> dict[str, float]:
    found = index.find(understand(typed))
    return {key: score for key, score in zip(index.keys, found.scores.tolist(), strict=True) if score > 0}


def best(typed: str, many: int = 1) -> list[str]:
    found = scored(INDEX, typed)
    return sorted(found, key=lambda key: -found[key])[:many]


class TestAgainstTheObvious:
    """The index beside the definition."""

    @settings(max_examples=examples(250))
    @given(corpus, phrase)
    def test_gives_the_same_scores(self, texts: list[Text], typed: str) -> None:
        assert scored(SearchIndex.build(texts), typed) == pytest.approx(obvious(texts, understand(typed)))

    @settings(max_examples=examples(120))
    @given(corpus, st.integers(0, 6), st.integers(0, 6), phrase)
    def test_gives_the_same_after_changes(self, texts: list[Text], gone: int, come: int, typed: str) -> None:
        index = SearchIndex.build(texts[:come]).changed([text.key for text in texts[:gone]], texts[come:])
        left = [text for n, text in enumerate(texts) if n >= min(gone, come)]
        assert scored(index, typed) == pytest.approx(obvious(left, understand(typed)))

    @settings(max_examples=examples(200))
    @given(
        st.lists(st.text("abcexmptionrs", min_size=1, max_size=9), unique=True),
        st.text("abcexmptionrs", min_size=1, max_size=9),
    )
    def test_compares_words_as_defined(self, words: list[str], typed: str) -> None:
        wanted = {word: likeness(typed, word) for word in words if likeness(typed, word)}
        assert dict(Words(words).like(typed)) == wanted

    @settings(max_examples=examples(150))
    @given(st.lists(phrase, max_size=4))
    def test_the_order_of_words_changes_nothing(self, words: list[str]) -> None:
        whole = " ".join(words)
        assume(
            len(whole.split()) <= MOST_WORDS and len(whole) <= MOST_UNITS // 2
        )  # beyond, the last are left out
        forth, back = (scored(INDEX, " ".join(order)) for order in (words, words[::-1]))
        assert forth == pytest.approx(back)

    @settings(max_examples=examples(100))
    @given(st.text(max_size=200))
    def test_takes_anything(self, typed: str) -> None:
        found = scored(INDEX, typed)
        assert set(found) <= set(NAMES)
        assert "".join(piece for piece, _ in marked(typed, understand(typed))) == typed


class TestWhatPeopleExpect:
    """Over the shipped pack."""

    @pytest.mark.parametrize("policy", NAMES)
    def test_every_heading_finds_its_policy_in_both_languages(self, policy: str) -> None:
        assert policy in best(NAMES[policy]["name_zh"], 3)
        assert policy in best(NAMES[policy]["name_en"], 3)

    @pytest.mark.parametrize("policy", NAMES)
    def test_every_id_comes_first(self, policy: str) -> None:
        assert best(policy.lower()) == [policy]

    def test_one_wrong_character_anywhere_in_a_heading_still_finds_it(self) -> None:
        missed = []
        for policy, entry in NAMES.items():
            name = entry["name_zh"]
            for at in range(len(name)):
                if name[at] > "\u3400" and policy not in best(f"{name[:at]}囧{name[at + 1 :]}", 5):
                    missed.append((policy, at))
        assert missed == []

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("exmption", "exemption"),
            ("exmeption", "exemption"),
            ("unemploymnt insurence", "unemployment insurance"),
            ("subsidys", "subsidies"),
            ("guarentee", "guarantee"),
        ],
    )
    def test_a_mistyped_english_word_finds_what_the_right_one_does(self, typed: str, meant: str) -> None:
        assert set(best(typed, 3)) & set(best(meant, 8))

    @pytest.mark.parametrize("typed", ["小徽企业", "微小企业", "小薇企业", "小微企叶"])
    def test_a_mistyped_chinese_word_finds_what_the_right_one_does(self, typed: str) -> None:
        assert set(best(typed, 5)) & set(best("小微企业", 25))
        assert all("小微企业" in heading(key) or "小企业" in heading(key) for key in best(typed, 3))

    @pytest.mark.parametrize(
        ("typed", "same"),
        [
            ("增值稅", "增值税"),
            ("ＶＡＴ　ｅｘｅｍｐｔｉｏｎ", "vat exemption"),
            ("２０２０ １３號", "2020 13号"),
            ("Stamp DUTY", "stamp duty"),
        ],
    )
    def test_width_case_and_script_change_nothing(self, typed: str, same: str) -> None:
        assert scored(INDEX, typed) == scored(INDEX, same) != {}

    @pytest.mark.parametrize("policy", NAMES)
    def test_a_document_number_comes_before_all_others(self, policy: str) -> None:
        number = NAMES[policy]["document_no"]
        asked = understand(number)
        if asked.number:
            found = best(number, len(NAMES))
            same = [name for name, entry in NAMES.items() if numbers_in(entry["document_no"]) >= asked.number]
            assert set(found[: len(same)]) == set(same)

    @pytest.mark.parametrize(
        "typed", ["2020 13号", "2020年第13号", "2020 13", "财政部公告2020年13号", "〔2020〕13 号"]
    )
    def test_a_year_and_a_number_name_a_document(self, typed: str) -> None:
        assert set(best(typed, 2)) == {"CN-VAT-2020-13-HB", "CN-VAT-2020-13-OT"}

    @pytest.mark.parametrize("typed", ["2 至 4 月", "30 万元", "2020", "3% 1%"])
    def test_figures_in_a_sentence_name_none(self, typed: str) -> None:
        assert max(scored(INDEX, typed).values(), default=0) < NAMED

    @pytest.mark.parametrize("typed", ["铁路货运价格", "xyzzyq", "囧囧囧", "%_\\", "", "！？"])
    def test_what_nothing_is_about_finds_nothing(self, typed: str) -> None:
        assert scored(INDEX, typed) == {}

    def test_where_no_policy_has_every_word_the_nearest_are_told_as_such(self) -> None:
        found = INDEX.find(understand("小微企业 铁路"))
        assert found.nearest
        assert found.scores.max() > 0
        assert not INDEX.find(understand("小微企业 贷款")).nearest


def heading(key: str) -> str:
    entry = NAMES[key]
    return str(entry["name_zh"] + entry["title_zh"] + entry["eligibility_zh"])


class TestMarking:
    """Where in a text the words stand."""

    @pytest.mark.parametrize(
        ("text", "typed", "shown"),
        [
            ("山东小微企业房租减半", "小徽企业", ["企业"]),
            ("山东小微企业房租减半", "小微企业 房租", ["小微企业房租"]),
            ("VAT exemption for ＶＡＴ payers", "vat exmption", ["VAT", "exemption", "ＶＡＴ"]),
            ("公告2020年第13号", "2020 13号", ["2020", "13号"]),
            ("贷款", "税", []),
        ],
    )
    def test_shows_what_was_meant_as_it_is_written(self, text: str, typed: str, shown: list[str]) -> None:
        assert [piece for piece, hit in marked(text, understand(typed)) if hit] == shown
