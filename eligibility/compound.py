"""Normal forms in which a comparison of several facts is a yes-or-no fact of its own.

`layoff_rate_pct < registered_unemployment_rate_pct` has no set of values of one fact. Where whole columns are at hand
its truth is one more column, and a rule with it needs no tree; in SQL it is one more condition.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from eligibility.normal import Normal, Normaliser
from eligibility.rule import Rule
from eligibility.size_standard import INPUTS
from eligibility.syntax import And, Call, Cond, ListOf, Node, Not, Or, names
from eligibility.values import Chosen, Set
from eligibility.vocabulary import Fact, Vocabulary

NAME = "compared {}"
"""No fact has such a name."""
YES_BIT = 2


class Compound(Normaliser):
    """`leaves`: the comparisons met so far, by the names of the facts that stand for them."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.leaves: dict[str, Node] = {}
        self.names: dict[Node, str] = {}
        self.facts: dict[str, Fact] = dict(vocabulary.facts)
        super().__init__(dataclasses.replace(vocabulary, facts=self.facts))

    def read(self, leaf: Node) -> Set | bool | None:
        """As ever; what would be None is a fact of its own."""
        found = super().read(leaf)
        if found is not None:
            return found
        name = self.names.get(leaf)
        if name is None:
            name = self.names[leaf] = NAME.format(len(self.names))
            self.leaves[name] = leaf
            self.facts[name] = Fact(name, "bool", name, name)
        return Chosen(name, YES_BIT)

    def plain(self, found: Iterable[str]) -> frozenset[str]:
        """The facts behind some names, those of comparisons taken apart."""
        return frozenset(
            n for name in found for n in (names(self.leaves[name]) if name in self.leaves else (name,))
        )

    def shared(self, rule: Rule, normal: Normal) -> frozenset[str]:
        """The facts of comparisons that other parts of the rule speak of too: unknown, they tie the parts together."""
        compound = {
            name for alternative in normal.alternatives for name in alternative if name in self.leaves
        }
        inside = {fact for name in compound for fact in names(self.leaves[name])}
        seen: set[str] = set()
        found: set[str] = set()
        for leaf in dict.fromkeys(comparisons(rule.inlined)) if compound else ():
            used = set(names(leaf))
            if any(self.vocabulary.facts[name].computed for name in used):
                used.update(INPUTS)
            found |= seen & used
            seen |= used
        return frozenset(found & inside)


def comparisons(node: Node) -> list[Node]:
    """The comparisons of a condition, left to right."""
    parts: tuple[Node, ...]
    match node:
        case And(operands=parts) | Or(operands=parts):
            pass
        case Not(operand=part):
            parts = (part,)
        case Call(name="at_least", args=(_, ListOf(items=parts))):
            pass
        case Cond(test=test, then=then, otherwise=otherwise):
            parts = (test, then, otherwise)
        case _:
            return [node]
    return [leaf for part in parts for leaf in comparisons(part)]
