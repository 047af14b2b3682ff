"""The compiled inner loops of the index: one enterprise's codes in, the rules that may apply out.

What the arrays hold is told in arrays.py. Importing this file loads the compiler, a hundred megabytes; index.py does so
when the first enterprise is matched.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

from eligibility.arrays import (
    ALL,
    BITS,
    EXTRA,
    FACT_COUNT,
    FACT_RECORD,
    FACTS,
    HALF,
    MASK,
    NO,
    NONE,
    OPEN,
    RANKED,
    RULE_WORDS,
    SET_HEAD,
    SETS,
    UNKNOWN,
    WORDS,
    YES,
)

U = np.uint64  # places are unsigned: numba then need not look for negative ones
DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
POSITIONS = np.zeros(64, np.uint64)
for _bit in range(64):
    POSITIONS[((1 << _bit) * int(DE_BRUIJN) % (1 << 64)) >> 58] = _bit

MAY, EXACT, SURE = range(3)
"""Rows of `work`: what may hold; what holds for all that is known; what holds whatever is unknown."""


def _fetch(typing: Any, address: Any) -> Any:
    """Asks for the memory at an address before it is needed; nothing is read, so no address can do harm."""

    def written(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        place = builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, word, word, word])
        asked = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(asked, [place, word(1), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(types.uint64), written


def _place(bits):  # type: ignore[no-untyped-def]
    """The number of the lowest bit."""
    return POSITIONS[((bits & (~bits + U(1))) * DE_BRUIJN) >> U(58)]


def _cells(state, blob, picks):  # type: ignore[no-untyped-def]
    """The rows an enterprise's codes lead to, by row of `picks`; how many there are of each."""
    may, exact, sure = 0, 0, 0
    at = blob[FACTS]
    for slot in range(blob[FACT_COUNT]):
        kind, ranks, cells, open_, none = blob[at], blob[at + 1], blob[at + 2], blob[at + 3], blob[at + 4]
        at += FACT_RECORD
        value = state[slot]
        known = True
        if kind == RANKED:
            known = value != UNKNOWN
            cell = blob[ranks + value] if value >= 0 else open_ if value == UNKNOWN else none
        else:
            known = value & (value - 1) == 0
            cell = np.int32(value) if kind == MASK else np.int32(place(U(value))) if known else open_
        row, all_ = blob[cells + 2 * cell], blob[cells + 2 * cell + 1]
        if row != ALL:
            picks[MAY, may] = row
            may += 1
        if all_ != row:
            if known:
                picks[EXACT, exact] = all_
                exact += 1
            else:
                picks[SURE, sure] = all_
                sure += 1
    return may, exact, sure


def _narrow(found, rows, words, picks, count):  # type: ignore[no-untyped-def]
    """Only what is in all the picked rows; four of them at a time, which the processor does eight words a step."""
    i, end = 0, U(words)
    while i + 4 <= count:
        a, b, c, d = U(picks[i]) * end, U(picks[i + 1]) * end, U(picks[i + 2]) * end, U(picks[i + 3]) * end
        for word in range(end):
            found[word] &= rows[a + word] & rows[b + word] & rows[c + word] & rows[d + word]
        i += 4
    while i < count:
        a = U(picks[i]) * end
        for word in range(end):
            found[word] &= rows[a + word]
        i += 1


def _inside(at, state, blob):  # type: ignore[no-untyped-def]
    """The truth of the set of values written there."""
    value, cuts = state[U(blob[at])], blob[at + U(1)]
    if cuts == BITS:
        bits = np.int64(blob[at + U(2)]) | np.int64(blob[at + U(3)]) << HALF
        inside_ = bits & value
        return U(NO) if inside_ == 0 else U(YES) if inside_ == value else U(OPEN)
    if value == UNKNOWN:
        return U(blob[at + U(4)])
    if value == NONE:
        return U(blob[at + U(3)])
    found = U(blob[at + U(2)])
    for cut in range(at + U(SET_HEAD), at + U(SET_HEAD) + U(cuts)):
        if blob[cut] > value:
            break
        found ^= U(YES)
    return found


def _closer(alternative, state, blob):  # type: ignore[no-untyped-def]
    """The truth of an alternative, by its sets of values."""
    ends = U(blob[SETS]) + alternative
    found = U(YES)
    for at in range(U(blob[ends]), U(blob[ends + U(1)])):
        found &= inside(U(blob[at]), state, blob)
        if found == U(NO):
            break
    return found


def _judge(word, state, blob, work):  # type: ignore[no-untyped-def]
    """The alternatives of a word that hold, and those that are open."""
    may = work[MAY, word]
    exact = work[EXACT, word] & may
    yes, close = exact & work[SURE, word], may & ~exact
    open_ = exact & ~yes
    while close:
        bit = close & (~close + U(1))
        close ^= bit
        found = closer((U(word) << U(6)) + place(bit), state, blob)
        if found == U(YES):
            yes |= bit
        elif found == U(OPEN):
            open_ |= bit
    return yes, open_


def _match(state, rows, blob, alive, flags, heads, work, picks, also, out):  # type: ignore[no-untyped-def]
    """One enterprise -> how many rules are sure, open, or to be judged by their tree; their numbers in `out`, in order.

    `state`: a code per fact (UNKNOWN, NONE, a rank, or a mask of possible values). `flags`: bitmaps of the rules with
    a tree, and of the entangled ones behind. `heads`: where in memory the rules' ids begin. `work`, `picks` and `also`
    are scratch; the last is left empty. `out` has three rows of as many places as there are rules.
    """
    words, rules, extra = blob[WORDS], blob[RULE_WORDS], U(blob[EXTRA])
    may, exact, sure = cells(state, blob, picks)
    for word in range(words):
        work[MAY, word] = rows[word]
        work[EXACT, word] = work[SURE, word] = ~U(0)
    narrow(work[MAY], rows, words, picks[MAY], may)
    narrow(work[EXACT], rows, words, picks[EXACT], exact)
    narrow(work[SURE], rows, words, picks[SURE], sure)
    for word in range(rules, words):
        if work[MAY, word]:
            yes, maybe = judge(word, state, blob, work)
            spread(yes, U(word - rules), blob, extra, also[0])
            spread(maybe, U(word - rules), blob, extra, also[1])
    n_sure, n_open, n_tree = U(0), U(0), U(0)
    for word in range(rules):
        if work[MAY, word] | also[0, word] | also[1, word] == 0:
            continue
        yes, maybe = judge(word, state, blob, work)
        yes = (yes | also[0, word]) & alive[word]
        maybe = (maybe | also[1, word]) & alive[word] & ~yes
        also[0, word] = also[1, word] = U(0)
        tree = (yes | maybe) & flags[word] | maybe & flags[rules + word]
        n_sure = listed(yes & ~tree, U(word), heads, out, U(0), n_sure)
        n_open = listed(maybe & ~tree, U(word), heads, out, U(1), n_open)
        n_tree = listed(tree, U(word), heads, out, U(2), n_tree)
    return n_sure, n_open, n_tree


def _spread(bits, word, blob, extra, found):  # type: ignore[no-untyped-def]
    """Marks the rules of some further alternatives."""
    while bits:
        rule = U(blob[extra + (word << U(6)) + place(bits)])
        found[rule >> U(6)] |= U(1) << (rule & U(63))
        bits &= bits - U(1)


def _listed(bits, word, heads, out, row, n):  # type: ignore[no-untyped-def]
    """The numbers of a word's bits; how many the row has then."""
    while bits:
        number = (word << U(6)) + place(bits)
        fetch(heads[number])  # whoever lists the ids counts one reference more in each
        out[row, n] = number
        bits &= bits - U(1)
        n += U(1)
    return n


OPTIONS: dict[str, Any] = {"cache": True, "nogil": False, "boundscheck": False, "_nrt": False}
"""Compiled without counting references to arrays: nothing here makes one."""
jit: Any = numba.njit(**OPTIONS)
fetch: Any = intrinsic(_fetch)
place = jit(_place)
cells = jit(_cells)
narrow = jit(_narrow)
inside = jit(_inside)
closer = jit(_closer)
judge = jit(_judge)
spread = jit(_spread)
listed = jit(_listed)
match = jit(_match)
