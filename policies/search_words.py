"""Latin words that are like a mistyped one, by the pairs of their letters: exmption means exemption.

Compared with the words there are, not with texts: two letters alone stand in every text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from policies.search_terms import pairs

LEAST_ALIKE = 0.6
BEGUN = 0.8
"""How likely a word is meant whose beginning was typed."""
SHORTEST_BEGINNING = 3
SHORTEST_MISTYPED = 4
"""Of fewer letters everything is like something: wto is not two."""
MOST_SIMILAR = 24
"""Words one mistyped word stands for, the most alike first."""


@lru_cache(maxsize=20_000)
def letters(word: str) -> frozenset[str]:
    """A Latin word by the pairs of its letters, its two ends included."""
    return frozenset(pairs(f"^{word}$"))


def likeness(typed: str, word: str) -> float:
    """How likely `word` is meant by `typed`: 1 the same, 0 not at all."""
    if typed == word:
        return 1.0
    ours, theirs = letters(typed), letters(word)
    alike = 2 * len(ours & theirs) / (len(ours) + len(theirs))
    begun = BEGUN if len(typed) >= SHORTEST_BEGINNING and word.startswith(typed) else 0.0
    found = max(alike if len(typed) >= SHORTEST_MISTYPED else 0.0, begun)
    return found if found >= LEAST_ALIKE else 0.0


class Words:
    """Words that can be meant. having: the words that have each pair of letters; sizes: how many pairs each has."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(sorted(words))
        having: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            for pair in letters(word):
                having.setdefault(pair, []).append(place)
        self.having = {pair: np.array(places, dtype=np.int32) for pair, places in having.items()}
        self.sizes = np.array([len(letters(word)) for word in self.words], dtype=np.int64)

    def like(self, typed: str) -> list[tuple[str, float]]:
        """The words that may be meant and how likely, as `likeness` says; the most alike first."""
        ours = letters(typed)
        shared = np.zeros(len(self.words), dtype=np.int64)
        for pair in ours:
            places = self.having.get(pair)
            if places is not None:
                shared[places] += 1
        # a beginning shares all its pairs but those of its end
        near = (2 * shared >= LEAST_ALIKE * (len(ours) + self.sizes)) | (shared >= len(ours) - 2)
        found = [
            (self.words[at], alike)
            for at in np.flatnonzero(near)
            if (alike := likeness(typed, self.words[at]))
        ]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:MOST_SIMILAR]
