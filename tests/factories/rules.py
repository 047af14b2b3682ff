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
