"""How Chinese is read and what is written by mistake for what: zzs and zengzhishui find 增值税, and so does 增值锐.

A character is mistaken for one that sounds alike or looks alike; those that look alike mostly share the part that gives
their rhyme (税 锐, 微 徽, 模 摸), so that rhymes are enough and no table of shapes is needed.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

READINGS = Path(__file__).parent / "readings.csv"
HAN = re.compile(r"[\u3400-\u9fff]+")
INITIAL = re.compile(r"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?")
MEDIALS = re.compile(r"^[iuv](?=[aeo])")
SPOKEN: Mapping[str, str] = {
    "ui": "ei",
    "un": "en",
    "iu": "ou",
    "ing": "in",
    "eng": "en",
    "ang": "an",
    "ueng": "en",
}
SHORTEST_INITIALS = 3
LONGEST_MISTYPED = 8
MOST_MEANT = 8
"""Of what a mistyped word may stand for, so many."""
ALIKE = 0.8
"""How likely what sounds like it is meant."""


@cache
def _readings() -> Mapping[str, str]:
    """The reading of each common character, and of pairs in which one is read otherwise."""
    found: dict[str, str] = {}
    with READINGS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for text in [row["texts"]] if " " in row["sound"] else row["texts"]:
                found[text] = row["sound"]
    return found


@cache
def syllables() -> frozenset[str]:
    """Every syllable a character is read by."""
    return frozenset(sound for sound in _readings().values() if " " not in sound)


def spelled(run: str) -> Sequence[str]:
    """A run of Chinese characters read aloud; one nobody reads is ?."""
    found: list[str] = []
    at = 0
    while at < len(run):
        pair = _readings().get(run[at : at + 2], "") if at + 1 < len(run) else ""
        if pair:
            found += pair.split()
            at += 2
        else:
            found.append(_readings().get(run[at], "?"))
            at += 1
    return found


@lru_cache(maxsize=2048)
def read_as(typed: str) -> Sequence[str]:
    """Each way a Latin word is two or more syllables: zengzhishui is "zeng zhi shui"."""
    return tuple(" ".join(parts) for parts in _split(typed) if len(parts) > 1)


def _split(typed: str) -> Iterator[list[str]]:
    if not typed:
        yield []
    for size in range(1, min(6, len(typed)) + 1):
        if typed[:size] in syllables():
            for rest in _split(typed[size:]):
                yield [typed[:size], *rest]


def heard_in(typed: str, run: str) -> bool:
    """Whether a Latin word is how a part of a Chinese run is read, in full or by three or more initials."""
    sounds = spelled(run)
    if len(typed) >= SHORTEST_INITIALS and typed in "".join(sound[0] for sound in sounds):
        return True
    whole = f" {' '.join(sounds)} "
    return any(f" {way} " in whole for way in read_as(typed))


@lru_cache(maxsize=1024)
def rhyme(sound: str) -> str:
    """What a reading ends in, as it is heard where -ng is not told from -n."""
    final = sound[INITIAL.match(sound).end() :]  # type: ignore[union-attr]
    final = SPOKEN.get(final, MEDIALS.sub("", final))
    return SPOKEN.get(final, final)


@lru_cache(maxsize=1024)
def heard(sound: str) -> str:
    """A reading as it is heard where zh is not told from z, nor -ng from -n."""
    return sound.replace("zh", "z").replace("ch", "c").replace("sh", "s").removesuffix("g")


@cache
def _by(told: Callable[[str], str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for text, sound in _readings().items():
        if len(text) == 1:
            found.setdefault(told(sound), []).append(text)
    return found


def mistaken_for(char: str, told: Callable[[str], str]) -> Sequence[str]:
    """Other characters that are read alike; told: `heard` or `rhyme`."""
    sound = _readings().get(char)
    return [other for other in _by(told)[told(sound)] if other != char] if sound else ()


def meant_by(run: str, known: Callable[[str], bool]) -> Sequence[str]:
    """What a run may be that differs from it in one character and whose pairs are all known, while the run's are not.

    Of two characters the wrong one has to sound the same: with less, anything would be like anything.
    """
    if not 1 < len(run) <= LONGEST_MISTYPED or all(known(pair) for pair in _pairs(run)):
        return ()
    found = []
    for at, char in enumerate(run):
        # what stands without this character has to be right
        if not all(known(pair) for pair in (*_pairs(run[:at]), *_pairs(run[at + 1 :]))):
            continue
        for other in mistaken_for(char, heard if len(run) == 2 else rhyme):
            whole = run[:at] + other + run[at + 1 :]
            if all(known(pair) for pair in _pairs(whole)):
                found.append(whole)
    return found[:MOST_MEANT]


def _pairs(run: str) -> Iterator[str]:
    """Neighbours first: they are the rarer."""
    for one, other in pairwise(run):
        yield one + other
    for one, other in zip(run, run[2:], strict=False):
        yield one + other


class Sounds:
    """Where in an index a Latin word is heard. Runs are (place, weight, characters)."""

    def __init__(self, runs: Sequence[tuple[int, int, str]]) -> None:
        self.places = np.array([place for place, _, _ in runs], dtype=np.int64)
        self.weights = np.array([weight for _, weight, _ in runs], dtype=np.float64)
        read = [spelled(run) for _, _, run in runs]
        self.initials, self.initials_at = _joined(["".join(sound[0] for sound in one) for one in read])
        self.whole, self.whole_at = _joined([f" {' '.join(one)} " for one in read])

    def put(self, typed: str, into: NDArray[np.float64]) -> None:
        """Raise each place's value to the weight of the best run `typed` is heard in, as `heard_in` says."""
        found = [_runs_with(f" {way} ", self.whole, self.whole_at) for way in read_as(typed)]
        if len(typed) >= SHORTEST_INITIALS:
            found.append(_runs_with(typed, self.initials, self.initials_at))
        for runs in found:
            np.maximum.at(into, self.places[runs], self.weights[runs])


def _joined(texts: Sequence[str]) -> tuple[str, NDArray[np.int64]]:
    """All texts in one, and where each begins."""
    sizes = np.array([0, *(len(text) + 1 for text in texts)], dtype=np.int64)
    return "|".join(texts), np.cumsum(sizes)[:-1]


def _runs_with(wanted: str, joined: str, begins: NDArray[np.int64]) -> NDArray[np.int64]:
    found, at = [], joined.find(wanted)
    while at >= 0:
        found.append(at)
        at = joined.find(wanted, at + 1)
    return np.unique(np.searchsorted(begins, found, side="right") - 1)
