"""Industries by GB/T 4754-2017 code: what they are called in each language, and finding one's own by everyday words.

An industry is found by its own names and by those of what it belongs to: 餐饮 finds 正餐服务, and so does "restaurant",
because nobody knows what a standard calls his shop.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

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


def search(text: str, limit: int = 20) -> Sequence[Code]:
    """Industries whose code starts with `text`, or whose own or inherited words hold each of its words.

    The one that is called exactly so comes first and what only its section is called so last; whole classes before
    groups, and those found by their own words before those that inherit them.
    """
    typed = text.strip().lower()
    wanted = re.findall(r"[a-z&]+|[^\sa-z&]+", typed)
    if not wanted:
        return []
    ranked = []
    for code, industry in industries().items():
        step = 0 if code.startswith(typed) else _first_step(code, wanted)
        if step is not None:
            exact = typed in _own(code).texts
            by_section = step == len(_steps(code)) - 1
            rank = (not exact, by_section, LEVELS[industry.level], step, len(industry.name), code)
            ranked.append((rank, industry))
    return [industry for _, industry in sorted(ranked, key=lambda pair: pair[0])][:limit]


def _first_step(code: str, wanted: Sequence[str]) -> int | None:
    for step, words in enumerate(_steps(code)):
        if all(words.hold(word) for word in wanted):
            return step
    return None
