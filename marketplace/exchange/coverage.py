"""Whom the policies reach: every stored enterprise against every policy in force, and which have nothing of each other.

Counts of groups and never an enterprise; a group of few is told with the others. Kept for a while per pack and day.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from eligibility import Rule, Status, Vocabulary, evaluate
from eligibility.columns import Columns
from eligibility.columns_coded import Flags
from eligibility.simulate import GROUPED_BY, GROUPS, INDUSTRY, REGION, SIZE, Numbers, grouped
from marketplace.portal.industries import industries
from marketplace.profiles import population_columns
from marketplace.simulating.told import LEAST, REST, province, withheld
from policies.keeper import database_of, load_pack
from policies.pack import Pack

FEW = 300
"""Rows of a piece up to which the reference judges; beyond, rules are compiled."""
FRESH = timedelta(hours=1)
MOST_GROUPS = 20


@dataclass(frozen=True, slots=True)
class Group:
    """Enterprises of a region, trade or size. `nothing`: how many of them no policy applies to; None: too few."""

    key: str
    enterprises: int
    nothing: int | None


@dataclass(frozen=True, slots=True)
class Reach:
    """Of how many a policy is certain, and how many may have it once more is known."""

    policy_id: str
    applies: int
    open: int


@dataclass(frozen=True)
class Coverage:
    """What was counted of one pack on one day."""

    pack_version: str
    day: date
    made_at: datetime
    milliseconds: int
    enterprises: int
    nothing: int
    nothing_at_all: int
    """Of those, to whom no policy can apply whatever else is known of them."""
    groups: Mapping[str, Sequence[Group]]
    reach: Sequence[Reach]

    @property
    def matching_nobody(self) -> Sequence[Reach]:
        """The policies that apply to no stored enterprise."""
        return [one for one in self.reach if not one.applies]


@dataclass
class Count:
    """The sums of the pieces so far; groups: by kind and label, how many there are and how many have nothing."""

    rules: Mapping[str, Rule]
    day: date
    enterprises: int = 0
    nothing: int = 0
    nothing_at_all: int = 0
    groups: dict[str, dict[str, Numbers]] = field(default_factory=lambda: {name: {} for name in GROUPS})
    reach: dict[str, Numbers] = field(default_factory=dict)

    def add(self, piece: Columns) -> None:
        """Count a piece in."""
        seen = piece.on(self.day)
        sure, open_ = (np.zeros(seen.rows, bool) for _ in range(2))
        for name, applies, may in self.judged(seen):
            sure |= applies
            open_ |= may
            self.reach[name] = self.reach.get(name, np.zeros(2, np.int64)) + np.array(
                [applies.sum(), may.sum()]
            )
        self.enterprises += seen.rows
        self.nothing += int((~sure).sum())
        self.nothing_at_all += int((~(sure | open_)).sum())
        for kind, (labels, number) in grouped(seen, FEW).items():
            table = np.bincount(number * 2 + ~sure, minlength=2 * len(labels)).reshape(-1, 2)
            sums = self.groups[kind]
            for label, row in zip(labels, table, strict=True):
                key = called(kind, label)
                sums[key] = sums.get(key, np.zeros(2, np.int64)) + np.array([row.sum(), row[1]])

    def judged(self, seen: Columns) -> list[tuple[str, Flags, Flags]]:
        """By policy the rows it applies to, and those it may apply to."""
        if seen.rows > FEW:
            coded = seen.coded(self.rules, workers=1)
            return [(name, *coded.settled(coded.numbers[name])) for name in self.rules]
        found: list[tuple[str, Flags, Flags]] = []
        for name, rule in self.rules.items():
            named = sorted(rule.stated_facts)
            said = [evaluate(rule, seen.facts_at(row, named)).status for row in range(seen.rows)]
            applies, may = (
                np.array([one is status for one in said], bool)
                for status in (Status.ELIGIBLE, Status.UNDETERMINED)
            )
            found.append((name, applies, may))
        return found


def called(kind: str, label: str) -> str:
    """The group of a label: its province, its section of trades, or its size."""
    if kind == REGION:
        return province(label)
    if kind == INDUSTRY:
        listed = industries()
        return str(listed[label].parent) if label in listed else ""
    return label


def told_apart(sums: Mapping[str, Numbers]) -> list[Group]:
    """The groups that are large enough, most of nothing first; the others are one."""
    rows = sorted(((key, int(n), int(none)) for key, (n, none) in sums.items() if n), key=lambda row: -row[2])
    shown = [row for row in rows[:MOST_GROUPS] if row[1] >= LEAST]
    rest = [row for row in rows if row not in shown]
    while rest and sum(row[1] for row in rest) < LEAST and shown:
        smallest = min(shown, key=lambda row: row[1])
        shown.remove(smallest)
        rest.append(smallest)
    if rest and sum(row[1] for row in rest) >= LEAST:
        shown.append((REST, sum(row[1] for row in rest), sum(row[2] for row in rest)))
    hidden = withheld([row[2] for row in shown])
    return [Group(key, n, None if at in hidden else none) for at, (key, n, none) in enumerate(shown)]


async def counted(connection: AsyncConnection, pack: Pack, day: date, now: datetime) -> Coverage:
    """Everybody against everything in force on a day."""
    began = time.monotonic()
    rules = {name: record.rule for name, record in pack.on(day).records.items()}
    words = Vocabulary.shipped().facts
    needed = set(GROUPED_BY).union(*(rule.stated_facts for rule in rules.values()))
    stated = {name for name in needed if not (words[name].is_derived or words[name].context)}
    count = Count(rules, day)
    for piece in await population_columns.pieces(connection):
        columns = await population_columns.read(connection, piece, stated)
        if columns.rows:
            await asyncio.to_thread(count.add, columns)
    reach = [Reach(name, *map(int, count.reach.get(name, (0, 0)))) for name in rules]
    return Coverage(
        pack.version,
        day,
        now,
        round((time.monotonic() - began) * 1000),
        count.enterprises,
        count.nothing,
        count.nothing_at_all,
        {kind: told_apart(count.groups[kind]) for kind in (REGION, INDUSTRY, SIZE)},
        sorted(reach, key=lambda one: (one.applies, one.open, one.policy_id)),
    )


KEPT: dict[str, Coverage] = {}
ONE_AT_A_TIME = asyncio.Lock()


async def of(session: AsyncSession, day: date, now: datetime) -> Coverage:
    """The coverage of the pack in force, at most an hour old; counted here where this process has none."""
    pack, database = await load_pack(session), database_of(session)
    async with ONE_AT_A_TIME:
        found = KEPT.get(database)
        if (
            found is None
            or (found.pack_version, found.day) != (pack.version, day)
            or not timedelta() <= now - found.made_at < FRESH
        ):
            found = KEPT[database] = await counted(await session.connection(), pack, day, now)
    return found
