"""Every fact an owner may be asked for has its question in both languages, and every name a reading."""

import re

import pytest

from eligibility import Vocabulary
from marketplace.portal import pinyin, places, questions
from marketplace.portal.codes import regions
from marketplace.portal.industries import industries

WORDS = Vocabulary.shipped()
CHINESE = re.compile("[\u4e00-\u9fff]")


class TestQuestions:
    """data/questions.yaml beside the vocabulary."""

    @pytest.mark.parametrize("name", questions.askable())
    def test_ask_in_both_languages_with_help_and_an_example_where_something_is_written(
        self, name: str
    ) -> None:
        zh, en = (questions.single(name).said(lang) for lang in ("zh-CN", "en"))
        assert zh.ask.endswith("？")
        assert en.ask.endswith("?")
        assert CHINESE.search(zh.ask)
        assert zh.ask != WORDS.facts[name].label_zh
        assert zh.help
        assert en.help
        assert bool(zh.tick) == bool(en.tick)
        if WORDS.facts[name].type not in ("bool", "enum"):
            assert zh.example
            assert en.example
        assert "！" not in zh.ask + zh.help
        assert "!" not in en.ask + en.help

    def test_are_asked_on_one_page_each(self) -> None:
        on_pages = [fact for page in questions.pages().values() for fact in page.facts]
        assert len(on_pages) == len(set(on_pages))
        assert set(on_pages) <= set(questions.askable())

    def test_of_a_list_are_yes_or_no_and_have_a_line_to_tick(self) -> None:
        for page in questions.pages().values():
            if page.kind == "ticks":
                for fact in page.facts:
                    assert WORDS.facts[fact].type == "bool"
                    assert questions.single(fact).said("zh-CN").tick

    def test_are_not_asked_for_figures_the_service_knows(self) -> None:
        assert "lpr_1y_pct" not in questions.askable()
        assert questions.named("lpr_1y_pct") is None
        assert questions.named("nothing") is None
        assert questions.named("province_code") == questions.pages()["place"]

    def test_explain_only_choices_there_are(self) -> None:
        for name in questions.askable():
            for value in WORDS.facts[name].allowed:
                hint = questions.choice_hint(name, value, "zh-CN")
                assert hint != WORDS.facts[name].choice_label(value, "zh-CN")


class TestReadings:
    """reference/pinyin.csv beside the lists it reads."""

    def test_are_there_for_every_name(self) -> None:
        names = {region.name for region in regions().values()} | {i.name for i in industries().values()}
        unread = {name for name in names if name not in pinyin.sounds() and "（" not in name}
        assert unread == set()

    @pytest.mark.parametrize(
        ("name", "full"),
        [
            ("重庆市", "chongqingshi"), ("长治市", "changzhishi"), ("长子县", "zhangzixian"),
            ("六安市", "luanshi"), ("厦门市", "xiamenshi"), ("乐陵市", "laolingshi"), ("乐清市", "yueqingshi"),
            ("单县", "shanxian"), ("莘县", "shenxian"), ("东阿县", "dongexian"), ("番禺区", "panyuqu"),
            ("会计、审计及税务服务", "kuaijishenjijishuiwufuwu"),
        ],
    )  # fmt: skip
    def test_are_those_people_use(self, name: str, full: str) -> None:
        assert pinyin.sounds()[name].full == full


class TestPlaces:
    """Finding where a business is."""

    @pytest.mark.parametrize(
        ("typed", "first"),
        [
            ("sd", "山东省"), ("jn", "山东省济南市"), ("济南", "山东省济南市"), ("370114", "山东省济南市章丘区"),
            ("章丘", "山东省济南市章丘区"), ("xi an", "陕西省西安市"), ("Xi'an", "陕西省西安市"),
            ("qingdao", "山东省青岛市"), ("Inner Mongolia", "内蒙古自治区"), ("北京", "北京市"), ("cq", "重庆市"),
        ],
    )  # fmt: skip
    def test_is_by_name_pinyin_initials_or_code(self, typed: str, first: str) -> None:
        assert places.label(places.search(typed)[0].code, "zh-CN") == first

    def test_takes_a_label_in_either_language_for_what_it_names(self) -> None:
        for code in ("370000", "370100", "370114", "110000", "429004", "500101"):
            for lang in ("zh-CN", "en"):
                meant = places.meant(places.label(code, lang))
                assert meant is not None
                assert meant.code == code

    def test_says_city_and_province_of_a_county_and_the_only_city_of_a_municipality(self) -> None:
        assert places.place_of("370114") == places.Place("370114", "370000", "370100")
        assert places.place_of("110000") == places.Place("110000", "110000", "110100")
        assert places.place_of("370000") == places.Place("370000", "370000", None)
        assert places.place_of("000000") is None

    @pytest.mark.parametrize(
        ("typed", "named"),
        [
            ("山东济南", "山东省济南市"), ("山东省济南市", "山东省济南市"), ("济 南", "山东省济南市"),
            ("Shandong Jinan", "山东省济南市"), ("Jinan, Shandong", "山东省济南市"), ("Jinan", "山东省济南市"),
            ("山东 青岛", "山东省青岛市"), ("南京鼓楼区", "江苏省南京市鼓楼区"), ("北京朝阳", "北京市朝阳区"),
            ("beijing chaoyang", "北京市朝阳区"), ("Shenzhen", "广东省深圳市"), ("shen zhen", "广东省深圳市"),
            ("shenzhenshi", "广东省深圳市"), ("guangdong shenzhen", "广东省深圳市"),
            ("Hangzhou, Zhejiang", "浙江省杭州市"), ("吉林吉林", "吉林省吉林市"), ("zhangqiu", "山东省济南市章丘区"),
        ],
    )  # fmt: skip
    def test_may_be_said_with_what_it_lies_in_before_or_after_it_and_by_its_reading(
        self, typed: str, named: str
    ) -> None:
        assert places.label(places.search(typed)[0].code, "zh-CN") == named
        meant = places.meant(typed)
        assert meant is not None
        assert places.label(meant.code, "zh-CN") == named

    def test_the_only_one_left_is_taken(self) -> None:
        only = [typed for typed in ("章", "zhangq", "石景", "广东省深") if len(places.search(typed)) == 1]
        assert "zhangq" in only
        for typed in only:
            assert places.meant(typed) == places.place_of(places.search(typed)[0].code)

    @pytest.mark.parametrize(
        "typed",
        ["吉林", "朝阳", "鼓楼区", "suzhou", "jn", "", "   ", "no such place", "市", "江苏朝阳路"],
    )
    def test_never_guesses_among_several(self, typed: str) -> None:
        assert places.meant(typed) is None

    def test_offers_every_province_and_city_by_its_name(self) -> None:
        for region in regions().values():
            if region.level in ("province", "city") and not region.name.endswith("直辖县级行政区划"):
                labels = {places.label(found.code, "zh-CN") for found in places.search(region.name, 60)}
                assert places.label(region.code, "zh-CN") in labels, region
