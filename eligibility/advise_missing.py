"""Which unknown facts would be enough: the smallest sets of answers that can settle a rule, one way or the other.

A set is enough for "eligible" when some answers to it make the rule hold whatever the others are. The search takes
the residual apart where its parts share no fact; a fact that occurs in several comparisons is either in the set, then
it runs over its cells, or it is not, and all of its cells must be settled by the same answers.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from eligibility.advise import ease
from eligibility.bands import whole
from eligibility.cells import NoCellsError, code_cells, enum_cells, number_cells, thresholds
from eligibility.completions import RANKS, leaf_outcomes
from eligibility.facts import LARGEST
from eligibility.kleene import truth
from eligibility.residual import Part, Problem, leaf_facts, leaf_names, leaves, open_facts, simplify
from eligibility.rule import Rule
from eligibility.size_standard import ANY_INDUSTRY, INPUTS, SizeStandard
from eligibility.syntax import And, Call, ListOf, Literal, Node, Not, Or

MOST_SETS = 12
"""Sets named each way; the smallest ones, the easiest to know first."""
MOST_STEPS = 4_000
"""Parts of residuals looked at; past it the sets found so far stand, and `complete` is False."""

Sets = frozenset[frozenset[str]]
EMPTY: Sets = frozenset((frozenset(),))
NEVER: Sets = frozenset()


@dataclass(frozen=True, slots=True)
class DecidingSets:
    """Sets of facts, smallest first, each without any fact it could do without.

    `complete`: no smaller set exists and none is left out but for MOST_SETS. It is False past the bound of work, and
    where two unknown numbers are compared with each other; then sets may be lacking, or lack a fact.
    """

    eligible: tuple[tuple[str, ...], ...]
    ineligible: tuple[tuple[str, ...], ...]
    complete: bool


Context = tuple[Node, Mapping[str, object]]
"""A residual, and the values given to facts on the way to it."""


def deciding_sets(rule: Rule, facts: Mapping[str, object]) -> DecidingSets:
    """The smallest sets of unknown facts that can make the rule eligible, and ineligible, once answered in some way.

    A rule that is settled already needs nothing: one empty set its own way, none the other way.
    """
    search = Search(rule, facts)
    rest = simplify(rule.inlined, search.problem({}))
    short = rule.vocabulary.size_standard.is_short(facts.get(INPUTS[0]))
    if short and not isinstance(rest, bool):  # comparisons of the size class then hang together unseen
        search.complete = sum(leaf_names(leaf, search.problem({}))[1] for leaf in leaves(rest)) < 2
    both = []
    for wanted in (True, False):
        found = search.sets_of([rest], {}, wanted)
        ranks = ease(rule.vocabulary)
        ordered = sorted(found, key=lambda s: (len(s), sorted(ranks[n] for n in s)))
        both.append(tuple(tuple(sorted(s, key=ranks.__getitem__)) for s in ordered[:MOST_SETS]))
    return DecidingSets(both[0], both[1], search.complete)


class Search:
    """One rule, one enterprise."""

    def __init__(self, rule: Rule, facts: Mapping[str, object]) -> None:
        self.vocabulary, self.facts = rule.vocabulary, dict(facts)
        self.steps, self.complete = 0, True

    def problem(self, given: Mapping[str, object]) -> Problem:
        return Problem(self.vocabulary, {**self.facts, **given})

    def sets_of(self, parts: Iterable[Part], given: Mapping[str, object], wanted: bool) -> Sets:
        """The sets that can settle every part as wanted, all under the same values."""
        return self.sets([(part, given) for part in parts], wanted)

    def sets(self, contexts: Sequence[tuple[Part, Mapping[str, object]]], wanted: bool) -> Sets:
        """The least sets that settle every residual as wanted by the same answers."""
        open_: list[Context] = []
        for part, given in contexts:
            if isinstance(part, bool):
                if part is not wanted:
                    return NEVER
            elif (part, given) not in open_:
                open_.append((part, given))
        self.steps += len(open_)
        if self.steps > MOST_STEPS:
            self.complete = False
            return NEVER
        groups = self.apart([part for context in open_ for part in all_of(context, wanted)])
        return least_of_all(self.group(group, wanted) for group in groups)

    def group(self, contexts: Sequence[Context], wanted: bool) -> Sets:
        """The same for residuals that share facts."""
        if len(contexts) == 1:
            some = self.apart(any_of(contexts[0], wanted))
            if len(some) > 1:
                return least(ids for parts in some for ids in self.sets([one_of(parts, wanted)], wanted))
        shared = self.shared_fact(contexts)
        if shared is None:
            return least_of_all(self.alone(node, given, wanted) for node, given in contexts)
        return least(
            [*self.with_fact(shared, contexts, wanted), *self.without_fact(shared, contexts, wanted)]
        )

    def apart(self, contexts: Iterable[Context]) -> list[list[Context]]:
        """Residuals in groups that share no unknown fact."""
        groups: list[tuple[set[str], list[Context]]] = []
        for node, given in contexts:
            names = set(open_facts(node, self.problem(given)))
            near = [group for group in groups if group[0] & names]
            merged = [*(c for group in near for c in group[1]), (node, given)]
            groups = [group for group in groups if group not in near]
            groups.append((names.union(*(group[0] for group in near)), merged))
        return [contexts for _, contexts in groups]

    def shared_fact(self, contexts: Sequence[Context]) -> str | None:
        """A fact that several comparisons speak of, or one of several that one comparison compares."""
        used: Counter[str] = Counter()
        for node, given in contexts:
            problem = self.problem(given)
            for leaf in leaves(node):
                names = leaf_facts(leaf, problem)
                used.update(names * 2 if len(names) > 1 and not is_size(leaf, problem) else names)
        facts = self.vocabulary.facts
        repeated = (name for name, times in used.items() if times > 1)
        return min(repeated, key=lambda n: (RANKS.get(facts[n].type, len(RANKS)), n), default=None)

    def with_fact(self, name: str, contexts: Sequence[Context], wanted: bool) -> Sets:
        """The sets that contain a fact: for each of its values those that settle what is left, and the fact."""
        found: set[frozenset[str]] = set()
        for value in self.values(name, contexts):
            found |= {
                ids | {name} for ids in self.sets([self.given(c, name, value) for c in contexts], wanted)
            }
        return least(found)

    def without_fact(self, name: str, contexts: Sequence[Context], wanted: bool) -> Sets:
        """The sets that do not: the same answers must settle what is left for every value of the fact."""
        values = self.values(name, contexts)
        return frozenset(
            ids
            for ids in self.sets([self.given(c, name, v) for c in contexts for v in values], wanted)
            if name not in ids
        )

    def given(self, context: Context, name: str, value: object) -> tuple[Part, Mapping[str, object]]:
        node, given = context
        more = {**given, name: value}
        return simplify(node, self.problem(more)), more

    def values(self, name: str, contexts: Sequence[Context]) -> tuple[object, ...]:
        """One value of a fact for each way the comparisons of all contexts can come out."""
        fact = self.vocabulary.facts[name]
        none: tuple[object, ...] = (None,) if fact.nullable else ()
        together = Or((*(node for node, _ in contexts), Literal(False)))
        if fact.type == "bool":
            return (True, False, *none)
        if fact.type == "enum":
            return (*enum_cells(fact, together), *none)
        if fact.type == "code":
            return (*code_cells(fact, together, Problem(self.vocabulary, self.facts)), *none)
        cuts: set[Fraction] = set()
        for node, given in contexts:
            problem = self.problem(given)
            for leaf in leaves(node):
                try:
                    cuts.update(thresholds(fact, leaf, problem) if name in leaf_facts(leaf, problem) else ())
                except (
                    NoCellsError
                ):  # compared with another unknown number: its ends settle it, if any value does
                    self.complete = False
                    cuts.update(ends(fact.type, whole(fact).low, whole(fact).high))
        return (*number_cells(fact, sorted(cuts)), *none)

    def alone(self, node: Node, given: Mapping[str, object], wanted: bool) -> Sets:
        """The sets that settle a residual in which every fact stands in one comparison, one in each."""
        match node:
            case Not(operand=part):
                return self.alone(part, given, not wanted)
            case And(operands=parts) | Or(operands=parts):
                each = [self.alone(part, given, wanted) for part in parts]
                if isinstance(node, And) == wanted:
                    return least_of_all(each)
                return least(ids for sets in each for ids in sets)
            case Call(name="at_least", args=(Literal(value=int(count)), ListOf(items=items))):
                needed = count if wanted else len(items) - count + 1
                each = [self.alone(item, given, wanted) for item in items]
                chosen = itertools.combinations(each, needed)
                return least(ids for some in chosen for ids in least_of_all(some))
        outcomes = leaf_outcomes(node, self.problem(given))
        if wanted not in outcomes:
            return NEVER
        if len(outcomes) == 1:
            return EMPTY
        problem = self.problem(given)
        if is_size(node, problem):
            return self.size_alone(node, problem, wanted)
        return frozenset((frozenset(leaf_facts(node, problem)),))

    def size_alone(self, leaf: Node, problem: Problem, wanted: bool) -> Sets:
        """The sets of inputs that settle what a comparison says of the size class."""
        sizes = (
            size
            for size in self.vocabulary.facts["sme_size"].allowed
            if truth(leaf, {**problem.known, "sme_size": size}, self.vocabulary) is wanted
        )
        known = tuple((name, problem.known[name]) for name in INPUTS if name in problem.known)
        return size_sets(self.vocabulary.size_standard, frozenset(sizes), known)


def all_of(context: Context, wanted: bool) -> Iterable[Context]:
    """The parts that must all be settled for the whole to be."""
    node, given = context
    return ((p, given) for p in node.children()) if isinstance(node, And if wanted else Or) else (context,)


def any_of(context: Context, wanted: bool) -> Iterable[Context]:
    """The parts of which one is enough."""
    return all_of(context, not wanted)


def one_of(contexts: Sequence[Context], wanted: bool) -> Context:
    """Parts of which one is enough, as one."""
    nodes = tuple(node for node, _ in contexts)
    return (nodes[0] if len(nodes) == 1 else (Or if wanted else And)(nodes)), contexts[0][1]


def is_size(leaf: Node, problem: Problem) -> bool:
    """Whether a comparison is about the size class and nothing else."""
    names, computed = leaf_names(leaf, problem)
    return computed and len(names) == 1


@functools.lru_cache(maxsize=2048)
def size_sets(standard: SizeStandard, wanted: frozenset[str], known: tuple[tuple[str, object], ...]) -> Sets:
    """The least sets of inputs, not known yet or too short, that can put the size class among `wanted` for certain."""
    given = dict(known)
    short = standard.is_short(given.get(INPUTS[0]))
    free = [name for name in INPUTS if name not in given or (name == INPUTS[0] and short)]
    found: list[frozenset[str]] = []
    for size in range(len(free) + 1):
        for names in itertools.combinations(free, size):
            if not any(ids <= set(names) for ids in found) and size_settles(standard, wanted, given, names):
                found.append(frozenset(names))
    return frozenset(found)


def size_settles(
    standard: SizeStandard, wanted: frozenset[str], given: Mapping[str, object], names: Sequence[str]
) -> bool:
    """Whether some values of these inputs settle the class among `wanted`, whatever the others are."""
    possible = standard.possible(given)  # type: ignore[arg-type]
    if not names or not possible & wanted:
        return possible <= wanted
    rows = standard.rows_of(given.get(INPUTS[0], ANY_INDUSTRY))
    if names[0] == INPUTS[0]:
        start = str(given.get(INPUTS[0], ""))
        longer = (next(p for p in row.prefixes if p.startswith(start)) for row in rows)
        values: Iterable[object] = (*longer, None)
    else:
        floors = sorted({floor for row in rows for floor in row.floors.get(names[0], ())})
        values = (Decimal(0), *floors)
    return any(size_settles(standard, wanted, {**given, names[0]: value}, names[1:]) for value in values)


def ends(kind: str, low: Fraction | None, high: Fraction | None) -> tuple[Fraction, Fraction]:
    """The least and the most a number can be; where it has no end, the most anybody may state."""
    far = Fraction(LARGEST) if kind != "date" else Fraction(3_652_059)
    return (-far if low is None else low) if kind != "date" else Fraction(1), far if high is None else high


def least(sets: Iterable[frozenset[str]]) -> Sets:
    """Those that contain no other."""
    kept: list[frozenset[str]] = []
    for ids in sorted(set(sets), key=len):
        if not any(small <= ids for small in kept):
            kept.append(ids)
    return frozenset(kept)


def least_of_all(families: Iterable[Sets]) -> Sets:
    """One set of each family put together, in every way."""
    found = EMPTY
    for family in families:
        found = least(a | b for a in found for b in family)
    return found
