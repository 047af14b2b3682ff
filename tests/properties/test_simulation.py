"""What a simulation counts is what judging every enterprise by the reference, one after the other, counts.

The slow and obvious simulation stands here; the engine's counts the same piece by piece, with the reference for small
pieces and with the columns for large ones.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility import Facts, Rule, evaluate, parse
from eligibility.benefit import Formula, compute, parse_formula
from eligibility.columns import Columns
from eligibility.derive import possible_sizes
from eligibility.simulate import (
    GAIN,
    GROUPS,
    INDUSTRY,
    KEPT_AFTER,
    KEPT_BEFORE,
    LOSE,
    MOVED,
    REGION,
    SIZE,
    VERDICTS,
    Change,
    Tally,
    Text,
    moves,
    tally,
)
from eligibility.simulate_amounts import Money
from tests.factories.examples import examples
from tests.factories.populations import VOCABULARY, population
from tests.factories.rules import WIDE, wide_rules

DAY = date(2020, 4, 15)
ALL, NONE = 10**9, 0
FORMULAS = (
    "12000.0",
    "operating_revenue_yuan * 0.0333",
    "min(500000, operating_revenue_yuan * 0.30)",
    "(total_assets_yuan - operating_revenue_yuan) / 7",
    "hires_key_group * 6000.0",
    'sme_size == "micro" ? operating_revenue_yuan * 0.01 : 250.0',
    "max(0, employees_end - 5) * 100.555",
    "operating_revenue_yuan * operating_revenue_yuan * operating_revenue_yuan",
)
seeds = st.integers(0, 1_000_000)
versions = st.none() | st.tuples(wide_rules, st.none() | st.sampled_from(FORMULAS))


@dataclass
class Slow:
    """The same by the reference, one enterprise after the other."""

    pairs: Counter[int] = field(default_factory=Counter)
    groups: dict[str, Counter[tuple[str, int]]] = field(
        default_factory=lambda: {name: Counter() for name in GROUPS}
    )
    money: dict[str, Money] = field(default_factory=dict)
    spread: dict[str, dict[str, dict[str, Money]]] = field(default_factory=dict)


def slowly(enterprises: Sequence[Facts], change: Change) -> Slow:
    """Who moves, in which groups, for how much."""
    found = Slow()
    for facts in enterprises:
        seen = facts.on(change.day, VOCABULARY)
        before, after = (
            2 if text is None else VERDICTS.index(evaluate(text.rule, seen).status)
            for text in (change.before, change.after)
        )
        pair = before * 3 + after
        found.pairs[pair] += 1
        for name, label in labels(facts).items():
            found.groups[name][label, pair] += 1
        for name, formula in given_to(change, before, after):
            money = amount(formula, seen)
            found.money[name] = found.money.get(name, Money()) + money
            for kind, label in labels(facts).items() if name in (GAIN, LOSE) else ():
                sums = found.spread.setdefault(name, {}).setdefault(kind, {})
                sums[label] = sums.get(label, Money()) + money
    return found


def labels(facts: Facts) -> dict[str, str]:
    sizes = possible_sizes(facts, VOCABULARY)
    return {
        REGION: str(facts.get("city_code") or facts.get("province_code") or ""),
        INDUSTRY: str(facts.get("industry_code") or "")[:2],
        SIZE: next(iter(sizes)) if len(sizes) == 1 else "",
    }


def given_to(change: Change, was: int, is_: int) -> list[tuple[str, Formula]]:
    before = change.before.amount if change.before else None
    after = change.after.amount if change.after else None
    if is_ == 0 and was != 0:
        return [(GAIN, after)] if after else []
    if was == 0 and is_ == 2:
        return [(LOSE, before)] if before else []
    if was == is_ == 0 and before and after and before.root != after.root:
        return [(KEPT_BEFORE, before), (KEPT_AFTER, after)]
    return []


def amount(formula: Formula, facts: Facts) -> Money:
    found = compute(formula, facts)
    fen = int((found.exact or Decimal(0)) * 100)
    known = not found.missing and abs(fen) < 1 << 62  # nobody is given more than that
    return Money(1, int(known), fen if known else 0)


def pieces(enterprises: Sequence[Facts], change: Change, few: int, size: int) -> Tally:
    """The engine's, a piece after the other."""
    found = Tally()
    for start in range(0, len(enterprises), size):
        piece = enterprises[start : start + size]
        found.add(tally(Columns.from_facts(piece, VOCABULARY), change, few=few))
    return found


def change_of(before: tuple[str, str | None] | None, after: tuple[str, str | None] | None) -> Change:
    texts = [
        None if v is None else Text(parse(v[0], VOCABULARY), parse_formula(v[1]) if v[1] else None)
        for v in (before, after)
    ]
    return Change(DAY, *texts)


def assert_same(found: Tally, slow: Slow, enterprises: int) -> None:
    assert found.rows == enterprises
    assert {at: n for at, n in enumerate(found.pairs.tolist()) if n} == dict(slow.pairs)
    for name in GROUPS:
        counted = {
            (label, at): n
            for label, pairs in found.groups[name].items()
            for at, n in enumerate(pairs.tolist())
            if n
        }
        assert counted == dict(slow.groups[name]), name
    assert found.money == slow.money
    spread = {
        name: {kind: {label: m for label, m in by.items() if m != Money()} for kind, by in kinds.items()}
        for name, kinds in found.spread.items()
    }
    assert spread == slow.spread
    for move in MOVED:
        shared = sum(found.alike[move].values())
        assert shared in {0, moves(found.pairs)[move]}


@settings(max_examples=examples(40))
@given(versions, versions, seeds)
def test_counts_what_the_reference_counts(
    before: tuple[str, str | None] | None, after: tuple[str, str | None] | None, seed: int
) -> None:
    change, enterprises = change_of(before, after), population(240, seed, WIDE, 0.3)
    slow = slowly(enterprises, change)
    for few, size in ((NONE, 240), (ALL, 100)):
        assert_same(pieces(enterprises, change, few, size), slow, len(enterprises))


@settings(max_examples=examples(20))
@given(wide_rules, seeds)
def test_a_text_that_stays_as_it_is_moves_nobody(rule: str, seed: int) -> None:
    change = change_of((rule, FORMULAS[1]), (rule, FORMULAS[1]))
    found = pieces(population(120, seed, WIDE), change, NONE, 120)
    assert {move: n for move, n in moves(found.pairs).items() if n} == {"same": 120}
    assert not any(found.alike[move] for move in MOVED)
    assert not found.money


def rule_of(text: str) -> Rule:
    return parse(text, VOCABULARY)


class TestProfiles:
    """What is told of those who move."""

    @pytest.mark.parametrize("few", [NONE, ALL])
    def test_say_only_what_the_two_rules_tell_apart(self, few: int) -> None:
        change = Change(
            DAY,
            Text(rule_of("employees_end <= 5")),
            Text(rule_of('employees_end <= 10 && within(city_code, ["3701"])')),
        )
        firms = [
            Facts({"employees_end": n, "city_code": city, "owner_age": 40 + n})
            for n, city in ((6, "370100"), (7, "370100"), (10, "370100"), (3, "370200"), (4, "110100"))
        ]
        found = pieces(firms, change, few, 5)
        told = {
            move: [(count, change.bands.told(profile)) for profile, count in found.alike[move].items()]
            for move in MOVED
        }
        band = {"is": "band", "low": {"value": 6, "within": True}, "high": {"value": 10, "within": True}}
        assert told["gain"] == [
            (3, [{"fact": "city_code", "is": "code", "value": "37"}, {"fact": "employees_end", **band}])
        ]
        few_staff = {"is": "band", "low": None, "high": {"value": 5, "within": True}}
        assert sorted(count for count, _ in told["lose"]) == [1, 1]
        assert {
            tuple(one.items())[1:] for _, facts in told["lose"] for one in facts if one["fact"] == "city_code"
        } == {(("is", "code"), ("value", code)) for code in ("37", "11")}
        assert all({"fact": "employees_end", **few_staff} in facts for _, facts in told["lose"])

    @pytest.mark.parametrize("few", [NONE, ALL])
    def test_name_the_size_class_instead_of_the_figures_behind_it(self, few: int) -> None:
        change = Change(DAY, None, Text(rule_of('sme_size == "micro" && affected_by_epidemic')))
        shop = {
            "industry_code": "6210",
            "employees_annual_avg": 5,
            "operating_revenue_yuan": Decimal(500_000),
        }
        found = pieces([Facts({**shop, "affected_by_epidemic": True}), Facts({**shop})], change, few, 2)
        told = {
            move: [change.bands.told(profile) for profile in found.alike[move]] for move in ("gain", "open")
        }
        micro = {"fact": "sme_size", "is": "value", "value": "micro"}
        assert told == {
            "gain": [[{"fact": "affected_by_epidemic", "is": "value", "value": True}, micro]],
            "open": [[{"fact": "affected_by_epidemic", "is": "unknown"}, micro]],
        }
