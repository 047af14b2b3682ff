"""Names of regions by code, and how codes are read out in sentences.

Read once from the shipped reference lists: they are the same rows the database is seeded with, change with a
release and are asked on every page.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from marketplace.portal.industries import name_of
from marketplace.portal.reference import Code, rows

HOME_PROVINCE = "370000"
UNNAMED: Mapping[str, str] = {"市辖区": "", "县": "（各县）"}


@cache
def regions() -> Mapping[str, Code]:
    """Nation, provinces, cities and counties by GB/T 2260 code."""
    listed = {row["code"]: row for row in rows("regions.csv")}
    return {
        code: Code(code, _spoken(row["name_zh"], listed.get(row["parent"])), row["level"], row["parent"])
        for code, row in listed.items()
    }


def _spoken(name: str, above: Mapping[str, str] | None) -> str:
    """The standard calls what lies under a municipality 市辖区 or 县; people say the municipality's name."""
    if above is None or name not in UNNAMED:
        return name
    return f"{above['name_zh']}{UNNAMED[name]}"


@cache
def provinces() -> Sequence[Code]:
    """Every province, the home province first."""
    found = [region for region in regions().values() if region.level == "province"]
    return sorted(found, key=lambda region: (region.code != HOME_PROVINCE, region.code))


@cache
def cities() -> Sequence[tuple[Code, Sequence[Code]]]:
    """Each province with its cities, the home province first."""
    below: dict[str, list[Code]] = {}
    for region in regions().values():
        if region.level == "city":
            below.setdefault(region.parent, []).append(region)
    return [(province, below[province.code]) for province in provinces() if province.code in below]


def is_region(code: str, level: str) -> bool:
    """Whether there is a region of this level (province, city) with this code."""
    found = regions().get(code)
    return found is not None and found.level == level


def province_of(city: str) -> str | None:
    """The province a city code lies in."""
    found = regions().get(city)
    return found.parent if found and found.level == "city" else None


@cache
def english_regions() -> Mapping[str, str]:
    """English names of the nation, the provinces and the home province's cities; others have none here.

    A municipality is called the same as the city it is.
    """
    known = {row["code"]: row["name_en"] for row in rows("regions_en.csv")}
    municipal = {
        region.code: known[region.parent]
        for region in regions().values()
        if region.level == "city" and region.name == regions()[region.parent].name
    }
    return {**municipal, **known}


def namer(lang: str) -> Callable[[str, str], str | None]:
    """How codes are read out in a language: (fact, code) -> name, or None where there is none."""
    return _named_en if lang.startswith("en") else _named_zh


def named(region: Code, lang: str) -> str:
    """A region's name; the Chinese one where there is no English one."""
    return english_regions().get(region.code, region.name) if lang.startswith("en") else region.name


def _named_zh(fact: str, code: str) -> str | None:
    if fact in ("province_code", "city_code"):
        found = regions().get(code)
        return found.name if found else None
    return name_of(code, "zh-CN") if fact == "industry_code" else None


def _named_en(fact: str, code: str) -> str | None:
    if fact == "industry_code":
        return name_of(code, "en")
    return english_regions().get(code) or _named_zh(fact, code)
