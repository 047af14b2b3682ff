"""A simulation in words and figures: each day's moves, the groups with their bars, and examples by what they share.

The kept document tells of groups only; here they get names, and nothing is looked up about anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from eligibility import Fact, Vocabulary
from eligibility.simulate import GAIN, KEPT_AFTER, KEPT_BEFORE, LOSE, MOVED
from marketplace.i18n import translate
from marketplace.portal import codes
from marketplace.portal.industries import name_of, section_name
from marketplace.simulating.told import REST
from marketplace.web.verdicts import fact_words

WIDTH = 100
"""Units of a bar's drawing from its middle to either end."""
VERDICTS = ("eligible", "undetermined", "ineligible")


@dataclass(frozen=True, slots=True)
class Sum:
    """Money over the `known` of `of` enterprises; None where it would tell what somebody in particular is given."""

    yuan: Decimal | None
    known: int
    of: int


@dataclass(frozen=True, slots=True)
class Bar:
    """Bars of a group, in units of WIDTH: to the left who loses and becomes open, to the right who gains."""

    lose: float
    open: float
    gain: float


@dataclass(frozen=True, slots=True)
class Group:
    """A row of a breakdown; a count that is not told is None."""

    name: str
    enterprises: int
    counts: Mapping[str, int | None]
    gained: Sum | None
    lost: Sum | None
    bar: Bar


@dataclass(frozen=True, slots=True)
class Example:
    """Facts that so many of a move share, as (label, value)."""

    count: int
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a simulation. `table`: verdicts before by verdicts after; `holds`: which texts count on the day."""

    day: date
    enterprises: int
    moves: Mapping[str, int]
    table: Sequence[Sequence[int]]
    holds: tuple[bool, bool]
    held: int
    gained: Sum | None
    lost: Sum | None
    kept: tuple[Sum, Sum] | None
    groups: Mapping[str, Sequence[Group]]
    examples: Mapping[str, Sequence[Example]]
    shares: Sequence[tuple[str, float, float]]
    least: int

    @property
    def moved(self) -> int:
        """How many come out otherwise than before."""
        return sum(self.moves[move] for move in MOVED)

    @property
    def uncertain(self) -> int:
        """How many were eligible and are not any more, whatever they are now."""
        return self.table[0][1] + self.table[0][2]


def days_of(result: Mapping[str, Any], lang: str) -> list[Day]:
    """The days of a kept document, in a language."""
    return [Reader(lang, int(result["least"])).day(one) for one in result["days"]]


class Reader:
    """The kept document in one language."""

    def __init__(self, lang: str, least: int) -> None:
        self.lang, self.least = lang, least
        self.facts = Vocabulary.shipped().facts

    def day(self, one: Mapping[str, Any]) -> Day:
        """A day's figures."""
        money, pairs = one["money"], one["pairs"]
        kept = (sum_of(money.get(KEPT_BEFORE)), sum_of(money.get(KEPT_AFTER)))
        return Day(
            day=date.fromisoformat(one["day"]),
            enterprises=one["enterprises"],
            moves=one["moves"],
            table=[pairs[at : at + 3] for at in (0, 3, 6)],
            holds=(one["before"], one["after"]),
            held=sum(pairs[:3]),
            gained=sum_of(money.get(GAIN)),
            lost=sum_of(money.get(LOSE)),
            kept=None if kept[0] is None or kept[1] is None else (kept[0], kept[1]),
            groups={kind: self.groups(kind, rows) for kind, rows in one["groups"].items()},
            examples={
                move: [Example(e["count"], self.example(e["facts"])) for e in found]
                for move, found in one["examples"].items()
            },
            shares=shares(one["moves"], one["enterprises"]),
            least=self.least,
        )

    def groups(self, kind: str, rows: Sequence[Mapping[str, Any]]) -> list[Group]:
        """The rows of a breakdown with bars on one scale."""
        counts = [row["counts"] for row in rows]
        left = [(c[LOSE] or 0) + (c["open"] or 0) for c in counts]
        most = max([1, *left, *((c[GAIN] or 0) for c in counts)])

        def units(count: int | None) -> float:
            return round((count or 0) * WIDTH / most, 2)

        return [
            Group(
                self.group_name(kind, row["key"]),
                row["enterprises"],
                row["counts"],
                sum_of(row["money"].get(GAIN)),
                sum_of(row["money"].get(LOSE)),
                Bar(units(row["counts"][LOSE]), units(row["counts"]["open"]), units(row["counts"][GAIN])),
            )
            for row in rows
        ]

    def group_name(self, kind: str, key: str) -> str:
        """What a group is called."""
        if key == REST:
            return translate(self.lang, "simulation.rest")
        if key == "":
            return translate(self.lang, f"simulation.unknown.{kind}")
        if kind == "region":
            found = codes.regions().get(key)
            return codes.named(found, self.lang) if found else key
        if kind == "industry":
            return section_name(key, self.lang)
        return fact_words(self.facts["sme_size"], key, self.lang)

    def example(self, facts: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
        """A profile as labels and values."""
        return [
            (self.facts[one["fact"]].label(self.lang), self.value(self.facts[one["fact"]], one))
            for one in facts
        ]

    def value(self, fact: Fact, one: Mapping[str, Any]) -> str:
        """What is told of one fact."""
        if one["is"] in ("unknown", "none"):
            return translate(self.lang, f"simulation.fact.{one['is']}")
        if one["is"] == "code":
            return self.place_or_trade(fact, one["value"])
        if one["is"] == "value":
            return fact_words(fact, one["value"], self.lang)
        low, high = self.end(fact, one["low"]), self.end(fact, one["high"])
        if one["low"] and one["low"] == one["high"]:
            return low
        if not one["low"] and not one["high"]:
            return translate(self.lang, "simulation.band.any")
        names = {True: "from", False: "above"}, {True: "to", False: "below"}
        parts = []
        for said, end, words in ((low, one["low"], names[0]), (high, one["high"], names[1])):
            if end:
                parts.append(translate(self.lang, f"simulation.band.{words[end['within']]}", value=said))
        return translate(self.lang, "list.comma").join(parts)

    def end(self, fact: Fact, end: Mapping[str, Any] | None) -> str:
        """One end of a band in words."""
        return "" if end is None else fact_words(fact, end["value"], self.lang)

    def place_or_trade(self, fact: Fact, digits: str) -> str:
        """A province, or a division of trades."""
        if fact.codes == "industries":
            return name_of(digits, self.lang) or digits
        found = codes.regions().get(f"{digits}0000")
        return codes.named(found, self.lang) if found else digits


def sum_of(money: Mapping[str, Any] | None) -> Sum | None:
    """A kept sum in yuan."""
    if money is None:
        return None
    yuan = None if money["fen"] is None else Decimal(money["fen"]).scaleb(-2)
    return Sum(yuan, money["known"], money["enterprises"])


def shares(moves: Mapping[str, int], everybody: int) -> list[tuple[str, float, float]]:
    """(move, where its part of the one long bar begins, how wide it is), in percent."""
    found, at = [], 0.0
    for move in (*MOVED, "same"):
        width = moves[move] * 100 / everybody if everybody else 0.0
        if width:
            found.append((move, round(at, 3), round(width, 3)))
        at += width
    return found
