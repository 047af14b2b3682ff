"""The compiled loops that turn typed columns into ranks and bit planes, and work out size classes.

Apart from the loops that judge, because they run once for a set of rules and those once for each question.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from eligibility.column import NONE, UNKNOWN
from eligibility.columns_kernel import FACT, OPTIONS, ZONE

U = np.uint64


def _pack(ranks, bits, words, planes, base):  # type: ignore[no-untyped-def]
    """A block's ranks (uint64, one a row) as bit planes from `base` on."""
    for k in range(bits):
        for w in range(words):
            word = U(0)
            for i in range(64):
                word |= ((ranks[U(w * 64 + i)] >> U(k)) & U(1)) << U(i)
            planes[base + U(k * words + w)] = word


def _rank(unit, low, shift, starts, cuts):  # type: ignore[no-untyped-def]
    """How many cuts lie at or below a unit: by its place in a table, and a search within that place."""
    at = U(unit - low) >> U(shift)
    rank = starts[at]
    if shift:
        end = starts[at + U(1)]
        while rank < end:
            middle = (rank + end) >> 1
            if cuts[middle] <= unit:
                rank = middle + 1
            else:
                end = middle
    return rank


def _code(  # type: ignore[no-untyped-def]
    first, end, units, states, low, shift, starts, cuts, none, slot, facts, zones, planes, stride, words, ranks
):  # fmt: skip
    """Blocks `first` to before `end` of one column as planes with their zones.

    `starts` and `cuts`: see `_rank`; `none` is the rank of rows known to be none. `states` may be empty: all known.
    `ranks` is scratch, 64 * `words` numbers.
    """
    record = slot * FACT
    bits, open_plane, mask = facts[record + 1], facts[record + 2], facts[record + 3]
    for block in range(first, end):
        least, most, met, open_ = np.int64(1) << 62, np.int64(0), np.int64(0), 0
        start = block * 64 * words
        base = U(block) * U(stride)
        here = min(64 * words, len(units) - start)
        for i in range(here, 64 * words):
            ranks[i] = U(0)
        unknown = U(0)
        for i in range(here):
            state = states[start + i] if len(states) else 0
            rank = np.int64(none)
            if state == UNKNOWN:
                unknown |= U(1) << U(i & 63)
                open_ = 1
                ranks[i] = U(0)
            else:
                if state != NONE:
                    rank = rank_(np.int64(units[start + i]), low, shift, starts, cuts)
                least, most = min(least, rank), max(most, rank)
                if mask:
                    met |= rank
                    if rank & (rank - 1):
                        open_ = 1
                ranks[i] = U(rank)
            if open_plane >= 0 and (i & 63 == 63 or i == here - 1):
                planes[base + U(open_plane * words + (i >> 6))] = unknown
                unknown = U(0)
        zone = (block * (len(facts) // FACT) + slot) * ZONE
        zones[zone] = met if mask else min(least, most)
        zones[zone + 1] = most
        zones[zone + 2] = open_
        pack(ranks, bits, words, planes, base + U(facts[record] * words))


def _sizes(groups, ranks, table, out):  # type: ignore[no-untyped-def]
    """The possible size classes of each row as bits.

    `groups`: bits of the rows of the standard that can cover it, the bit behind the last for none; `ranks`
    (dimension, row): a code; `table` (dimension, group, code): best class + 8 * worst class by that dimension alone.
    """
    last = table.shape[1]
    for row in range(len(groups)):
        found = 0
        for group in range(last):
            if (groups[row] >> group) & 1:
                best, worst = 0, 0
                for dimension in range(table.shape[0]):
                    both = table[dimension, group, ranks[dimension, row]]
                    best, worst = max(best, both & 7), max(worst, both >> 3)
                found |= (2 << worst) - (1 << best)
        if (groups[row] >> last) & 1:
            found |= 16
        out[row] = found


jit: Any = numba.njit(**OPTIONS)
pack = jit(_pack)
rank_ = jit(_rank)
code = jit(_code)
sizes = jit(_sizes)
