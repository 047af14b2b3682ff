"""Random rules and facts for property tests, over a handful of facts of every type.

Constants come from short lists, so that rules meet their own thresholds often, and `grid` holds for each fact a value
in every cell those constants can cut: running over it is running over every completion that matters.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from decimal import Decimal

from hypothesis import strategies as st

from eligibility import Facts
from eligibility.syntax import And, Arith, Call, Compare, In, ListOf, Literal, Node, Not, Or, Ref
from eligibility.unparse import to_cel

INTS = (5, 10, 20)
DECIMALS = (Decimal("5.5"), Decimal("20.0"))
DAYS = (dt.date(2020, 2, 26), dt.date(2020, 6, 30))
PROVINCES = ("370000", "420000")
TARIFFS = ("general_commercial", "large_industrial", "residential", "agricultural")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")

GRID: Mapping[str, tuple[object, ...]] = {
    "employees_end": (4, 5, 6, 9, 10, 11, 19, 20, 21),
    "layoff_rate_pct": (Decimal(5), Decimal("5.5"), Decimal(6), Decimal(20), Decimal(21)),
    "loan_start_date": (
        None,
        *(day + dt.timedelta(days=n) for day in DAYS for n in (-1, 0, 1)),
    ),
    "province_code": ("370000", "420000", "110000"),
    "electricity_tariff_class": TARIFFS,
    "affected_by_epidemic": (True, False),
    "jobs_commitment": (True, False),
}

numbers = st.one_of(
    st.builds(
        Compare,
        st.sampled_from(COMPARISONS),
        st.just(Ref("employees_end")),
        st.sampled_from(INTS).map(Literal),
    ),
    st.builds(
        Compare,
        st.sampled_from(COMPARISONS),
        st.just(Ref("layoff_rate_pct")),
        st.sampled_from(DECIMALS).map(Literal),
    ),
    st.builds(
        Compare,
        st.sampled_from(COMPARISONS),
        st.sampled_from(DECIMALS).map(lambda d: Arith("+", Literal(d), Literal(0))),
        st.just(Ref("layoff_rate_pct")),
    ),
)
days = st.builds(
    Compare, st.sampled_from(COMPARISONS), st.just(Ref("loan_start_date")), st.sampled_from(DAYS).map(Literal)
)


def _list(values: tuple[str, ...]) -> st.SearchStrategy[ListOf]:
    return st.lists(st.sampled_from(values).map(Literal), min_size=1, max_size=3).map(
        lambda v: ListOf(tuple(v))
    )


words = st.one_of(
    st.builds(
        Compare,
        st.sampled_from(("==", "!=")),
        st.just(Ref("province_code")),
        st.sampled_from(PROVINCES).map(Literal),
    ),
    st.builds(In, st.just(Ref("electricity_tariff_class")), _list(TARIFFS)),
    st.builds(
        Compare,
        st.sampled_from(("==", "!=")),
        st.just(Ref("electricity_tariff_class")),
        st.sampled_from(TARIFFS).map(Literal),
    ),
    _list(("37", "42", "4200")).map(lambda prefixes: Call("within", (Ref("province_code"), prefixes))),
    st.sampled_from(("37", "42")).map(lambda p: Call("startsWith", (Ref("province_code"), Literal(p)))),
)
truths = st.sampled_from(("affected_by_epidemic", "jobs_commitment")).map(Ref)
leaves = st.one_of(numbers, days, words, truths)


def _flat(kind: type[And] | type[Or], parts: list[Node]) -> Node:
    found: list[Node] = []
    for part in parts:
        found.extend(part.children() if isinstance(part, kind) else (part,))
    return kind(tuple(found))


def _branch(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=4)
    return st.one_of(
        several.map(lambda parts: _flat(And, parts)),
        several.map(lambda parts: _flat(Or, parts)),
        inner.map(Not),
        st.tuples(st.integers(1, 2), several).map(
            lambda pair: Call("at_least", (Literal(pair[0]), ListOf(tuple(pair[1]))))
        ),
    )


conditions: st.SearchStrategy[Node] = st.recursive(leaves, _branch, max_leaves=9)


@st.composite
def partial_facts(draw: st.DrawFn, unknown: int = 4) -> Facts:
    """Facts of the grid with at most `unknown` of them left unknown."""
    left_out = draw(st.sets(st.sampled_from(sorted(GRID)), max_size=unknown))
    return Facts(
        {name: draw(st.sampled_from(values)) for name, values in GRID.items() if name not in left_out}
    )


def completions(facts: Facts, names: frozenset[str]) -> Iterator[Facts]:
    """Every way to fill in those of `names` that are unknown."""
    unknown = [name for name in sorted(GRID) if name in names and name not in facts]
    for values in itertools.product(*(GRID[name] for name in unknown)):
        yield facts.replace(**dict(zip(unknown, values, strict=True)))


# Wider: everything the language has, over more facts; too many completions for brute force, for comparing machines.
INDUSTRY_CODES = ("3311", "6210", "5121", "7010", "7040", "8310", "0111", "7231", "70", None)
WIDE: Mapping[str, tuple[object, ...]] = {
    **GRID,
    "industry_code": INDUSTRY_CODES,
    "city_code": ("370100", "420100", "110100"),
    "employees_annual_avg": (0, 4, 5, 10, 20, 300, None),
    "operating_revenue_yuan": (
        Decimal(0), Decimal(3_000_000), Decimal("2999999.99"), Decimal("1000.5"), Decimal(400_000_000), None,
    ),
    "total_assets_yuan": (Decimal(0), Decimal(80_000_000), Decimal(1_200_000_000), None),
    "is_restricted_industry": (True, False),
}  # fmt: skip
SIZES = ("micro", "small", "medium", "large", "not_covered")


def _texts(values: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(
        lambda found: "[" + ", ".join(f'"{v}"' for v in found) + "]"
    )


_ops = st.sampled_from(COMPARISONS)
_whole = st.sampled_from(("employees_end", "employees_annual_avg"))
_terms = st.recursive(
    st.one_of(_whole, st.integers(-3, 25).map(str)),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(("+", "-", "*")), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, st.sampled_from(("2", "3", "-4"))).map(lambda t: f"({t[0]} / {t[1]})"),
        st.tuples(st.sampled_from(("min", "max")), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
    ),
    max_leaves=3,
)
_wide_leaves = st.one_of(
    leaves.map(to_cel),
    _texts(SIZES).map(lambda t: f"sme_size in {t}"),
    st.tuples(st.sampled_from(("==", "!=")), st.sampled_from(SIZES)).map(lambda t: f'sme_size {t[0]} "{t[1]}"'),
    _texts(("33", "331", "62", "70", "701", "01")).map(lambda t: f"within(industry_code, {t})"),
    st.sampled_from(('industry_code == "3311"', 'industry_code != "7010"', 'city_code in ["370100", "420100"]')),
    _texts(("3701", "42", "4201", "11")).map(lambda t: f"within(city_code, {t})"),
    st.tuples(_terms, _ops, _terms).map(lambda t: f"{t[0]} {t[1]} {t[2]}"),
    st.tuples(_ops, st.integers(-2, 6)).map(
        lambda t: f'months_between(date("2020-01-31"), loan_start_date) {t[0]} {t[1]}'
    ),
    st.tuples(_ops, st.sampled_from(("3000000", "400000000", "1000.5", "2999999.99"))).map(
        lambda t: f"operating_revenue_yuan {t[0]} {t[1]}"
    ),
    st.sampled_from(
        ("is_restricted_industry == affected_by_epidemic", "operating_revenue_yuan > total_assets_yuan * 2",
         "operating_revenue_yuan / 3 >= 1000000.5", "employees_end in [5, 9, 10]", "true", "false")
    ),
)  # fmt: skip
wide_rules: st.SearchStrategy[str] = st.recursive(
    _wide_leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: "(" + " && ".join(parts) + ")"),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: "(" + " || ".join(parts) + ")"),
        inner.map(lambda part: f"!({part})"),
        st.tuples(st.integers(1, 2), st.lists(inner, min_size=2, max_size=4)).map(
            lambda t: f"at_least({t[0]}, [{', '.join(t[1])}])"
        ),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
    ),
    max_leaves=8,
)


@st.composite
def wide_facts(draw: st.DrawFn, unknown: int = 8) -> Facts:
    """Facts of the wider grid with at most `unknown` of them left unknown."""
    left_out = draw(st.sets(st.sampled_from(sorted(WIDE)), max_size=unknown))
    return Facts({n: draw(st.sampled_from(values)) for n, values in WIDE.items() if n not in left_out})
