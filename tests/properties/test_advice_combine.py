"""The best compatible set against every subset of claims and every way to share out the hires, and its sum."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility import Facts, Vocabulary, claims, evaluate, parse
from eligibility.advise import Candidate
from eligibility.advise_combine import Total, combine, total_worth
from eligibility.benefit import Benefit
from eligibility.claims import Claim, Conflict
from eligibility.syntax import Node
from eligibility.unparse import to_cel
from tests.factories.examples import examples
from tests.factories.rules import GRID, completions, conditions, partial_facts

VOCABULARY = Vocabulary.shipped()

# the best compatible set


@st.composite
def claimed(draw: st.DrawFn) -> tuple[list[Claim], list[Conflict], dict[str, int | None]]:
    ids = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True))
    found = [
        Claim(id, draw(st.integers(0, 6).map(Decimal)), draw(st.one_of(st.none(), st.integers(1, 3))))
        for id in ids
    ]
    pairs = draw(st.lists(st.sampled_from(list(itertools.combinations(ids, 2)) or [None]), unique=True))
    scopes = st.sampled_from(("enterprise", "hire", "asset", "year"))
    conflicts = [Conflict(*pair, draw(scopes)) for pair in pairs if pair is not None]
    return found, conflicts, {"hire": draw(st.one_of(st.none(), st.integers(1, 4)))}


def worths(some: Sequence[Claim], conflicts: Sequence[Conflict], hires: int | None) -> Iterator[Fraction]:
    """What a set of claims comes to for each way of sharing out the hires; none where it cannot be had together."""
    ids = {c.id: c for c in some}
    pairs = [c for c in conflicts if c.one in ids and c.other in ids]
    if any(c.per in ("enterprise", "year") for c in pairs):
        return
    # A pair whose own hires fit side by side, or of which nobody knows, keeps no one from anything.
    binding = [
        c
        for c in pairs
        if c.per == "hire"
        and hires is not None
        and (a := ids[c.one].units) is not None
        and (b := ids[c.other].units) is not None
        and a + b > hires
    ]
    sharing = sorted({id for c in binding for id in (c.one, c.other)})
    options = [
        [
            set(p)
            for n in range(1, (ids[id].units or 0) + 1)
            for p in itertools.combinations(range(hires or 0), n)
        ]
        for id in sharing
    ]
    for taken in itertools.product(*options):
        mine = dict(zip(sharing, taken, strict=True))
        if not any(mine[c.one] & mine[c.other] for c in binding):
            yield sum(
                (
                    Fraction(c.yuan) * (Fraction(len(mine[c.id]), c.units or 1) if c.id in mine else 1)
                    for c in some
                ),
                Fraction(0),
            )


def every_set(
    found: Sequence[Claim], conflicts: Sequence[Conflict], available: Mapping[str, int | None]
) -> dict[frozenset[str], Fraction]:
    subsets = (s for n in range(len(found) + 1) for s in itertools.combinations(found, n))
    hires = available["hire"]
    if hires is not None:  # one claim alone counts as many hires as it says
        named = {id for c in conflicts if c.per == "hire" for id in (c.one, c.other)}
        hires = max([hires, *(c.units or 0 for c in found if c.id in named)])
    best = {frozenset(c.id for c in s): max(worths(s, conflicts, hires), default=None) for s in subsets}
    return {ids: worth for ids, worth in best.items() if worth is not None}


@pytest.mark.parametrize("most_enumerated", [12, 0], ids=["by every subset", "by the solver"])
@settings(max_examples=examples(120))
@given(case=claimed())
def test_the_best_set_is_worth_as_much_as_any_that_may_be_had_together(
    most_enumerated: int, case: tuple[list[Claim], list[Conflict], dict[str, int | None]]
) -> None:
    found, conflicts, available = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claims, "MOST_ENUMERATED", most_enumerated)
        best = combine(found, conflicts, available)
    every = every_set(found, conflicts, available)
    assert abs(Fraction(best.yuan) - max(every.values())) <= Fraction(1, 200)
    assert every[frozenset(best.chosen)] == max(every.values())
    other = {ids: worth for ids, worth in every.items() if not ids <= set(best.chosen)}
    if best.runner_up is None or best.runner_up_yuan is None:
        assert other == {}
    else:
        assert every[frozenset(best.runner_up)] == max(other.values())
        assert abs(Fraction(best.runner_up_yuan) - max(other.values())) <= Fraction(1, 200)
    for left in best.left_out:
        instead = max(worth for ids, worth in every.items() if left.id in ids)
        assert abs(Fraction(left.gives_up) - (max(every.values()) - instead)) <= Fraction(1, 200)
        assert left.because


@settings(max_examples=examples(40))
@given(claimed())
def test_the_solver_and_every_subset_choose_the_same(
    case: tuple[list[Claim], list[Conflict], dict[str, int | None]],
) -> None:
    chosen = []
    for most_enumerated in (12, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(claims, "MOST_ENUMERATED", most_enumerated)
            found = combine(*case)
            chosen.append((found.chosen, found.yuan, found.runner_up, found.runner_up_yuan, found.left_out))
    assert chosen[0] == chosen[1]


# the sum over the best compatible set

AMOUNTS = (
    None,
    "100.0",
    "employees_end * 10.0",
    "min(150, layoff_rate_pct * 20.0)",
    "affected_by_epidemic ? 90.0 : employees_end >= 10 ? 60.0 : 0.0",
)


@settings(max_examples=examples(60))
@given(
    st.lists(
        st.tuples(
            conditions, st.sampled_from(AMOUNTS), st.booleans(), st.sets(st.sampled_from("0123"), max_size=2)
        ),
        min_size=1,
        max_size=4,
    ),
    partial_facts(2),
)
def test_the_total_is_never_less_or_more_than_its_ends_say(
    policies: list[tuple[Node, str | None, bool, set[str]]], facts: Facts
) -> None:
    every = []
    for at, (tree, amount, at_most, others) in enumerate(policies):
        benefit = Benefit.from_json({"type": "subsidy", "amount": amount, "at_most": at_most})
        every.append(Candidate.of(str(at), parse(to_cel(tree), VOCABULARY), benefit, sorted(others)))

    def total(known: Facts) -> Total:
        return total_worth([(c, evaluate(c.rule, known).status) for c in every], known)

    found = total(facts)
    names = frozenset(GRID) if len(GRID) - len(facts) <= 2 else frozenset[str]()
    for full in itertools.islice(completions(facts, names), 60):
        then = total(full)
        assert then.most is not None
        assert found.least <= then.least
        assert found.most is None or then.most <= found.most
    chosen = set(found.surely.chosen)
    assert not any(
        e.other in chosen and c.id in chosen and e.other != c.id for c in every for e in c.exclusions
    )
