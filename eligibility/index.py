"""One enterprise against many rules: which apply, which are open. The fast machine; `evaluate` is what it must equal.

A base laid out once, a small layout of what was added or replaced since, and a bitmap of what is still alive.
Readers see one of these snapshots whole: a change makes the next one and puts it in place with one assignment.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from eligibility import arrays, saved
from eligibility.coding import Codes
from eligibility.evaluate import Status, evaluate
from eligibility.facts import Facts
from eligibility.layout import Builder, Layout
from eligibility.lazily import lazily
from eligibility.rule import Rule
from eligibility.size_standard import INPUTS
from eligibility.values import choices
from eligibility.vocabulary import Vocabulary

if TYPE_CHECKING:
    from eligibility import kernel
else:
    kernel = lazily("eligibility.kernel")


class Matches(NamedTuple):
    """Ids in the order the rules were given; every rule in neither list does not apply."""

    eligible: list[str]
    undetermined: list[str]


class Found(NamedTuple):
    """Numbers of rules in one layout, ascending."""

    eligible: npt.NDArray[np.int32]
    undetermined: npt.NDArray[np.int32]


class Among(NamedTuple):
    """Some of an index's rules, as bitmaps over one snapshot of it, and what they are called; see `RuleIndex.among`."""

    snapshot: Snapshot
    base: npt.NDArray[np.uint64]
    delta: npt.NDArray[np.uint64]
    base_names: Names
    delta_names: Names


class Names:
    """What the rules of a layout are called in an answer. `heads`: where in memory each name begins."""

    def __init__(self, names: list[str]) -> None:
        self.plain = names
        self.array = np.array(names, dtype=object)
        self.heads = np.array([id(name) for name in names] or [0], np.uint64)

    def of(self, numbers: npt.NDArray[np.int32]) -> list[str]:
        """The names of rules."""
        if len(numbers) < 16:
            names = self.plain
            return [names[n] for n in numbers.tolist()]
        found: list[str] = self.array[numbers].tolist()
        return found


class Scratch(threading.local):
    """What one thread writes while it matches."""

    def __init__(self, layout: Layout) -> None:
        words, rule_words = int(layout.blob[arrays.WORDS]), int(layout.blob[arrays.RULE_WORDS])
        self.state = np.array(layout.template, np.int64)
        self.view = memoryview(self.state)  # type: ignore[arg-type]  # numpy arrays are buffers
        self.work = np.zeros((3, words), np.uint64)
        self.picks = np.zeros((3, len(self.state)), np.int64)
        self.also = np.zeros((2, rule_words), np.uint64)
        self.out = np.zeros((3, max(1, layout.rules)), np.int32)


class Machine:
    """A layout with its ids: codes facts, runs the kernel, judges by their tree the few rules that need it."""

    def __init__(self, layout: Layout, rules: Mapping[str, Rule], vocabulary: Vocabulary) -> None:
        self.layout, self.rules, self.vocabulary = layout, rules, vocabulary
        self.ids = list(rules)
        self.names = Names(self.ids)
        self.codes = {
            name: (slot, Codes(vocabulary.facts[name], layout.cuts.get(name, ())))
            for name, slot in layout.slots.items()
        }
        self.template = memoryview(np.array(layout.template, np.int64))  # type: ignore[arg-type]
        self.scratch = Scratch(layout)
        self.sized = next((n for n in layout.slots if vocabulary.facts[n].computed), None)
        sizes = choices(vocabulary.facts[self.sized]) if self.sized else ()
        self.sizes = {size: 1 << at for at, size in enumerate(sizes)}

    def run(
        self, facts: Mapping[str, object], alive: npt.NDArray[np.uint64], names: Names | None = None
    ) -> Found:
        """The rules that apply and the ones still open."""
        known = facts.values_by_name if isinstance(facts, Facts) else facts
        scratch, layout = self.scratch, self.layout
        view, code_of = scratch.view, self.codes.get
        view[:] = self.template
        for name, value in known.items():
            found = code_of(name)
            if found is not None:
                view[found[0]] = found[1][value]
        if self.sized is not None and self.sized not in known:
            view[layout.slots[self.sized]] = self.size_bits(known)
        n_sure, n_open, n_tree = kernel.match(
            scratch.state, layout.rows, layout.blob, alive, layout.flags, (names or self.names).heads,
            scratch.work, scratch.picks, scratch.also, scratch.out,
        )  # fmt: skip
        out = scratch.out
        if n_tree:
            return self.judged(known, out[0, :n_sure], out[1, :n_open], out[2, :n_tree].tolist())
        return Found(out[0, :n_sure], out[1, :n_open])

    def size_bits(self, known: Mapping[str, object]) -> int:
        """The size classes still possible."""
        inputs = {name: known[name] for name in INPUTS if name in known}
        possible = self.vocabulary.size_standard.possible(inputs)  # type: ignore[arg-type]
        return sum(self.sizes[size] for size in possible)

    def judged(
        self,
        known: Mapping[str, object],
        sure: npt.NDArray[np.int32],
        open_: npt.NDArray[np.int32],
        doubtful: list[int],
    ) -> Found:
        """The doubtful rules by the reference: trees, and alternatives that may cover everything together."""
        facts = known if isinstance(known, Facts) else Facts(known)
        more: dict[Status, list[int]] = {status: [] for status in Status}
        for number in doubtful:
            tree = int(self.layout.flags[number >> 6]) >> (number & 63) & 1
            if tree or self.covers(self.layout.entangled[number], known):
                more[evaluate(self.rules[self.ids[number]], facts).status].append(number)
            else:
                more[Status.UNDETERMINED].append(number)
        return Found(
            np.sort(np.concatenate([sure, np.array(more[Status.ELIGIBLE], np.int32)])),
            np.sort(np.concatenate([open_, np.array(more[Status.UNDETERMINED], np.int32)])),
        )

    def covers(self, entangled: frozenset[str], known: Mapping[str, object]) -> bool:
        """Whether an unknown fact lets alternatives cover every value together."""
        for name in entangled:
            if name == "" or self.vocabulary.facts[name].computed:
                if any(i not in known or self.vocabulary.size_standard.is_short(known[i]) for i in INPUTS):
                    return True
            elif name not in known:
                return True
        return False


@dataclass(frozen=True)
class Snapshot:
    """One state of an index. `order`: where the ids of `delta` stand among all; the base's keep their numbers."""

    base: Machine
    alive: npt.NDArray[np.uint64]
    delta: Machine | None = None
    order: npt.NDArray[np.int64] | None = None


class RuleIndex:
    """Rules by id over one vocabulary; see `build`. Reading is safe from any thread, changing from one at a time."""

    def __init__(self, vocabulary: Vocabulary, base: Machine) -> None:
        self.vocabulary = vocabulary
        self._lock = threading.Lock()
        self._start(base)

    def _start(self, base: Machine) -> None:
        """Everything in the base, nothing changed."""
        self._numbers = {name: at for at, name in enumerate(base.ids)}  # the place of each rule among all
        self._next = len(base.ids)
        self._dead: set[int] = set()  # places in the base of rules replaced or removed
        self._delta: dict[str, Rule] = {}
        self._now = Snapshot(base, full_bits(len(base.ids)))

    @classmethod
    def build(cls, rules: Mapping[str, Rule], vocabulary: Vocabulary | None = None) -> RuleIndex:
        """An index over `rules`. About 60 us a rule; a rule of any size is bounded and falls back to its tree."""
        words = vocabulary or next((rule.vocabulary for rule in rules.values()), None) or Vocabulary.shipped()
        return cls(words, machine(rules, words))

    def save(self, path: str | Path) -> None:
        """Writes the index as a folder, laid out anew if rules were changed since it was built."""
        if self.stale:
            self.compact()
        saved.save(Path(path), self._now.base.layout, self._now.base.rules, self.vocabulary)

    @classmethod
    def load(cls, path: str | Path, vocabulary: Vocabulary | None = None) -> RuleIndex:
        """Opens a saved index by memory map. Raises SavedIndexError, also where the vocabulary is another one."""
        words = vocabulary or Vocabulary.shipped()
        layout, rules = saved.load(Path(path), words)
        return cls(words, Machine(layout, rules, words))

    @property
    def rules(self) -> dict[str, Rule]:
        """The rules by id as they stand now, in their order."""
        base = self._now.base.rules
        ordered = sorted(self._numbers, key=self._numbers.__getitem__)
        return {name: self._delta[name] if name in self._delta else base[name] for name in ordered}

    @property
    def stale(self) -> int:
        """Rules changed since the base was laid out; each slows a match a little until `compact`."""
        return len(self._delta) + len(self._dead)

    def match(self, facts: Mapping[str, object], among: Among | None = None) -> Matches:
        """The rules that apply and the ones still open on known `facts` (absent = unknown, None = known to be none).

        `among`: only these rules, as they were when `among` was made.
        """
        now = among.snapshot if among else self._now
        base, delta = now.base, now.delta
        names = among.base_names if among else base.names
        found = base.run(facts, among.base if among else now.alive, names)
        first = Matches(names.of(found.eligible), names.of(found.undetermined))
        if delta is None:
            return first
        more_names = among.delta_names if among else delta.names
        more = delta.run(facts, among.delta if among else full_bits(len(delta.ids)), more_names)
        assert now.order is not None
        return Matches(
            together(found.eligible, first.eligible, now.order[more.eligible], more_names.of(more.eligible)),
            together(
                found.undetermined,
                first.undetermined,
                now.order[more.undetermined],
                more_names.of(more.undetermined),
            ),
        )

    def among(self, names: Iterable[str], called: Mapping[str, str] | None = None) -> Among:
        """A choice of rules to match against: those in force on a day, say. Names it does not hold are left out.

        `called`: what to call a rule in the answer, where not by its name.
        """
        now, wanted, called = self._now, set(names), called or {}
        ids, changed = now.base.ids, now.delta.ids if now.delta is not None else []
        return Among(
            now,
            now.alive & bits_of(ids, wanted),
            bits_of(changed, wanted),
            Names([called.get(name, name) for name in ids]),
            Names([called.get(name, name) for name in changed]),
        )

    def copy(self) -> RuleIndex:
        """Another index with the same rules that shares the base; changes to one do not touch the other."""
        with self._lock:
            other = RuleIndex(self.vocabulary, self._now.base)
            other._numbers, other._next = dict(self._numbers), self._next
            other._dead, other._delta = set(self._dead), dict(self._delta)
            other._now = self._now
        return other

    def put(self, name: str, rule: Rule) -> None:
        """Adds a rule at the end, or replaces the one of that id where it stands. Not a rebuild."""
        with self._lock:
            if name not in self._numbers:
                self._numbers[name] = self._next
                self._next += 1
            self._bury(self._numbers[name])
            self._delta[name] = rule
            self._refresh()

    def remove(self, name: str) -> None:
        """Takes a rule out. Raises KeyError for an id the index does not hold."""
        with self._lock:
            self._bury(self._numbers.pop(name))
            self._delta.pop(name, None)
            self._refresh()

    def compact(self) -> None:
        """Lays everything out anew, as `build` would; matching goes on meanwhile."""
        with self._lock:
            self._start(machine(self.rules, self.vocabulary))

    def _bury(self, number: int) -> None:
        if number < len(self._now.base.ids):
            self._dead.add(number)

    def _refresh(self) -> None:
        base = self._now.base
        alive = full_bits(len(base.ids))
        for number in self._dead:
            alive[number >> 6] &= ~np.uint64(1 << (number & 63))
        order = np.array([self._numbers[name] for name in self._delta], np.int64)
        delta = machine(self._delta, self.vocabulary) if self._delta else None
        self._now = Snapshot(base, alive, delta, order)


def machine(rules: Mapping[str, Rule], vocabulary: Vocabulary) -> Machine:
    """The rules laid out."""
    collecting = gc.isenabled()
    gc.disable()  # nothing made here is garbage before the end, and looking for some takes half the time
    try:
        builder = Builder(vocabulary)
        for rule in rules.values():
            builder.add(builder.normaliser.normal(rule))
        return Machine(builder.layout(), dict(rules), vocabulary)
    finally:
        if collecting:
            gc.enable()


def together(
    base: npt.NDArray[np.int32], names: list[str], delta: npt.NDArray[np.int64], more: list[str]
) -> list[str]:
    """Names of both layouts in the order the rules were given."""
    found = [*zip(base.tolist(), names, strict=True), *zip(delta.tolist(), more, strict=True)]
    return [name for _, name in sorted(found)]


def full_bits(count: int) -> npt.NDArray[np.uint64]:
    """A bitmap in which every rule is alive."""
    return np.full(max(1, (count + 63) // 64), np.iinfo(np.uint64).max, np.uint64)


def bits_of(ids: list[str], wanted: set[str]) -> npt.NDArray[np.uint64]:
    """A bitmap of the wanted ones."""
    chosen = np.zeros(max(1, (len(ids) + 63) // 64) * 64, np.uint8)
    chosen[: len(ids)] = [name in wanted for name in ids]
    return np.packbits(chosen, bitorder="little").view(np.uint64)
