"""The synthetic workload of the figures: 25 facts, about 6.3 conditions a rule, about 1.3% of the rules matching.

Written as rule texts and plain facts over the shipped vocabulary, drawn from a seed, so that every rival gets the same.
"""

from __future__ import annotations

import datetime as dt
import functools
import random
from collections.abc import Mapping
from decimal import Decimal

from eligibility import Rule, Vocabulary, parse
from eligibility.vocabulary import Fact, all_codes

WORDS = Vocabulary.shipped()
REGIONS = sorted(all_codes("regions.province"))
CITIES = sorted(all_codes("regions.city"))
INDUSTRIES = [code for code in all_codes("industries") if len(code) == 4]
DIVISIONS = sorted({code[:2] for code in INDUSTRIES})


@functools.cache
def facts_used() -> tuple[str, ...]:
    """25 facts: region, city, industry, the entity type, and others of every type in the order of the vocabulary."""
    chosen = ["province_code", "city_code", "industry_code", "entity_type"]
    wanted = {"int": 5, "money": 5, "decimal": 2, "date": 2, "enum": 3, "bool": 4}
    for fact in WORDS.given:
        if fact.name not in chosen and wanted.get(fact.type, 0) > 0:
            wanted[fact.type] -= 1
            chosen.append(fact.name)
    return tuple(chosen)


def rule_text(draw: random.Random) -> str:
    """One rule: mostly scoped by region and industry, some by neither, then numbers, days, words and flags."""
    parts = []
    scope = draw.random()
    if scope < 0.45:
        prefixes = ", ".join(f'"{r[:2]}"' for r in draw.sample(REGIONS, draw.randint(1, 6)))
        parts.append(f"within(province_code, [{prefixes}])")
    elif scope < 0.60:
        parts.append(f'within(city_code, ["{draw.choice(CITIES)[:4]}"])')
    if draw.random() < 0.6:
        prefixes = ", ".join(f'"{d}"' for d in draw.sample(DIVISIONS, draw.randint(2, 12)))
        parts.append(f"within(industry_code, [{prefixes}])")
    names = [n for n in facts_used() if WORDS.facts[n].type != "code"]
    for name in draw.sample(names, draw.choice((3, 4, 5, 6, 7))):
        parts.append(condition(name, draw))
    if draw.random() < 0.1:
        other = draw.choice(names)
        parts[-1] = f"({parts[-1]} || {condition(other, draw)})"
    return " && ".join(parts)


def condition(name: str, draw: random.Random) -> str:
    """A comparison with one of a few hundred thresholds."""
    fact = WORDS.facts[name]
    if fact.type == "bool":
        return name if draw.random() < 0.7 else f"!{name}"
    if fact.type == "enum":
        some = draw.sample(fact.allowed, max(1, len(fact.allowed) // 2 + draw.randint(0, 1)))
        return f"{name} in [{', '.join(repr(s) for s in some)}]"
    if fact.type == "date":
        return f'{name} {draw.choice(("<=", ">="))} date("{day(draw)}")'
    op = draw.choice(("<=", "<", ">=", ">"))
    return f"{name} {op} {number(fact, draw)}"


def number(fact: Fact, draw: random.Random) -> str:
    """A value of a number; thresholds and enterprises draw from the same."""
    if fact.type == "int":
        return str(draw.randrange(0, 400))
    if fact.type == "money":
        return str(draw.randrange(0, 300) * 100_000)
    return f"{draw.randrange(0, 400) / (400 if fact.maximum == 1 else 4)}"


def day(draw: random.Random) -> dt.date:
    return dt.date(2018, 1, 1) + dt.timedelta(days=draw.randrange(0, 1200))


@functools.cache
def rules(count: int, seed: int = 7) -> Mapping[str, Rule]:
    """`count` rules, parsed."""
    draw = random.Random(seed)
    return {f"R{n}": parse(rule_text(draw), WORDS) for n in range(count)}


def enterprise(draw: random.Random, unknown: float = 0.0, without: tuple[str, ...] = ()) -> dict[str, object]:
    """Facts of one enterprise; each is left out with the chance `unknown`."""
    city = draw.choice(CITIES)
    found: dict[str, object] = {
        "province_code": city[:2] + "0000",
        "city_code": city,
        "industry_code": draw.choice(INDUSTRIES),
    }
    for name in facts_used():
        fact = WORDS.facts[name]
        if fact.type == "bool":
            found[name] = draw.random() < 0.6
        elif fact.type == "enum":
            found[name] = draw.choice(fact.allowed)
        elif fact.type == "date":
            found[name] = day(draw)
        elif fact.type == "int":
            found[name] = int(number(fact, draw))
        elif fact.type in ("money", "decimal"):
            found[name] = Decimal(number(fact, draw))
    return {n: v for n, v in found.items() if n not in without and draw.random() >= unknown}


def enterprises(
    count: int, seed: int = 11, unknown: float = 0.0, without: tuple[str, ...] = ()
) -> list[dict[str, object]]:
    """`count` enterprises."""
    draw = random.Random(seed)
    return [enterprise(draw, unknown, without) for _ in range(count)]
