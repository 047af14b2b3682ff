"""Writes how names of regions and industries are read (reference/pinyin.csv), and characters (policies/readings.csv).

Run by hand when a reference list changes (`python tools/make_pinyin.py`): the service reads the file and needs no
pinyin of its own. Names whose everyday reading the dictionary does not know stand here, because a place is asked for by
the sound its people give it.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from pypinyin import Style, lazy_pinyin, load_phrases_dict

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "marketplace" / "data" / "reference"
IN_POLICIES = {
    "还": "huan",
    "率": "lv",
    "行": "xing",
    "长": "chang",
    "重": "zhong",
    "降": "jiang",
    "调": "tiao",
    "得": "de",
}
"""How texts of policies read characters that have several readings."""
PAIRS = {
    "银行": "yin hang",
    "行业": "hang ye",
    "会计": "kuai ji",
    "调查": "diao cha",
    "还是": "hai shi",
    "增长": "zeng zhang",
}
READINGS = {
    "乐陵": "lao ling", "乐亭": "lao ting", "单县": "shan xian", "莘县": "shen xian", "东阿": "dong e",
    "冠县": "guan xian", "茌平": "chi ping", "牟平": "mu ping", "郯城": "tan cheng", "莒县": "ju xian",
    "莒南": "ju nan", "曲阜": "qu fu", "任城": "ren cheng", "任丘": "ren qiu", "任泽": "ren ze",
    "芝罘": "zhi fu", "长清": "chang qing", "长岛": "chang dao", "长治": "chang zhi", "长子": "zhang zi",
    "长垣": "chang yuan", "长葛": "chang ge", "长汀": "chang ting", "长阳": "chang yang",
    "长乐": "chang le", "长兴": "chang xing", "朝阳": "chao yang", "朝天": "chao tian", "六安": "lu an",
    "六合": "lu he", "六枝": "liu zhi", "亳州": "bo zhou", "蚌埠": "beng bu", "蚌山": "beng shan",
    "厦门": "xia men", "大厦": "da sha", "重庆": "chong qing", "台州": "tai zhou", "天台": "tian tai",
    "丽水": "li shui", "乐清": "yue qing", "乐山": "le shan", "乐昌": "le chang", "乐东": "le dong",
    "尉犁": "yu li", "尉氏": "wei shi", "蔚县": "yu xian", "蠡县": "li xian", "井陉": "jing xing",
    "涿州": "zhuo zhou", "洪洞": "hong tong", "繁峙": "fan shi", "解州": "xie zhou", "隰县": "xi xian",
    "临汾": "lin fen", "浚县": "xun xian", "中牟": "zhong mu", "泌阳": "bi yang", "渑池": "mian chi",
    "武陟": "wu zhi", "获嘉": "huo jia", "荥阳": "xing yang", "荥经": "ying jing", "犍为": "qian wei",
    "珙县": "gong xian", "邛崃": "qiong lai", "郫都": "pi du", "黄陂": "huang pi", "监利": "jian li",
    "秭归": "zi gui", "洪湖": "hong hu", "枞阳": "zong yang", "歙县": "she xian", "黟县": "yi xian",
    "砀山": "dang shan", "濉溪": "sui xi", "当涂": "dang tu", "铅山": "yan shan", "弋阳": "yi yang",
    "婺源": "wu yuan", "婺城": "wu cheng", "鄱阳": "po yang", "番禺": "pan yu", "东莞": "dong guan",
    "大埔": "da bu", "阳山": "yang shan", "珲春": "hun chun", "桦甸": "hua dian", "桦川": "hua chuan",
    "尚志": "shang zhi", "穆棱": "mu ling", "巴彦淖尔": "ba yan nao er", "红花岗": "hong hua gang",
    "会东": "hui dong", "会理": "hui li", "会宁": "hui ning", "会泽": "hui ze", "会同": "hui tong",
    "会昌": "hui chang", "宕昌": "tan chang", "岷县": "min xian", "阜康": "fu kang", "阜阳": "fu yang",
    "儋州": "dan zhou", "澄迈": "cheng mai", "行唐": "xing tang", "盱眙": "xu yi", "邗江": "han jiang",
    "邳州": "pi zhou", "浒墅关": "xu shu guan", "睢宁": "sui ning", "睢县": "sui xian", "栖霞": "qi xia",
    "奎文": "kui wen", "罗庄": "luo zhuang", "石景山": "shi jing shan", "都匀": "du yun", "都安": "du an",
    "都昌": "du chang", "都江堰": "du jiang yan", "成都": "cheng du", "新都": "xin du", "瓮安": "weng an",
    "勐海": "meng hai", "勐腊": "meng la", "牟定": "mou ding", "麻栗坡": "ma li po", "景洪": "jing hong",
    "柏乡": "bai xiang", "桐柏": "tong bai", "藁城": "gao cheng", "无极": "wu ji", "阿拉善": "a la shan",
    "阿坝": "a ba", "阿克苏": "a ke su", "阿勒泰": "a le tai", "银行": "yin hang", "行业": "hang ye",
    "重型": "zhong xing", "重要": "zhong yao", "长途": "chang tu", "调味": "tiao wei", "调查": "diao cha",
    "空调": "kong tiao", "乐器": "yue qi", "音乐": "yin yue", "娱乐": "yu le", "会计": "kuai ji",
    "畜牧": "xu mu", "牲畜": "sheng chu", "畜禽": "chu qin", "种植": "zhong zhi", "育种": "yu zhong",
    "藏品": "cang pin", "煤层": "mei ceng", "参茸": "shen rong",
}  # fmt: skip


def texts() -> Iterator[str]:
    """Every Chinese text a region or an industry is found by."""
    for name in ("regions.csv", "industries.csv"):
        yield from (row["name_zh"] for row in rows(name))
    for row in rows("industry_words.csv"):
        yield from (word for word in row["also"].split(";") if word and not word.isascii())


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def common() -> Iterator[str]:
    """The characters of GB 2312, which are those people type."""
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            yield from bytes((high, low)).decode("gb2312", errors="ignore")


def write_readings() -> None:
    """One row a syllable with all that is read so, and one a pair that is read otherwise than its characters."""
    by_sound: dict[str, list[str]] = {}
    for char in common():
        sound = IN_POLICIES.get(char) or lazy_pinyin(char, style=Style.NORMAL, v_to_u=False)[0]
        by_sound.setdefault(sound, []).append(char)
    with (ROOT / "policies" / "readings.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("sound", "texts"))
        out.writerows((sound, "".join(chars)) for sound, chars in sorted(by_sound.items()))
        out.writerows((sound, pair) for pair, sound in PAIRS.items())


def main() -> int:
    """Write both files afresh, sorted."""
    write_readings()
    load_phrases_dict({text: [[sound] for sound in read.split()] for text, read in READINGS.items()})
    with (REFERENCE / "pinyin.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("text", "full", "initials"))
        for text in sorted(set(texts())):
            sounds = [
                s for s in lazy_pinyin(text, style=Style.NORMAL, v_to_u=False) if s.isascii() and s.isalpha()
            ]
            out.writerow((text, "".join(sounds), "".join(sound[0] for sound in sounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
