"""The size classes each enterprise of a population can have, worked out once, and what they were worked out from."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from eligibility.column import NONE, UNKNOWN, Column
from eligibility.lazily import lazily
from eligibility.size_standard import CLASSES, DIMENSIONS, INPUTS, NOT_COVERED, SizeGroup, SizeStandard
from eligibility.values import Cut
from eligibility.vocabulary import Fact

if TYPE_CHECKING:
    from eligibility import columns_coding as coding
else:
    coding = lazily("eligibility.columns_coding")

ANY = 3 << 3
"""Best class 0 and worst 3: a dimension nobody knows."""


@dataclass(frozen=True)
class Sizes:
    """`masks`: possible classes of each row, bits in the order of the fact's values.

    `groups`: rows of the standard that can cover it, as bits, none behind the last; `bands` (dimension, row): the best
    and 8 * worst class by that dimension alone where one row covers it, else its place among all floors.
    """

    masks: npt.NDArray[np.int32]
    groups: npt.NDArray[np.int32]
    bands: npt.NDArray[np.int32]

    @property
    def several(self) -> npt.NDArray[np.bool_]:
        """Where several rows of the standard, or one and none, can cover the enterprise."""
        found: npt.NDArray[np.bool_] = (self.groups & (self.groups - 1)) != 0
        return found


def sizes(columns: Mapping[str, Column], standard: SizeStandard, fact: Fact) -> Sizes:
    """Worked out from the columns of INPUTS. Source: 工信部联企业〔2011〕300号."""
    groups = groups_of(columns[INPUTS[0]], standard)
    floors, table = by_floors(standard)
    rows = np.arange(len(groups))
    codes = np.stack([columns[d].codes(floors[d], rows).astype(np.int32) for d in DIMENSIONS])
    found = np.zeros(len(groups), np.int32)
    coding.sizes(groups, codes, table, found)
    place = {name: at for at, name in enumerate(fact.allowed)}
    order = [place[name] for name in (*CLASSES, NOT_COVERED)]
    by_mask = np.array(
        [sum(1 << order[b] for b in range(5) if mask >> b & 1) for mask in range(32)], np.int32
    )
    one = np.where((groups & (groups - 1)) == 0, np.log2(np.maximum(groups, 1)).astype(np.int64), -1)
    bands = codes + 64
    covered = (one >= 0) & (one < len(standard.groups))
    for at in range(len(DIMENSIONS)):
        bands[at, covered] = table[at, one[covered], codes[at, covered]]
        bands[at, one == len(standard.groups)] = 0
    return Sizes(by_mask[found], groups, bands)


@functools.cache
def by_floors(standard: SizeStandard) -> tuple[Mapping[str, tuple[Cut, ...]], npt.NDArray[np.int32]]:
    """Every floor of each dimension; and the band of each dimension, row of the standard and code among the floors."""
    floors = {d: floors_of(d, standard) for d in DIMENSIONS}
    width = max(len(found) for found in floors.values()) + 3
    table = np.zeros((len(DIMENSIONS), len(standard.groups), width), np.int32)
    for at, dimension in enumerate(DIMENSIONS):
        for number, group in enumerate(standard.groups):
            for code in range(len(floors[dimension]) + 3):
                table[at, number, code] = band(group, dimension, code, floors[dimension])
    return floors, table


def groups_of(industry: Column, standard: SizeStandard) -> npt.NDArray[np.int32]:
    """The rows of the standard that can cover each enterprise, as bits."""
    bit = {group.id: 1 << at for at, group in enumerate(standard.groups)}
    uncovered = 1 << len(bit)
    assert industry.words is not None
    table = []
    for word in industry.words:
        possible = {uncovered if g is None else bit[g.id] for g in standard.possible_groups(word)}
        table.append(sum(possible))
    found = np.array(table, np.int32)[industry.units]
    if industry.states is not None:
        found[industry.states == NONE] = uncovered
        found[industry.states == UNKNOWN] = 2 * uncovered - 1
    return found


def floors_of(dimension: str, standard: SizeStandard) -> tuple[Cut, ...]:
    """Every floor of a dimension, ascending."""
    found = {floor for group in standard.groups for floor in group.floors.get(dimension, ())}
    return tuple((Fraction(floor), 0) for floor in sorted(found))


def band(group: SizeGroup, dimension: str, code: int, floors: tuple[Cut, ...]) -> int:
    """Best class + 8 * worst class of one dimension, given its code among all floors (0 unknown, 1 none)."""
    if dimension not in group.floors:
        return 0
    if code == 0:
        return ANY
    met = code - 3  # the place of the highest floor met
    places = [floors.index((Fraction(floor), 0)) for floor in group.floors[dimension]]
    rank = next((rank for rank, place in enumerate(places) if met >= place), len(places))
    return rank + 8 * rank
