"""A tally as the document that is kept and shown: totals, groups, money and examples, none of which is of few.

Groups under LEAST enterprises are put together; a count under LEAST within a group is not told, nor one from which it
could be reckoned; sums of money and examples stand for at least LEAST enterprises.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eligibility.simulate import (
    GAIN,
    GROUPS,
    INDUSTRY,
    LOSE,
    MOVED,
    REGION,
    Change,
    Numbers,
    Tally,
    moves,
)
from eligibility.simulate_amounts import Money
from marketplace.portal import codes
from marketplace.portal.industries import industries

LEAST = 5
"""Enterprises below which nothing is told of a group."""
MOST_GROUPS = 30
EXAMPLES = 3
REST = "*"
"""The groups that are not told singly, together."""

Json = dict[str, Any]


def document(changes: Sequence[Change], tallies: Sequence[Tally]) -> Json:
    """What is kept of a simulation, day by day."""
    return {
        "least": LEAST,
        "days": [one_day(change, tally) for change, tally in zip(changes, tallies, strict=True)],
    }


def worst(tallies: Sequence[Tally]) -> tuple[int, int]:
    """Of all days, how many were eligible and how many of them are not any more, where that share is largest."""
    held = [int(tally.pairs[:3].sum()) for tally in tallies]
    lost = [int(tally.pairs[1:3].sum()) for tally in tallies]
    return max(zip(held, lost, strict=True), key=lambda day: (day[1] / day[0] if day[0] else 0, day[1]))


def one_day(change: Change, tally: Tally) -> Json:
    """One day's totals, groups, money and examples."""
    return {
        "day": change.day.isoformat(),
        "before": change.before is not None,
        "after": change.after is not None,
        "enterprises": tally.rows,
        "pairs": tally.pairs.tolist(),
        "moves": moves(tally.pairs),
        "money": {name: sum_of(money) for name, money in tally.money.items()},
        "groups": {name: groups(name, tally) for name in GROUPS},
        "examples": examples(change, tally),
    }


def sum_of(money: Money) -> Json:
    """A sum with how many it is of; `fen` is None where it would tell what somebody in particular is given."""
    return {
        "enterprises": money.enterprises,
        "known": money.known,
        "fen": money.fen if money.known >= LEAST else None,
    }


def examples(change: Change, tally: Tally) -> Json:
    """For each move the commonest profiles that enough enterprises share."""
    found = {}
    for move in MOVED:
        common = [(n, profile) for profile, n in tally.alike[move].items() if n >= LEAST]
        common.sort(key=lambda one: (-one[0], one[1]))
        found[move] = [
            {"count": count, "facts": change.bands.told(profile)} for count, profile in common[:EXAMPLES]
        ]
    return found


class Row:
    """A group's counts and sums."""

    def __init__(self, key: str) -> None:
        self.key, self.rows = key, 0
        self.counts: dict[str, int] = dict.fromkeys(MOVED, 0)
        self.money: dict[str, Money] = {}

    def add(self, pairs: Numbers, money: Mapping[str, Money]) -> None:
        """Count more enterprises in."""
        self.rows += int(pairs.sum())
        found = moves(pairs)
        for move in MOVED:
            self.counts[move] += found[move]
        for name, one in money.items():
            self.money[name] = self.money.get(name, Money()) + one

    def join(self, other: "Row") -> None:
        """Take another group in."""
        self.rows += other.rows
        for move in MOVED:
            self.counts[move] += other.counts[move]
        for name, one in other.money.items():
            self.money[name] = self.money.get(name, Money()) + one

    @property
    def moved(self) -> int:
        """How many there is anything to tell of."""
        return sum(self.counts.values())


def groups(name: str, tally: Tally) -> list[Json]:
    """The rows of a breakdown, those with most moves first and what is told together last."""
    called = CALLED[name](tally)
    rows: dict[str, Row] = {}
    for label, pairs in tally.groups[name].items():
        key = called(label)
        money = {
            move: tally.spread[move][name].get(label, Money())
            for move in (GAIN, LOSE)
            if move in tally.spread
        }
        rows.setdefault(key, Row(key)).add(pairs, money)
    ordered = sorted(rows.values(), key=lambda row: (-row.moved, -row.rows, row.key))
    return told_apart(ordered)


def told_apart(ordered: Sequence[Row]) -> list[Json]:
    """The rows that are large enough, and the others together; a rest that is too small takes the smallest with it."""
    shown = [row for row in ordered[:MOST_GROUPS] if row.rows >= LEAST]
    others = [row for row in ordered if row not in shown]
    rest = Row(REST)
    for row in others:
        rest.join(row)
    while others and rest.rows < LEAST and shown:
        smallest = min(shown, key=lambda row: row.rows)
        shown.remove(smallest)
        rest.join(smallest)
    if others and rest.rows >= LEAST:
        shown.append(rest)
    hidden = {move: withheld([row.counts[move] for row in shown]) for move in MOVED}
    return [
        {
            "key": row.key,
            "enterprises": row.rows,
            "counts": {move: None if at in hidden[move] else row.counts[move] for move in MOVED},
            "money": {
                name: sum_of(money)
                for name, money in row.money.items()
                if name in MOVED and at not in hidden[name]
            },
        }
        for at, row in enumerate(shown)
    ]


def withheld(counts: Sequence[int]) -> set[int]:
    """Which counts of a column are not told: those under LEAST, and the next smallest where that is a single one, since
    the total is told.
    """
    found = {at for at, count in enumerate(counts) if 0 < count < LEAST}
    if len(found) == 1:
        rest = [(count, at) for at, count in enumerate(counts) if count and at not in found]
        if rest:
            found.add(min(rest)[1])
    return found


def by_region(tally: Tally) -> Callable[[str], str]:
    """Provinces; where most enterprises are in one, its cities singly."""
    sizes: dict[str, int] = {}
    for label, pairs in tally.groups[REGION].items():
        sizes[province(label)] = sizes.get(province(label), 0) + int(pairs.sum())
    home = max(sizes, key=lambda code: sizes[code], default="")
    if sizes.get(home, 0) * 2 < tally.rows:
        home = ""
    return lambda label: label if province(label) == home else province(label)


def province(label: str) -> str:
    """The province of a region; "" where it is not known."""
    return codes.province_of(label) or label


def by_section(_: Tally) -> Callable[[str], str]:
    """Sections of trades, by their letters."""
    listed = industries()
    return lambda label: listed[label].parent if label in listed else ""


def as_it_is(_: Tally) -> Callable[[str], str]:
    """Groups that are told as they were counted."""
    return lambda label: label


CALLED: Mapping[str, Callable[[Tally], Callable[[str], str]]] = {
    REGION: by_region,
    INDUSTRY: by_section,
    "size": as_it_is,
}
