"""Rules laid out for the kernel: for each fact and each cell of its values, the alternatives that may hold there.

A match is then the "and" of one bitmap a fact, whatever is known and whatever the rules name: nothing has to be
searched, and an unknown region only leaves its bitmap out. arrays.py tells what lies where.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eligibility import arrays
from eligibility.arrays import UNKNOWN
from eligibility.normal import Normal, Normaliser
from eligibility.spans import Choices, Numbers, Spans, listed
from eligibility.values import Chosen, Cut, Ranges, Set, completion_bits
from eligibility.vocabulary import Vocabulary

CELLS = 1536
"""About so many cells the values of numbers, days and codes fall into, all facts together."""
CHUNK = 64
"""Words of alternatives worked on at a time."""

Bits = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Layout:
    """What a match reads. `blob`, `rows` and `flags` are described in arrays.py and kernel.py.

    `slots`: the place of each fact's code. `rows` is flat, so many words a row as `blob` says.
    """

    blob: npt.NDArray[np.int32]
    rows: Bits
    flags: Bits
    slots: Mapping[str, int]
    cuts: Mapping[str, tuple[Cut, ...]]
    template: Numbers
    entangled: Mapping[int, frozenset[str]]
    rules: int


class Builder:
    """One layout in the making."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.normaliser = Normaliser(vocabulary)
        self.sets: dict[Set, int] = {}
        self.rule_of = array("i")  # of each alternative
        self.counts = array("i")  # how many sets each has
        self.members = array("i")  # the sets, one alternative's after the other's
        self.trees = bytearray()  # whether each rule has a tree
        self.entangled: dict[int, frozenset[str]] = {}

    def add(self, normal: Normal) -> None:
        """The next rule, by its normal form."""
        number = len(self.trees)
        self.trees.append(normal.tree)
        if normal.entangled:
            self.entangled[number] = normal.entangled
        for alternative in normal.alternatives:
            self.rule_of.append(number)
            self.counts.append(len(alternative))
            self.members.extend([self.sets.setdefault(v, len(self.sets)) for v in alternative.values()])

    def layout(self) -> Layout:
        """Everything added, laid out."""
        self.number_facts()
        self.blob = array("i", bytes(4 * arrays.HEADER))
        self.put_sets()
        self.put_alternatives()
        self.put_facts()
        entangled = [number in self.entangled for number in range(len(self.trees))]
        return Layout(
            blob=fixed(np.array(self.blob, np.int32)),
            rows=fixed(self.rows[: self.row_count].reshape(-1)),
            flags=fixed(np.concatenate([bitmap(self.trees), bitmap(entangled)])),
            slots=self.slots,
            cuts=self.cuts,
            template=np.array([self.unknown_code(name) for name in self.slots], np.int64),
            entangled=self.entangled,
            rules=len(self.trees),
        )

    def put(self, values: Iterable[int]) -> int:
        """Appends numbers to `blob`; where they begin."""
        at = len(self.blob)
        self.blob.extend(values)
        return at

    def put_array(self, values: Numbers) -> int:
        at = len(self.blob)
        self.blob.frombytes(values.astype(np.int32).tobytes())
        return at

    def unknown_code(self, name: str) -> int:
        fact = self.vocabulary.facts[name]
        return completion_bits(fact) if fact.type in ("bool", "enum") else UNKNOWN

    def number_facts(self) -> None:
        """A slot for each fact the rules name, and its thresholds in order."""
        used = {values.fact for values in self.sets}
        self.slots = {n: at for at, n in enumerate(n for n in self.vocabulary.facts if n in used)}
        cuts: dict[str, set[Cut]] = {
            n: set() for n in self.slots if self.vocabulary.facts[n].type not in ("bool", "enum")
        }
        for values in self.sets:
            if isinstance(values, Ranges):
                cuts[values.fact].update(values.cuts)
        self.cuts = {name: tuple(sorted(found)) for name, found in cuts.items()}

    def put_sets(self) -> None:
        """Every set of values, and where it is."""
        rank = {name: {cut: at + 1 for at, cut in enumerate(found)} for name, found in self.cuts.items()}
        turned = (arrays.NO, arrays.YES)
        self.place = array("i")
        for values in self.sets:
            slot = self.slots[values.fact]
            if isinstance(values, Chosen):
                low, high = values.bits & ((1 << arrays.HALF) - 1), values.bits >> arrays.HALF
                self.place.append(self.put((slot, arrays.BITS, low, high)))
                continue
            unknown = (arrays.NO, arrays.OPEN, arrays.YES)[self.normaliser.unknown(values)]
            mine = rank[values.fact]
            self.place.append(len(self.blob))
            self.blob.extend((slot, len(values.cuts), turned[values.start], turned[values.none], unknown))
            self.blob.extend([mine[cut] for cut in values.cuts])

    def put_alternatives(self) -> None:
        """Bits for the alternatives: a rule's first one has the rule's; the others lie behind all rules' words."""
        rule_of, counts = np.array(self.rule_of, np.int64), np.array(self.counts, np.int64)
        first = np.ones(len(rule_of), np.bool_)
        first[1:] = rule_of[1:] != rule_of[:-1]
        rule_words = max(1, -(-len(self.trees) // 64))
        extra = rule_of[~first]
        self.bit = np.where(first, rule_of, 0)
        self.bit[~first] = rule_words * 64 + np.arange(len(extra))
        self.words = rule_words + -(-len(extra) // 64)
        at = np.argsort(self.bit, kind="stable")
        begins = np.cumsum(counts) - counts
        order = listed(begins[at], counts[at])
        self.member = np.array(self.members, np.int64)
        places = np.array(self.place, np.int64)[self.member[order]]
        begin = self.put_array(places)
        sizes = np.zeros(self.words * 64 + 1, np.int64)
        sizes[self.bit + 1] = counts
        header = self.blob
        header[arrays.SETS] = self.put_array(np.cumsum(sizes) + begin)
        header[arrays.EXTRA] = self.put_array(extra)
        header[arrays.WORDS], header[arrays.RULE_WORDS] = self.words, rule_words
        self.bit_of_member = np.repeat(self.bit, counts)

    def put_facts(self) -> None:
        """The cells of every fact, and their rows."""
        blob, place = np.array(self.blob, np.int32), np.array(self.place, np.int64)
        slot_of = blob[place[self.member]]
        order = np.lexsort((self.bit_of_member, slot_of))
        bits, sets = self.bit_of_member[order], self.member[order]
        ends = np.cumsum(np.bincount(slot_of, minlength=len(self.slots))).tolist()
        spans = [slice(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]
        room = np.sqrt([span.stop - span.start for span in spans])
        room *= CELLS / max(1.0, room.sum())
        split = [
            self.cells(name, blob, place[sets[span]], round(most))
            for name, span, most in zip(self.slots, spans, room.tolist(), strict=True)
        ]
        self.rows = np.empty((1 + 2 * sum(map(len, split)), self.words), np.uint64)
        self.rows[0] = positions(self.bit, self.words)
        self.row_count = 1
        records = []
        for cells, span in zip(split, spans, strict=True):
            truths = rows_of(cells, blob, place, bits[span], sets[span], self.words)
            at = self.put(n for pair in zip(*self.row_numbers(truths), strict=True) for n in pair)
            records.append((cells.kind, self.put_array(cells.of_rank), at, cells.unknown, cells.none))
        self.blob[arrays.FACT_COUNT] = len(records)
        self.blob[arrays.FACTS] = self.put(n for record in records for n in record)

    def cells(self, name: str, blob: npt.NDArray[np.int32], places: Numbers, most: int) -> Choices | Spans:
        """The cells of a fact, at most so many of ranks; `places`: its sets, each as often as it is used."""
        if name not in self.cuts:
            return Choices.of(self.vocabulary.facts[name])
        ranks = len(self.cuts[name]) + 1
        turns = np.bincount(blob[listed(places + arrays.SET_HEAD, blob[places + 1])], minlength=ranks)
        return Spans.of(ranks, turns, most)

    def row_numbers(self, found: tuple[Bits, Bits]) -> tuple[list[int], list[int]]:
        """The number of each of a fact's rows; the same row is kept once, and one of all alternatives not at all."""
        known = {b"\xff" * (8 * self.words): arrays.ALL}
        numbers: tuple[list[int], list[int]] = ([], [])
        for rows, mine in zip(found, numbers, strict=True):
            for row in rows:
                key = row.tobytes()
                if key not in known:
                    known[key] = self.row_count
                    self.rows[self.row_count] = row
                    self.row_count += 1
                mine.append(known[key])
        return numbers


def rows_of(
    cells: Choices | Spans,
    blob: npt.NDArray[np.int32],
    place: Numbers,
    bits: Numbers,
    sets: Numbers,
    words: int,
) -> tuple[Bits, Bits]:
    """A fact's two rows for each cell. `bits`: the alternatives that name it, ascending; `sets`: what they say."""
    made = np.empty((2, len(cells), words), np.uint64)
    for begin in range(0, words, CHUNK):
        end = min(words, begin + CHUNK)
        first, last = np.searchsorted(bits, (begin * 64, end * 64))
        met, which = np.unique(sets[first:last], return_inverse=True)
        full = np.ones((len(cells), (end - begin) * 64), np.bool_)
        for kind, truths in enumerate(cells.truths(blob, place[met])):
            full[:, bits[first:last] - begin * 64] = truths[:, which]
            made[kind, :, begin:end] = np.packbits(full, axis=1, bitorder="little").view(np.uint64)
    return made[0], made[1]


def fixed(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Never written again: the kernels are then compiled once, for arrays like those of an opened file."""
    numbers.setflags(write=False)
    return numbers


def positions(bits: Numbers, words: int) -> Bits:
    """A bitmap of the bits of those numbers."""
    flags = np.zeros(words * 64, np.bool_)
    flags[bits] = True
    return np.packbits(flags, bitorder="little").view(np.uint64)


def bitmap(flags: Iterable[int]) -> Bits:
    """Flags in words of 64, the first in the lowest bit."""
    bits = np.packbits(np.fromiter(flags, np.uint8), bitorder="little")
    return np.frombuffer(bits.tobytes().ljust(-(-len(bits) // 8) * 8, b"\0"), np.uint64)
