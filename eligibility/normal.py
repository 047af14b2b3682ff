"""A rule as machines read it: a bounded "any of all of", one set of values per fact in each alternative.

Merging what an alternative says of one fact into one set makes its contradictions visible, so that three-valued
logic over the sets is exact within an alternative. What does not fit (comparisons between facts, too many
alternatives) leaves a weaker condition and the mark `tree`: whoever passes it is judged by the reference evaluator.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eligibility.cells import NoCellsError, thresholds
from eligibility.kleene import truth
from eligibility.residual import Problem
from eligibility.rule import Rule
from eligibility.size_standard import INPUTS
from eligibility.syntax import And, Call, Compare, Cond, In, ListOf, Literal, Node, Not, Or, names
from eligibility.values import (
    Chosen,
    Ranges,
    Set,
    all_bits,
    choices,
    completion_bits,
    is_nothing,
    linear_pieces,
    plain_ranges,
    sides,
)
from eligibility.vocabulary import Fact, Vocabulary

MOST_ALTERNATIVES = 24
"""Beyond so many a rule is judged by its tree."""
MOST_VALUES = 60
"""Values an enumeration may have to fit a machine word with room for "another value" and none."""
MOST_KEPT = 20_000
"""Comparisons whose meaning is remembered from one rule to the next."""
OTHER = "\U0010ffff"

Alternative = Mapping[str, Set]


@dataclass(frozen=True, slots=True)
class Normal:
    """`tree`: passing an alternative is necessary, not enough.

    `entangled`: facts over which alternatives together can cover every value, so that three-valued logic may leave the
    rule open where the exact answer is decided; with "" for the size class together with one of its inputs.
    """

    alternatives: tuple[Alternative, ...]
    tree: bool
    entangled: frozenset[str]


class TooManyError(Exception):
    """More alternatives than MOST_ALTERNATIVES; caught where the rule is normalised."""


class Normaliser:
    """Rules of one vocabulary; what a comparison means is worked out once for all rules."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.problem = Problem(vocabulary, {})
        self.kept: dict[tuple[Node, bool], Set | bool | None] = {}
        self.opaque = False

    def normal(self, rule: Rule) -> Normal:
        """The normal form of a rule."""
        self.opaque = False
        root = rule.inlined
        found: list[dict[str, Set]] = [{}]
        for part in root.operands if isinstance(root, And) else (root,):
            try:
                more = self.alternatives(part, True)
                found = self.product(found, more) if found != [{}] else more
            except TooManyError:
                self.opaque = True
        return Normal(tuple(found), self.opaque, self.entangled(found))

    def alternatives(self, node: Node, positive: bool) -> list[dict[str, Set]]:
        """The condition (or its negation) as alternatives. Raises TooManyError."""
        match node:
            case Not(operand=part):
                return self.alternatives(part, not positive)
            case And(operands=parts) | Or(operands=parts):
                if isinstance(node, And) == positive:
                    return self.all_of(parts, positive)
                return bounded(self.any_of(a for part in parts for a in self.alternatives(part, positive)))
            case Call(name="at_least", args=(Literal(value=int(count)), ListOf(items=items))):
                needed = count if positive else len(items) - count + 1
                if needed <= 0 or needed > len(items):
                    return [{}] if needed <= 0 else []
                chosen = itertools.combinations(items, needed)
                return bounded(a for some in chosen for a in self.all_of(some, positive))
            case Cond(test=test, then=then, otherwise=otherwise):
                yes, no = And((test, then)), And((Not(test), otherwise))
                return self.alternatives(Or((yes, no)), positive)
        found = self.meaning(node, positive)
        if found is None:
            self.opaque = True
            return [{}]
        return ([{}] if found else []) if isinstance(found, bool) else [{found.fact: found}]

    def all_of(self, parts: Iterable[Node], positive: bool) -> list[dict[str, Set]]:
        found: list[dict[str, Set]] = [{}]
        for part in parts:
            found = self.product(found, self.alternatives(part, positive))
        return found

    def any_of(self, found: Iterable[dict[str, Set]]) -> list[dict[str, Set]]:
        """Alternatives, those that speak of one and the same fact only put together."""
        kept: list[dict[str, Set]] = []
        alone: dict[str, int] = {}
        for alternative in found:
            if len(alternative) == 1:
                ((name, values),) = alternative.items()
                if name in alone:
                    at = alone[name]
                    kept[at] = {name: kept[at][name].either(values)}  # type: ignore[arg-type]
                    continue
                alone[name] = len(kept)
            kept.append(alternative)
        whole = any(len(a) == 1 and self.is_everything(*a.values()) for a in kept)
        return [{}] if whole else kept

    def is_everything(self, values: Set) -> bool:
        """Whether every value is in the set, none included."""
        if isinstance(values, Chosen):
            return values.bits == all_bits(self.vocabulary.facts[values.fact])
        return values.start and not values.cuts and values.none

    def product(self, left: list[dict[str, Set]], right: list[dict[str, Set]]) -> list[dict[str, Set]]:
        if len(left) == len(right) == 1:  # nearly always
            one = self.merged(left[0], right[0])
            return [] if one is None else [one]
        return bounded(both for a in left for b in right if (both := self.merged(a, b)) is not None)

    def merged(self, a: dict[str, Set], b: dict[str, Set]) -> dict[str, Set] | None:
        """Both alternatives at once; None where no value of some fact is left."""
        found = dict(a)
        for name, values in b.items():
            mine = found.get(name)
            both = values if mine is None else mine.both(values)  # type: ignore[arg-type]
            if is_nothing(both):
                return None
            found[name] = both
        return found

    def meaning(self, leaf: Node, positive: bool) -> Set | bool | None:
        """The values for which a comparison holds (or does not); True or False where all do; None for several facts."""
        if isinstance(
            leaf, In | Call
        ):  # lists of codes are rarely met again, and quicker read than looked up
            plain = plain_ranges(self.vocabulary, leaf)
            if plain is not None:
                return plain if positive else plain.negated()
        if len(self.kept) > MOST_KEPT:
            self.kept.clear()
        key = (leaf, positive)
        if key in self.kept:
            return self.kept[key]
        found = self.read(leaf)
        if not positive and found is not None:
            found = not found if isinstance(found, bool) else self.complement(found)
        self.kept[key] = found
        return found

    def complement(self, values: Set) -> Set:
        if isinstance(values, Ranges):
            return values.negated()
        return Chosen(values.fact, values.bits ^ all_bits(self.vocabulary.facts[values.fact]))

    def read(self, leaf: Node) -> Set | bool | None:
        """A comparison of one fact as the set of values it holds for."""
        if isinstance(leaf, Compare) and (fast := plain_ranges(self.vocabulary, leaf)) is not None:
            return fast
        used = names(leaf)
        if not used:
            found = truth(leaf, {}, self.vocabulary)
            assert found is not None
            return found
        if len(used) > 1:
            return None
        fact = self.vocabulary.facts[next(iter(used))]
        if fact.type in ("bool", "enum"):
            return self.chosen(fact, leaf)
        return self.linear(fact, leaf)

    def chosen(self, fact: Fact, leaf: Node) -> Set | bool | None:
        values = choices(fact)
        if len(values) > MOST_VALUES:
            return None
        bits = 0
        for at, value in enumerate((*values, OTHER, None)):
            if truth(leaf, {fact.name: value}, self.vocabulary) is True:
                bits |= 1 << at
        if fact.type == "bool":
            bits &= ~(1 << len(values))  # there is no other truth value
        return bits == all_bits(fact) if bits in (0, all_bits(fact)) else Chosen(fact.name, bits)

    def linear(self, fact: Fact, leaf: Node) -> Ranges | None:
        """Arithmetic on one number: evaluated by the reference on each side of each threshold."""
        try:
            lines = thresholds(fact, leaf, self.problem)
        except NoCellsError:
            return None
        pieces = linear_pieces(fact, lines)
        outcomes = [truth(leaf, {fact.name: value}, self.vocabulary) for _, value in pieces]
        none = truth(leaf, {fact.name: None}, self.vocabulary)
        if None in outcomes or none is None:
            return None
        cuts = [
            pieces[at][0]
            for before, at in itertools.pairwise(range(len(pieces)))
            if outcomes[before] != outcomes[at]
        ]
        return Ranges(fact.name, bool(outcomes[0]), tuple(cuts), none)

    def entangled(self, found: list[dict[str, Set]]) -> frozenset[str]:
        """Facts over which several alternatives cover every completion, and "" for a size class with its inputs."""
        used = {name for alternative in found for name in alternative}
        sized = any(self.vocabulary.facts[name].computed for name in used) and not used.isdisjoint(INPUTS)
        if len(found) < 2:
            return frozenset(("",)) if sized else frozenset()
        together: dict[str, Set] = {}
        for name, values in (item for alternative in found for item in alternative.items()):
            if self.unknown(values) != 2:  # what every completion satisfies is settled without the others
                mine = together.get(name)
                together[name] = values if mine is None else mine.either(values)  # type: ignore[arg-type]
        covered = {name for name, values in together.items() if self.unknown(values) == 2}
        for name in together:  # a size class can be partly known, and fewer values cover what is left of it
            if self.vocabulary.facts[name].computed and sum(name in alternative for alternative in found) > 1:
                covered.add(name)
        return frozenset(covered | ({""} if sized else set()))

    def unknown(self, values: Set) -> int:
        """What a set says of an unknown fact: 2 all completions are in it, 0 none is, 1 some are."""
        fact = self.vocabulary.facts[values.fact]
        if isinstance(values, Chosen):
            possible = completion_bits(fact)
            inside = values.bits & possible
            return 2 if inside == possible else 1 if inside else 0
        inside_, outside = sides(values, fact)
        if fact.nullable:
            inside_, outside = inside_ or values.none, outside or not values.none
        return 1 if inside_ and outside else 2 if inside_ else 0


def bounded(found: Iterable[dict[str, Set]]) -> list[dict[str, Set]]:
    """The alternatives, if there are not too many. Raises TooManyError."""
    kept = list(itertools.islice(found, MOST_ALTERNATIVES + 1))
    if len(kept) > MOST_ALTERNATIVES:
        raise TooManyError
    return kept
