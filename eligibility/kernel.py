"""The compiled inner loops of the index: one enterprise's codes in, the rules that may apply out.

Everything a match reads lies in one int32 array whose first numbers say where what is (see layout.py), so that a call
passes few arguments and a saved index is memory-mapped as it is. Truth is 0 no, 1 open, 2 yes; "and" is the least.
"""

from __future__ import annotations

import numba
import numpy as np

UNKNOWN, NONE = -1, -2
TODO = 1 << 14
"""Numbers of `todo`: buckets to be read are gathered, four numbers each, and read in one go."""

# The header: where each part of the array begins, and how many records it has.
MASKS, MASK_GROUPS, RANGES, RANGE_GROUPS, DENSE, LAZY, PLANS, PLAN_COUNT, WORDS, FLAGS = range(10)
HEADER = 16
MASK_RECORD, RANGE_RECORD, PLAN_RECORD = 3, 6, 11

DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
POSITIONS = np.zeros(64, np.int64)
for _bit in range(64):
    POSITIONS[((1 << _bit) * int(DE_BRUIJN) % (1 << 64)) >> 58] = _bit


def _cell(state, slot, is_mask):  # type: ignore[no-untyped-def]
    """The cell of a fact's value, UNKNOWN or NONE. A mask with several bits is not known yet."""
    value = state[slot]
    if not is_mask:
        return value
    if value & (value - 1):
        return UNKNOWN
    return POSITIONS[(np.uint64(value) * DE_BRUIJN) >> np.uint64(58)]


def _lazy(at, state, blob):  # type: ignore[no-untyped-def]
    """The truth of a set of ranges: [slot, start, none, unknown, count, cuts ...]."""
    value = state[blob[at]]
    if value == UNKNOWN:
        return blob[at + 3]
    if value == NONE:
        return blob[at + 2]
    found = blob[at + 1]
    for cut in range(at + 5, at + 5 + blob[at + 4]):
        if blob[cut] > value:
            break
        found = 2 - found
    return found


def _scan(todo, count, state, blob, truth, sure, open_):  # type: ignore[no-untyped-def]
    """The entries of buckets, each [rule, count, literals ...]; `todo` holds begin, end, most and whether grouped.

    `most`: what the bucket's own keys leave possible. Grouped entries come behind [literal or -1, length] and are
    passed over together where that literal fails.
    """
    dense, lazy = blob[DENSE], blob[LAZY]
    for bucket in range(0, count, 4):
        at, end, most, grouped = todo[bucket], todo[bucket + 1], todo[bucket + 2], todo[bucket + 3]
        while at < end:
            limit, stop = most, end
            if grouped:
                literal = blob[at]
                stop = at + 2 + blob[at + 1]
                at += 2
                if literal >= dense:
                    limit = min(most, np.int64(cell_lazy(blob[lazy + literal - dense], state, blob)))
                elif literal >= 0:
                    limit = min(most, np.int64(truth[literal]))
                if limit == 0:
                    at = stop
                    continue
            while at < stop:
                rule, i = blob[at], at + 2
                at = i + blob[at + 1]
                found = limit
                while i < at:
                    literal = blob[i]
                    if literal < dense:
                        value = np.int64(truth[literal])
                    else:
                        value = np.int64(cell_lazy(blob[lazy + literal - dense], state, blob))
                    found = min(found, value)
                    i += 1
                    if found == 0:
                        break
                if found == 2:
                    sure[rule >> 6] |= np.uint64(1) << np.uint64(rule & 63)
                elif found == 1:
                    open_[rule >> 6] |= np.uint64(1) << np.uint64(rule & 63)


def _fill(state, last, blob, masks, truth):  # type: ignore[no-untyped-def]
    """The truth of every dense literal whose fact has another value than in the call before."""
    at = blob[MASKS]
    for _ in range(blob[MASK_GROUPS]):
        slot = blob[at]
        value = state[slot]
        if value != last[slot]:
            for literal in range(blob[at + 1], blob[at + 2]):
                inside = masks[literal] & value
                truth[literal] = 0 if inside == 0 else 2 if inside == value else 1
        at += MASK_RECORD
    at = blob[RANGES]
    for _ in range(blob[RANGE_GROUPS]):
        slot, down, none, first, end, counts = (
            blob[at], blob[at + 1], blob[at + 2], blob[at + 3], blob[at + 4], blob[at + 5],
        )  # fmt: skip
        value = state[slot]
        if value != last[slot]:
            if value == UNKNOWN:
                truth[first:end] = 1
            elif value == NONE:
                truth[first:end] = none
            else:
                border = first + blob[counts + value]
                truth[first:border] = 0 if down else 2
                truth[border:end] = 2 if down else 0
        at += RANGE_RECORD
    last[:] = state


def _later(todo, n, at, end, most, grouped):  # type: ignore[no-untyped-def]
    """A bucket to be read; how much of `todo` is filled then."""
    if at < end:
        todo[n], todo[n + 1], todo[n + 2], todo[n + 3] = at, end, most, grouped
        n += 4
    return n


def _visit(state, blob, truth, sure, open_, todo):  # type: ignore[no-untyped-def]
    """Each plan's buckets that the enterprise's values lead to; where a key's fact is unknown, along the other key."""
    at, n = blob[PLANS], 0
    for _ in range(blob[PLAN_COUNT]):
        slot1, mask1, keys1, n1 = blob[at], blob[at + 1], blob[at + 2], blob[at + 3]
        slot2, mask2, keys2, n2 = blob[at + 4], blob[at + 5], blob[at + 6], blob[at + 7]
        table, groups, end = blob[at + 8], blob[at + 9], blob[at + 10]
        at += PLAN_RECORD
        if n > len(todo) // 2:
            scan(todo, n, state, blob, truth, sure, open_)
            n = 0
        cell1 = cell(state, slot1, mask1) if slot1 >= 0 else UNKNOWN
        cell2 = cell(state, slot2, mask2) if slot2 >= 0 else UNKNOWN
        if NONE in (cell1, cell2):
            continue
        if cell1 == UNKNOWN and cell2 == UNKNOWN:
            n = later(todo, n, groups, end, 1 if slot1 >= 0 else 2, 1)
        elif cell1 == UNKNOWN:
            for j in range(blob[keys2 + cell2], blob[keys2 + cell2 + 1]):
                for key in range(n1):
                    bucket = table + key * n2 + blob[j]
                    n = later(todo, n, blob[bucket], blob[bucket + 1], 1, 0)
                    if n + 4 > len(todo):
                        scan(todo, n, state, blob, truth, sure, open_)
                        n = 0
        else:
            most = 2 if cell2 != UNKNOWN or slot2 < 0 else 1
            for i in range(blob[keys1 + cell1], blob[keys1 + cell1 + 1]):
                row = table + blob[i] * n2
                if cell2 == UNKNOWN:
                    n = later(todo, n, blob[row], blob[row + n2], most, 0)
                else:
                    for j in range(blob[keys2 + cell2], blob[keys2 + cell2 + 1]):
                        n = later(todo, n, blob[row + blob[j]], blob[row + blob[j] + 1], most, 0)
    scan(todo, n, state, blob, truth, sure, open_)


def _match(state, last, blob, masks, truth, sure, open_, todo, alive, out):  # type: ignore[no-untyped-def]
    """One enterprise -> how many rules are sure, open, or to be judged by their tree; their numbers in `out`, in order.

    `out` has three rows of as many places as there are rules. `state`: a code per fact (UNKNOWN, NONE, a rank, or
    a mask of possible values). `sure`, `open_` and `todo` are scratch; the first two are left empty.
    """
    fill(state, last, blob, masks, truth)
    visit(state, blob, truth, sure, open_, todo)
    n_sure, n_open, n_tree = 0, 0, 0
    flags = blob[FLAGS]
    for word in range(blob[WORDS]):
        yes, maybe = sure[word], open_[word]
        if not (yes | maybe):
            continue
        sure[word], open_[word] = 0, 0
        yes &= alive[word]
        maybe &= alive[word] & ~yes
        while yes:
            rule = (word << 6) + POSITIONS[((yes & (~yes + np.uint64(1))) * DE_BRUIJN) >> np.uint64(58)]
            yes &= yes - np.uint64(1)
            if blob[flags + rule] & 1:
                out[2, n_tree] = rule
                n_tree += 1
            else:
                out[0, n_sure] = rule
                n_sure += 1
        while maybe:
            rule = (word << 6) + POSITIONS[((maybe & (~maybe + np.uint64(1))) * DE_BRUIJN) >> np.uint64(58)]
            maybe &= maybe - np.uint64(1)
            if blob[flags + rule]:
                out[2, n_tree] = rule
                n_tree += 1
            else:
                out[1, n_open] = rule
                n_open += 1
    return n_sure, n_open, n_tree


jit = numba.njit(cache=True, nogil=False, boundscheck=False)
cell = jit(_cell)
cell_lazy = jit(_lazy)
scan = jit(_scan)
fill = jit(_fill)
later = jit(_later)
visit = jit(_visit)
match = jit(_match)
