"""Conditions in a box: a piece of the domain in which some facts have one value and numbers and days lie in bands.

A condition that comes out both ways in a box asks for the box to be split at the fact it hangs on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eligibility.bands import Band, as_value, is_numeric, split, whole
from eligibility.cells import NoCellsError, cells, thresholds
from eligibility.kleene import Truth, all_of, any_of, at_least, negated, truth
from eligibility.residual import Problem, leaf_facts
from eligibility.syntax import And, Call, Cond, ListOf, Literal, Node, Not, Or
from eligibility.vocabulary import Fact, Vocabulary


class SplitError(Exception):
    """A fact must be looked at piece by piece; caught where boxes are explored."""

    def __init__(self, name: str, parts: Sequence[object]) -> None:
        self.name, self.parts = name, parts


@dataclass(slots=True)
class Box:
    """A piece of the domain: facts with one value, and numbers and days with a band."""

    known: dict[str, object]
    bands: dict[str, Band]


class Conditions:
    """Conditions read in boxes. `together`: all of them, for the codes that any of them tells apart."""

    vocabulary: Vocabulary
    together: Node

    def uniform(self, leaf: Node, used: Sequence[str], box: Box) -> bool:
        """Whether a comparison comes out one way in the whole box, its facts split where it does not.

        False where that cannot be told. Raises SplitError.
        """
        known = dict(box.known)
        for name in used:
            parts = self.parts(name, leaf, known, box)
            if parts is None:
                return False
            if len(parts) > 1 or (name not in box.bands and name not in box.known):
                raise SplitError(name, parts)
            known[name] = representative(self.vocabulary.facts[name], parts[0])
            if truth(leaf, known, self.vocabulary) is not None:
                break
        return True

    def parts(self, name: str, leaf: Node, known: dict[str, object], box: Box) -> tuple[object, ...] | None:
        """The pieces of a fact's values that a comparison tells apart; None where it names two unknown numbers."""
        fact = self.vocabulary.facts[name]
        problem = Problem(self.vocabulary, {n: v for n, v in known.items() if n != name})
        try:
            if fact.type == "enum":
                return (*fact.allowed, None) if fact.nullable else fact.allowed
            if not is_numeric(fact):
                return cells(name, self.together, problem)
            pieces: tuple[object, ...] = split(
                fact, box.bands.get(name) or whole(fact), thresholds(fact, leaf, problem)
            )
        except NoCellsError:
            return None
        return (*pieces, None) if fact.nullable and name not in box.bands else pieces

    def decide(self, test: Node, box: Box) -> Truth:
        """A condition in a box; None where two unknown numbers are compared. Raises SplitError where it comes out
        both ways."""
        found = truth(test, box.known, self.vocabulary)
        if found is not None:
            return found
        match test:
            case And(operands=parts):
                return all_of(self.decide(p, box) for p in parts)
            case Or(operands=parts):
                return any_of(self.decide(p, box) for p in parts)
            case Not(operand=part):
                return negated(self.decide(part, box))
            case Call(name="at_least", args=(Literal(value=count), ListOf(items=items))):
                return at_least(count, [self.decide(i, box) for i in items])
            case Cond(test=inner, then=then, otherwise=otherwise):
                chosen = self.decide(inner, box)
                if chosen is None:
                    a, b = self.decide(then, box), self.decide(otherwise, box)
                    return a if a is b else None
                return self.decide(then if chosen else otherwise, box)
        return self.decide_leaf(test, box)

    def decide_leaf(self, leaf: Node, box: Box) -> Truth:
        known = dict(box.known)
        used = leaf_facts(leaf, Problem(self.vocabulary, known))
        if not self.uniform(leaf, used, box):
            return None
        for name in used:
            if name in box.bands:
                known[name] = as_value(self.vocabulary.facts[name], box.bands[name].inside)
        return truth(leaf, known, self.vocabulary)


def representative(fact: Fact, part: object) -> object:
    """A value of a piece."""
    return as_value(fact, part.inside) if isinstance(part, Band) else part
