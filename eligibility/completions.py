"""The exact answer: what every completion of the unknown facts says, and which unknown facts matter.

Three-valued logic alone forgets that `x < 5` and `x >= 5` speak of the same x. Here each unknown fact that occurs
more than once runs over one value per cell of its domain (the cells are cut by the constants it meets), and what is
left is a formula in which every fact occurs once: undecided exactly when its leaves are, and every leaf matters.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eligibility.cells import FILLER, NoCellsError, cells, pieces
from eligibility.kleene import UNKNOWN, OneOf, Truth, fact_value, truth
from eligibility.residual import (
    Part,
    Problem,
    inline,
    leaf_facts,
    leaf_names,
    leaves,
    open_facts,
    shortened,
    simplify,
)
from eligibility.size_standard import ANY_INDUSTRY, INPUTS, SizeStandard
from eligibility.syntax import And, Call, Cond, ListOf, Literal, Node, Not, Or, Ref, walk
from eligibility.vocabulary import Vocabulary

BUDGET = (
    40_000  # parts looked at; past it the answer is "undetermined" with every open fact named, which is sound
)
# A formula over named leaves, flattened: ("leaf", node, ...) | ("all"|"any", frozenset) | ("atleast", k, frozenset)
# | ("cells", fact, what holds where)
Formula = bool | tuple  # type: ignore[type-arg]

RANKS = {"bool": 0, "enum": 1, "code": 2}  # numbers come last: they have most cells


class BudgetSpentError(Exception):
    """Too many combinations to look at; caught right where the exact answer was wanted."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The exact status (True, False, None) and the facts that matter; `exact` is False past the budget."""

    status: Truth
    missing: frozenset[str]
    exact: bool = True


def settle(root: Node, facts: Mapping[str, object], vocabulary: Vocabulary) -> Settled:
    """The verdict all completions agree on, and the facts whose value could still change it."""
    problem = Problem(vocabulary, dict(facts))
    residual = simplify(inline(root, vocabulary), problem)
    if isinstance(residual, bool):
        return Settled(residual, frozenset())
    try:
        formula, needed = decide_short_code(residual, problem)
    except (BudgetSpentError, NoCellsError):
        residual = without_constants(residual, Problem(vocabulary, dict(facts)))
        if isinstance(residual, bool):
            return Settled(residual, frozenset())
        return Settled(None, open_facts(residual, Problem(vocabulary, dict(facts))), exact=False)
    if isinstance(formula, bool):
        return Settled(formula, frozenset())
    return Settled(None, least(residual, Problem(vocabulary, dict(facts)), needed))


def without_constants(node: Node, problem: Problem) -> Part:
    """What is left when comparisons that come out one way only are taken as decided."""
    if isinstance(node, And | Or):
        return shortened(node, [without_constants(o, problem) for o in node.operands])
    if isinstance(node, Not):
        inner = without_constants(node.operand, problem)
        return not inner if isinstance(inner, bool) else Not(inner)
    if isinstance(node, Call) and node.name == "at_least":
        return node
    outcomes = leaf_outcomes(node, problem)
    return node if len(outcomes) > 1 else next(iter(outcomes))


def least(residual: Node, problem: Problem, needed: frozenset[str]) -> frozenset[str]:
    """`needed` without the facts that only seemed to matter because equal parts are written differently.

    What occurs more than once runs over its cells everywhere and in one order, so that what is left is written once.
    """
    problem.order = repeated_facts(residual, problem)
    if len(needed) < 2 or not problem.order:
        return needed
    try:
        return decide_short_code(residual, problem)[1]
    except (BudgetSpentError, NoCellsError):
        return needed


def repeated_facts(residual: Node, problem: Problem) -> tuple[str, ...]:
    """The unknown facts in more than one comparison; those with few values first, numbers after the industry."""
    used = Counter(name for leaf in leaves(residual) for name in leaf_facts(leaf, problem))
    facts = problem.vocabulary.facts
    repeated = (name for name, times in used.items() if times > 1)
    return tuple(sorted(repeated, key=lambda name: (RANKS.get(facts[name].type, len(RANKS)), name)))


def decide(residual: Node, problem: Problem) -> tuple[Formula, frozenset[str]]:
    """A canonical form of the residual's meaning, and the facts it depends on."""
    if problem.order is None:
        repeated = repeated_facts(residual, problem)
    else:
        named = open_facts(residual, problem)
        repeated = tuple(name for name in problem.order if name in named)
    if not repeated:
        formula = canonical(residual, True, problem)
        return formula, needs_of(residual, formula, problem)
    name = repeated[0]
    values = cells(name, residual, problem)
    formulas, needed = over_cells(name, values, residual, problem)
    del problem.known[name]
    if len(set(formulas)) == 1:
        return formulas[0], needed
    return ("cells", name, pieces(name, residual, problem, values, formulas)), needed | {name}


def decide_short_code(residual: Node, problem: Problem) -> tuple[Formula, frozenset[str]]:
    """`decide`; an industry code too short for one row of the size standard is written out each way it can be.

    What names the code itself was simplified away before: it is known, only the size class is not.
    """
    code = problem.known.get("industry_code")
    standard = problem.vocabulary.size_standard
    if not standard.is_short(code) or not any(leaf_names(leaf, problem)[1] for leaf in leaves(residual)):
        return decide(residual, problem)
    longer = [next(p for p in row.prefixes if p.startswith(str(code))) for row in standard.rows_of(code)]
    formulas, needed = over_cells(INPUTS[0], [p + FILLER for p in (*longer, str(code))], residual, problem)
    if len(set(formulas)) == 1:
        return formulas[0], needed
    return ("cells", INPUTS[0], formulas), needed | {INPUTS[0]}


def over_cells(
    name: str, values: Iterable[object], residual: Node, problem: Problem
) -> tuple[tuple[Formula, ...], frozenset[str]]:
    """The formula for each value a fact can have, and what they need; the last value stays in `problem.known`."""
    size = sum(1 for _ in walk(residual))
    outcomes: list[tuple[Formula, frozenset[str]]] = []
    for value in values:
        problem.spent += size
        if problem.spent > BUDGET:
            raise BudgetSpentError
        problem.known[name] = value
        rest = simplify(residual, problem)
        outcomes.append((rest, frozenset()) if isinstance(rest, bool) else decide(rest, problem))
    return tuple(formula for formula, _ in outcomes), frozenset().union(*(n for _, n in outcomes))


def canonical(node: Node, positive: bool, problem: Problem) -> Formula:
    """A formula in which each fact occurs in one leaf, in a form equal exactly when the meaning is equal."""
    match node:
        case Not(operand=operand):
            return canonical(operand, not positive, problem)
        case And(operands=operands) | Or(operands=operands):
            conjunctive = isinstance(node, And) == positive
            return joined(
                "all" if conjunctive else "any", (canonical(o, positive, problem) for o in operands)
            )
        case Call(name="at_least", args=(Literal(value=count), ListOf(items=items))):
            parts = [canonical(i, positive, problem) for i in items]
            needed = int(count) if positive else len(parts) - int(count) + 1  # type: ignore[arg-type]
            return counted(needed, parts)
    if len(leaf_names(node, problem)[0]) == 1 and not leaf_names(node, problem)[1]:
        outcomes = lone_outcomes(node, problem)
    else:
        outcomes = leaf_outcomes(node, problem)
    if len(outcomes) == 1:
        return next(iter(outcomes)) == positive
    return ("leaf", node, leaf_facts(node, problem), leaf_state(node, problem), positive)


def lone_outcomes(leaf: Node, problem: Problem) -> frozenset[bool]:
    """`leaf_outcomes` of a comparison of one fact with written values, worked out once."""
    found = problem.outcomes.get(id(leaf))
    if found is None:
        found = problem.outcomes[id(leaf)] = leaf_outcomes(leaf, problem)
    return found


def joined(kind: str, parts: Iterable[Formula]) -> Formula:
    absorbing = kind == "any"
    kept: set[Formula] = set()
    for part in parts:
        if isinstance(part, bool):
            if part is absorbing:
                return absorbing
        elif part[0] == kind:
            kept |= part[1]
        else:
            kept.add(part)
    if not kept:
        return not absorbing
    return next(iter(kept)) if len(kept) == 1 else (kind, frozenset(kept))


def counted(needed: int, parts: list[Formula]) -> Formula:
    open_ = [p for p in parts if not isinstance(p, bool)]
    left = needed - sum(p is True for p in parts)
    if left <= 0 or left > len(open_):
        return left <= 0
    if left == 1 or left == len(open_):
        return joined("any" if left == 1 else "all", open_)
    return ("atleast", left, frozenset(Counter(open_).items()))


def leaf_state(leaf: Node, problem: Problem) -> tuple[object, ...]:
    """What is already settled inside a leaf: the values of its known facts."""
    found: list[object] = []
    for node in walk(leaf):
        if isinstance(node, Ref):
            value = fact_value(node.name, problem.known, problem.vocabulary)
            found.append(value.values if isinstance(value, OneOf) else None if value is UNKNOWN else value)
    return tuple(found)


def leaf_outcomes(leaf: Node, problem: Problem) -> frozenset[bool]:
    """The truth values a leaf can have. A leaf over several free facts is taken to have both."""
    free = leaf_facts(leaf, problem)
    if len(free) != 1 or leaf_names(leaf, problem)[1]:
        return frozenset((True, False))
    try:
        values = cells(free[0], leaf, problem)
    except NoCellsError:
        return frozenset((True, False))
    found: set[bool] = set()
    for value in values:
        problem.known[free[0]] = value
        result = truth(leaf, problem.known, problem.vocabulary)
        del problem.known[free[0]]
        if result is None:
            return frozenset((True, False))
        found.add(result)
    return frozenset(found)


def needs_of(residual: Node, formula: Formula, problem: Problem) -> frozenset[str]:
    """The facts that matter in a formula whose leaves share no fact: all of every leaf left in it."""
    if isinstance(formula, bool):
        return frozenset()
    found: set[str] = set()
    stack: list[Formula] = [formula]
    while stack:
        part = stack.pop()
        if isinstance(part, bool):
            continue
        if part[0] == "leaf":
            found |= leaf_needs(part[1], problem)
        elif part[0] == "atleast":
            stack.extend(inner for inner, _ in part[2])
        else:
            stack.extend(part[1])
    return frozenset(found)


def leaf_needs(leaf: Node, problem: Problem) -> frozenset[str]:
    """The free facts of one leaf that can change its truth; a size class does not depend on all its inputs."""
    free = leaf_facts(leaf, problem)
    if not leaf_names(leaf, problem)[1]:
        return frozenset(free)
    wanted = {
        value
        for value in problem.vocabulary.facts["sme_size"].allowed
        if truth(leaf, {**problem.known, "sme_size": value}, problem.vocabulary) is True
    }
    known = tuple((i, problem.known[i]) for i in INPUTS if i in problem.known)
    return size_needs(problem.vocabulary.size_standard, frozenset(wanted), known) | (set(free) - set(INPUTS))


@functools.lru_cache(maxsize=2048)
def size_needs(
    standard: SizeStandard, wanted: frozenset[str], known: tuple[tuple[str, object], ...]
) -> frozenset[str]:
    """The unknown inputs, and the industry where its code is too short, that can move the size class in or out."""
    given = dict(known)
    free = [i for i in INPUTS if i not in given or (i == "industry_code" and standard.is_short(given[i]))]
    found = {name for name in free if size_moves(standard, wanted, given, name)}
    return frozenset(found)


def size_moves(
    standard: SizeStandard, wanted: frozenset[str], given: Mapping[str, object], name: str
) -> bool:
    """Whether two completions that differ in `name` alone fall on both sides of `wanted`."""
    if name == "industry_code":
        possible = standard.possible(given)  # type: ignore[arg-type]
        return bool(possible & wanted) and bool(possible - wanted)
    for row in standard.rows_of(given.get(INPUTS[0], ANY_INDUSTRY)):
        if name not in row.floors:
            continue
        others = {d: given[d] for d in row.floors if d in given}
        # the other dimensions at their best, so that this one alone decides between its own band and the ceiling
        best = row.possible(others)  # type: ignore[arg-type]
        if best & wanted and best - wanted:
            return True
    return False


def leaf_needs_of_terms(node: Node, facts: Mapping[str, object], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The unknown given facts a computed part names, sorted; branches the known facts rule out are left out."""
    problem = Problem(vocabulary, dict(facts))
    found: set[str] = set()
    stack = [node]
    while stack:
        part = stack.pop()
        chosen = truth(part.test, facts, vocabulary) if isinstance(part, Cond) else None
        if isinstance(part, Cond) and chosen is not None:
            stack.append(part.then if chosen else part.otherwise)
        elif part.children():
            stack.extend(part.children())
        else:
            found |= set(leaf_facts(part, problem))
    return tuple(sorted(found))
