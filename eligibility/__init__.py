"""The eligibility engine: rules in a typed subset of CEL, judged in three values, explained.

Pure: no database, no web framework, no clock. Everything a caller needs is named here.
"""

from eligibility.errors import Diagnostic, EligibilityError, FactProblem, FactsError, RuleError, VocabularyError
from eligibility.evaluate import Status, Verdict, evaluate
from eligibility.facts import Facts
from eligibility.rule import Rule, diagnose, parse
from eligibility.vocabulary import Fact, Vocabulary

__all__ = [
    "Diagnostic",
    "EligibilityError",
    "Fact",
    "FactProblem",
    "Facts",
    "FactsError",
    "Rule",
    "RuleError",
    "Status",
    "Verdict",
    "Vocabulary",
    "VocabularyError",
    "diagnose",
    "evaluate",
    "parse",
]
