"""What a text is found by: characters, pairs of characters, words and numbers; and what somebody who searches meant.

Pairs leave out nothing, one character or the order's neighbour, because Chinese has no word boundaries and people leave
out, swap or mistype one character; a Latin word is compared with the words there are by the pairs of its letters.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from policies.search_sounds import syllables

RUNS = re.compile(r"[\u3400-\u9fff]+|[a-z]+|[0-9]+")
FIRST_HAN = "\u3400"
MOST_WORDS = 8
MOST_UNITS = 64
"""Of what somebody typed, this much is looked for."""
FILLERS = frozenset(
    ["a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with"]
)
NUMBER_SIGN = "号"
NUMBERED = re.compile(
    r"([\u3400-\u9fff]{0,12})[〔\[(【]?((?:19|20)[0-9]{2})[〕\])】年]?[第—-]*([1-9][0-9]{0,2})(号?)"
)
"""A document's number written together: who issued it, a year in any brackets or none, a number."""
SHORTEST_SYLLABLE = 2

TRADITIONAL, SIMPLIFIED = (
    "稅業貸銀財務發營產資額區縣環員險養醫療會計費繳納減徵補貼個體戶蘇廣東門長陽濰煙臺濟寧島鄉鎮農漁國辦廳復開學術創"
    "單據電話氣輸車運輕戰應對響檢測藥購買賣價貨幣準備標達關於條規則義處罰檔號總數時間適當實際從後廠廢舊禮機構認證選"
    "擇請問領導幹職勞動傷殘婦兒園館飯飲紡織紙軟網絡聯繫擔優頭種類試點報銷還緩繼續轉讓過進項軍貧窮協議獎勵壓縮簡質監"
    "視聽講維護權雙幫穩崗節約綠範圍團圖書歷歲齡倉儲樓層樣內兩億萬與專屬嚴劃別",
    "税业贷银财务发营产资额区县环员险养医疗会计费缴纳减征补贴个体户苏广东门长阳潍烟台济宁岛乡镇农渔国办厅复开学术创"
    "单据电话气输车运轻战应对响检测药购买卖价货币准备标达关于条规则义处罚档号总数时间适当实际从后厂废旧礼机构认证选"
    "择请问领导干职劳动伤残妇儿园馆饭饮纺织纸软网络联系担优头种类试点报销还缓继续转让过进项军贫穷协议奖励压缩简质监"
    "视听讲维护权双帮稳岗节约绿范围团图书历岁龄仓储楼层样内两亿万与专属严划别",
)
"""The characters of this field that traditional writing draws otherwise; others are found by the rest of their word."""
SIMPLE = str.maketrans(TRADITIONAL, SIMPLIFIED)


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing to find. kind: pair, char, word, number; `weight`: how much of a word it stands for."""

    kind: str
    text: str

    @property
    def weight(self) -> float:
        """A Latin word says as much as three pairs of Chinese characters."""
        return {"word": 3.0, "number": 2.0}.get(self.kind, 1.0)


@dataclass(frozen=True, slots=True)
class Asked:
    """A search understood: the units of each word typed, and the words as they are written down and compared.

    `number`: the numbers that together name a document, empty where none is meant. runs: the Chinese of each word.
    """

    words: tuple[tuple[Unit, ...], ...]
    plain: str
    number: frozenset[str]
    runs: tuple[str, ...] = ()

    @property
    def units(self) -> tuple[Unit, ...]:
        """Each thing to find once."""
        return tuple(dict.fromkeys(unit for word in self.words for unit in word))


def fold(text: str) -> str:
    """Full width becomes half width, capitals small, traditional simplified."""
    return unicodedata.normalize("NFKC", text).casefold().translate(SIMPLE)


def terms(text: str) -> set[str]:
    """Everything a text is found by."""
    found: set[str] = set()
    for run in RUNS.findall(fold(text)):
        if run[0] < FIRST_HAN:
            found.add(run)
        else:
            found.update(run)
            found.update(pairs(run))
    return found


def pairs(run: str) -> Iterator[str]:
    """Each two characters that stand side by side or have one between them."""
    for one, other in pairwise(run):
        yield one + other
    for one, other in zip(run, run[2:], strict=False):
        yield one + other


def understand(typed: str) -> Asked:
    """What somebody typed as what to look for; words that say nothing are left out unless there are no others."""
    folded = " ".join(fold(typed).split())
    plain = _said_with_pinyin(_numbered(folded))
    words = [tuple(_units(word)) for word in plain.split()[:MOST_WORDS]]
    telling = [word for word in words if any(unit.text not in FILLERS for unit in word)]
    kept, left = [], MOST_UNITS
    for word in telling or [word for word in words if word]:
        kept.append(word[:left])
        left -= len(kept[-1])
    runs = [run for run in RUNS.findall(plain)[:MOST_UNITS] if run[0] >= FIRST_HAN]
    return Asked(tuple(word for word in kept if word), plain, _number(folded), tuple(dict.fromkeys(runs)))


def _numbered(plain: str) -> str:
    """A document's number in its parts: 财税201913 is 财税 2019 13."""
    found = NUMBERED.fullmatch(plain)
    return f"{found[1]} {found[2]} {found[3]}{found[4]}".strip() if found else plain


def _said_with_pinyin(plain: str) -> str:
    """Syllables typed one by one are one word: zeng zhi shui."""
    words = plain.split()
    spoken = len(words) > 1 and all(
        len(word) >= SHORTEST_SYLLABLE and word in syllables() and word not in FILLERS for word in words
    )
    return "".join(words) if spoken else plain


def _units(word: str) -> Iterable[Unit]:
    found: list[Unit] = []
    for run in RUNS.findall(word):
        if run[0] >= FIRST_HAN:
            found += [Unit("pair", pair) for pair in pairs(run)] if len(run) > 1 else [Unit("char", run)]
        else:
            found.append(Unit("number" if run.isdigit() else "word", run))
    return dict.fromkeys(found)


def _number(plain: str) -> frozenset[str]:
    """A document is named by the number before 号 with the year, by two numbers and nothing else, or both together."""
    together = NUMBERED.fullmatch(plain)
    if together:
        return frozenset(together.group(2, 3))
    signed = re.findall(rf"([0-9]+) ?{NUMBER_SIGN}", plain)
    if signed:
        return frozenset([*signed, *re.findall(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])", plain)])
    numbers = re.findall(r"[0-9]+", plain)
    alone = not re.search(r"[^0-9年第〔〕()\[\] -]", plain)
    return frozenset(numbers) if alone and len(numbers) > 1 else frozenset()


def numbers_in(text: str) -> frozenset[str]:
    """The numbers a text holds."""
    return frozenset(re.findall(r"[0-9]+", fold(text)))
