"""One enterprise against many rules: which apply, which are open.

This is the reference machine: every rule is evaluated in turn. What must be fast later keeps these names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eligibility.evaluate import Status, evaluate
from eligibility.rule import Rule
from eligibility.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Matches:
    """Ids in the order the rules were given; every rule in neither list does not apply."""

    eligible: tuple[str, ...]
    undetermined: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleIndex:
    """Rules by id over one vocabulary."""

    rules: Mapping[str, Rule]
    vocabulary: Vocabulary

    @classmethod
    def build(cls, rules: Mapping[str, Rule], vocabulary: Vocabulary | None = None) -> RuleIndex:
        """An index over `rules`."""
        return cls(dict(rules), vocabulary or Vocabulary.shipped())

    def match(self, facts: Mapping[str, object]) -> Matches:
        """The rules that apply and the ones still open on known `facts`."""
        found = {name: evaluate(rule, facts).status for name, rule in self.rules.items()}
        return Matches(
            tuple(name for name, status in found.items() if status is Status.ELIGIBLE),
            tuple(name for name, status in found.items() if status is Status.UNDETERMINED),
        )
