"""The check's questions always end, and end where the plain match does, in whatever order and with whatever answers."""

import datetime as dt
import random
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility import Facts, Status, Vocabulary, evaluate, parse
from eligibility.advise import Candidate
from eligibility.benefit import Benefit
from marketplace.portal.interview import Catalogue, Offer, Standing, standing
from marketplace.portal.questions import askable
from marketplace.shipped import DATA, in_force, shipped_policies
from tests.factories.examples import examples

DAY = dt.date(2020, 4, 15)
WORDS = Vocabulary.shipped()
CASES = Path(__file__).parents[1] / "fixtures" / "cases" / "enterprises.yaml"
WHOLE = [
    Facts.from_json(case["facts"])
    for case in yaml.safe_load(CASES.read_text(encoding="utf-8"))["enterprises"]
]


def catalogue() -> Catalogue:
    """The shipped policies in force and the shipped products."""
    policies = [
        Offer(
            Candidate.of(
                p["id"], parse(p["rule"], WORDS), Benefit.from_json(p["benefit"], WORDS), p["exclusions"]
            ),
            True,
        )
        for p in shipped_policies()
        if in_force(p, DAY)
    ]
    listed = yaml.safe_load((DATA / "products.yaml").read_text(encoding="utf-8"))["products"]
    products = [Offer(Candidate.of(p["id"], parse(p["rule"], WORDS), None, ()), False) for p in listed]
    return Catalogue((*policies, *products), DAY)


CATALOGUE = catalogue()
MAYBE = st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])


def a_round(draw: random.Random, unknown: float) -> tuple[Standing, list[str]]:
    """A whole round with the answers of enterprises drawn at random, this share of them not known."""
    known, asked = Facts(), list[str]()
    for _ in range(len(askable()) + 1):
        now = standing(CATALOGUE, known)
        page = now.next_page(asked)
        if page is None:
            return now, asked
        shown = page.facts if page.kind in ("single", "place") else [f for f in page.facts if f in now.votes]
        assert any(fact not in asked for fact in shown), f"{page.name} is asked again for nothing new"
        asked += [fact for fact in shown if fact not in asked]
        known = known.replace(
            **{fact: draw.choice(WHOLE)[fact] for fact in shown if draw.random() >= unknown}
        )
    raise AssertionError("more pages than there are facts")


@settings(max_examples=examples(12))
@given(st.randoms(use_true_random=False), MAYBE)
def test_a_round_ends_within_the_number_of_facts_and_leaves_open_only_what_nobody_knew(
    draw: random.Random, unknown: float
) -> None:
    end, asked = a_round(draw, unknown)
    assert len(asked) == len(set(asked)) <= len(askable())
    for offer in CATALOGUE.offers:
        verdict = end.verdicts[offer.id]
        if verdict.status is Status.UNDETERMINED:
            assert set(verdict.missing) & set(askable()) <= set(asked)
    if unknown == 0:
        assert end.counted(Status.UNDETERMINED) == 0


@settings(max_examples=examples(10))
@given(st.sampled_from(WHOLE))
def test_answering_all_that_is_asked_gives_the_verdicts_of_everything_known(truth: Facts) -> None:
    known, asked = Facts(), list[str]()
    while (page := standing(CATALOGUE, known).next_page(asked)) is not None:
        asked += page.facts
        known = known.replace(**{fact: truth[fact] for fact in page.facts})
    end = standing(CATALOGUE, known)
    whole = truth.on(DAY, WORDS)
    for offer in CATALOGUE.offers:
        assert end.verdicts[offer.id].status is evaluate(offer.candidate.rule, whole).status, offer.id
    assert end.certain == standing(CATALOGUE, truth).certain


@settings(max_examples=examples(10))
@given(st.sampled_from(WHOLE), st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_neither_verdicts_nor_money(truth: Facts, draw: random.Random) -> None:
    names = draw.sample(sorted(truth), 30)
    one, other = Facts(), Facts()
    for name in names:
        one = one.replace(**{name: truth[name]})
    for name in sorted(names):
        other = other.replace(**{name: truth[name]})
    standing.cache_clear()
    first = standing(CATALOGUE, one)
    standing.cache_clear()
    second = standing(CATALOGUE, other)
    assert first is not second
    assert first.verdicts == second.verdicts
    assert (first.certain, first.perhaps) == (second.certain, second.perhaps)
    assert first.next_page([]) == second.next_page([])


def test_what_is_already_known_is_not_asked_for() -> None:
    truth = WHOLE[0]
    assert not standing(CATALOGUE, truth).votes.keys() & truth.keys()
    first = standing(CATALOGUE, Facts()).next_page([])
    assert first is not None
    answered = Facts().replace(**{fact: truth[fact] for fact in first.facts})
    second = standing(CATALOGUE, answered).next_page([])
    assert second is not None
    assert second.name != first.name


def test_a_policy_that_cannot_be_judged_is_left_out_and_the_others_stay() -> None:
    broken = Offer(Candidate("BROKEN", None, None), True)  # type: ignore[arg-type]
    found = standing(Catalogue((broken, *CATALOGUE.offers[:3]), DAY), Facts())
    assert "BROKEN" not in found.verdicts
    assert len(found.verdicts) == 3
