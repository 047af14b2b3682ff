"""The published policies as one parsed pack, and an enterprise's answers judged by it.

A process keeps the pack it parsed last; a cheap stamp tells when something was published since, so the next
match uses it, in every worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from eligibility import Facts, Rule, Status, Trace, Verdict, Vocabulary, evaluate, explain, parse
from eligibility.advise import best_set, next_question
from eligibility.benefit import Amount, Benefit, compute
from policies import queries
from policies.tables import PolicyVersion

# Which categories come first where amounts are equal.
CATEGORY_ORDER = ("tax_reduction", "fee_reduction", "resumption", "financial_support", "comprehensive")


@dataclass(frozen=True)
class PolicyRecord:
    """A published policy, parsed once and read by many."""

    id: str
    version: int
    text: Mapping[str, Any]
    rule: Rule
    benefit: Benefit
    exclusions: tuple[str, ...]

    def in_force(self, day: date) -> bool:
        """Issued by `day`, and `day` within the effective dates, both included."""
        ends: date | None = self.text["effective_to"]
        starts = self.text["issued_on"] <= day and self.text["effective_from"] <= day
        return bool(starts and (ends is None or day <= ends))

    def name(self, lang: str) -> str:
        """What owners read as its heading."""
        return str(self.text["name_en" if lang.startswith("en") else "name_zh"])

    def words(self, field_name: str, lang: str) -> str:
        """A field that has both languages: title, eligibility, clause."""
        return str(self.text[f"{field_name}_{'en' if lang.startswith('en') else 'zh'}"])


@dataclass(frozen=True)
class Pack:
    """What is published at one moment. `version` names it in answers."""

    version: str
    policies: tuple[PolicyRecord, ...]

    @cached_property
    def by_id(self) -> Mapping[str, PolicyRecord]:
        """Policies by their id."""
        return {policy.id: policy for policy in self.policies}


@dataclass(frozen=True)
class Judged:
    """One policy and what it means for the enterprise at hand."""

    policy: PolicyRecord
    verdict: Verdict
    amount: Amount | None
    facts: Facts = field(repr=False)

    @cached_property
    def trace(self) -> Trace:
        """Why, as a tree."""
        return explain(self.policy.rule, self.facts)

    @property
    def yuan(self) -> Decimal | None:
        """The saving, where it is known."""
        return self.amount.exact if self.amount else None


@dataclass(frozen=True)
class MatchResult:
    """The three lists, each in the order to show it; `combined` is the set worth most together, `total` its worth.

    The total counts only amounts that are certain; amounts that are a ceiling are left out of it.
    """

    pack_version: str
    as_of: date
    eligible: tuple[Judged, ...]
    undetermined: tuple[Judged, ...]
    ineligible: tuple[Judged, ...]
    combined: frozenset[str]
    total: Decimal
    next_question: tuple[str, int] | None


def record_of(version: PolicyVersion, vocabulary: Vocabulary) -> PolicyRecord:
    """A version's row, parsed. Raises RuleError where its rule or a formula does not type."""
    return PolicyRecord(
        id=version.policy_id,
        version=version.version,
        text=version.model_dump(exclude={"benefit", "editors"}),
        rule=parse(version.rule, vocabulary, clause=version.clause_zh),
        benefit=Benefit.from_json(version.benefit, vocabulary),
        exclusions=tuple(version.exclusions),
    )


def pack_of(versions: Iterable[PolicyVersion], name: str, vocabulary: Vocabulary | None = None) -> Pack:
    """A pack of these versions."""
    words = vocabulary or Vocabulary.shipped()
    return Pack(name, tuple(record_of(version, words) for version in versions))


class PackKeeper:
    """The pack this process parsed last, by database."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[int, datetime | None], Pack]] = {}
        self._lock = asyncio.Lock()

    async def get(self, session: AsyncSession) -> Pack:
        """The pack in force now. Parses only when something was published since."""
        stamp = await queries.stamp(session)
        where = str(session.get_bind().engine.url)
        kept = self._kept.get(where)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        async with self._lock:
            versions = await queries.published(session)
            pack = pack_of(versions, version_name(stamp))
            self._kept[where] = (stamp, pack)
            return pack


def version_name(stamp: tuple[int, datetime | None]) -> str:
    """The pack's name in answers: the day of the last publication and how many versions there were."""
    count, last = stamp
    return f"{last:%Y-%m-%d}.{count}" if last else "empty"


KEEPER = PackKeeper()


async def load_pack(session: AsyncSession) -> Pack:
    """The published policies, parsed."""
    return await KEEPER.get(session)


def match(pack: Pack, facts: Facts, as_of: date) -> MatchResult:
    """The verdict of every policy in force on `as_of`, and the question that settles most of what is open."""
    vocabulary = Vocabulary.shipped()
    known = facts.on(as_of, vocabulary)
    judged = [judge(policy, known) for policy in pack.policies if policy.in_force(as_of)]
    lists = {status: [j for j in judged if j.verdict.status is status] for status in Status}
    certain = {
        j.policy.id: j.yuan
        for j in lists[Status.ELIGIBLE]
        if j.yuan is not None and j.yuan > 0 and not j.policy.benefit.at_most
    }
    chosen = best_set(certain, {j.policy.id: j.policy.exclusions for j in lists[Status.ELIGIBLE]})
    return MatchResult(
        pack_version=pack.version,
        as_of=as_of,
        eligible=tuple(sorted(lists[Status.ELIGIBLE], key=_by_worth)),
        undetermined=tuple(sorted(lists[Status.UNDETERMINED], key=_by_questions)),
        ineligible=tuple(lists[Status.INELIGIBLE]),
        combined=chosen,
        total=sum((certain[name] for name in chosen), Decimal(0)),
        next_question=next_question((j.verdict.missing for j in lists[Status.UNDETERMINED]), vocabulary),
    )


def judge(policy: PolicyRecord, known: Facts) -> Judged:
    """One policy; `known` already holds the day and its parameters."""
    verdict = evaluate(policy.rule, known)
    amount = None
    if policy.benefit.amount is not None and verdict.status is not Status.INELIGIBLE:
        amount = compute(policy.benefit.amount, known)
    return Judged(policy, verdict, amount, known)


def _by_worth(judged: Judged) -> tuple[Decimal, date, int]:
    ends: date = judged.policy.text["effective_to"] or date.max
    return -(judged.yuan or Decimal(0)), ends, CATEGORY_ORDER.index(judged.policy.text["category"])


def _by_questions(judged: Judged) -> tuple[int, int]:
    return len(judged.verdict.missing), CATEGORY_ORDER.index(judged.policy.text["category"])
