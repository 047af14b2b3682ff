"""What can be said of a rule or a formula while it is written: complaints at their place, or its words in zh and en.

Shared by the page and by what htmx asks for at every keystroke.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eligibility import Diagnostic, Rule, RuleError, Vocabulary, diagnose, parse
from eligibility.benefit import parse_formula
from eligibility.sentence import Teller, describe
from marketplace.portal.codes import namer

AROUND = 30
"""Characters shown before and after what a complaint is about."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint: where (in characters, and as row and column), the line around it with a caret, what to do."""

    start: int
    end: int
    row: int
    column: int
    before: str
    text: str
    after: str
    message: str
    suggestion: str | None

    @property
    def place(self) -> str:
        """row:column."""
        return f"{self.row}:{self.column}"

    @property
    def caret(self) -> str:
        """Blanks as wide as what stands before, then a mark under each character."""
        return _wide(self.before, " ", "\u3000") + (_wide(self.text, "^", "\uff3e") or "^")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What can be said of a rule's text while it is written."""

    complaints: list[Complaint]
    sentence_zh: str | None
    sentence_en: str | None


def diagnosis(text: str, lang: str) -> Diagnosis:
    """Complaints with their place, or the rule as a sentence in both languages."""
    vocabulary = Vocabulary.shipped()
    found = diagnose(text, vocabulary)
    if found:
        return Diagnosis(_complaints(text, found, lang), None, None)
    rule = parse(text, vocabulary)
    return Diagnosis([], words_of(rule, "zh-CN"), words_of(rule, "en"))


def words_of(rule: Rule, lang: str) -> str:
    """A rule as a sentence, places and industries by their names."""
    return describe(rule.root, rule.vocabulary, lang, namer(lang))


def amount_said(text: str, inputs: Iterable[Mapping[str, Any]], lang: str) -> Diagnosis:
    """The same of a benefit formula; nothing of an empty one."""
    if not text.strip():
        return Diagnosis([], None, None)
    kinds = [{name: one[name] for name in one if name not in ("minimum", "maximum")} for one in inputs]
    try:
        formula = parse_formula(text, Vocabulary.shipped(), kinds)
    except RuleError as error:
        return Diagnosis(_complaints(text, error.diagnostics, lang), None, None)
    words = {one: Teller(formula.vocabulary, one, namer(one)).term(formula.root) for one in ("zh-CN", "en")}
    return Diagnosis([], words["zh-CN"], words["en"])


def _complaints(text: str, found: Iterable[Diagnostic], lang: str) -> list[Complaint]:
    return [_complaint(text, one, lang) for one in found]


def _complaint(text: str, found: Diagnostic, lang: str) -> Complaint:
    start, end = found.start, found.end
    row = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    before = text[max(0, start - AROUND) : start].rsplit("\n", 1)[-1]
    after = text[end : end + AROUND].split("\n", 1)[0]
    shown = text[start:end].split("\n", 1)[0][:80]
    return Complaint(start, end, row, column, before, shown, after, found.message(lang), found.suggestion)


def _wide(text: str, narrow: str, wide: str) -> str:
    """A mark under each character, as wide as that is."""
    return "".join(wide if unicodedata.east_asian_width(one) in "WF" else narrow for one in text)
