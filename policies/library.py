"""The published policies as people browse them: filtered, counted and found by words, without asking the database.

Built beside the pack and with the same life: one that never changes for each state of what is published.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from policies import keeper
from policies.pack import Pack, PublishedText
from policies.search import Bools, SearchIndex, text_of
from policies.search_terms import understand

NEVER = date.max.toordinal()
MOST_PARTS = 12
"""Parts of the index before all but the first are made one: an answer adds them up."""
OTHER_WAY: Mapping[str, str] = {
    "extends": "extended_by", "extended_by": "extends", "supersedes": "superseded_by", "superseded_by": "supersedes",
    "implements": "implemented_by",
}  # fmt: skip
"""What a relation is called from the other policy's side."""


class When(StrEnum):
    """Where a policy stands on a day, as far as people choose by it."""

    IN_FORCE = "in_force"
    COMING = "coming"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; None narrows nothing. issuer: one body among those that issued it together."""

    category: str | None = None
    level: str | None = None
    area: str | None = None
    issuer: str | None = None
    when: When | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of ids, how many there are in all, and for each field how many there would be with each choice and any.

    `nearest`: nothing has every word that was asked for; these come closest. `nowhere`: nothing has any, whatever is
    chosen beside the words.
    """

    ids: Sequence[str]
    total: int
    counts: Mapping[str, Mapping[str, int]]
    every: Mapping[str, int]
    nearest: bool
    nowhere: bool


class Library:
    """One state of the published policies."""

    def __init__(self, pack: Pack, index: SearchIndex) -> None:
        self.pack, self.index = pack, index
        last = shown(pack)
        # what was replaced keeps its place in the index and is never shown
        self.texts = [last.get(key) for key in index.keys]
        self.choices: Mapping[str, Mapping[str, Bools]] = {
            "category": self._by(lambda one: (one.text["category"],)),
            "level": self._by(lambda one: (one.text["level"],)),
            "area": self._by(lambda one: (one.text["region_code"],)),
            "issuer": self._by(lambda one: issuers(one.text["issuer"])),
        }
        issued = self._days(lambda one: one.text["issued_on"])
        by_id = sorted(range(len(self.texts)), key=lambda place: getattr(self.texts[place], "id", ""))
        self.newest_first = np.array(sorted(by_id, key=lambda place: -issued[place]), dtype=np.int64)
        self.starts = self._days(lambda one: one.starts)
        self.ends = self._days(lambda one: one.text["effective_to"])
        self.by_id = {one.id: one for one in last.values()}
        self.said_of = self._said_of()
        self.barring: dict[str, list[str]] = {}
        for one in self.by_id.values():
            for other in one.text["exclusions"]:
                self.barring.setdefault(other, []).append(one.id)

    def _said_of(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """For each policy what others say of it, told from its own side."""
        found: dict[str, dict[str, list[str]]] = {}
        for one in self.by_id.values():
            for kind, other_way in OTHER_WAY.items():
                for other in one.text["relations"].get(kind) or ():
                    found.setdefault(other, {}).setdefault(other_way, []).append(one.id)
        return found

    def related(self, policy_id: str) -> Mapping[str, Sequence[PublishedText]]:
        """The policies one is related to, by kind, whichever of the two texts says so."""
        own, others = self.by_id[policy_id].text["relations"], self.said_of.get(policy_id, {})
        found = {}
        for kind in dict.fromkeys([*OTHER_WAY, *OTHER_WAY.values()]):
            names = dict.fromkeys([*(own.get(kind) or ()), *others.get(kind, ())])
            known = [self.by_id[name] for name in names if name in self.by_id]
            if known:
                found[kind] = known
        return found

    @classmethod
    def of(cls, pack: Pack, before: Library | None = None) -> Library:
        """The library of a pack; what `before` has indexed already is taken from it."""
        last = shown(pack)
        if before is None:
            return cls(pack, SearchIndex.build([text_of(one.key, one.id, one.text) for one in last.values()]))
        kept = before.index if len(before.index.parts) < MOST_PARTS else before.index.beginning
        had = kept.living
        come = [text_of(one.key, one.id, one.text) for key, one in last.items() if key not in had]
        gone = had - last.keys()
        return cls(pack, kept.changed(gone, come) if come or gone else kept)

    def _by(self, said: Callable[[PublishedText], Iterable[str]]) -> Mapping[str, Bools]:
        places: dict[str, list[int]] = {}
        for place, one in enumerate(self.texts):
            for value in said(one) if one is not None else ():
                places.setdefault(value, []).append(place)
        found = {}
        for value, at in places.items():
            found[value] = np.zeros(len(self.texts), dtype=np.bool_)
            found[value][at] = True
        return found

    def _days(self, said: Callable[[PublishedText], date | None]) -> NDArray[np.int64]:
        days = [said(one) if one is not None else None for one in self.texts]
        return np.array([NEVER if day is None else day.toordinal() for day in days], dtype=np.int64)

    def when(self, day: date) -> Mapping[str, Bools]:
        """Where each policy stands on `day`."""
        today = day.toordinal()
        coming = self.starts > today
        ended = ~coming & (self.ends < today)
        return {When.IN_FORCE: ~coming & ~ended, When.COMING: coming, When.ENDED: ended}

    def find(self, words: str, chosen: Filter, day: date, *, limit: int, offset: int = 0) -> Listed:
        """Policies that match words and choices: the likeliest first, without words the newest."""
        inside, nearest, order = self.index.alive, False, self.newest_first
        if words.strip():
            found = self.index.find(understand(words))
            inside, nearest = found.scores > 0, found.nearest
            order = order[np.argsort(-found.scores[order], kind="stable")]
        nowhere = not inside.any() and self.index.count > 0
        choices = {**self.choices, "when": self.when(day)}
        none = np.zeros_like(inside)
        masks = {
            name: values.get(value, none)
            for name, values in choices.items()
            if (value := getattr(chosen, name)) is not None
        }
        others = {name: _inside(inside, masks, name) for name in choices}
        counts = {
            name: {value: int(np.count_nonzero(mask & others[name])) for value, mask in values.items()}
            for name, values in choices.items()
        }
        every = {name: int(np.count_nonzero(mask)) for name, mask in others.items()}
        places = order[_inside(inside, masks)[order]]
        shown = [one.id for place in places[offset : offset + limit] if (one := self.texts[place])]
        return Listed(shown, len(places), counts, every, nearest, nowhere)


def shown(pack: Pack) -> Mapping[str, PublishedText]:
    """What the library has: the last version of each policy that was not withdrawn, by its name in the index."""
    last = (versions[-1] for versions in pack.history.values())
    return {one.key: one for one in last if not one.withdrawn}


def _inside(found: Bools, masks: Mapping[str, Bools], besides: str = "") -> Bools:
    """What was found and every choice lets through, `besides` the one of this name."""
    for name, mask in masks.items():
        if name != besides:
            found = found & mask
    return found


def issuers(written: str) -> Sequence[str]:
    """The bodies that issued a document together."""
    return tuple(dict.fromkeys(written.split()))


async def load(session: AsyncSession) -> Library:
    """The library of what is published now; indexed in a thread, once for each state."""
    pack = await keeper.load_pack(session)
    kept = keeper.KEEPER.of(keeper.database_of(session))
    async with kept.browsing:
        found = LIBRARIES.get(kept)
        if found is None or found.pack is not pack:
            found = await asyncio.to_thread(Library.of, pack, found)
            LIBRARIES[kept] = found
        return found


LIBRARIES: WeakKeyDictionary[keeper.Kept, Library] = WeakKeyDictionary()
