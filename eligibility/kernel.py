"""The compiled inner loops of the index: one enterprise's codes in, the rules that may apply out.

What the arrays hold is told in arrays.py. Importing this file loads the compiler, a hundred megabytes; index.py does so
when the first enterprise is matched.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from eligibility.arrays import (
    DENSE,
    ENTRY_HEAD,
    GROUP_HEAD,
    LAZY,
    MASK_GROUPS,
    MASK_RECORD,
    MASKS,
    NARROW,
    NO,
    NONE,
    OPEN,
    PLAN_COUNT,
    PLAN_RECORD,
    PLANS,
    RANGE_GROUPS,
    RANGE_RECORD,
    RANGES,
    UNKNOWN,
    WORDS,
    YES,
)

U = np.uint64  # places are unsigned: numba then need not look for negative ones
DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
POSITIONS = np.zeros(64, np.uint64)
for _bit in range(64):
    POSITIONS[((1 << _bit) * int(DE_BRUIJN) % (1 << 64)) >> 58] = _bit


def _cell(state, slot, is_mask):  # type: ignore[no-untyped-def]
    """The cell of a fact's value, UNKNOWN or NONE. A mask with several bits is not known yet."""
    value = state[slot]
    if not is_mask:
        return value
    if value & (value - 1):
        return UNKNOWN
    return np.int64(POSITIONS[(U(value) * DE_BRUIJN) >> U(58)])


def _lazy(at, state, blob):  # type: ignore[no-untyped-def]
    """The truth of a set of ranges: [slot, start, none, unknown, count, cuts ...]."""
    value = state[U(blob[at])]
    if value == UNKNOWN:
        return U(blob[at + U(3)])
    if value == NONE:
        return U(blob[at + U(2)])
    found = U(blob[at + U(1)])
    for cut in range(at + U(5), at + U(5) + U(blob[at + U(4)])):
        if blob[cut] > value:
            break
        found ^= U(YES)
    return found


def _wide(at, state, blob, entries, truth):  # type: ignore[no-untyped-def]
    """The truth of the literal written in two places."""
    literal, dense = U(entries[at]) | U(entries[at + U(1)]) << U(16), U(blob[DENSE])
    if literal < dense:
        return U(truth[literal])
    return lazy(U(blob[U(blob[LAZY]) + literal - dense]), state, blob)


def _scan(todo, count, state, blob, entries, truth, sure, open_):  # type: ignore[no-untyped-def]
    """The entries of buckets; `todo` holds begin, end, most and whether grouped of each.

    `most`: what the bucket's own keys leave possible. Grouped entries are passed over together where their head fails.
    """
    for bucket in range(U(0), U(count), U(4)):
        at, end = U(todo[bucket]), U(todo[bucket + U(1)])
        most, grouped = U(todo[bucket + U(2)]), todo[bucket + U(3)]
        while at < end:
            limit, stop = most, end
            if grouped:
                head = at
                at += U(GROUP_HEAD)
                stop = at + (U(entries[head + U(2)]) | U(entries[head + U(3)]) << U(16))
                if entries[head] != U(NARROW - 1) or entries[head + U(1)] != U(NARROW - 1):
                    limit &= wide(head, state, blob, entries, truth)
                if limit == 0:
                    at = stop
                    continue
            while at < stop:
                begin, counts = at, U(entries[at + U(2)])
                i = at + U(ENTRY_HEAD)
                plain = i + (counts & U(255))
                at = plain + U(2) * (counts >> U(8))
                found = limit
                if i < plain:
                    found &= U(truth[U(entries[i])])
                    i += U(1)
                    if found == 0:
                        continue
                while i < plain:
                    found &= U(truth[U(entries[i])])
                    i += U(1)
                if found == 0:
                    continue
                while i < at and found != 0:
                    found &= wide(i, state, blob, entries, truth)
                    i += U(2)
                rule = U(entries[begin]) | U(entries[begin + U(1)]) << U(16)
                if found == YES:
                    sure[rule >> U(6)] |= U(1) << (rule & U(63))
                elif found == OPEN:
                    open_[rule >> U(6)] |= U(1) << (rule & U(63))


def _fill(state, last, blob, masks, truth):  # type: ignore[no-untyped-def]
    """The truth of every dense literal whose fact has another value than in the call before."""
    at = blob[MASKS]
    for _ in range(blob[MASK_GROUPS]):
        slot = blob[at]
        value = state[slot]
        if value != last[slot]:
            for literal in range(blob[at + 1], blob[at + 2]):
                inside = masks[literal] & value
                truth[literal] = NO if inside == 0 else YES if inside == value else OPEN
        at += MASK_RECORD
    at = blob[RANGES]
    for _ in range(blob[RANGE_GROUPS]):
        slot, down, none, first, end, counts = (
            blob[at], blob[at + 1], blob[at + 2], blob[at + 3], blob[at + 4], blob[at + 5],
        )  # fmt: skip
        value = state[slot]
        if value != last[slot]:
            if value == UNKNOWN:
                truth[first:end] = OPEN
            elif value == NONE:
                truth[first:end] = none
            else:
                border = first + blob[counts + value]
                truth[first:border] = NO if down else YES
                truth[border:end] = YES if down else NO
        at += RANGE_RECORD
    for slot in range(len(last)):
        last[slot] = state[slot]


def _later(todo, n, at, end, most, grouped):  # type: ignore[no-untyped-def]
    """A bucket to be read; how much of `todo` is filled then."""
    if at < end:
        todo[n], todo[n + 1], todo[n + 2], todo[n + 3] = at, end, most, grouped
        n += 4
    return n


def _visit(state, blob, entries, truth, sure, open_, todo):  # type: ignore[no-untyped-def]
    """Each plan's buckets that the enterprise's values lead to; where a key's fact is unknown, along the other key."""
    at, n = blob[PLANS], 0
    for _ in range(blob[PLAN_COUNT]):
        slot1, mask1, keys1, n1 = blob[at], blob[at + 1], blob[at + 2], blob[at + 3]
        slot2, mask2, keys2, n2 = blob[at + 4], blob[at + 5], blob[at + 6], blob[at + 7]
        table, groups, end = blob[at + 8], blob[at + 9], blob[at + 10]
        at += PLAN_RECORD
        if n > len(todo) // 2:
            scan(todo, n, state, blob, entries, truth, sure, open_)
            n = 0
        cell1 = cell(state, slot1, mask1) if slot1 >= 0 else UNKNOWN
        cell2 = cell(state, slot2, mask2) if slot2 >= 0 else UNKNOWN
        if NONE in (cell1, cell2):
            continue
        if cell1 == UNKNOWN and cell2 == UNKNOWN:
            n = later(todo, n, groups, end, OPEN if slot1 >= 0 else YES, 1)
        elif cell1 == UNKNOWN:
            for j in range(blob[keys2 + cell2], blob[keys2 + cell2 + 1]):
                for key in range(n1):
                    bucket = table + key * n2 + blob[j]
                    n = later(todo, n, blob[bucket], blob[bucket + 1], OPEN, 0)
                    if n + 4 > len(todo):
                        scan(todo, n, state, blob, entries, truth, sure, open_)
                        n = 0
        else:
            most = YES if cell2 != UNKNOWN or slot2 < 0 else OPEN
            for i in range(blob[keys1 + cell1], blob[keys1 + cell1 + 1]):
                row = table + blob[i] * n2
                if cell2 == UNKNOWN:
                    n = later(todo, n, blob[row], blob[row + n2], most, 0)
                else:
                    for j in range(blob[keys2 + cell2], blob[keys2 + cell2 + 1]):
                        n = later(todo, n, blob[row + blob[j]], blob[row + blob[j] + 1], most, 0)
    scan(todo, n, state, blob, entries, truth, sure, open_)


def _match(state, last, blob, entries, masks, truth, sure, open_, todo, alive, flags, out):  # type: ignore[no-untyped-def]
    """One enterprise -> how many rules are sure, open, or to be judged by their tree; their numbers in `out`, in order.

    `out` has three rows of as many places as there are rules. `state`: a code per fact (UNKNOWN, NONE, a rank, or
    a mask of possible values). `flags`: bitmaps of the rules with a tree, and of the entangled ones behind. `sure`,
    `open_` and `todo` are scratch; the first two are left empty.
    """
    fill(state, last, blob, masks, truth)
    visit(state, blob, entries, truth, sure, open_, todo)
    n_sure, n_open, n_tree = U(0), U(0), U(0)
    words = U(blob[WORDS])
    for word in range(words):
        if sure[word] | open_[word] == 0:
            continue
        yes, maybe = sure[word] & alive[word], open_[word] & alive[word] & ~sure[word]
        sure[word], open_[word] = U(0), U(0)
        tree = (yes | maybe) & flags[word] | maybe & flags[words + word]
        n_sure = listed(yes & ~tree, word, out, U(0), n_sure)
        n_open = listed(maybe & ~tree, word, out, U(1), n_open)
        n_tree = listed(tree, word, out, U(2), n_tree)
    return n_sure, n_open, n_tree


def _listed(bits, word, out, row, n):  # type: ignore[no-untyped-def]
    """The numbers of a word's bits; how many the row has then."""
    while bits:
        out[row, n] = (word << U(6)) + POSITIONS[((bits & (~bits + U(1))) * DE_BRUIJN) >> U(58)]
        bits &= bits - U(1)
        n += U(1)
    return n


OPTIONS: dict[str, Any] = {"cache": True, "nogil": False, "boundscheck": False, "_nrt": False}
"""Compiled without counting references to arrays: nothing here makes one."""
jit: Any = numba.njit(**OPTIONS)
cell = jit(_cell)
lazy = jit(_lazy)
wide = jit(_wide)
scan = jit(_scan)
fill = jit(_fill)
later = jit(_later)
visit = jit(_visit)
listed = jit(_listed)
match = jit(_match)
