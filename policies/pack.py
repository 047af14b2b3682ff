"""The published policies as one parsed pack with its index: what a process answers from, one version at a time.

A pack never changes. What was published before and has been replaced stays in it, because a day in the past is judged
by the text that held then.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import groupby
from typing import Any

from eligibility import Among, Facts, Matches, Rule, RuleIndex, Status, Vocabulary, evaluate, parse
from eligibility.benefit import Benefit
from policies.tables import PolicyVersion

DAYS_KEPT = 32
FEW = 300
"""Policies in force from which on the index judges. It takes microseconds where the reference takes 8 for each policy,
but its compiler takes 170 MB of every worker."""
LOG = logging.getLogger("policies")


@dataclass(frozen=True)
class PublishedText:
    """A version of a policy that is or was published, as people read it. A withdrawn one holds on no day any more."""

    id: str
    version: int
    text: Mapping[str, Any]
    withdrawn: bool = field(default=False, kw_only=True)

    @property
    def key(self) -> str:
        """Its name in the index."""
        return f"{self.id}@{self.version}"

    @property
    def starts(self) -> date:
        """The first day it counts: issued, and in effect."""
        first: date = max(self.text["issued_on"], self.text["effective_from"])
        return first

    def in_force(self, day: date) -> bool:
        """Issued by `day`, and `day` within the effective dates, both included."""
        ends: date | None = self.text["effective_to"]
        return not self.withdrawn and self.starts <= day and (ends is None or day <= ends)

    def name(self, lang: str) -> str:
        """What owners read as its heading."""
        return str(self.text["name_en" if lang.startswith("en") else "name_zh"])

    def words(self, field_name: str, lang: str) -> str:
        """A field that has both languages: title, eligibility, clause."""
        return str(self.text[f"{field_name}_{'en' if lang.startswith('en') else 'zh'}"])

    def cited(self, lang: str) -> dict[str, str]:
        """Where the law says single conditions, by their canonical CEL."""
        name = "clause_en" if lang.startswith("en") else "clause_zh"
        entries = self.text["relations"].get("citations") or ()
        return {entry["condition"]: entry[name] for entry in entries if entry[name]}


@dataclass(frozen=True)
class PolicyRecord(PublishedText):
    """The same with its rule and formulas parsed once and read by many."""

    rule: Rule
    benefit: Benefit
    exclusions: tuple[str, ...]


@dataclass(frozen=True)
class Day:
    """What is in force on one day, by policy id in the pack's order; `unreadable` is in force and cannot be judged.

    `remembered`: results of this day that may be asked for again (advising.py).
    """

    records: Mapping[str, PolicyRecord]
    unreadable: tuple[PublishedText, ...]
    index: RuleIndex
    among: Among
    remembered: OrderedDict[Any, Any] = field(default_factory=OrderedDict, compare=False, repr=False)

    @property
    def is_small(self) -> bool:
        """Whether judging one policy after the other is quick enough."""
        return len(self.records) < FEW

    def match(self, facts: Facts) -> Matches:
        """The ids of the policies that apply, and of those still open."""
        if self.is_small:
            status = {name: evaluate(record.rule, facts).status for name, record in self.records.items()}
            chosen = (Status.ELIGIBLE, Status.UNDETERMINED)
            return Matches(*([name for name, found in status.items() if found is one] for one in chosen))
        return self.index.match(facts, self.among)


@dataclass(frozen=True)
class Pack:
    """What is and was published, seen at one moment. `version` names it in answers.

    `history`: every version ever published, by policy id, oldest first; the last of each is published or withdrawn. One
    that no longer parses stays in it as its text, so that it costs nobody else an answer (docs/decisions/0007).
    """

    version: str
    history: Mapping[str, Sequence[PublishedText]]
    index: RuleIndex
    days: dict[date, Day] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def policies(self) -> tuple[PolicyRecord, ...]:
        """The published version of each policy that can be judged."""
        last = (versions[-1] for versions in self.history.values())
        return tuple(one for one in last if isinstance(one, PolicyRecord) and not one.withdrawn)

    @cached_property
    def by_id(self) -> Mapping[str, PolicyRecord]:
        """The same by policy id."""
        return {policy.id: policy for policy in self.policies}

    def on(self, day: date) -> Day:
        """What is in force on `day`: of each policy the newest version begun by then, unless it has ended or was
        withdrawn, which does not bring the one before it back.
        """
        found = self.days.get(day)
        if found is None:
            begun = (
                next((record for record in reversed(versions) if record.starts <= day), None)
                for versions in self.history.values()
            )
            ruling = [record for record in begun if record is not None and record.in_force(day)]
            records = {record.id: record for record in ruling if isinstance(record, PolicyRecord)}
            unreadable = tuple(record for record in ruling if not isinstance(record, PolicyRecord))
            called = {record.key: record.id for record in records.values()}
            among = self.index.among(called, called)
            found = Day(records, unreadable, self.index, among)
            if len(self.days) >= DAYS_KEPT:
                self.days.clear()
            self.days[day] = found
        return found


def record_of(version: PolicyVersion, vocabulary: Vocabulary, *, withdrawn: bool = False) -> PolicyRecord:
    """A version's row, parsed. Raises RuleError where its rule or a formula does not type."""
    return PolicyRecord(
        id=version.policy_id,
        version=version.version,
        text=version.model_dump(exclude={"benefit", "editors"}),
        withdrawn=withdrawn,
        rule=parse(version.rule, vocabulary, clause=version.clause_zh),
        benefit=Benefit.from_json(version.benefit, vocabulary),
        exclusions=tuple(version.exclusions),
    )


def read(row: PolicyVersion, vocabulary: Vocabulary, *, withdrawn: bool = False) -> PublishedText:
    """A version parsed and fit for the index; where anything about that fails, its text alone and a line in the log."""
    try:
        record = record_of(row, vocabulary, withdrawn=withdrawn)
        RuleIndex.build({record.key: record.rule}, vocabulary)
    except Exception:
        LOG.exception("%s v%s is published and cannot be read", row.policy_id, row.version)
        text = row.model_dump(exclude={"benefit", "editors"})
        return PublishedText(row.policy_id, row.version, text, withdrawn=withdrawn)
    return record


def pack_of(
    versions: Iterable[PolicyVersion],
    name: str,
    vocabulary: Vocabulary | None = None,
    before: Pack | None = None,
    *,
    at: datetime | None = None,
) -> Pack:
    """A pack of these versions, ordered by policy and number; what `before` has already parsed is taken from it.

    `at`: what was withdrawn later than that moment is not withdrawn in it.
    """
    words = vocabulary or Vocabulary.shipped()
    known = {(r.key, r.withdrawn): r for found in before.history.values() for r in found} if before else {}

    def one(row: PolicyVersion) -> PublishedText:
        gone = row.withdrawn_at is not None and (at is None or row.withdrawn_at <= at)
        return known.get((f"{row.policy_id}@{row.version}", gone)) or read(row, words, withdrawn=gone)

    history = {policy: tuple(map(one, rows)) for policy, rows in groupby(versions, lambda row: row.policy_id)}
    records = (r for found in history.values() for r in found if isinstance(r, PolicyRecord))
    rules = {r.key: r.rule for r in records if not r.withdrawn}
    if before is None:
        return Pack(name, history, RuleIndex.build(rules, words))
    index = before.index.copy()
    indexed = index.rules.keys()
    for key in indexed - rules.keys():
        index.remove(key)
    for key in rules.keys() - indexed:
        index.put(key, rules[key])
    return Pack(name, history, index)
