"""The compiled inner loops of `columns`: many rules against blocks of enterprises, 64 enterprises a machine word.

Each fact's ranks lie in bit planes (plane k of a block holds bit k of every rank), so that "rank at least c" is one
"and" or "or" of words per bit (Li and Patel, BitWeaving, SIGMOD 2013). Enterprises are sorted by region, so that a
block's least and most rank settle a region's literals, and with them most rules, without touching a plane.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import extending, types
from numba.core import cgutils as generating

WORDS = 32
"""Machine words a block is wide: 2,048 enterprises."""
BLOCK = 64 * WORDS

# Records: a fact is [first plane, planes, plane of unknown rows or -1, whether a mask of possible values];
# a zone, one for each block and fact, is [least, most, whether some row is open], of a mask [all bits met, -, ...];
# an alternative is [count, its literals ...]; a literal, found through the last numbers of `blob`, is [fact, starts
# inside, unknown, how many cuts, cuts ...], one of a mask [fact, its values' bits].
FACT, ZONE = 4, 3

# What a literal is in a block: for no row, for all rows, for some, for some with others open.
NO, YES, SOME, OPEN = 0, 1, 2, 3
PLACE_BITS, PLACE_MASK = np.uint64(36), np.uint64((1 << 36) - 1)

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "boundscheck": False, "_nrt": False}
"""Compiled without counting references to arrays, which took longer than the work itself: nothing here makes one."""

U = np.uint64
W, W2, W3, W4 = U(WORDS), U(2 * WORDS), U(3 * WORDS), U(4 * WORDS)
ALL = U(0xFFFFFFFFFFFFFFFF)

# WORDS machine words at once. Written as the compiler's intermediate code: of a Python loop over so few words it makes
# more checks than work, because it cannot know that two arrays do not overlap. In this file, because the cache of
# compiled functions looks at no other.

cgutils: Any = generating
intrinsic: Any = extending.intrinsic
WORD = ir.IntType(64)
VECTOR = ir.VectorType(WORD, WORDS)


def pointer(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    """Where WORDS words begin at a place of an array."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), VECTOR.as_pointer())


def load(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    return builder.load(pointer(context, builder, kind, array, at), align=8)


def store(context: Any, builder: Any, kind: Any, array: Any, at: Any, words: Any) -> None:
    builder.store(words, pointer(context, builder, kind, array, at), align=8)


def reduced(builder: Any, how: str, words: Any) -> Any:
    """All words as one: "or" tells whether any bit is set, "add" sums."""
    name = f"llvm.vector.reduce.{how}.v{WORDS}i64"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(WORD, [VECTOR]), name)
    return builder.call(function, [words])


def spread(builder: Any, word: Any) -> Any:
    """One word as all words."""
    one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), word, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), WORDS), [0] * WORDS))


def combined(join: Callable[[Any, Any, Any], Any]) -> Any:
    """A function (target, t, a, i, b, j) that joins words of `a` and `b` into `target`: whether any bit is set then."""

    @intrinsic  # type: ignore[untyped-decorator]
    def function(typing: Any, target: Any, t: Any, a: Any, i: Any, b: Any, j: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kinds = signature.args
            left = load(context, builder, kinds[2], arguments[2], arguments[3])
            right = load(context, builder, kinds[4], arguments[4], arguments[5])
            words = join(builder, left, right)
            store(context, builder, kinds[0], arguments[0], arguments[1], words)
            return reduced(builder, "or", words)

        return types.uint64(target, t, a, i, b, j), generate

    return function


meet = combined(lambda builder, a, b: builder.and_(a, b))
either = combined(lambda builder, a, b: builder.or_(a, b))
differ = combined(lambda builder, a, b: builder.xor(a, b))
outside = combined(lambda builder, a, b: builder.and_(a, builder.not_(b)))


@intrinsic  # type: ignore[untyped-decorator]
def copied(typing: Any, target: Any, t: Any, a: Any, i: Any) -> Any:
    """Words of one array into another."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        words = load(context, builder, signature.args[2], arguments[2], arguments[3])
        store(context, builder, signature.args[0], arguments[0], arguments[1], words)
        return context.get_dummy_value()

    return types.void(target, t, a, i), generate


@intrinsic  # type: ignore[untyped-decorator]
def flood(typing: Any, target: Any, t: Any, word: Any) -> Any:
    """The same word everywhere."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        store(context, builder, signature.args[0], arguments[0], arguments[1], spread(builder, arguments[2]))
        return context.get_dummy_value()

    return types.void(target, t, word), generate


@intrinsic  # type: ignore[untyped-decorator]
def ones(typing: Any, a: Any, i: Any) -> Any:
    """How many bits are set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        words = load(context, builder, signature.args[0], arguments[0], arguments[1])
        name = f"llvm.ctpop.v{WORDS}i64"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(VECTOR, [VECTOR]), name)
        return reduced(builder, "add", builder.call(function, [words]))

    return types.int64(a, i), generate


@intrinsic  # type: ignore[untyped-decorator]
def beyond(
    typing: Any,
    planes: Any,
    base: Any,
    bits: Any,
    cut: Any,
    target: Any,
    t: Any,
    flip: Any,
) -> Any:
    """The rows whose rank is at least `cut`, from the lowest bit up; each word flipped where `flip` is all ones."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        planes_, base_, bits_, cut_, target_, t_, flip_ = arguments
        found = cgutils.alloca_once_value(builder, ir.Constant(VECTOR, [-1] * WORDS))
        lowest = builder.cttz(cut_, ir.Constant(ir.IntType(1), 1))  # below it "or" leaves all as they are
        with cgutils.for_range(builder, bits_, start=lowest, intp=WORD) as loop:
            at = builder.add(base_, builder.mul(loop.index, ir.Constant(WORD, WORDS)))
            plane = load(context, builder, signature.args[0], planes_, at)
            so_far = builder.load(found)
            bit = builder.trunc(builder.lshr(cut_, loop.index), ir.IntType(1))
            both, any_ = builder.and_(plane, so_far), builder.or_(plane, so_far)
            builder.store(builder.select(bit, both, any_), found)
        words = builder.xor(builder.load(found), spread(builder, flip_))
        store(context, builder, signature.args[4], target_, t_, words)
        return context.get_dummy_value()

    return types.void(planes, base, bits, cut, target, t, flip), generate


def _of_mask(record, met, open_, planes, base, bits, kept, place):  # type: ignore[no-untyped-def]
    """A set of values against masks of possible values: sure where no other is possible."""
    if record & met == 0:
        return NO
    if record & met == met:
        return YES
    flood(kept, place, U(0))
    flood(kept, place + W, U(0))
    for k in range(bits):
        target = place + W if (record >> k) & 1 else place
        either(kept, target, kept, target, planes, base + U(k) * W)
    flood(kept, U(0), ALL)
    outside(kept, place, kept, U(0), kept, place)
    return OPEN if open_ else SOME


def _literal(block, q, facts, zones, planes, stride, blob, kept, place):  # type: ignore[no-untyped-def]
    """What the literal at `q` of `blob` is in a block; sure rows go to `place` of `kept`, possible ones behind."""
    slot = U(blob[q])
    zone = (block * U(len(facts) // FACT) + slot) * U(ZONE)
    least, most, open_ = zones[zone], zones[zone + U(1)], zones[zone + U(2)]
    fact = slot * U(FACT)
    base = block * stride + U(facts[fact]) * W
    bits = U(facts[fact + U(1)])
    if facts[fact + U(3)]:
        return of_mask(blob[q + U(1)], least, open_, planes, base, bits, kept, place)
    inside, unknown = blob[q + U(1)], blob[q + U(2)]
    i = q + U(4)
    end = i + U(blob[q + U(3)])
    while i < end and blob[i] <= least:
        inside ^= 1
        i += U(1)
    if i == end or blob[i] > most:
        if not open_:
            return YES if inside else NO
        flood(kept, place, ALL if inside else U(0))
    else:
        beyond(planes, base, bits, U(blob[i]), kept, place, ALL if inside else U(0))
        i += U(1)
        while i < end and blob[i] <= most:
            beyond(planes, base, bits, U(blob[i]), kept, U(0), U(0))
            differ(kept, place, kept, place, kept, U(0))
            i += U(1)
    if not open_:
        return SOME
    plane = block * stride + U(facts[fact + U(2)]) * W
    if unknown == 2:
        either(kept, place, kept, place, planes, plane)
        return SOME
    outside(kept, place, kept, place, planes, plane)
    if unknown == 0:
        return SOME
    either(kept, place + W, kept, place, planes, plane)
    return OPEN


def _alternative(at, block, facts, zones, planes, stride, blob, literals, kept, met, found):  # type: ignore[no-untyped-def]
    """The rows an alternative holds for, sure and possible, behind the valid rows in `found`; NO, SOME or OPEN.

    `met`: of each literal met in this block, the block, where its rows are in `kept`, and its kind; last, how many
    places of `kept` are taken.
    """
    source, open_ = U(0), False
    last = U(len(met) - 1)
    for i in range(at + U(1), at + U(1) + U(blob[at])):
        number = U(blob[i])
        state = met[number]
        if state >> PLACE_BITS != block:
            place = (met[last] + U(1)) * W2
            kind = U(
                literal(block, U(blob[literals + number]), facts, zones, planes, stride, blob, kept, place)
            )
            if kind >= SOME:
                met[last] += U(1)
            state = block << PLACE_BITS | place << U(2) | kind
            met[number] = state
        kind = state & U(3)
        if kind == NO:
            return NO
        if kind == YES:
            continue
        place = (state & PLACE_MASK) >> U(2)
        if kind == OPEN and not open_:
            open_ = True
            copied(found, W2, found, source)
        left = meet(found, W, found, source, kept, place)
        source = W
        if open_:
            left = meet(found, W2, found, W2, kept, place + W if kind == OPEN else place)
        if left == 0:
            return NO
    if source == 0:
        copied(found, W, found, U(0))
    return OPEN if open_ else SOME


def _judge(  # type: ignore[no-untyped-def]
    first, end, rows, facts, zones, planes, stride, blob, literals, rules, kept, met, found, counts, bits
):
    """Blocks `first` to before `end`: adds to `counts` [sure, possible] of every rule.

    `bits` (rule, sure or possible, word) keeps the rows themselves where it is not empty. `rules`: where each rule's
    alternatives begin in `blob`, and the end of the last. Scratch: `kept` (a place for scratch, then one for each
    literal), `met` (all ones) and `found` (valid rows; an alternative's sure, possible; a rule's sure, possible).
    """
    keep = bits.shape[0] > 0
    for block in range(U(first), U(end)):
        for w in range(WORDS):
            left = rows - (np.int64(block) * WORDS + w) * 64
            found[U(w)] = ALL if left >= 64 else (U(1) << U(left)) - U(1) if left > 0 else U(0)
        met[U(len(met) - 1)] = U(0)
        for rule in range(len(rules) - 1):
            at, stop = U(rules[rule]), U(rules[rule + 1])
            several, any_, open_ = at + U(1) + U(blob[at]) < stop, False, False
            sure, possible = W, W
            while at < stop:
                kind = alternative(at, block, facts, zones, planes, stride, blob, literals, kept, met, found)
                at += U(1) + U(blob[at])
                if kind == NO:
                    continue
                sure, possible = W, W2 if kind == OPEN else W
                open_ = open_ or kind == OPEN
                if several:
                    if any_:
                        either(found, W3, found, W3, found, sure)
                        either(found, W4, found, W4, found, possible)
                    else:
                        copied(found, W3, found, sure)
                        copied(found, W4, found, possible)
                any_ = True
            if any_:
                if several:
                    sure, possible = W3, W4
                inside = ones(found, sure)
                counts[rule, 0] += inside
                counts[rule, 1] += ones(found, possible) if open_ else inside
                if keep:
                    for w in range(WORDS):
                        bits[rule, 0, np.int64(block) * WORDS + w] = found[sure + U(w)]
                        bits[rule, 1, np.int64(block) * WORDS + w] = found[possible + U(w)]


jit: Any = numba.njit(**OPTIONS)
of_mask = jit(_of_mask)
literal = jit(_literal)
alternative = jit(_alternative)
judge = jit(_judge)
