"""The cells one fact's values fall into, and for each cell which sets of values may hold there and which do throughout.

Cells are what the bitmaps of an index are made for. A choice is a cell of its own. The ranks of a number, day or code
are put together so that about as many rules turn inside each cell, since those have to be looked at one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eligibility import arrays
from eligibility.values import choices, completion_bits
from eligibility.vocabulary import Fact

Numbers = npt.NDArray[np.int64]
Truths = tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]
"""By cell and set: whether it may hold, whether it holds for all of the cell."""


@dataclass(frozen=True)
class Choices:
    """Cells of a yes-or-no fact or an enumeration. `masks`: the values of each cell as bits."""

    kind: int
    masks: Numbers

    @classmethod
    def of(cls, fact: Fact) -> Choices:
        """One for each value, none among them, and one for all that an unknown fact can be.

        Of a computed fact some values may be left: there every set of values is a cell.
        """
        values = len(choices(fact)) + 2
        if fact.computed:
            return cls(arrays.MASK, np.arange(1 << values))
        return cls(arrays.SINGLE, np.array([*(1 << at for at in range(values)), completion_bits(fact)]))

    @property
    def of_rank(self) -> Numbers:
        return np.zeros(0, np.int64)

    @property
    def unknown(self) -> int:
        return len(self.masks) - 1

    none = unknown

    def __len__(self) -> int:
        return len(self.masks)

    def truths(self, blob: npt.NDArray[np.int32], places: Numbers) -> Truths:
        """Of the sets at those places of `blob`."""
        bits = blob[places + 2] | blob[places + 3].astype(np.int64) << arrays.HALF
        inside = bits & self.masks[:, None]
        return inside != 0, inside == self.masks[:, None]


@dataclass(frozen=True)
class Spans:
    """Cells of ranks. `edges`: where each begins, and the number of ranks at the end."""

    edges: Numbers

    kind = arrays.RANKED

    @classmethod
    def of(cls, ranks: int, turns: Numbers, most: int) -> Spans:
        """At most that many; `turns`: how many alternatives turn at each rank."""
        if ranks <= most:
            return cls(np.arange(ranks + 1))
        sums = np.cumsum(turns)
        wanted = np.linspace(0, sums[-1], max(1, most) + 1)[1:-1]
        return cls(np.unique([0, *np.searchsorted(sums, wanted), ranks]))

    @property
    def of_rank(self) -> Numbers:
        """The cell of each rank."""
        return np.repeat(np.arange(len(self.edges) - 1), np.diff(self.edges))

    @property
    def unknown(self) -> int:
        return len(self.edges) - 1

    @property
    def none(self) -> int:
        return len(self.edges)

    def __len__(self) -> int:
        return len(self.edges) + 1

    def truths(self, blob: npt.NDArray[np.int32], places: Numbers) -> Truths:
        """Of the sets at those places of `blob`."""
        sets, counts = len(places), blob[places + 1]
        turns = blob[listed(places + arrays.SET_HEAD, counts)]
        cell = np.searchsorted(self.edges, turns, side="right") - 1
        within = turns != self.edges[cell]  # the others turn where their cell begins
        which = np.repeat(np.arange(sets), counts)
        mixed = np.zeros((len(self.edges), sets), np.bool_)
        mixed[cell[within], which[within]] = True
        turned = np.bincount((cell + within) * sets + which, minlength=mixed.size).reshape(mixed.shape)
        turned[0] += blob[places + 2] == arrays.YES
        begins = np.bitwise_xor.accumulate(turned & 1, axis=0, dtype=np.uint8)[:-1].view(np.bool_)
        none, unknown = blob[places + 3] == arrays.YES, blob[places + 4]
        return (
            np.vstack([begins | mixed[:-1], unknown != arrays.NO, none]),
            np.vstack([begins & ~mixed[:-1], unknown == arrays.YES, none]),
        )


def listed(begins: Numbers, counts: npt.NDArray[np.signedinteger]) -> Numbers:
    """The places of several runs, one after the other."""
    found = np.repeat(begins - (np.cumsum(counts) - counts), counts)
    return found + np.arange(len(found))
