"""What the check asks in an owner's words: one page a question, some facts together on one page.

The words are dated data (data/questions.yaml) beside the vocabulary, whose labels are for lists and desks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from eligibility import Vocabulary
from marketplace.shipped import DATA

SYSTEM = "system"
"""The vocabulary's group of facts nobody is asked for: dated figures the service knows."""


@dataclass(frozen=True, slots=True)
class Words:
    """A question in one language. tick: its line in a list to tick."""

    ask: str
    help: str
    example: str = ""
    tick: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One page. kind: single, place (one field says province and city), ticks or fields; `name` is its address."""

    name: str
    kind: str
    facts: tuple[str, ...]
    words: Mapping[str, Words]

    def said(self, lang: str) -> Words:
        """Its words in "zh-CN" or "en"."""
        return self.words[_short(lang)]


@cache
def askable() -> tuple[str, ...]:
    """Every fact an owner may be asked for, in the vocabulary's order."""
    return tuple(fact.name for fact in Vocabulary.shipped().given if fact.group != SYSTEM)


@cache
def single(fact: str) -> Question:
    """The question for one fact alone. Raises KeyError for a fact nobody is asked for."""
    return Question(fact, "single", (fact,), _read(_data()["questions"][fact]))


@cache
def pages() -> Mapping[str, Question]:
    """The pages that ask for several facts, by name."""
    return {
        name: Question(name, page["kind"], tuple(page["facts"]), _read(page))
        for name, page in _data()["pages"].items()
    }


@cache
def page_of(fact: str) -> Question:
    """The page a fact is asked on."""
    return next((page for page in pages().values() if fact in page.facts), None) or single(fact)


def named(name: str) -> Question | None:
    """The question at an address: a page of several facts or a fact alone; province and city are one place."""
    found = pages().get(name)
    if found is None and name in askable():
        found = page_of(name) if page_of(name).kind == "place" else single(name)
    return found


def choice_hint(fact: str, value: str, lang: str) -> str:
    """What a choice means, where its words alone do not say; "" for most."""
    texts = _data()["questions"].get(fact, {}).get("choices", {}).get(value)
    return "" if texts is None else str(texts[_short(lang) == "en"])


def _short(lang: str) -> str:
    return "en" if lang.startswith("en") else "zh"


def _read(entry: Mapping[str, Any]) -> Mapping[str, Words]:
    return {lang: Words(**{key: str(text) for key, text in entry[lang].items()}) for lang in ("zh", "en")}


@cache
def _data() -> Mapping[str, Any]:
    text = (DATA / "questions.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return found
