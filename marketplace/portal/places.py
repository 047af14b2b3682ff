"""Finding where a business is: provinces, cities and counties by name, pinyin, English name or code.

A county says its city and a city its province, so one field is enough, and they may be named before it (山东济南,
Shandong Jinan) or after it (Jinan, Shandong). What is typed and fits several places is never guessed about, they are
offered.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from marketplace.portal.codes import HOME_PROVINCE, english_regions, regions
from marketplace.portal.pinyin import Sound, letters, sounds
from marketplace.portal.reference import Code

LEVELS: Mapping[str, int] = {"province": 0, "city": 1, "county": 2}
MOST = 20
DIRECT = "直辖县级行政区划"
"""What a province holds directly is a line of its own in the standard, and nothing a county is told to lie in."""
READ = {"省": "sheng", "市": "shi", "县": "xian", "区": "qu", "旗": "qi", "盟": "meng"}
ENDINGS = re.compile(
    "(?<=..)(特别行政区|自治州|自治县|自治旗|地区|林区|新区|矿区|省|市|区|县|旗|盟)$|"
    "(壮族|回族|维吾尔)?自治区$"
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a place says of the facts. city: None where a province has several and none is named."""

    code: str
    province: str
    city: str | None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A region as it is searched. full, initials: how its name is read, whole and without 省, 市, 县 or 区."""

    region: Code
    names: frozenset[str]
    path: str
    full: tuple[str, str]
    initials: tuple[str, str]
    english: str
    in_home: bool

    @property
    def said(self) -> frozenset[str]:
        """Every way its own name is said before that of a place within it."""
        return self.names | {*self.full, _compact(self.english)} - {""}


def place_of(code: str) -> Place | None:
    """The place of a region's code; None for one that is no province, city or county."""
    found = regions().get(code)
    if found is None or found.level not in LEVELS:
        return None
    if found.level == "province":
        return Place(code, code, _only_city(code))
    city = code if found.level == "city" else found.parent
    return Place(code, regions()[city].parent, city)


@cache
def _only_city(province: str) -> str | None:
    below = [region.code for region in regions().values() if region.parent == province]
    return below[0] if len(below) == 1 else None


def label(code: str, lang: str) -> str:
    """A place with all it lies in: 山东省济南市章丘区, or "Zhangqiuqu 章丘区, Jinan, Shandong"; "" for no place."""
    parts = list(_upwards(code))
    if not lang.startswith("en"):
        return "".join(region.name for region in reversed(parts))
    return ", ".join(_english(region) for region in parts)


def _upwards(code: str) -> Iterator[Code]:
    """The region and what it lies in, without what merely repeats a name (北京市 in 北京市)."""
    found, before = regions().get(code), ""
    while found is not None and found.level in LEVELS:
        passed = found.code != code and found.name.endswith(DIRECT)
        if not (before and before.startswith(found.name)) and not passed:
            yield found
            before = found.name
        found = regions().get(found.parent)


def _english(region: Code) -> str:
    known = english_regions().get(region.code)
    if known:
        return known
    sound = sounds().get(region.name)
    return f"{sound.full.capitalize()} {region.name}" if sound else region.name


@cache
def _entries() -> Sequence[_Entry]:
    found = []
    for region in regions().values():
        place = place_of(region.code)
        above = regions().get(region.parent)
        if place is None or (above is not None and above.name == region.name):
            continue
        short = ENDINGS.sub("", region.name)
        sound = sounds().get(region.name) or Sound("", "")
        ending = _ending(region.name[len(short) :])
        found.append(
            _Entry(
                region,
                frozenset({region.name, short}),
                label(region.code, "zh-CN"),
                (sound.full, sound.full.removesuffix(ending.full)),
                (sound.initials, sound.initials.removesuffix(ending.initials)),
                english_regions().get(region.code, "").lower(),
                place.province == HOME_PROVINCE,
            )
        )
    return found


@lru_cache(maxsize=2048)
def search(text: str, limit: int = MOST) -> Sequence[Code]:
    """Places that may be meant: called exactly so first, then those that begin so; higher levels and the home
    province before others.
    """
    return tuple(region for _, region in _ranked(text)[:limit])


def _ranked(text: str) -> Sequence[tuple[int, Code]]:
    """Every place that may be meant with how well it fits, the likeliest first."""
    best: dict[str, tuple[int, _Entry]] = {}
    for typed in _ways_to_read(text):
        for entry, fit in [*_fitting(typed, _entries()), *_within(typed, _entries())]:
            if entry.region.code not in best or fit < best[entry.region.code][0]:
                best[entry.region.code] = fit, entry
    ranked = sorted(
        best.values(),
        key=lambda one: (one[0], LEVELS[one[1].region.level], not one[1].in_home, one[1].region.code),
    )
    return [(fit, entry.region) for fit, entry in ranked]


def _ways_to_read(text: str) -> Sequence[str]:
    """What was typed without spaces and commas, as it stands and with the smaller place named first."""
    parts = [part for part in re.split(r"[\s,，、/·-]+", text.lower()) if part]
    joined = ("".join(parts), "".join(reversed(parts)))
    return [typed for typed in dict.fromkeys(joined) if typed]


def _fitting(typed: str, entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, int]]:
    sound = letters(typed)
    for entry in entries:
        fit = _sounds_like(entry, sound) if sound else _reads_like(entry, typed)
        if fit is not None:
            yield entry, fit


def _within(typed: str, entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, int]]:
    """What is named after the province or the city it lies in."""
    for above in entries:
        below = _below().get(above.region.code)
        for said in above.said if below else ():
            if len(said) > 1 and typed.startswith(said) and len(typed) > len(said):
                rest = typed[len(said) :]
                yield from _fitting(rest, below or ())
                yield from _within(rest, below or ())


@cache
def _below() -> Mapping[str, Sequence[_Entry]]:
    """The places within each province and each city."""
    found: dict[str, list[_Entry]] = {}
    for entry in _entries():
        parent = regions().get(entry.region.parent)
        while parent is not None and parent.level in LEVELS:
            found.setdefault(parent.code, []).append(entry)
            parent = regions().get(parent.parent)
    return found


def _reads_like(entry: _Entry, typed: str) -> int | None:
    """How well a name or a code fits, 0 best; None where it does not."""
    if typed in entry.names or typed == entry.region.code:
        return 0
    if typed.isdigit():
        return 1 if entry.region.code.startswith(typed) else None
    if entry.region.name.startswith(typed):
        return 1
    return 2 if typed in entry.path else None


def _sounds_like(entry: _Entry, sound: str) -> int | None:
    """How well a sound, initials or an English name fits, 0 best; None where it does not."""
    english = _compact(entry.english)
    if sound in entry.full or sound == english:
        return 0
    if sound in entry.initials:
        return 1
    begins = (entry.full[0], entry.initials[0], english)
    return 2 if any(text.startswith(sound) for text in begins) else None


def _compact(english: str) -> str:
    return "".join(letter for letter in english if letter.isalpha())


def meant(text: str) -> Place | None:
    """The one place a text names: by its code, its label in either language, its name or its reading; or the only one
    that is left of all that may be meant.
    """
    typed = "".join(text.lower().split())
    code = _labels().get(typed)
    if code is None and typed.isdigit():
        code = typed
    if code is None:
        code = _only(region.code for region in _named(text))
    return place_of(code) if code else None


def _named(text: str) -> Sequence[Code]:
    """What is called just so; else whatever may be meant. An English name comes before counties that only sound so."""
    ranked = _ranked(text)
    whole = [region for fit, region in ranked if fit == 0]
    large = [region for region in whole if region.level != "county"]
    typed = _ways_to_read(text)
    if len(large) == 1 and _compact(english_regions().get(large[0].code, "").lower()) in typed:
        return large
    return whole or [region for _, region in ranked]


def _only(codes: Iterable[str]) -> str | None:
    found = list(codes)
    return found[0] if len(found) == 1 else None


def _ending(text: str) -> Sound:
    return Sound(
        "".join(READ[letter] for letter in text if letter in READ),
        "".join(READ[letter][0] for letter in text if letter in READ),
    )


@cache
def _labels() -> Mapping[str, str]:
    return {
        label(entry.region.code, lang).lower().replace(" ", ""): entry.region.code
        for lang in ("zh-CN", "en")
        for entry in _entries()
    }
