"""How a policy of the shipped pack is had: what to do, with which papers, where and until when.

Data of its own (data/claiming.yaml), because the texts say it in passing and local notices settle it. A policy that is
published here later has none; its issuer is then whom to ask.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import yaml

from marketplace.shipped import DATA

KINDS = ("self_declared", "automatic", "application", "with_bank", "with_landlord", "by_right")
MARKS = ("confident", "check")


@dataclass(frozen=True, slots=True)
class Way:
    """How one policy is had, in both languages. `until`: the day after which it is too late, where a text names one."""

    how: str
    texts: Mapping[str, str]
    lists: Mapping[str, Sequence[str]]
    until: date | None
    source: str
    mark: str
    checked_on: date

    def steps(self, lang: str) -> Sequence[str]:
        """What to do, in order."""
        return self.lists[f"steps_{_end(lang)}"]

    def papers(self, lang: str) -> Sequence[str]:
        """Papers needed, or to be kept."""
        return self.lists[f"papers_{_end(lang)}"]

    def where(self, lang: str) -> str:
        """Whom to turn to."""
        return self.texts[f"where_{_end(lang)}"]

    def until_words(self, lang: str) -> str:
        """Until when, in words."""
        return self.texts[f"until_{_end(lang)}"]


def _end(lang: str) -> str:
    return "en" if lang.startswith("en") else "zh"


@cache
def ways() -> Mapping[str, Way]:
    """Every way by policy id. Raises ValueError on an entry that is incomplete, KeyError on one that lacks a field."""
    data = yaml.load((DATA / "claiming.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    checked_on = date.fromisoformat(data["checked_on"])
    found: dict[str, Way] = {}
    for entry in data["ways"]:
        way = _way(entry, checked_on)
        for policy_id in entry["policies"]:
            if policy_id in found:
                raise ValueError(f"{policy_id} is claimed in two ways")
            found[policy_id] = way
    return found


def _way(entry: Mapping[str, Any], checked_on: date) -> Way:
    texts = {name: str(entry[name]) for name in ("where_zh", "where_en", "until_zh", "until_en")}
    lists = {name: tuple(entry[name]) for name in ("steps_zh", "steps_en", "papers_zh", "papers_en")}
    if entry["how"] not in KINDS or entry["mark"] not in MARKS:
        raise ValueError(f"{entry['policies']}: {entry['how']}, {entry['mark']}")
    for kind in ("steps", "papers"):
        if len(lists[f"{kind}_zh"]) != len(lists[f"{kind}_en"]) or not lists[f"{kind}_zh"]:
            raise ValueError(f"{entry['policies']}: {kind} differ between the languages, or there are none")
    until = entry.get("until")
    return Way(
        how=entry["how"],
        texts=texts,
        lists=lists,
        until=date.fromisoformat(until) if until else None,
        source=str(entry["source"]),
        mark=entry["mark"],
        checked_on=checked_on,
    )
