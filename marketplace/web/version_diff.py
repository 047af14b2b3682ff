"""Two versions of a policy side by side: what differs in their words, word by word, and in their rules, condition by
condition.
"""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eligibility import RuleError, Vocabulary, parse, rule_diff
from eligibility.sentence import describe
from eligibility.syntax import Node
from marketplace.portal.codes import namer
from policies.tables import PolicyVersion

WORDS = re.compile(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+|\s+")


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs; parts: (kind, words) with kind same, old or new."""

    name: str
    parts: list[tuple[str, str]]

    def side(self, kind: str) -> list[tuple[str, str]]:
        """What one of the two says, `old` or `new`, with what is only there marked."""
        return [(one, words) for one, words in self.parts if one in ("same", kind)]


@dataclass(frozen=True, slots=True)
class Condition:
    """A line of two rules side by side. kind: same, added, removed, changed, or the group all, any; both in words."""

    kind: str
    depth: int
    old: str
    new: str


def changes(row: Any, other: Any, fields: Sequence[str]) -> list[Change]:
    """The fields in which a version differs from another, word by word."""
    found = []
    for name in fields:
        before, after = plain(getattr(other, name)), plain(getattr(row, name))
        if before != after:
            found.append(Change(name, word_diff(before, after)))
    return found


def plain(value: object) -> str:
    """A field as text: documents laid out, lists by commas."""
    if value is None:
        return ""
    if isinstance(value, Mapping) or (
        isinstance(value, list) and any(isinstance(one, dict) for one in value)
    ):
        return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    return " ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def word_diff(before: str, after: str) -> list[tuple[str, str]]:
    """What stayed, what went, what came, in order; a Chinese character counts as a word."""
    a, b = WORDS.findall(before), WORDS.findall(after)
    parts: list[tuple[str, str]] = []
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(a=a, b=b, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("same", "".join(a[i1:i2])))
            continue
        if i2 > i1:
            parts.append(("old", "".join(a[i1:i2])))
        if j2 > j1:
            parts.append(("new", "".join(b[j1:j2])))
    return parts


def conditions(before: PolicyVersion, after: PolicyVersion, lang: str) -> list[Condition] | None:
    """Two rules condition by condition; None where one of them is no longer read."""
    words = Vocabulary.shipped()
    try:
        old, new = parse(before.rule, words), parse(after.rule, words)
    except RuleError:
        return None

    def said(node: Node | None) -> str:
        return "" if node is None else describe(node, words, lang, namer(lang))

    return [
        Condition(line.kind, line.depth, said(line.old), said(line.new))
        for line in rule_diff.lines(old.root, new.root)
    ]
