"""An index over texts in fields: which of them somebody means who typed this, the likeliest first.

Kept in memory beside the parsed pack, because ranking needs how rare each pair is over all texts; PostgreSQL's index of
the same pairs finds candidates but has to read every one of them to rank it (measured in bench/search.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.search_aliases import aliases_in
from policies.search_sounds import ALIKE, HAN, Sounds, meant_by
from policies.search_terms import Asked, Unit, fold, numbers_in, pairs, terms
from policies.search_words import MOST_SIMILAR, Words

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Places = NDArray[np.int32]
LEAST_SHARE = 0.35
"""How much of a typed word must be found in a text, by rarity: one wrong character in four leaves this much."""
NAMED = 1000.0
"""Added where the document's own number, or the text's id, is what was typed."""
LEAST_HEARD = 3
"""The least weight of a field that is found by how it is read: headings, not their bodies."""
DIGITS = 6
"""Scores are rounded to so many places, so that equal ones are equal however they were added up."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text to be found: its key, the id and document number people call it by, its fields with weights."""

    key: str
    id: str
    document_no: str
    fields: Sequence[tuple[str, int]]

    def weights(self) -> dict[str, int]:
        """Each term with the weight of the best field it stands in."""
        found: dict[str, int] = {}
        for text, weight in self.fields:
            for said in (text, *aliases_in(fold(text))):
                for term in terms(said):
                    if found.get(term, 0) < weight:
                        found[term] = weight
        return found

    def runs(self) -> list[tuple[int, str]]:
        """The Chinese of its headings, each run with the weight of its field."""
        return [
            (weight, run)
            for text, weight in self.fields
            if weight >= LEAST_HEARD
            for said in (fold(text), *aliases_in(fold(text)))
            for run in HAN.findall(said)
        ]


@dataclass(frozen=True, slots=True)
class Found:
    """Scores by place in `keys`, 0 where a text does not match. nearest: no text has every word; these come closest."""

    scores: Floats
    nearest: bool


@dataclass(frozen=True)
class Part:
    """Texts indexed at one time. Term number n stands at places[starts[n]:starts[n + 1]], worth weights[same]."""

    keys: tuple[str, ...]
    numbers: Mapping[str, int]
    starts: NDArray[np.int64]
    places: Places
    weights: NDArray[np.uint8]
    names: Mapping[str, frozenset[int]]
    ids: Mapping[str, int]
    words: Words
    sounds: Sounds

    @classmethod
    def of(cls, texts: Sequence[Text]) -> Part:
        """Index these texts."""
        numbers: dict[str, int] = {}
        said: list[int] = []
        lengths, weights = list[int](), list[int]()
        names: dict[str, set[int]] = {}
        for place, text in enumerate(texts):
            found = text.weights()
            said += [numbers.setdefault(term, len(numbers)) for term in found]
            weights += found.values()
            lengths.append(len(found))
            for number in numbers_in(text.document_no):
                names.setdefault(number, set()).add(place)
        which = np.array(said, dtype=np.int64)
        order = np.argsort(which, kind="stable")
        counts = np.bincount(which, minlength=len(numbers)) if said else np.zeros(0, dtype=np.int64)
        return cls(
            tuple(text.key for text in texts),
            numbers,
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            np.repeat(np.arange(len(texts), dtype=np.int32), lengths)[order],
            np.array(weights, dtype=np.uint8)[order],
            {number: frozenset(found) for number, found in names.items()},
            {fold(text.id): place for place, text in enumerate(texts)},
            Words([term for term in numbers if term.isascii() and term.isalpha()]),
            Sounds([(place, *run) for place, text in enumerate(texts) for run in text.runs()]),
        )

    def having(self, term: str) -> Places:
        """Where a term stands."""
        number = self.numbers.get(term)
        span = slice(0, 0) if number is None else slice(self.starts[number], self.starts[number + 1])
        return self.places[span]

    def put(self, term: str, likely: float, into: Floats) -> None:
        """Raise each place's value to what `term` is worth there."""
        number = self.numbers.get(term)
        if number is not None:
            span = slice(self.starts[number], self.starts[number + 1])
            places = self.places[span]
            into[places] = np.maximum(into[places], self.weights[span] * likely)


class SearchIndex:
    """Texts by key. Never changes: `changed` gives another that shares what stayed the same."""

    def __init__(self, parts: Sequence[Part], alive: Bools) -> None:
        self.parts, self.alive = tuple(parts), alive
        self.keys = tuple(key for part in self.parts for key in part.keys)
        self.count = int(alive.sum())

    @classmethod
    def build(cls, texts: Sequence[Text]) -> SearchIndex:
        """Index all of them together, which answers fastest."""
        return cls([Part.of(texts)], np.ones(len(texts), dtype=np.bool_))

    @property
    def living(self) -> set[str]:
        """The keys of what can be found."""
        return {key for key, alive in zip(self.keys, self.alive, strict=True) if alive}

    @property
    def beginning(self) -> SearchIndex:
        """The first part alone, which holds most: what came since is then taken in together."""
        return SearchIndex(self.parts[:1], self.alive[: len(self.parts[0].keys)])

    def changed(self, gone: Iterable[str], come: Sequence[Text]) -> SearchIndex:
        """Without the texts of `gone`, with those of `come`."""
        left_out = set(gone)
        kept = np.array([key not in left_out for key in self.keys], dtype=np.bool_) & self.alive
        part = Part.of(come)
        return SearchIndex([*self.parts, part], np.concatenate([kept, np.ones(len(come), dtype=np.bool_)]))

    def find(self, asked: Asked) -> Found:
        """Which texts are meant. A text must have enough of every word; where none has, of as many as any has."""
        total = np.zeros(len(self.keys))
        matched = np.zeros(len(self.keys), dtype=np.int64)
        meant = self._meant(asked)
        values = {unit: self._value(unit, meant.get(unit.text, ())) for unit in asked.units}
        rarity = {unit: self._rarity(value) for unit, value in values.items()}
        for unit, value in values.items():
            total += unit.weight * (rarity[unit] or 0.0) * value
        for word in asked.words:
            matched += self._share(word, values, rarity) >= LEAST_SHARE
        named = self._named(asked)
        most = int(matched[self.alive].max(initial=0))
        nearest = most < len(asked.words) and not named.any()
        enough = matched == most if nearest and 2 * most >= len(asked.words) else matched == len(asked.words)
        if not asked.words or most == 0:
            enough = np.zeros(len(self.keys), dtype=np.bool_)
        scores = np.where((enough | named) & self.alive, np.round(total + NAMED * named, DIGITS), 0.0)
        return Found(scores, nearest)

    def _value(self, unit: Unit, meant: Sequence[str]) -> Floats:
        """What a unit is worth at each place: the best field it, or what is meant by it, stands in.

        A Latin word like none there is may be how Chinese is read.
        """
        likely = self._similar(unit.text) if unit.kind == "word" else [(unit.text, 1.0)]
        likely = [*likely, *((term, ALIKE) for term in meant)]

        def put(part: Part, into: Floats) -> None:
            for term, alike in likely:
                part.put(term, alike, into)

        found = self._each(put)
        if unit.kind == "word" and not found[self.alive].any():
            return self._each(lambda part, into: part.sounds.put(unit.text, into))
        return found

    def _each(self, put: Callable[[Part, Floats], None]) -> Floats:
        """One value a place, put there part by part."""
        found = np.zeros(len(self.keys))
        begin = 0
        for part in self.parts:
            put(part, found[begin : begin + len(part.keys)])
            begin += len(part.keys)
        return found

    def _meant(self, asked: Asked) -> Mapping[str, Sequence[str]]:
        """For each pair of a mistyped run the pairs that stand where it stands in what may be meant."""
        found: dict[str, dict[str, None]] = {}
        for run in asked.runs:
            for other in meant_by(run, self._has):
                for typed, meant in zip(pairs(run), pairs(other), strict=True):
                    if typed != meant:
                        found.setdefault(typed, {})[meant] = None
        return {typed: tuple(meant) for typed, meant in found.items()}

    def _has(self, term: str) -> bool:
        """Whether some text has a term."""
        begin = 0
        for part in self.parts:
            if self.alive[begin + part.having(term)].any():
                return True
            begin += len(part.keys)
        return False

    def _similar(self, typed: str) -> list[tuple[str, float]]:
        """The words one typed word may stand for, over all parts."""
        alike = dict(pair for part in self.parts for pair in part.words.like(typed))
        return sorted(alike.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_SIMILAR]

    def _rarity(self, value: Floats) -> float | None:
        """How much a unit tells; None where no text has it."""
        having = int(np.count_nonzero(value[self.alive]))
        return math.log(1 + self.count / having) if having else None

    def _share(
        self, word: Sequence[Unit], values: Mapping[Unit, Floats], rarity: Mapping[Unit, float | None]
    ) -> Floats:
        """How much of a word each text has. What no text has counts as the mean of what some have."""
        told = [(unit, rare) for unit in word if (rare := rarity[unit]) is not None]
        has = np.zeros(len(self.keys))
        if not told:
            return has
        for unit, rare in told:
            has += unit.weight * rare * (values[unit] > 0)
        known = sum(unit.weight for unit, _ in told)
        whole = sum(unit.weight * rare for unit, rare in told) * sum(unit.weight for unit in word) / known
        return has / whole

    def _named(self, asked: Asked) -> Bools:
        """Where the number or the id is exactly what was typed."""
        found = np.zeros(len(self.keys), dtype=np.bool_)
        begin = 0
        for part in self.parts:
            if asked.number:
                each = [part.names.get(number, frozenset()) for number in asked.number]
                for place in frozenset.intersection(*each):
                    found[begin + place] = True
            exact = part.ids.get(asked.plain)
            if exact is not None:
                found[begin + exact] = True
            begin += len(part.keys)
        return found & self.alive


def text_of(key: str, policy_id: str, content: Mapping[str, Any]) -> Text:
    """A policy as it is looked for."""
    fields = [(policy_id, OF_ID), *((str(content[name]), weight) for name, weight in WEIGHTS.items())]
    return Text(key, policy_id, str(content["document_no"]), fields)


WEIGHTS: Mapping[str, int] = {
    "name_zh": 5, "name_en": 5, "title_zh": 3, "title_en": 3, "document_no": 3, "issuer": 2,
    "eligibility_zh": 1, "eligibility_en": 1,
}  # fmt: skip
"""The fields a policy is found by: its heading says most, its body least."""
OF_ID = 5
