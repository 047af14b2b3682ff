"""Rules laid out for the kernel: literals numbered so that truth comes in runs, alternatives in buckets.

Each alternative is filed under its two most telling facts of few values (region and industry, mostly), once for
each pair of values it names; where one of the two facts is unknown the other still leads to it, and where both are,
one more literal does. That is what keeps an unscoped rule or an unknown region from reading everything.
"""

from __future__ import annotations

import datetime as dt
import functools
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from eligibility import arrays
from eligibility.arrays import NONE, UNKNOWN
from eligibility.normal import (
    Chosen,
    Cut,
    Normal,
    Normaliser,
    Ranges,
    Set,
    after,
    choices,
    completion_bits,
)
from eligibility.vocabulary import Fact, Vocabulary

MOST_KEYS = 64
"""Values of one fact an alternative may be filed under."""
LARGEST_TABLE = 1 << 20
"""Pairs of values a plan may have buckets for."""
TELLING = 0.5
"""A literal that holds for more than this share of the enterprises is no key."""

LAST_DAY = dt.date.max.toordinal()


class Codes(dict[object, int]):
    """The code of each value of one fact: those the rules name at once, others as they are met, up to a bound."""

    MOST = 8192

    def __init__(self, fact: Fact, cuts: Sequence[Cut]) -> None:
        super().__init__()
        self.kind = fact.type
        self.amount = self.kind in ("money", "decimal")
        self.plain: list[Any] = [float(cut[0]) if self.amount else cut[0] for cut in cuts]
        self.cuts = [(in_decimals(value), side) for value, side in cuts]
        if self.kind in ("bool", "enum"):
            values = choices(fact)
            self.update({value: 1 << at for at, value in enumerate(values)})
            self[None] = 1 << (len(values) + 1)
            self.other = 1 << len(values)
            return
        self[None] = NONE
        for at, (value, side) in enumerate(self.cuts):
            key = dt.date.fromordinal(value) if self.kind == "date" and 0 < value < LAST_DAY else value
            if side == 0 or key not in self:
                self[key] = at + 1 - side
        self.room = self.MOST

    def __missing__(self, value: Any) -> int:
        kind = self.kind
        if self.amount:
            near = float(value)  # monotone: only where it meets a cut's own float does the exact value decide
            found = bisect_left(self.plain, near)
            if found < len(self.plain) and self.plain[found] == near:
                found = self.beyond(found, near, value)
        elif kind == "int":
            found = bisect_right(self.plain, Decimal(repr(value)) if isinstance(value, float) else value)
        elif kind == "code":
            found = bisect_right(self.plain, value)
        elif kind == "date":
            day = dt.date.fromisoformat(value) if isinstance(value, str) else value
            found = bisect_right(self.plain, day.toordinal())
        else:
            return self.other if kind == "enum" else 1 << bool(value)
        if self.room:
            self.room -= 1
            self[value] = found
        return found

    def beyond(self, at: int, near: float, value: int | float | Decimal | Fraction) -> int:
        """Among the cuts whose float is the value's, the first that lies beyond the value itself."""
        exact = Decimal(repr(value)) if isinstance(value, float) else value
        while at < len(self.plain) and self.plain[at] == near:
            cut, side = self.cuts[at]
            mine = Fraction(exact) if isinstance(cut, Fraction) else exact
            if mine < cut or (mine == cut and side):
                break
            at += 1
        return at


def in_decimals(value: int | Fraction | str) -> Any:
    """A fraction as a decimal where it is one, since those compare with each other ten times faster."""
    if not isinstance(value, Fraction):
        return value
    found = Decimal(value.numerator) / Decimal(value.denominator)
    return found if Fraction(found) == value else value


@dataclass(frozen=True)
class Layout:
    """What a match reads. `blob`, `entries`, `masks` and `flags` are described in arrays.py and kernel.py.

    `slots`: the place of each fact's code.
    """

    blob: npt.NDArray[np.int32]
    entries: npt.NDArray[np.uint16]
    masks: npt.NDArray[np.int64]
    flags: npt.NDArray[np.uint64]
    slots: Mapping[str, int]
    cuts: Mapping[str, tuple[Cut, ...]]
    template: npt.NDArray[np.int64]
    entangled: Mapping[int, frozenset[str]]
    literals: int
    rules: int


class Builder:
    """One layout in the making."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.normaliser = Normaliser(vocabulary)
        self.sets: dict[Set, int] = {}
        self.alternatives = array("i")  # rule, how many sets, the sets
        self.trees = bytearray()  # whether each rule has a tree
        self.entangled: dict[int, frozenset[str]] = {}

    def add(self, normal: Normal) -> None:
        """The next rule, by its normal form."""
        number = len(self.trees)
        self.trees.append(normal.tree)
        if normal.entangled:
            self.entangled[number] = normal.entangled
        for alternative in normal.alternatives:
            self.alternatives.extend((number, len(alternative)))
            self.alternatives.extend(self.sets.setdefault(v, len(self.sets)) for v in alternative.values())

    def layout(self) -> Layout:
        """Everything added, laid out."""
        self.number_facts()
        self.number_literals()
        self.blob = array("i", bytes(4 * arrays.HEADER))
        self.entries = array("H")
        header = self.blob
        header[arrays.MASK_GROUPS], header[arrays.MASKS] = self.records(self.mask_groups())
        header[arrays.RANGE_GROUPS], header[arrays.RANGES] = self.records(self.range_groups())
        header[arrays.DENSE] = self.dense
        header[arrays.LAZY] = self.put(self.lazy_sets())
        header[arrays.PLAN_COUNT], header[arrays.PLANS] = self.records(self.plans())
        header[arrays.WORDS] = (len(self.trees) + 63) // 64
        entangled = [number in self.entangled for number in range(len(self.trees))]
        return Layout(
            blob=fixed(np.array(self.blob, np.int32)),
            entries=fixed(np.array(self.entries, np.uint16)),
            masks=fixed(np.array(self.mask_bits, np.int64)),
            flags=fixed(np.concatenate([bitmap(self.trees), bitmap(entangled)])),
            slots=self.slots,
            cuts={name: tuple(self.cuts[name]) for name in self.slots if name in self.cuts},
            template=np.array([self.unknown_code(name) for name in self.slots], np.int64),
            entangled=self.entangled,
            literals=self.dense + len(self.lazy),
            rules=len(self.trees),
        )

    def put(self, values: Iterable[int]) -> int:
        """Appends numbers to `blob`; where they begin."""
        at = len(self.blob)
        self.blob.extend(values)
        return at

    def records(self, found: list[tuple[int, ...]]) -> tuple[int, int]:
        return len(found), self.put(n for record in found for n in record)

    def unknown_code(self, name: str) -> int:
        fact = self.vocabulary.facts[name]
        return completion_bits(fact) if fact.type in ("bool", "enum") else UNKNOWN

    def number_facts(self) -> None:
        used = {values.fact for values in self.sets}
        self.slots = {n: at for at, n in enumerate(n for n in self.vocabulary.facts if n in used)}
        cuts: dict[str, set[Cut]] = {
            n: set() for n in self.slots if self.vocabulary.facts[n].type not in ("bool", "enum")
        }
        for values in self.sets:
            if isinstance(values, Ranges):
                cuts[values.fact].update(values.cuts)
        self.cuts = {name: sorted(found) for name, found in cuts.items()}
        self.rank = {name: {cut: at + 1 for at, cut in enumerate(found)} for name, found in self.cuts.items()}

    def number_literals(self) -> None:
        """Dense literals first, in runs: enumerations by fact, then one-sided ranges by fact, side and cut."""
        chosen: dict[str, list[tuple[int, int]]] = defaultdict(list)
        sided: dict[tuple[str, bool, bool], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        self.lazy: list[int] = []
        self.of_set: list[list[int]] = [[] for _ in self.sets]
        self.share: list[float] = []
        ordered = list(self.sets)
        self.unknown = [self.normaliser.unknown(values) for values in ordered]
        for number, values in enumerate(ordered):
            if isinstance(values, Chosen):
                chosen[values.fact].append((number, values.bits))
                continue
            coded = self.vocabulary.facts[values.fact].type == "code"
            ranks = [self.rank[values.fact][cut] for cut in values.cuts]
            coded = coded or self.unknown[number] != 1
            if len(ranks) == 1 and not coded:
                sided[values.fact, values.start, values.none][ranks[0]].append(number)
            elif (
                len(ranks) == 2 and not values.start and not coded
            ):  # from one cut to another: two one-sided literals
                sided[values.fact, False, values.none][ranks[0]].append(number)
                sided[values.fact, True, values.none][ranks[1]].append(number)
            else:
                self.lazy.append(number)
        self.mask_runs: list[tuple[int, int, int]] = []
        self.mask_bits: list[int] = []
        for name, found in chosen.items():
            first = len(self.mask_bits)
            every = len(choices(self.vocabulary.facts[name]))
            for number, bits in found:
                self.literal(number, (bits & ((1 << every) - 1)).bit_count() / every)
                self.mask_bits.append(bits)
            self.mask_runs.append((self.slots[name], first, len(self.mask_bits)))
        self.side_runs: list[tuple[int, int, int, int, int, list[int]]] = []
        for (name, start, none), by_rank in sided.items():
            first, top = len(self.share), len(self.cuts[name])
            counts = [0] * (top + 2)
            for rank in sorted(by_rank):
                for number in by_rank[rank]:
                    self.of_set[number].append(len(self.share))
                below = rank / (top + 1)
                self.share.append(below if start else 1 - below)
                counts[rank] += 1
            running = 0
            for rank in range(top + 1):
                running += counts[rank]
                counts[rank] = running
            met = arrays.YES if none else arrays.NO
            run = (self.slots[name], int(start), met, first, len(self.share), counts[: top + 1])
            self.side_runs.append(run)
        self.dense = len(self.share)
        told: dict[str, set[Cut]] = defaultdict(set)
        for number in self.lazy:
            told[ordered[number].fact].update(getattr(ordered[number], "cuts", ()))
        named = {
            name: max(8, len(cuts) // 2) for name, cuts in told.items()
        }  # about the kinds of values told apart
        for number in self.lazy:
            values = ordered[number]
            assert isinstance(values, Ranges)
            inside = min(1.0, (len(values.cuts) + 1) // 2 / named[values.fact])
            self.literal(number, 1 - inside if values.start else inside)
        self.ordered = ordered

    def literal(self, number: int, share: float) -> None:
        """The next literal stands for a whole set, which holds for about that share of the enterprises."""
        self.of_set[number].append(len(self.share))
        self.share.append(share)

    def mask_groups(self) -> list[tuple[int, ...]]:
        return list(self.mask_runs)

    def range_groups(self) -> list[tuple[int, ...]]:
        return [(*run[:5], self.put(run[5])) for run in self.side_runs]

    def lazy_sets(self) -> list[int]:
        found = []
        for number in self.lazy:
            values = self.ordered[number]
            assert isinstance(values, Ranges)
            ranks = [self.rank[values.fact][cut] for cut in values.cuts]
            unknown = (arrays.NO, arrays.OPEN, arrays.YES)[self.unknown[number]]
            start, none = (arrays.YES if met else arrays.NO for met in (values.start, values.none))
            record = (self.slots[values.fact], start, none, unknown, len(ranks), *ranks)
            found.append(self.put(record))
        return found

    def keys_of(self, number: int) -> tuple[object, ...]:
        """The values a set can be filed under: bits, or ranges from rank to rank; empty where it is no good key."""
        values = self.ordered[number]
        if self.share[self.of_set[number][0]] > TELLING or self.unknown[number] != 1:
            return ()
        fact = self.vocabulary.facts[values.fact]
        if isinstance(values, Chosen):
            count = len(choices(fact))
            if fact.computed or values.bits >> (count + 1):
                return ()  # a size class may be partly known; none is no value to file under
            return tuple(at for at in range(count + 1) if values.bits >> at & 1)
        if fact.type != "code" or values.start or values.none or len(values.cuts) % 2:
            return ()
        if len(values.cuts) > 2 * MOST_KEYS or not values.cuts:
            return ()
        texts = [str(cut[0]) for cut in values.cuts]
        return tuple(piece for a, b in zip(texts[::2], texts[1::2], strict=True) for piece in by_prefix(a, b))

    def plans(self) -> list[tuple[int, ...]]:
        """The plans with their buckets, each a record of the kernel's."""
        self.keys = [self.keys_of(number) for number in range(len(self.ordered))]
        self.numbered: dict[str, dict[object, int]] = defaultdict(dict)
        by_plan: dict[tuple[str, ...], array[int]] = defaultdict(lambda: array("i"))
        at = 0
        while at < len(self.alternatives):
            telling = self.telling(self.alternatives[at + 2 : at + 2 + self.alternatives[at + 1]])
            for number in telling:
                known = self.numbered[self.ordered[number].fact]
                for key in self.keys[number]:
                    known.setdefault(key, len(known))
            by_plan[tuple(self.ordered[number].fact for number in telling)].append(at)
            at += 2 + self.alternatives[at + 1]
        made = {name: self.key(name, found) for name, found in self.numbered.items()}
        return [self.plan(facts, found, made) for facts, found in sorted(by_plan.items())]

    def telling(self, sets: Iterable[int]) -> list[int]:
        """The sets an alternative is filed under: at most two, of the facts that leave the fewest enterprises."""
        usable = [s for s in sets if self.keys[s]]
        usable.sort(key=lambda s: (self.share[self.of_set[s][0]], self.slots[self.ordered[s].fact]))
        chosen = usable[:2]
        if len(chosen) == 2 and len(self.keys[chosen[0]]) * len(self.keys[chosen[1]]) > 4 * MOST_KEYS:
            chosen = chosen[:1]
        return sorted(chosen, key=lambda s: self.slots[self.ordered[s].fact])

    def key(self, name: str, numbered: Mapping[object, int]) -> tuple[int, int, int, int]:
        """slot, whether a mask, where the cells' key lists begin, and how many keys there are."""
        is_mask = self.vocabulary.facts[name].type in ("bool", "enum")
        cells = 64 if is_mask else len(self.cuts[name]) + 1
        lists: list[list[int]] = [[] for _ in range(cells)]
        for key, number in numbered.items():
            first, end = (key, key + 1) if isinstance(key, int) else self.cells_of(name, key)
            for cell in range(first, end):
                lists[cell].append(number)
        begin = self.put(number for found in lists for number in found)
        pointers, at = [], begin
        for found in lists:
            pointers.append(at)
            at += len(found)
        return self.slots[name], int(is_mask), self.put([*pointers, at]), len(numbered)

    def cells_of(self, name: str, key: object) -> tuple[int, int]:
        """The cells from one text to before another."""
        assert isinstance(key, tuple)
        first, end = (bisect_left(self.cuts[name], (text, 0)) + 1 for text in key)
        return first, end

    def plan(
        self, facts: tuple[str, ...], found: Iterable[int], made: Mapping[str, tuple[int, int, int, int]]
    ) -> tuple[int, ...]:
        """One plan's record; its entries by pairs of keys, and once more by another literal."""
        sides = [made[name] for name in facts]
        if len(sides) == 2 and sides[0][3] * sides[1][3] > LARGEST_TABLE:
            keep = 0 if sides[0][3] >= sides[1][3] else 1
            facts, sides = (facts[keep],), [sides[keep]]
        n2 = sides[1][3] if len(sides) == 2 else 1
        buckets: dict[int, array[int]] = defaultdict(lambda: array("H"))
        groups: dict[int, array[int]] = defaultdict(lambda: array("H"))
        for literals, at in sorted(self.unfiled(at, facts) for at in found):
            rule = self.alternatives[at]
            head, rest = (literals[0], literals[1:]) if literals else (arrays.NO_HEAD, literals)
            groups[head].extend(self.entry(rule, rest))
            if sides:
                entry = self.entry(rule, literals)
                first, *second = ([self.numbered[n][k] for k in keys] for n, keys in self.filed(at, facts))
                for a in first:
                    for b in second[0] if second else (0,):
                        buckets[a * n2 + b].extend(entry)
        begin = len(self.entries)
        for head in sorted(groups):
            self.entries.extend((*halves(head), *halves(len(groups[head]))))
            self.entries.extend(groups[head])
        end = len(self.entries)
        if not sides:
            return (-1, 0, 0, 0, -1, 0, 0, 0, 0, begin, end)
        sizes = np.zeros(sides[0][3] * n2 + 1, np.int64)
        for bucket, entries in buckets.items():
            sizes[bucket + 1] = len(entries)
        table = np.cumsum(sizes) + end
        for bucket in sorted(buckets):
            self.entries.extend(buckets[bucket])
        slot1, mask1, keys1, n1 = sides[0]
        slot2, mask2, keys2, _ = sides[1] if len(sides) == 2 else (-1, 0, 0, 1)
        return (
            slot1, mask1, keys1, n1, slot2, mask2, keys2, n2, self.put(table.tolist()), begin, end,
        )  # fmt: skip

    def entry(self, rule: int, literals: Sequence[int]) -> array[int]:
        """A rule with the literals that are left to be read, as the kernel has them: wide ones last."""
        plain = [lit for lit in literals if lit < min(self.dense, arrays.NARROW)]
        wide = [half for lit in literals if lit >= min(self.dense, arrays.NARROW) for half in halves(lit)]
        return array("H", (*halves(rule), len(plain) + (len(wide) // 2 << 8), *plain, *wide))

    def filed(self, at: int, facts: tuple[str, ...]) -> Iterable[tuple[str, tuple[object, ...]]]:
        """The keys an alternative is filed under in a plan, by fact."""
        of_fact = {self.ordered[s].fact: s for s in self.sets_at(at)}
        return ((name, self.keys[of_fact[name]]) for name in facts)

    def unfiled(self, at: int, facts: tuple[str, ...]) -> tuple[list[int], int]:
        """The literals of an alternative that are left to be read there, and where it is.

        The least likely comes first. Entries lie in this order, so that those read one after the other mostly begin
        with literals of one fact in the order of their thresholds: they fail together, which the processor foresees.
        """
        found = [lit for s in self.sets_at(at) if self.ordered[s].fact not in facts for lit in self.of_set[s]]
        found.sort(key=lambda lit: (self.share[lit], lit))
        return found, at

    def sets_at(self, at: int) -> array[int]:
        return self.alternatives[at + 2 : at + 2 + self.alternatives[at + 1]]


def fixed(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Never written again: the kernels are then compiled once, for arrays like those of an opened file."""
    numbers.setflags(write=False)
    return numbers


def halves(number: int) -> tuple[int, int]:
    """A number in two places, the low half first."""
    return number & 0xFFFF, number >> 16


def bitmap(flags: Iterable[int]) -> npt.NDArray[np.uint64]:
    """Flags in words of 64, the first in the lowest bit."""
    bits = np.packbits(np.fromiter(flags, np.uint8), bitorder="little")
    return np.frombuffer(bits.tobytes().ljust(-(-len(bits) // 8) * 8, b"\0"), np.uint64)


@functools.lru_cache(maxsize=8192)
def by_prefix(first: str, end: str) -> list[tuple[str, str]]:
    """The texts from `first` to before `end` in pieces of one prefix each: 33 to 35 is 33 and 34."""
    found = []
    while first < end and first[-1:].isalnum() and (behind := after(first)) <= end:
        found.append((first, behind))
        first = behind
    return found + ([(first, end)] if first < end else [])
