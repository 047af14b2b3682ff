"""A rule ready for use: parsed, typed, and bound to its vocabulary; and the way from text to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from eligibility.errors import Diagnostic, RuleError
from eligibility.parser import read
from eligibility.residual import inline
from eligibility.size_standard import INPUTS
from eligibility.syntax import Node, names
from eligibility.typecheck import check
from eligibility.unparse import to_cel
from eligibility.vocabulary import Vocabulary


@dataclass(frozen=True)
class Rule:
    """A typed condition. `source` is the text as written, `clause` where the law says so."""

    root: Node
    vocabulary: Vocabulary
    source: str
    clause: str | None = None

    @cached_property
    def text(self) -> str:
        """Canonical CEL."""
        return to_cel(self.root)

    @cached_property
    def facts(self) -> frozenset[str]:
        """Every fact the rule names, derived ones included."""
        return names(self.root)

    @cached_property
    def stated_facts(self) -> frozenset[str]:
        """Every fact somebody can state that the rule can depend on, directly or through derived ones."""
        found = set(self.facts | names(self.inlined))
        if any(self.vocabulary.facts[name].computed for name in found):
            found.update(INPUTS)
        return frozenset(found)

    @cached_property
    def inlined(self) -> Node:
        """The tree with facts that a rule derives written out."""
        return inline(self.root, self.vocabulary)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rule) or self.vocabulary is not other.vocabulary:
            return NotImplemented
        return (self.root, self.clause) == (other.root, other.clause)

    @cached_property
    def _hash(self) -> int:
        return hash((self.root, self.clause, id(self.vocabulary)))

    def __hash__(self) -> int:
        return self._hash


def parse(text: str, vocabulary: Vocabulary | None = None, *, clause: str | None = None) -> Rule:
    """Text of the CEL subset -> Rule. Raises RuleError with every diagnostic, and nothing else."""
    words = vocabulary or Vocabulary.shipped()
    root = read(text)
    found = check(root, words)
    if found:
        raise RuleError(found)
    return Rule(root, words, text, clause)


def diagnose(text: str, vocabulary: Vocabulary | None = None) -> tuple[Diagnostic, ...]:
    """What is wrong with a rule's text, for an editor; empty when it can be used."""
    try:
        parse(text, vocabulary)
    except RuleError as error:
        return error.diagnostics
    return ()
