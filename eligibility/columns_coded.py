"""A population coded for a set of rules: ranks in bit planes, and what the rules say of every row.

Made by `Columns.coded`. Blocks of rows go to threads; the kernels hold no lock of the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from eligibility.column import KNOWN, UNKNOWN, Column
from eligibility.columns_exact import Exact, truths
from eligibility.columns_program import Program, Sized, program
from eligibility.compound import Compound
from eligibility.evaluate import Status
from eligibility.lazily import lazily
from eligibility.population import Counts
from eligibility.rule import Rule
from eligibility.size_standard import INPUTS
from eligibility.values import Cut, choices
from eligibility.vocabulary import Fact

if TYPE_CHECKING:
    from eligibility import columns_coding as coding
    from eligibility import columns_kernel as kernel
    from eligibility.columns import Columns
else:
    coding, kernel = lazily("eligibility.columns_coding"), lazily("eligibility.columns_kernel")

SAMPLE = 8192
ALL_KNOWN = np.zeros(0, np.uint8)
CHUNK = 65_536
PIECES = 16
"""Pieces of work a thread takes, so that one whose core is busy elsewhere holds nobody up."""
WORTH_THREADS = 20_000
"""Rules times blocks from which on threads are worth their start."""

Bits = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Work = Callable[[int, int], None]
NO_BITS = np.zeros((0, 2, 0), np.uint64)


@dataclass(frozen=True)
class Bitmaps:
    """Rows as packed bits, row 0 in the lowest bit of the first byte (`numpy.packbits(..., bitorder="little")`)."""

    matching: Bits
    undetermined: Bits


class Coded:
    """A population coded for a set of rules. Exact, as `evaluate` is."""

    def __init__(
        self, columns: Columns, rules: Mapping[str, Rule], workers: int, sorted_by: Sequence[str]
    ) -> None:
        self.columns, self.rules, self.workers = columns, dict(rules), workers
        self.normaliser = Compound(columns.vocabulary)
        self.compared: dict[str, Column] = {}
        self.program: Program = program(self.rules.values(), self.normaliser, self.shares, sorted_by)
        self.blocks = -(-columns.rows // kernel.BLOCK)
        self.numbers = {name: at for at, name in enumerate(self.rules)}
        self.lay_out()

    def column(self, name: str) -> Column:
        """A fact's column; also of what stands for a comparison of several facts."""
        leaf = self.normaliser.leaves.get(name)
        if leaf is None:
            return self.columns.column(name)
        if name not in self.compared:
            self.compared[name] = truths(leaf, self.columns, self.normaliser.facts[name])
        return self.compared[name]

    def shares(self, name: str, cuts: tuple[Cut, ...]) -> npt.NDArray[np.float64]:
        """The share of each rank of a fact (each mask, for the size class), from a sample of the rows."""
        rows = np.arange(0, self.columns.rows, max(1, self.columns.rows // SAMPLE))
        fact = self.normaliser.vocabulary.facts[name]
        if fact.computed:
            return np.bincount(self.columns.sizes.masks[rows], minlength=32) / max(1, len(rows))
        none = none_rank(fact, cuts)
        codes = self.column(name).codes(cuts, rows)
        ranks = np.where(codes == 1, none, codes - 2)
        return np.bincount(ranks[ranks >= 0], minlength=none + 1) / max(1, len(rows))

    def lay_out(self) -> None:
        """Every fact the rules name as bit planes."""
        records: list[int] = []
        inputs: list[tuple[Any, ...]] = []
        planes = 0
        for name, cuts in self.program.cuts.items():
            fact = self.normaliser.vocabulary.facts[name]
            none, bits, open_plane = none_rank(fact, cuts), none_rank(fact, cuts).bit_length(), -1
            if fact.computed:
                bits = len(choices(fact))
                every = np.arange(1 << bits)
                inputs.append((self.columns.sizes.masks, ALL_KNOWN, 0, 0, every, every[:0], none))
            else:
                found = self.column(name)
                states = ALL_KNOWN if found.states is None else found.states
                if (states == UNKNOWN).any():
                    open_plane = planes + bits
                inputs.append((writable(found.units), writable(states), *found.lookup(cuts), none))
            records += (planes, bits, open_plane, 1 if fact.computed else 0)
            planes += bits + (open_plane >= 0)
        self.stride = planes * kernel.WORDS
        self.facts = np.array(records, np.int64)
        self.planes = np.empty(self.blocks * self.stride, np.uint64)
        self.zones = np.empty(self.blocks * len(inputs) * kernel.ZONE, np.int64)

        def begin() -> Work:
            ranks = np.empty(kernel.BLOCK, np.uint64)

            def code(first: int, end: int) -> None:
                for slot, found in enumerate(inputs):
                    coding.code(
                        first, end, *found, slot, self.facts, self.zones, self.planes, self.stride, kernel.WORDS,
                        ranks,
                    )  # fmt: skip

            return code

        self.spread(begin, 64 * len(inputs))

    def spread(self, begin: Callable[[], Work], rules: int) -> None:
        """All blocks done by threads, unless it is not worth it; whoever is free takes the next ones.

        `begin` gives each thread work with scratch of its own; `rules`: how many rules a block's work compares with.
        """
        workers = self.workers if self.blocks * rules >= WORTH_THREADS else 1
        size = max(1, self.blocks // (PIECES * workers) if workers > 1 else self.blocks)
        pieces = iter(range(0, self.blocks, size))  # the interpreter gives no two threads the same one

        def run() -> None:
            work = begin()
            for first in pieces:
                work(first, min(first + size, self.blocks))

        if workers == 1:
            return run()
        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(run) for _ in range(workers)]:
                done.result()

    def judged(self, rules: npt.NDArray[np.int64], bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """[sure, possible] by three-valued logic for rules given by where their alternatives begin."""
        found: list[npt.NDArray[np.int64]] = []

        def begin() -> Work:
            literals = max(1, self.program.literals)
            kept = np.empty(2 * kernel.WORDS * (literals + 2), np.uint64)
            met, scratch = (
                np.full(literals + 1, -1, np.int64).view(np.uint64),
                np.empty(5 * kernel.WORDS, np.uint64),
            )
            counts = np.zeros((len(rules) - 1, 2), np.int64)
            found.append(counts)

            def judge(first: int, end: int) -> None:
                kernel.judge(
                    first, end, self.columns.rows, self.facts, self.zones, self.planes, np.uint64(self.stride),
                    self.program.blob, np.uint64(self.program.begins), rules, kept, met, scratch, counts, bits,
                )  # fmt: skip

            return judge

        self.spread(begin, len(rules) - 1)
        total: npt.NDArray[np.int64] = np.sum(found, axis=0)
        return total

    def count(self) -> dict[str, Counts]:
        """How many enterprises each rule applies to, may apply to, and does not apply to."""
        found = self.judged(self.program.rules[: self.program.count + 1], NO_BITS)
        for number in (*self.program.doubts, *self.program.sized):
            sure, open_ = self.settled(number)
            found[number] = np.count_nonzero(sure), np.count_nonzero(sure | open_)
        rows = self.columns.rows
        return {
            name: Counts(sure, possible - sure, rows - possible)
            for name, (sure, possible) in zip(self.rules, found.tolist(), strict=True)
        }

    def kleene(self, first: int, end: int) -> tuple[Flags, Flags]:
        """[rule, row]: what three-valued logic says of some rules of the program, sure and possible."""
        bits = np.zeros((end - first, 2, self.blocks * kernel.WORDS), np.uint64)
        if end > first:
            self.judged(self.program.rules[first : end + 1], bits)
        unpacked = np.unpackbits(
            bits.view(np.uint8), axis=2, count=self.columns.rows, bitorder="little"
        ).astype(bool)
        return unpacked[:, 0], unpacked[:, 1]

    def settled(self, number: int) -> tuple[Flags, Flags]:
        """One rule's matching and undetermined rows of the columns."""
        (sure,), (possible,) = self.kleene(number, number + 1)
        doubt, sized = self.program.doubts.get(number), self.program.sized.get(number)
        if doubt is not None:
            rule = list(self.rules.values())[number]
            return Exact(self.columns, self.normaliser, rule, doubt).settle(sure, possible)
        if sized is not None:
            self.agree(sized, sure, possible)
        return sure, possible & ~sure

    def agree(self, sized: Sized, sure: Flags, possible: Flags) -> None:
        """Mends what is sure and possible where the row of the size standard is open."""
        industry = self.columns.column(INPUTS[0])
        states = np.zeros(len(sure), np.uint8) if industry.states is None else industry.states
        unknown = np.flatnonzero(states == UNKNOWN)
        if len(unknown):
            sure[unknown] = np.logical_and.reduce(self.kleene(*sized.unknown)[0])[unknown]
        for at, code in enumerate(industry.words or ()):
            if code in sized.short:
                here = np.flatnonzero((industry.units == at) & (states == KNOWN))
                all_sure, any_possible = self.kleene(*sized.short[code])
                sure[here] = np.logical_and.reduce(all_sure)[here]
                possible[here] = np.logical_or.reduce(any_possible)[here]

    def bitmap(self, name: str) -> Bitmaps:
        """The enterprises a rule applies to, and may apply to."""
        return Bitmaps(*(np.packbits(rows, bitorder="little") for rows in self.in_order(name)))

    def in_order(self, name: str) -> list[Flags]:
        """A rule's matching and undetermined rows in the caller's order."""
        found = []
        for rows in self.settled(self.numbers[name]):
            ordered = np.empty(len(rows), bool)
            ordered[self.columns.order] = rows
            found.append(ordered)
        return found

    def matching(self, name: str, status: Status = Status.ELIGIBLE) -> Iterator[npt.NDArray[Any]]:
        """The ids with that verdict, ascending by row, in chunks."""
        sure, open_ = self.in_order(name)
        wanted = {Status.ELIGIBLE: sure, Status.UNDETERMINED: open_}.get(status)
        if wanted is None:
            wanted = ~(sure | open_)
        for start in range(0, len(wanted), CHUNK):
            rows = np.flatnonzero(wanted[start : start + CHUNK]) + start
            if len(rows):
                yield rows if self.columns.ids is None else self.columns.ids[rows]


def writable(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array in one piece of its own: the kernels are compiled for no other kind."""
    return np.require(array, requirements=("C", "W"))


def none_rank(fact: Fact, cuts: Sequence[Cut]) -> int:
    """The rank of rows known to be none: behind every other."""
    return len(choices(fact)) + 1 if fact.type in ("bool", "enum") else len(cuts) + 1
