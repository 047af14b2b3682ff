"""Search held to a slow and obvious scorer, and to what people expect of it: typing errors, numbers, both scripts."""

import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marketplace.shipped import shipped_policies
from policies import content
from policies.marking import marked
from policies.search import DIGITS, LEAST_HEARD, LEAST_SHARE, NAMED, SearchIndex, Text, text_of
from policies.search_aliases import ALIASES, aliases_in
from policies.search_sounds import ALIKE, HAN, heard_in, meant_by, read_as, rhyme, spelled
from policies.search_terms import (
    MOST_UNITS,
    MOST_WORDS,
    Asked,
    Unit,
    fold,
    numbers_in,
    pairs,
    terms,
    understand,
)
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
    "增值锐",
    "房组",
    "残疾人就业保障金",
    "残保金",
    "zzs",
    "fangzu",
]
phrase = st.lists(st.sampled_from(PARTS), max_size=8).map("".join) | st.text("小徽企业贷 exm1", max_size=12)
fields = st.lists(st.tuples(phrase, st.integers(1, 5)), min_size=1, max_size=4)
corpus = st.lists(st.tuples(fields, phrase), max_size=6).map(
    lambda found: [Text(f"K-{n}", f"K-{n}", number, parts) for n, (parts, number) in enumerate(found)]
)


def said_in(text: Text) -> list[tuple[str, int]]:
    """A text's fields and what people call what they speak of."""
    return [(said, weight) for field, weight in text.fields for said in (field, *aliases_in(fold(field)))]


def written(unit: Unit, text: Text, meant: Mapping[str, set[str]]) -> float:
    """What a unit is worth in a text: its best field, times how alike a word or a mistyped pair is."""
    worth = [0.0]
    for said, weight in said_in(text):
        for term in terms(said):
            is_word = term.isascii() and term.isalpha()
            alike = likeness(unit.text, term) if unit.kind == "word" and is_word else float(unit.text == term)
            if term in meant.get(unit.text, ()):
                alike = max(alike, ALIKE)
            worth.append(weight * alike)
    return max(worth)


def spoken(unit: Unit, text: Text) -> float:
    """What a Latin word that is none is worth where it is how a heading is read."""
    return max(
        [
            float(weight)
            for said, weight in said_in(text)
            if weight >= LEAST_HEARD and any(heard_in(unit.text, run) for run in HAN.findall(fold(said)))
        ],
        default=0.0,
    )


def meant_by_runs(asked: Asked, texts: Sequence[Text]) -> dict[str, set[str]]:
    """The pairs each pair of a mistyped run may stand for."""
    known = {term for text in texts for said, _ in said_in(text) for term in terms(said)}
    found: dict[str, set[str]] = {}
    for run in asked.runs:
        for other in meant_by(run, known.__contains__):
            for typed, meant in zip(pairs(run), pairs(other), strict=True):
                if typed != meant:
                    found.setdefault(typed, set()).add(meant)
    return found


def values_of(asked: Asked, texts: Sequence[Text]) -> dict[Unit, list[float]]:
    """What each unit is worth in each text."""
    meant = meant_by_runs(asked, texts)
    found = {unit: [written(unit, text, meant) for text in texts] for unit in asked.units}
    return {
        unit: [spoken(unit, text) for text in texts] if unit.kind == "word" and not any(worth) else worth
        for unit, worth in found.items()
    }


def share(word: Sequence[Unit], at: int, values: Mapping[Unit, list[float]]) -> float:
    """How much of a word a text has, what no text has counting as the mean of the rest."""
    known = {unit: rare for unit in word if (rare := rarity(values[unit])) is not None}
    if not known:
        return 0.0
    has = sum(unit.weight * rare for unit, rare in known.items() if values[unit][at] > 0)
    mean = sum(unit.weight * rare for unit, rare in known.items()) / sum(unit.weight for unit in known)
    return has / (mean * sum(unit.weight for unit in word))


def rarity(worth: list[float]) -> float | None:
    having = sum(value > 0 for value in worth)
    return math.log(1 + len(worth) / having) if having else None


def obvious(texts: Sequence[Text], asked: Asked) -> dict[str, float]:
    """Scores of all that match, straight from the definition."""
    values = values_of(asked, texts)
    matched = {
        text.key: sum(share(word, at, values) >= LEAST_SHARE for word in asked.words)
        for at, text in enumerate(texts)
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
    for at, text in enumerate(texts):
        if (not asked.words or most == 0 or matched[text.key] != wanted) and text.key not in named:
            continue
        worth = sum(unit.weight * (rarity(values[unit]) or 0) * values[unit][at] for unit in asked.units)
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
        assume(len(whole.split()) <= MOST_WORDS and len(whole) <= MOST_UNITS // 2)  # the last are left out
        assume(
            not any(word.startswith("号") for word in whole.split())
        )  # it makes a number of what stands before
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
        ("typed", "meant"),
        [
            ("增值锐", "增值税"), ("房组", "房租"), ("小规摸", "小规模"), ("印花锐", "印花税"),
            ("贷款帖息", "贷款贴息"), ("社会保险废", "社会保险费"), ("残保金", "残疾人就业保障金"),
            ("公积金", "住房公积金"), ("个税", "个人所得税"), ("退伍军人", "退役士兵"), ("zzs", "增值税"),
            ("zengzhishui", "增值税"), ("zeng zhi shui", "增值税"), ("fangzu", "房租"), ("daikuan", "贷款"),
            ("yinhang", "银行"), ("yinhuashui", "印花税"), ("shebao", "社会保险"), ("cbj", "残疾人就业保障金"),
        ],
    )  # fmt: skip
    def test_what_sounds_or_looks_alike_is_read_so_or_is_called_so_finds_what_is_meant(
        self, typed: str, meant: str
    ) -> None:
        assert meant in heading(best(typed)[0])

    @pytest.mark.parametrize(
        "typed",
        [
            "财税201913", "财税[2019]13号", "财税〔2019〕13号", "财税2019-13号", "财税2019年13号",
            "财税（2019）13", "财税【2019】13号", "财税２０１９１３",
        ],
    )  # fmt: skip
    def test_a_document_number_is_found_however_it_is_written(self, typed: str) -> None:
        assert {NAMES[policy]["document_no"] for policy in best(typed, 2)} == {"财税〔2019〕13号"}
        assert min(scored(INDEX, typed).values()) > NAMED
        assert set(best("财税 2019 13")) < set(best(typed, 2))

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

    @pytest.mark.parametrize(
        "typed",
        [
            "铁路货运价格", "xyzzyq", "囧囧囧", "%_\\", "", "！？", "养老院", "火锅店", "足球", "签证", "签正",
            "奥运会", "股票", "离婚", "结婚登记", "汽车保险", "彩票", "养老金", "驾照", "护照", "公园", "游戏",
            "机器人", "kfc", "nba", "wto", "iphone", "shanghai", "zuqiu", "caipiao",
        ],
    )  # fmt: skip
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


class TestReading:
    """How characters are read."""

    def test_pairs_are_read_as_people_read_them(self) -> None:
        assert " ".join(spelled("银行还款率增长")) == "yin hang huan kuan lv zeng zhang"
        assert spelled("囧") == ["?"]

    def test_a_word_is_read_as_whole_syllables_only(self) -> None:
        assert "zeng zhi shui" in read_as("zengzhishui")
        assert read_as("exemption") == read_as("shui") == ()
        assert heard_in("shuish", "税收") is False

    def test_characters_with_one_part_in_common_rhyme(self) -> None:
        for one, other in (("shui", "rui"), ("wei", "hui"), ("mo", "mo"), ("jing", "qin"), ("xian", "lan")):
            assert rhyme(one) == rhyme(other)

    def test_only_one_character_is_taken_for_another_and_only_where_the_rest_stands(self) -> None:
        known = {"增值", "值税", "增税", "房租"}.__contains__
        assert meant_by("增值锐", known) == ["增值税"]
        assert list(meant_by("僧值锐", known)) == []
        assert meant_by("房组", known) == ["房租"]
        assert list(meant_by("房书", known)) == []
        assert list(meant_by("增值税", known)) == []

    def test_each_everyday_name_stands_for_something_the_shipped_texts_speak_of(self) -> None:
        whole = fold("".join(said for text in SHIPPED for said, _ in text.fields))
        assert [written for written in ALIASES if written not in whole] == []


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
