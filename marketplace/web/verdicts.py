"""Verdicts as owners read them: why, in words, with what they answered; what is missing; what it is worth.

Shared by the check, the results, the policy pages and the desks, so that a reason never reads two ways.
"""

import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from eligibility import Fact, Trace, Vocabulary
from eligibility.sentence import describe, value_words
from eligibility.syntax import Not
from marketplace.i18n import translate
from marketplace.portal.codes import namer
from policies.matching import Judged

BETWEEN_CHINESE = re.compile("(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a trace. op: all, any, not, at_least, if or leaf."""

    op: str
    verdict: bool | None
    words: str
    detail: str
    clause: str | None
    missing: Sequence[tuple[str, str]]
    lines: Sequence["Line"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition that fails and what the owner answered.

    `ways`: where any one of several would do (or `condition` says how many), each way with what keeps it from holding;
    they are alternatives, and reading them as so many requirements would ask too much.
    """

    condition: str
    answered: str | None
    clause: str | None
    ways: Sequence[Sequence["Reason"]] = ()


def tree(
    trace: Trace,
    lang: str,
    clause: str | None = None,
    *,
    cited: Mapping[str, str] | None = None,
    desk: bool = False,
    kept: bool = False,
) -> Line:
    """A trace as lines of words; `clause` in the reader's language, `cited` that of single conditions by their CEL.

    desk: told about the owner, not to him. kept: an enterprise's facts were judged, which others may have stated.
    """
    return Teller(lang, Vocabulary.shipped(), clause, cited, desk=desk, kept=kept).line(trace)


class Teller:
    """Words for one reader."""

    def __init__(
        self,
        lang: str,
        vocabulary: Vocabulary,
        clause: str | None,
        cited: Mapping[str, str] | None = None,
        *,
        desk: bool = False,
        kept: bool = False,
    ) -> None:
        self.lang, self.vocabulary, self.clause, self.cited = lang, vocabulary, clause, cited or {}
        self.answer_key = f"trace.answered{'_desk' if desk else '_kept' if kept else ''}"
        self.say = partial(translate, lang)

    def about(self, trace: Trace) -> "Teller":
        """Who tells this condition: with its own clause, where the law says it elsewhere than the rest."""
        own = self.cited.get(trace.text)
        if not own:
            return self
        found = copy(self)
        found.clause, found.cited = own, {}
        return found

    def line(self, trace: Trace) -> Line:
        """A condition and everything in it."""
        return self.about(trace).told_line(trace)

    def told_line(self, trace: Trace) -> Line:
        if trace.op == "not" and trace.children[0].is_leaf and not trace.children[0].children:
            return self.leaf(trace.children[0], trace)
        if trace.is_leaf:
            return self.leaf(trace, trace)
        words = self.say(f"trace.{trace.op}", n=trace.threshold or "")
        lines = tuple(self.line(child) for child in trace.children)
        return Line(trace.op, trace.verdict, words, "", None, (), lines)

    def leaf(self, leaf: Trace, shown: Trace) -> Line:
        """A single comparison; `shown` is it or the "not" around it."""
        return Line(
            "leaf",
            shown.verdict,
            describe(shown.node, self.vocabulary, self.lang, namer(self.lang)),
            self.answered(leaf) or "",
            self.clause,
            self.missing(leaf),
            tuple(self.line(child) for child in leaf.children),
        )

    def missing(self, trace: Trace) -> tuple[tuple[str, str], ...]:
        return tuple((name, self.vocabulary.facts[name].label(self.lang)) for name in trace.missing)

    def answered(self, trace: Trace) -> str | None:
        """ "你填的是 31 人", or how a size class came about; None while unknown."""
        if trace.basis is not None:
            return self.size(trace)
        if trace.possible:
            every = self.vocabulary.facts[trace.fact].allowed if trace.fact else ()
            if len(trace.possible) == len(every):
                return None  # nothing is known of it yet
            ordered = sorted(trace.possible, key=lambda v: every.index(str(v)) if v in every else len(every))
            told = [self.value(trace.fact, value) for value in ordered]
            return self.told("trace.possible", values=self.say("list.or").join(told))
        if not trace.known:
            return None
        value = self.value(trace.fact, trace.value)
        if isinstance(trace.value, bool):
            value = self.say("trace.quoted", value=value)
        return self.told(self.answer_key, value=value)

    def size(self, trace: Trace) -> str:
        basis = trace.basis or {}
        group = str(basis["group_zh" if self.lang == "zh-CN" else "group_en"])
        given: Any = basis["values"]
        floors: Any = basis["floors"]
        shown = [
            f"{self.vocabulary.facts[name].label(self.lang)} {self.value(name, value)}"
            for name, value in given.items()
            if name in floors
        ]
        classes = [str(trace.value)] if trace.known else list(trace.possible)
        told = self.say("list.or").join(self.value(trace.fact, value) for value in classes)
        return self.say("trace.size", group=group, values=self.say("list.and").join(shown) or "-", size=told)

    def told(self, key: str, **params: object) -> str:
        """A text about a value; Chinese words stand together, only figures and Latin letters keep their space."""
        return BETWEEN_CHINESE.sub("", self.say(key, **params))

    def value(self, name: str | None, value: Any) -> str:
        if name is None:
            return value_words(value, None, self.lang, namer(self.lang))
        return fact_words(self.vocabulary.facts[name], value, self.lang)


def fact_words(fact: Fact, value: Any, lang: str) -> str:
    """A stored value in words: 1,100,000 元, 济南市, 小规模纳税人."""
    if fact.type == "date" and isinstance(value, str):
        value = date.fromisoformat(value)
    elif fact.is_number and value is not None:
        value = Decimal(str(value))
    return value_words(value, fact, lang, namer(lang))


def reasons(judged: Judged, lang: str, *, kept: bool = False) -> list[Reason]:
    """The conditions that keep a policy from applying, in words with what was answered."""
    policy = judged.policy
    return reasons_of(judged.trace, lang, policy.words("clause", lang), cited=policy.cited(lang), kept=kept)


def reasons_of(
    trace: Trace,
    lang: str,
    clause: str | None = None,
    *,
    cited: Mapping[str, str] | None = None,
    kept: bool = False,
) -> list[Reason]:
    """What keeps a failed rule from holding: all of these are missing. None where it did not fail."""
    if trace.verdict is not False:
        return []
    return Unmet(Teller(lang, Vocabulary.shipped(), clause, cited, kept=kept)).reasons(trace)


class Unmet:
    """Walks a failed trace down to what is missing, keeping alternatives together.

    `negated` is the walk under an odd number of nots, where a part that holds is what is in the way.
    """

    def __init__(self, teller: Teller) -> None:
        self.teller = teller

    def reasons(self, trace: Trace, *, negated: bool = False) -> list[Reason]:
        told = self.teller.about(trace)
        if told is not self.teller:
            return Unmet(told).reasons(trace, negated=negated)
        if trace.op == "not":
            return self.reasons(trace.children[0], negated=not negated)
        if trace.op == "if" and not negated and trace.children[0].verdict is not None:
            return self.reasons(trace.children[1 if trace.children[0].verdict else 2])
        wrong = [child for child in trace.children if child.verdict is negated]
        if trace.is_leaf or not wrong or (negated and trace.op not in ("all", "any")):
            return [self.single(trace, negated)]
        if trace.op == ("any" if negated else "all"):
            return [reason for child in wrong for reason in self.reasons(child, negated=negated)]
        ways = [
            self.reasons(child, negated=negated)
            for child in trace.children
            if child.verdict is not (not negated)
        ]
        words = self.teller.say("trace.any" if negated else f"trace.{trace.op}", n=trace.threshold or "")
        return [Reason(words, None, self.teller.clause, ways)]

    def single(self, trace: Trace, negated: bool) -> Reason:
        node = Not(trace.node) if negated else trace.node
        words = describe(node, self.teller.vocabulary, self.teller.lang, namer(self.teller.lang))
        return Reason(words, self.teller.answered(trace), self.teller.clause)
