"""How many questions decide the policies in force: the check's order beside the vocabulary's, for each case enterprise.

Each enterprise answers with its true facts. A page counts once however many lines it has; facts are counted beside it,
because a list to tick asks for several with one glance.
"""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from eligibility import Facts, Status, Vocabulary, parse
from eligibility.advise import Candidate
from eligibility.benefit import Benefit
from eligibility.evaluate import exact
from marketplace.portal.interview import Catalogue, Offer, Standing, standing
from marketplace.portal.questions import Question, askable, page_of, single
from marketplace.shipped import DATA, in_force, shipped_policies

TITLE = "Questions until the pack is decided"
DAY = dt.date(2020, 4, 15)
SHARE = 0.9
CASES = Path(__file__).parents[1] / "tests" / "fixtures" / "cases" / "enterprises.yaml"
Pick = Callable[[Standing, Sequence[str]], Question | None]


@dataclass(frozen=True, slots=True)
class Walk:
    """One enterprise's check: pages and facts until the share is decided, pages until nothing is left, ms a page."""

    pages: int
    facts: int
    to_the_end: int
    times: tuple[float, ...]


def measure() -> str:
    """A Markdown table. Raises AssertionError where the verdicts at the end are not those of the whole enterprise."""
    catalogue = shipped_catalogue()
    data = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    whole = [Facts.from_json(case["facts"]) for case in data["enterprises"]]
    rows = [
        ("the check: most votes, lists to tick", most_votes),
        ("the same, every fact a page of its own", most_votes_alone),
        ("vocabulary order, leaving out what is decided", vocabulary_order_needed),
        ("vocabulary order", vocabulary_order),
    ]
    policies = sum(offer.is_policy for offer in catalogue.offers)
    lines = [
        f"## {TITLE}",
        "",
        f"{len(whole)} complete enterprises answer truly; {policies} policies in force on {DAY} and "
        f"{len(catalogue.offers) - policies} bank products are asked about. Counted are the pages until {SHARE:.0%} of "
        "the policies are decided, the facts asked for on them, the pages until nothing is left to ask (products and "
        "amounts included), and the time to judge everything and choose the next page, nothing remembered of others.",
        "",
        f"| order | pages to {SHARE:.0%}, mean | worst | facts, mean | pages to the end, mean | worst | p95 ms |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, pick in rows:
        walks = [walk(catalogue, facts, pick) for facts in whole]
        times = sorted(t for one in walks for t in one.times)
        lines.append(
            f"| {name} | {statistics.mean(w.pages for w in walks):.1f} | {max(w.pages for w in walks)} | "
            f"{statistics.mean(w.facts for w in walks):.1f} | {statistics.mean(w.to_the_end for w in walks):.1f} | "
            f"{max(w.to_the_end for w in walks)} | {times[int(len(times) * 0.95)]:.1f} |"
        )
    return "\n".join(lines)


def shipped_catalogue() -> Catalogue:
    """The shipped policies in force and the shipped products, without a database."""
    words = Vocabulary.shipped()
    offers = [
        Offer(
            Candidate.of(
                policy["id"],
                parse(policy["rule"], words),
                Benefit.from_json(policy["benefit"], words),
                policy["exclusions"],
                (policy.get("relations") or {}).get("implements") or (),
            ),
            True,
        )
        for policy in shipped_policies()
        if in_force(policy, DAY)
    ]
    listed = yaml.safe_load((DATA / "products.yaml").read_text(encoding="utf-8"))["products"]
    offers += [Offer(Candidate.of(p["id"], parse(p["rule"], words), None, ()), False) for p in listed]
    return Catalogue(tuple(offers), DAY)


def walk(catalogue: Catalogue, truth: Facts, pick: Pick) -> Walk:
    """Ask one enterprise until nothing is left to ask."""
    known, asked, reached, times = Facts(), list[str](), None, list[float]()
    pages = 0
    standing.cache_clear()
    exact.cache_clear()
    while True:
        begun = time.perf_counter()
        now = standing(catalogue, known)
        page = pick(now, asked)
        times.append((time.perf_counter() - begun) * 1000)
        open_ = now.counted(Status.UNDETERMINED)
        decided = now.counted(Status.ELIGIBLE) + now.counted(Status.INELIGIBLE)
        if reached is None and decided >= SHARE * (decided + open_):
            reached = pages, len(asked)
        if page is None:
            break
        pages += 1
        for fact in facts_on(page, now):
            asked.append(fact)
            known = known.replace(**{fact: truth[fact]}) if fact in truth else known
    whole = standing(catalogue, truth)
    assert {i: v.status for i, v in now.verdicts.items()} == {i: v.status for i, v in whole.verdicts.items()}
    assert reached is not None
    return Walk(reached[0], reached[1], pages, tuple(times))


def facts_on(page: Question, now: Standing) -> Sequence[str]:
    """The facts a page asks for: of a list, the lines something still hangs on."""
    if page.kind in ("single", "place"):
        return page.facts
    return [fact for fact in page.facts if fact in now.votes]


def most_votes(now: Standing, asked: Sequence[str]) -> Question | None:
    """The order of the check itself."""
    return now.next_page(asked)


def most_votes_alone(now: Standing, asked: Sequence[str]) -> Question | None:
    """The same votes, with every fact but the place on a page of its own."""
    left = {fact: vote for fact, vote in now.votes.items() if fact not in asked}
    return alone(max(left, key=lambda fact: left[fact])) if left else None


def vocabulary_order_needed(now: Standing, asked: Sequence[str]) -> Question | None:
    """The vocabulary's next fact that something waits for."""
    return next((alone(fact) for fact in askable() if fact in now.votes and fact not in asked), None)


def vocabulary_order(now: Standing, asked: Sequence[str]) -> Question | None:
    """The vocabulary's next fact, wanted or not, until nothing is open."""
    return next((alone(fact) for fact in askable() if fact not in asked), None) if now.votes else None


def alone(fact: str) -> Question:
    """A fact on a page of its own; a place is one question in every order."""
    return page_of(fact) if page_of(fact).kind == "place" else single(fact)
