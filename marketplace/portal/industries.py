"""Industries by GB/T 4754-2017 code: what they are called in each language, and finding one's own by everyday words.

An industry is found by its own names and by those of what it belongs to: 餐饮 finds 正餐服务, and so does "restaurant",
because nobody knows what a standard calls his shop.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from marketplace.portal.pinyin import Sound, letters, sounds
from marketplace.portal.reference import Code, rows

LEVELS: Mapping[str, int] = {"class": 0, "group": 1, "division": 2}
ENDINGS = 2
"""How many letters of a longer English word may be its ending: restaurants is restaurant."""
SAY_NOTHING = frozenset(["and", "of", "other", "for", "not", "listed", "elsewhere"])
SHORTEST_INSIDE = 2
"""Letters an everyday word must have to be heard inside a longer text: 花店 in 我想开个花店."""


@dataclass(frozen=True, slots=True)
class Words:
    """What an industry itself is found by: Chinese texts, and English words in small letters.

    whole: each name and everyday word as it is said, in small letters, of either language.
    """

    texts: tuple[str, ...]
    english: frozenset[str]
    whole: frozenset[str]

    def are(self, typed: str) -> bool:
        """Whether it is called just what was typed, an English plural being its singular."""
        return typed in self.whole or (typed.isascii() and typed.removesuffix("s") in self.whole)


@cache
def industries() -> Mapping[str, Code]:
    """Divisions, groups and classes; the parent of each is its section's letter."""
    return {code: found for code, found in _all().items() if found.level != "section"}


@cache
def _all() -> Mapping[str, Code]:
    return {
        row["code"]: Code(row["code"], row["name_zh"], row["level"], row["section"])
        for row in rows("industries.csv")
    }


@cache
def _english() -> Mapping[str, str]:
    return {row["code"]: row["name_en"] for row in rows("industries_en.csv")}


@cache
def _everyday() -> Mapping[str, Sequence[str]]:
    """What people call sections, divisions, groups and classes, in both languages."""
    return {row["code"]: row["also"].lower().split(";") for row in rows("industry_words.csv")}


def english_name(code: str) -> str | None:
    """The English name of a section or an industry; None for no code."""
    return _english().get(code)


def above(code: str) -> list[str]:
    """What an industry belongs to, nearest first: group, division, section."""
    found = [code[:length] for length in (3, 2) if length < len(code) and code[:length] in _all()]
    return [*found, _all()[code].parent]


def name_of(code: str, lang: str) -> str | None:
    """What an industry is called; in English with its code."""
    known = industries().get(code)
    if known is None or not lang.startswith("en"):
        return known.name if known else None
    return f"{code} {english_name(code)}"


def section_name(letter: str, lang: str) -> str:
    """What a section of the standard is called, by its letter."""
    return _english()[letter] if lang.startswith("en") else _all()[letter].name


@cache
def _own(code: str) -> Words:
    name, english, said = _all()[code].name, _english()[code], _everyday().get(code, ())
    latin = " ".join([english, *(word for word in said if word.isascii())]).lower()
    chinese = tuple(word for word in said if not word.isascii())
    return Words(
        (name, *chinese),
        frozenset(re.findall(r"[a-z&]+", latin)) - SAY_NOTHING,
        frozenset([name, english.lower(), *said]),
    )


@cache
def _line(code: str) -> Sequence[str]:
    """An industry and what it belongs to, nearest first."""
    return (code, *above(code))


@lru_cache(maxsize=2048)
def search(text: str, limit: int = 20) -> Sequence[Code]:
    """Industries whose code starts with `text`, or whose own or inherited words hold each of its words or sound so.

    The one that is called exactly so comes first and what only its section is called so last; words before sounds,
    whole classes before groups, and those found by their own words before those that inherit them. Of names that are
    all read alike the broader comes first, because more people mean it: cy is 餐饮业 before 采盐. Where nothing is
    called so, an everyday word inside the text is heard: 开花店 is 花店.
    """
    typed = " ".join(text.lower().split())
    wanted = re.findall(r"[a-z&]+|[^\sa-z&]+", typed)
    if not wanted:
        return ()
    found = _called(typed, wanted) or _said_in(typed)
    return tuple(industry for _, industry in sorted(found, key=lambda pair: pair[0])[:limit])


def _called(typed: str, wanted: Sequence[str]) -> Sequence[tuple[tuple[object, ...], Code]]:
    """What is called so, or sounds so, each with its rank."""
    holding = [_holding(word) for word in wanted]
    sound = letters(typed)
    sounding = _sounding(sound) if sound else {}
    ranked = []
    for code, industry in industries().items():
        if _repeats_its_class(code) and not code.startswith(typed):
            continue
        exact = _own(code).are(typed)
        step = 0 if exact or code.startswith(typed) else _first_step(code, holding)
        heard = step is None and sound != ""
        if heard:
            step, exact = _first_sound(code, sounding)
        if step is not None:
            by_section = step == len(_line(code)) - 1
            rank = (
                not exact or heard,
                heard and not exact,
                by_section,
                LEVELS[industry.level],
                -step if heard and exact else step,
                len(industry.name),
                code,
            )
            ranked.append((rank, industry))
    return ranked


def _said_in(typed: str) -> Sequence[tuple[tuple[object, ...], Code]]:
    """What an everyday word within the text means, the longest word first."""
    longest: dict[str, int] = {}
    for word, codes in _inside().items():
        if f" {word} " in f" {typed} " if word.isascii() else word in typed:
            for code in codes:
                longest[code] = max(longest.get(code, 0), len(word))
    return [
        ((-length, LEVELS[industries()[code].level], code), industries()[code])
        for code, length in longest.items()
    ]


@cache
def _inside() -> Mapping[str, Sequence[str]]:
    """Everyday words that are long enough to be heard inside a text, with what is called so."""
    found: dict[str, list[str]] = {}
    for code, word in _words():
        if len(word) >= SHORTEST_INSIDE:
            found.setdefault(word, []).append(code)
    return found


def _words() -> Iterator[tuple[str, str]]:
    return ((code, word) for code, said in _everyday().items() if code in industries() for word in said)


def _repeats_its_class(code: str) -> bool:
    """Whether a group is nothing but its only class."""
    only = industries().get(f"{code}0")
    return only is not None and only.name == industries()[code].name


def _first_step(code: str, holding: Sequence[frozenset[str]]) -> int | None:
    """How far up one has to go until each word is held; None where one is held nowhere."""
    far = 0
    for having in holding:
        step = next((at for at, one in enumerate(_line(code)) if one in having), None)
        if step is None:
            return None
        far = max(far, step)
    return far


@lru_cache(maxsize=2048)
def _holding(wanted: str) -> frozenset[str]:
    """What itself has one word somebody typed: part of a Chinese text, or an English word or its start."""
    if not wanted.isascii():
        return frozenset(code for code in _all() if any(wanted in text for text in _own(code).texts))
    alike = {
        word
        for word in _vocabulary()
        if word.startswith(wanted) or (wanted.startswith(word) and len(wanted) - len(word) <= ENDINGS)
    }
    return frozenset(code for word in alike for code in _vocabulary()[word])


@cache
def _vocabulary() -> Mapping[str, Sequence[str]]:
    """Every English word, with what has it."""
    found: dict[str, list[str]] = {}
    for code in _all():
        for word in _own(code).english:
            found.setdefault(word, []).append(code)
    return found


def _first_sound(code: str, sounding: Mapping[str, bool]) -> tuple[int | None, bool]:
    """The first step of which a text is read so, and whether that is all of it: cy is all of 餐饮业."""
    first = None
    for step, one in enumerate(_line(code)):
        whole = sounding.get(one)
        if whole:
            return step, True
        if whole is not None and first is None:
            first = step
    return first, False


@lru_cache(maxsize=2048)
def _sounding(typed: str) -> Mapping[str, bool]:
    """What has a text that is read so, and whether that is all of the text."""
    found: dict[str, bool] = {}
    for code in _all():
        for sound in _sounds(code):
            if sound.begins_with(typed):
                found[code] = found.get(code, False) or typed in (sound.full, sound.initials)
    return found


@cache
def _sounds(code: str) -> Sequence[Sound]:
    """How its texts are read; 业 at the end may be left out."""
    return [
        sound
        for text in _own(code).texts
        if (read := sounds().get(text)) is not None
        for sound in (read, *([Sound(read.full[:-2], read.initials[:-1])] if text[-1] == "业" else []))
    ]
