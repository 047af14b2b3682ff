"""Industries by GB/T 4754-2017 code: what they are called in each language, and finding one's own by everyday words.

An industry is found by its own names and by those of what it belongs to: 餐饮 finds 正餐服务, and so does "restaurant",
because nobody knows what a standard calls his shop.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from marketplace.portal.pinyin import Sound, letters, sounds
from marketplace.portal.reference import Code, rows

LEVELS: Mapping[str, int] = {"class": 0, "group": 1, "division": 2}
ENDINGS = 2
"""How many letters of a longer English word may be its ending: restaurants is restaurant."""


@dataclass(frozen=True, slots=True)
class Words:
    """What an industry is found by: Chinese texts, and English words in small letters."""

    texts: tuple[str, ...]
    english: frozenset[str]

    def hold(self, wanted: str) -> bool:
        """Whether one word somebody typed is among them: part of a Chinese text, or an English word or its start."""
        if not wanted.isascii():
            return any(wanted in text for text in self.texts)
        return any(
            word.startswith(wanted) or (wanted.startswith(word) and len(wanted) - len(word) <= ENDINGS)
            for word in self.english
        )


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
def _worded() -> Mapping[str, Mapping[str, str]]:
    """English names and everyday words, for every section, every division and the common trades."""
    return {row["code"]: row for row in rows("industry_words.csv")}


def english_name(code: str) -> str | None:
    """The English name of a section or an industry; None where it has none of its own."""
    found = _worded().get(code)
    return found["name_en"] if found else None


def above(code: str) -> list[str]:
    """What an industry belongs to, nearest first: group, division, section."""
    found = [code[:length] for length in (3, 2) if length < len(code) and code[:length] in _all()]
    return [*found, _all()[code].parent]


def name_of(code: str, lang: str) -> str | None:
    """What an industry is called; in English with its code, and by what it belongs to where it has no name itself."""
    known = industries().get(code)
    if known is None or not lang.startswith("en"):
        return known.name if known else None
    own = english_name(code)
    return f"{code} {own or f'{_nearest(code)}: {known.name}'}"


def _nearest(code: str) -> str:
    return next(name for one in above(code) if (name := english_name(one)))


@cache
def _own(code: str) -> Words:
    worded = _worded().get(code)
    also = worded["also"].split(";") if worded else []
    english = " ".join([worded["name_en"] if worded else "", *(word for word in also if word.isascii())])
    chinese = tuple(word for word in also if not word.isascii())
    return Words(
        (_all()[code].name, *chinese), frozenset(re.findall(r"[a-z&]+", english.lower())) - {"and", "of"}
    )


@cache
def _steps(code: str) -> Sequence[Words]:
    """An industry's own words, then with those of its group, its division, its section."""
    found: list[Words] = []
    for one in (code, *above(code)):
        own = _own(one)
        before = found[-1] if found else Words((), frozenset())
        found.append(Words(before.texts + own.texts, before.english | own.english))
    return found


@lru_cache(maxsize=2048)
def search(text: str, limit: int = 20) -> Sequence[Code]:
    """Industries whose code starts with `text`, or whose own or inherited words hold each of its words or sound so.

    The one that is called exactly so comes first and what only its section is called so last; words before sounds,
    whole classes before groups, and those found by their own words before those that inherit them.
    """
    typed = text.strip().lower()
    wanted = re.findall(r"[a-z&]+|[^\sa-z&]+", typed)
    if not wanted:
        return ()
    sound = letters(typed)
    ranked = []
    for code, industry in industries().items():
        if _repeats_its_class(code) and not code.startswith(typed):
            continue
        step = 0 if code.startswith(typed) else _first_step(code, wanted)
        exact = step is not None and typed in _own(code).texts
        heard = step is None and sound != ""
        if heard:
            step, exact = _first_sound(code, sound)
        if step is not None:
            by_section = step == len(_steps(code)) - 1
            rank = (
                not exact or heard,
                heard and not exact,
                by_section,
                LEVELS[industry.level],
                step,
                len(industry.name),
                code,
            )
            ranked.append((rank, industry))
    return tuple(industry for _, industry in sorted(ranked, key=lambda pair: pair[0])[:limit])


def _repeats_its_class(code: str) -> bool:
    """Whether a group is nothing but its only class."""
    only = industries().get(f"{code}0")
    return only is not None and only.name == industries()[code].name


def _first_step(code: str, wanted: Sequence[str]) -> int | None:
    for step, words in enumerate(_steps(code)):
        if all(words.hold(word) for word in wanted):
            return step
    return None


def _first_sound(code: str, typed: str) -> tuple[int | None, bool]:
    """The first step of which a text is read so, and whether that is all of it: cy is all of 餐饮业."""
    first = None
    for step, own in enumerate(_sounds(code)):
        for sound in own:
            if typed in (sound.full, sound.initials):
                return step, True
            if first is None and sound.begins_with(typed):
                first = step
    return first, False


@cache
def _sounds(code: str) -> Sequence[Sequence[Sound]]:
    """How its texts are read, and those of what it belongs to; 业 at the end may be left out."""
    return [
        [
            sound
            for text in _own(one).texts
            if (read := sounds().get(text)) is not None
            for sound in (read, *([Sound(read.full[:-2], read.initials[:-1])] if text[-1] == "业" else []))
        ]
        for one in (code, *above(code))
    ]
