"""Finding an industry by everyday words in both languages, and what it is called."""

import re

import pytest

from marketplace.portal import industries
from marketplace.portal.reference import rows

FIRST = 3
"""Whoever types a word sees his trade without scrolling when it is among so many."""
TRADES = """
6239 奶茶店 | bubble tea
8040 美甲 理发 美容院 | nail salon; hairdresser; barber shop
8111 洗车 修车 汽修 | car wash; car repair
6210 火锅 烧烤 饭店 川菜馆 | hotpot; restaurant; barbecue
6291 早餐 包子铺 小吃店 烧烤 | breakfast; steamed buns; snack bar
5239 花店 礼品店 | flower shop; florist
5292 淘宝 网店 直播带货 微商 直播 | online shop; livestream selling
0313 养猪 | pig farm
0321 养鸡 | chicken farm; egg farm
0412 水产 养鱼 | fish pond
0141 大棚 种菜 | greenhouse; vegetable grower
1530 茶叶 | tea factory
5226 茶叶店 烟酒店 | tea shop; liquor store
6130 民宿 客栈 | homestay; bed and breakfast
5413 网约车 出租车 | taxi; ride hailing
6020 快递站 菜鸟驿站 快递 | parcel station; courier
8122 修手机 | phone repair
5012 装修 家装 | home renovation; decorator
8393 培训班 舞蹈班 | dance school; piano lessons
8399 补习班 托管班 | tutoring; cram school
8391 驾校 | driving school
7293 打印店 复印店 | print shop; copy shop
5251 药店 药房 | pharmacy; drugstore
5213 小卖部 便利店 | convenience store; corner shop
5212 超市 | supermarket
9019 棋牌室 麻将馆 剧本杀 | mahjong room; escape room
5297 宠物店 | pet shop
8222 宠物医院 | pet hospital
8010 月嫂 保姆 家政 | nanny; maternity nurse
5438 搬家 | removals; moving company
8030 洗衣 干洗店 | laundry; dry cleaner
5236 眼镜店 | optician; glasses shop
5281 五金 五金店 | hardware store
5165 建材 | building materials
5232 服装店 童装店 | clothes shop; boutique
5223 水果店 菜店 | fruit shop; greengrocer
5222 蛋糕店 烘焙 面包店 | cake shop; bakery
6233 酒吧 | bar; pub
9011 KTV 歌厅 | karaoke
9013 网吧 | internet cafe
8930 健身房 瑜伽 台球厅 | gym; yoga studio
8060 摄影 影楼 婚纱摄影 | photographer; photo studio
8070 婚庆 | wedding planner
8310 幼儿园 早教 | kindergarten; preschool
8020 托育 | day care
8425 诊所 牙科 | clinic; dentist
7030 中介 房产中介 | estate agent; realtor
7241 代账 会计 报税 | bookkeeping; accountant
7231 律所 律师 | law firm; lawyer
7259 广告 广告公司 | advertising agency; sign maker
6513 软件 小程序 | software; app developer
3973 芯片 | chips; semiconductor
6520 芯片设计 | chip design
5191 收废品 废品站 | scrap dealer
5291 摆摊 地摊 | street stall; market stall
5224 肉铺 海鲜店 | butcher; fishmonger
5243 书店 | bookshop
5274 手机店 | phone shop
5265 加油站 | petrol station; gas station
5262 二手车 | used cars
5431 物流 拉货 货车 | trucking
6242 外卖 | food delivery
6232 咖啡店 | coffee shop; cafe
6220 快餐 面馆 | fast food; noodle shop
8051 澡堂 洗浴 | bathhouse; sauna
8052 足疗 | foot massage
8211 保洁 | cleaning company
8199 配钥匙 开锁 | locksmith; key cutting
7291 旅行社 | travel agency
7263 劳务派遣 | staffing agency
7271 保安 | security company
8514 养老院 | nursing home
9030 农家乐 采摘园 | pick-your-own; farm stay
3484 机加工 | machine shop; machining
3525 模具 | moulds
2770 口罩 | face masks
1819 服装厂 裁缝 | clothing factory; tailor
2110 家具厂 | furniture factory
2319 印刷厂 | printing shop
3311 钢结构 电焊 | welder
1392 豆腐 | tofu maker
4891 园林绿化 | landscaping
4710 盖房 施工队 | house builder
8114 修电动车 | e-bike repair
"""
WANTED = [
    (word.strip(), line[:4])
    for line in TRADES.strip().splitlines()
    for words in [line[5:].split("|")]
    for word in (*words[0].split(), *words[1].split(";"))
]


@pytest.mark.parametrize(("typed", "code"), WANTED)
def test_an_everyday_word_shows_its_class_among_the_first(typed: str, code: str) -> None:
    assert code in [found.code for found in industries.search(typed)[:FIRST]]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("餐饮", "6210"),
        ("正餐服务", "6210"),
        ("621", "6210"),
        ("Restaurants", "6210"),
        ("hotel", "6110"),
        ("retail", "5232"),
        ("retail clothing", "5232"),
        ("wholesale", "5132"),
        ("construction", "4710"),
        ("naicha", "6239"),
        ("lvsuo", "7231"),
    ],
)
def test_names_codes_and_readings_find_the_class(typed: str, code: str) -> None:
    assert code in [found.code for found in industries.search(typed)]


def test_every_everyday_word_of_a_class_finds_it_first_or_beside_others_called_so() -> None:
    called: dict[str, set[str]] = {}
    for row in rows("industry_words.csv"):
        if len(row["code"]) == 4:
            for word in row["also"].split(";"):
                called.setdefault(word, set()).add(row["code"])
    hidden = [
        word
        for word, codes in called.items()
        if not codes & {one.code for one in industries.search(word)[: max(FIRST, len(codes))]}
    ]
    assert hidden == []
    assert sum(not word.isascii() for word in called) > 700
    assert sum(word.isascii() for word in called) > 500


@pytest.mark.parametrize(
    ("typed", "code"), [("我想开个花店", "5239"), ("I run a bubble tea shop", "6239"), ("理发师", "8040")]
)
def test_an_everyday_word_is_heard_inside_a_sentence(typed: str, code: str) -> None:
    assert industries.search(typed)[0].code == code


def test_an_exact_name_comes_first_and_nonsense_finds_nothing() -> None:
    assert industries.search("正餐服务")[0].code == "6210"
    assert industries.search("no such thing at all") == ()
    assert industries.search("  ") == ()


def test_what_only_the_section_is_called_comes_last() -> None:
    found = [one.code for one in industries.search("餐饮", limit=100)]
    assert max(found.index(code) for code in found if code.startswith("62")) < found.index("6110")


def test_every_section_division_group_and_class_has_an_english_name_of_its_own() -> None:
    listed = {row["code"]: row for row in rows("industries.csv")}
    names = {row["code"]: row["name_en"] for row in rows("industries_en.csv")}
    assert list(names) == list(listed)
    assert {
        code: name for code, name in names.items() if not re.fullmatch(r"[A-Z3][\x20-\x7e]{2,}", name)
    } == {}
    classes: dict[str, list[str]] = {}
    for code, name in names.items():
        if listed[code]["level"] == "class":
            classes.setdefault(name, []).append(code)
    assert {name: codes for name, codes in classes.items() if len(codes) > 1} == {}
    assert industries.name_of("8040", "en") == "8040 Hairdressing and beauty"
    assert industries.name_of("8040", "zh-CN") == "理发及美容服务"


def test_words_belong_to_industries_there_are() -> None:
    known = {row["code"] for row in rows("industries.csv")}
    worded = [row["code"] for row in rows("industry_words.csv")]
    assert set(worded) <= known
    assert len(worded) == len(set(worded))
    said = [(row["code"], word) for row in rows("industry_words.csv") for word in row["also"].split(";")]
    assert len(said) == len(set(said))
    assert all(word.strip() == word != "" for _, word in said)
