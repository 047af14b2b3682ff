"""The eligibility engine: rules in a typed subset of CEL, judged in three values, explained.

Pure: no database, no web framework, no clock. Everything a caller needs is named here.
"""

from eligibility.analyse import Family, Finding, PackRule, analyse
from eligibility.errors import (
    Diagnostic,
    EligibilityError,
    FactProblem,
    FactsError,
    RuleError,
    VocabularyError,
)
from eligibility.evaluate import Status, Verdict, evaluate
from eligibility.explain import Trace, explain, failures
from eligibility.facts import Facts
from eligibility.index import Among, Matches, RuleIndex
from eligibility.rule import Rule, diagnose, parse
from eligibility.sentence import sentence
from eligibility.sql import Sql, compile_sql
from eligibility.vocabulary import Fact, Vocabulary

__all__ = [
    "Among",
    "Diagnostic",
    "EligibilityError",
    "Fact",
    "FactProblem",
    "Facts",
    "FactsError",
    "Family",
    "Finding",
    "Matches",
    "PackRule",
    "Rule",
    "RuleError",
    "RuleIndex",
    "Sql",
    "Status",
    "Trace",
    "Verdict",
    "Vocabulary",
    "VocabularyError",
    "analyse",
    "compile_sql",
    "diagnose",
    "evaluate",
    "explain",
    "failures",
    "parse",
    "sentence",
]
