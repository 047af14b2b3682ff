"""One version on some facts as of a day: the verdict, why, and what it gives; published or not.

What the try page, the API and the kept cases share, so that a case says the same as the page it was kept from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from eligibility import Facts, Rule, Status, Trace, Verdict, Vocabulary, evaluate, explain, parse
from eligibility.benefit import Amount, Benefit, compute
from policies.stating import words_of
from policies.tables import PolicyVersion


@dataclass(frozen=True)
class Trial:
    """What came out. `amount`: None where the text gives none or the rule does not hold.

    `in_effect`: whether the day lies within the version's own dates; the rule is judged all the same.
    """

    rule: Rule
    facts: Facts
    day: date
    verdict: Verdict
    amount: Amount | None
    benefit: Benefit
    in_effect: bool

    @property
    def yuan(self) -> Decimal | None:
        """The amount, where it is known."""
        return self.amount.exact if self.amount else None

    @property
    def trace(self) -> Trace:
        """Why, as a tree."""
        return explain(self.rule, self.facts)


@dataclass(frozen=True)
class Subject:
    """A version ready to be tried, its rule and formulas parsed once."""

    rule: Rule
    benefit: Benefit
    starts: date
    ends: date | None

    def on(self, facts: Facts, day: date, figures: Facts | None = None) -> Trial:
        """Try it; `figures`: what the amount needs that no rule asks for."""
        known = facts.on(day, self.rule.vocabulary)
        verdict = evaluate(self.rule, known)
        benefit = self.benefit.given(figures or {})
        amount = None
        if benefit.amount is not None and verdict.status is not Status.INELIGIBLE:
            amount = compute(benefit.amount, known)
        in_effect = self.starts <= day and (self.ends is None or day <= self.ends)
        return Trial(self.rule, known, day, verdict, amount, benefit, in_effect)


def subject_of(row: PolicyVersion) -> Subject:
    """A version's rule and formulas. Raises RuleError."""
    words = Vocabulary.shipped()
    rule = parse(row.rule, words, clause=row.clause_zh)
    return Subject(rule, Benefit.from_json(row.benefit, words), row.effective_from, row.effective_to)


def figures_of(benefit: Benefit, given: Mapping[str, Any]) -> Facts:
    """A benefit's own figures from JSON. Raises FactsError."""
    found = Facts.from_json(given, words_of(benefit))
    return found.without(*(name for name, value in found.items() if value is None))
