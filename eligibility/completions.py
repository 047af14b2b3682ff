"""The exact answer: what every completion of the unknown facts says, and which unknown facts matter.

Three-valued logic alone forgets that `x < 5` and `x >= 5` speak of the same x. Here each unknown fact that occurs
more than once runs over one value per cell of its domain (the cells are cut by the constants it meets), and what is
left is a formula in which every fact occurs once: undecided exactly when its leaves are, and every leaf matters.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from eligibility.kleene import UNKNOWN, OneOf, Truth, fact_value, term, truth
from eligibility.size_standard import INPUTS, SizeGroup, SizeStandard
from eligibility.syntax import (
    And,
    Arith,
    Call,
    Compare,
    Cond,
    In,
    ListOf,
    Literal,
    Negate,
    Node,
    Not,
    Or,
    Ref,
    walk,
)
from eligibility.vocabulary import Fact, Vocabulary

BUDGET = (
    40_000  # parts looked at; past it the answer is "undetermined" with every open fact named, which is sound
)
FILLER = "\U0010ffff"  # ends a made-up code no constant ends with
# A formula over named leaves, flattened: ("leaf", key, positive) | ("all"|"any", frozenset) | ("atleast", k, tuple)
Formula = bool | tuple  # type: ignore[type-arg]


class BudgetSpentError(Exception):
    """Too many combinations to look at; caught right where the exact answer was wanted."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The exact status (True, False, None) and the facts that matter; `exact` is False past the budget."""

    status: Truth
    missing: frozenset[str]
    exact: bool = True


@dataclass(slots=True)
class Problem:
    """One rule against one enterprise."""

    vocabulary: Vocabulary
    known: dict[str, object]
    spent: int = 0
    named: dict[int, tuple[Node, tuple[str, ...], bool]] = field(default_factory=dict)


def settle(root: Node, facts: Mapping[str, object], vocabulary: Vocabulary) -> Settled:
    """The verdict all completions agree on, and the facts whose value could still change it."""
    problem = Problem(vocabulary, dict(facts))
    residual = simplify(inline(root, vocabulary), problem)
    if isinstance(residual, bool):
        return Settled(residual, frozenset())
    try:
        formula, needed = decide_short_code(residual, problem)
    except BudgetSpentError:
        return Settled(None, open_facts(residual, problem), exact=False)
    if isinstance(formula, bool):
        return Settled(formula, frozenset())
    return Settled(None, needed)


def inline(node: Node, vocabulary: Vocabulary) -> Node:
    """The tree with facts derived by a rule replaced by that rule, unless stated outright."""
    if isinstance(node, Ref):
        derived = vocabulary.facts[node.name].derived
        return node if derived is None else inline(derived, vocabulary)
    return rebuilt(node, lambda child: inline(child, vocabulary))


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with each child changed; the same object when none was."""
    match node:
        case And(operands=parts) | Or(operands=parts):
            return type(node)(tuple(change(p) for p in parts), span=node.span)
        case Not(operand=part) | Negate(operand=part):
            return type(node)(change(part), span=node.span)
        case Compare(op=op, left=a, right=b) | Arith(op=op, left=a, right=b):
            return type(node)(op, change(a), change(b), span=node.span)
        case In(left=a, right=b):
            return In(change(a), b, span=node.span)
        case Cond(test=t, then=a, otherwise=b):
            return Cond(change(t), change(a), change(b), span=node.span)
        case Call(name="at_least", args=(count, ListOf(items=items) as inner)):
            changed = ListOf(tuple(change(i) for i in items), span=inner.span)
            return Call("at_least", (count, changed), span=node.span)
        case Call(name=name, args=args):
            return Call(name, tuple(change(a) for a in args), span=node.span)
    return node


Part = bool | Node


def simplify(node: Node, problem: Problem) -> Part:
    """The part of a condition the known facts leave open: True, False or a smaller tree."""
    match node:
        case And(operands=operands) | Or(operands=operands):
            return shortened(node, [simplify(o, problem) for o in operands])
        case Not(operand=operand):
            inner = simplify(operand, problem)
            return not inner if isinstance(inner, bool) else Not(inner)
        case Cond(test=test, then=then, otherwise=otherwise):
            chosen = simplify(test, problem)
            if isinstance(chosen, bool):
                return simplify(then if chosen else otherwise, problem)
            either = Or((And((test, then)), And((Not(test), otherwise))))
            a, b = simplify(then, problem), simplify(otherwise, problem)
            return a if isinstance(a, bool) and a is b else simplify(either, problem)
        case Call(name="at_least", args=(Literal(value=count), ListOf(items=items))):
            kept = [simplify(i, problem) for i in items]
            rest = tuple(p for p in kept if not isinstance(p, bool))
            left = int(count) - sum(p is True for p in kept)  # type: ignore[arg-type]
            if left <= 0 or left > len(rest):
                return left <= 0
            return rest[0] if len(rest) == 1 else Call("at_least", (Literal(left), ListOf(rest)))
    found = truth(node, problem.known, problem.vocabulary)
    return node if found is None else found


def shortened(node: And | Or, parts: list[Part]) -> Part:
    """An "all" or "any" without the parts that are decided."""
    settles = isinstance(node, Or)
    if any(part is settles for part in parts):
        return settles
    open_ = tuple(part for part in parts if not isinstance(part, bool))
    if len(open_) <= 1:
        return open_[0] if open_ else not settles
    return node if len(open_) == len(parts) and open_ == node.operands else type(node)(open_)


def leaves(node: Node) -> list[Node]:
    """The comparisons of a residual, left to right."""
    match node:
        case And(operands=operands) | Or(operands=operands):
            return [leaf for o in operands for leaf in leaves(o)]
        case Not(operand=operand):
            return leaves(operand)
        case Call(name="at_least", args=(_, ListOf(items=items))):
            return [leaf for i in items for leaf in leaves(i)]
    return [node]


def leaf_names(leaf: Node, problem: Problem) -> tuple[tuple[str, ...], bool]:
    """The facts a comparison names, and whether a computed one is among them."""
    found = problem.named.get(id(leaf))
    if found is None:
        names = dict.fromkeys(node.name for node in walk(leaf) if isinstance(node, Ref))
        computed = any(problem.vocabulary.facts[name].computed for name in names)
        found = problem.named[id(leaf)] = (leaf, tuple(names), computed)
    return found[1], found[2]


def leaf_facts(leaf: Node, problem: Problem) -> tuple[str, ...]:
    """The unknown given facts a comparison depends on."""
    names, computed = leaf_names(leaf, problem)
    open_ = [name for name in names if name not in problem.known]
    if not computed:
        return tuple(open_)
    found: dict[str, None] = {}
    for name in open_:
        inputs = INPUTS if problem.vocabulary.facts[name].computed else (name,)
        found.update(dict.fromkeys(i for i in inputs if i not in problem.known))
    return tuple(found)


def open_facts(residual: Node, problem: Problem) -> frozenset[str]:
    """Every unknown fact the residual names."""
    return frozenset(name for leaf in leaves(residual) for name in leaf_facts(leaf, problem))


def decide(residual: Node, problem: Problem) -> tuple[Formula, frozenset[str]]:
    """A canonical form of the residual's meaning, and the facts it depends on."""
    used = Counter(name for leaf in leaves(residual) for name in leaf_facts(leaf, problem))
    repeated = sorted(name for name, times in used.items() if times > 1)
    if not repeated:
        formula = canonical(residual, True, problem)
        return formula, needs_of(residual, formula, problem)
    found = over_cells(repeated[0], cells(repeated[0], residual, problem), residual, problem)
    del problem.known[repeated[0]]
    return found


def decide_short_code(residual: Node, problem: Problem) -> tuple[Formula, frozenset[str]]:
    """`decide`; an industry code too short for one row of the size standard is first written out each way it can be.

    What names the code itself was simplified away before: it is known, only the size class is not.
    """
    code = problem.known.get("industry_code")
    standard = problem.vocabulary.size_standard
    if not standard.is_short(code) or not any(leaf_names(leaf, problem)[1] for leaf in leaves(residual)):
        return decide(residual, problem)
    rows = [row for row in standard.possible_groups(str(code)) if row is not None]
    prefixes = [p for row in rows for p in row.prefixes if p.startswith(str(code))]
    found = over_cells("industry_code", [p + FILLER for p in (*prefixes, str(code))], residual, problem)
    problem.known["industry_code"] = code
    return found


def over_cells(
    name: str, values: Iterable[object], residual: Node, problem: Problem
) -> tuple[Formula, frozenset[str]]:
    """`decide` for each value a fact can have; the last value is left in `problem.known`."""
    size = sum(1 for _ in walk(residual))
    outcomes: list[tuple[Formula, frozenset[str]]] = []
    for value in values:
        problem.spent += size
        if problem.spent > BUDGET:
            raise BudgetSpentError
        problem.known[name] = value
        rest = simplify(residual, problem)
        outcomes.append((rest, frozenset()) if isinstance(rest, bool) else decide(rest, problem))
    formulas = tuple(formula for formula, _ in outcomes)
    needed = frozenset().union(*(n for _, n in outcomes))
    if len(set(formulas)) == 1:
        return formulas[0], needed
    return ("cells", name, formulas), needed | {name}


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
    outcomes = leaf_outcomes(node, problem)
    if len(outcomes) == 1:
        return next(iter(outcomes)) == positive
    return ("leaf", node, leaf_facts(node, problem), leaf_state(node, problem), positive)


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
    if len(free) != 1 or any(
        problem.vocabulary.facts[n.name].computed for n in walk(leaf) if isinstance(n, Ref)
    ):
        return frozenset((True, False))
    try:
        values = cells(free[0], leaf, problem)
    except BudgetSpentError:
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
    found = {name for name in free if size_moves(standard, wanted, given, name, free)}
    return frozenset(found)


def size_moves(
    standard: SizeStandard, wanted: frozenset[str], given: Mapping[str, object], name: str, free: list[str]
) -> bool:
    """Whether two completions that differ in `name` alone fall on both sides of `wanted`."""
    if name == "industry_code":
        possible = standard.possible(given)  # type: ignore[arg-type]
        return bool(possible & wanted) and bool(possible - wanted)
    code = given.get("industry_code")
    rows: tuple[SizeGroup | None, ...] = standard.groups
    if "industry_code" in given:
        rows = () if code is None else standard.possible_groups(str(code))
    for row in rows:
        if row is None or name not in row.floors:
            continue
        others = {d: given[d] for d in row.floors if d in given}
        # the other dimensions at their best, so that this one alone decides between its own band and the ceiling
        best = row.possible(others)  # type: ignore[arg-type]
        if best & wanted and best - wanted:
            return True
    return False


def cells(name: str, tree: Node, problem: Problem) -> tuple[object, ...]:
    """One value of the fact for each way the tree's comparisons can come out, fact by fact."""
    fact = problem.vocabulary.facts[name]
    none: tuple[object, ...] = (None,) if fact.nullable else ()
    if fact.type == "bool":
        return (True, False, *none)
    if fact.type == "enum":
        return (*enum_cells(fact, tree), *none)
    if fact.type == "code":
        return (*code_cells(fact, tree, problem), *none)
    return (*number_cells(fact, thresholds(fact, tree, problem)), *none)


def enum_cells(fact: Fact, tree: Node) -> tuple[str, ...]:
    """Each written value of the enumeration, and one of those that no comparison tells apart."""
    written: set[object] = set()
    for leaf in leaves(tree):
        if mentions(leaf, fact.name):
            written.update(node.value for node in walk(leaf) if isinstance(node, Literal))
    named = [value for value in fact.allowed if value in written]
    other = [value for value in fact.allowed if value not in written]
    return (*named, *other[:1])


def code_cells(fact: Fact, tree: Node, problem: Problem) -> tuple[str, ...]:
    """Each written code, one code behind each written prefix, and one behind none."""
    found: dict[str, None] = {}
    for leaf in leaves(tree):
        for node in walk(leaf):
            if isinstance(node, Literal) and isinstance(node.value, str) and mentions(leaf, fact.name):
                exact = isinstance(leaf, Compare | In)
                found[node.value if exact or len(node.value) >= 6 else node.value + FILLER] = None
        if fact.name == "industry_code" and mentions(leaf, "sme_size"):
            for row in problem.vocabulary.size_standard.groups:
                found.update((prefix + FILLER, None) for prefix in row.prefixes)
    found[FILLER] = None
    return tuple(found)


def mentions(leaf: Node, name: str) -> bool:
    return any(isinstance(n, Ref) and n.name == name for n in walk(leaf))


def thresholds(fact: Fact, tree: Node, problem: Problem) -> list[Fraction]:
    """The numbers (days as ordinals) where some comparison of the fact changes its truth."""
    found: set[Fraction] = set()
    for leaf in leaves(tree):
        if fact.name in INPUTS and leaf_names(leaf, problem)[1]:
            for row in problem.vocabulary.size_standard.groups:
                found.update(Fraction(v) for v in row.floors.get(fact.name, ()))
        if mentions(leaf, fact.name):
            found |= leaf_thresholds(leaf, fact.name, problem)
    return sorted(found)


def leaf_thresholds(leaf: Node, name: str, problem: Problem) -> set[Fraction]:
    """Where one comparison of one free number changes. Raises BudgetSpentError where that is not a line."""
    if leaf_facts(leaf, problem) != (name,):
        raise BudgetSpentError  # two free facts compared with each other: no cells of one alone
    if isinstance(leaf, Compare):
        a, b = line(leaf.left, name, problem), line(leaf.right, name, problem)
        slope, offset = a[0] - b[0], b[1] - a[1]
        return {offset / slope} if slope else set()
    if isinstance(leaf, In) and isinstance(leaf.right, ListOf):
        slope, offset = line(leaf.left, name, problem)
        values = [number(i.value) for i in leaf.right.items if isinstance(i, Literal)]
        return {(v - offset) / slope for v in values} if slope else set()
    raise BudgetSpentError


def line(node: Node, name: str, problem: Problem) -> tuple[Fraction, Fraction]:
    """slope and offset of a part as a line in the fact. Raises BudgetSpentError where it is not one."""
    if isinstance(node, Ref) and node.name == name:
        return Fraction(1), Fraction(0)
    if not mentions(node, name):
        return Fraction(0), number(term(node, problem.known, problem.vocabulary))
    if isinstance(node, Negate):
        slope, offset = line(node.operand, name, problem)
        return -slope, -offset
    if isinstance(node, Arith):
        (s1, o1), (s2, o2) = line(node.left, name, problem), line(node.right, name, problem)
        if node.op in "+-":
            sign = 1 if node.op == "+" else -1
            return s1 + sign * s2, o1 + sign * o2
        if node.op == "*" and (s1 == 0 or s2 == 0):
            return s1 * o2 + s2 * o1, o1 * o2
        whole = problem.vocabulary.facts[name].type == "int"
        if node.op == "/" and s2 == 0 and o2 and not whole:
            return s1 / o2, o1 / o2
    raise BudgetSpentError


def number(value: object) -> Fraction:
    """A number or day as an exact fraction. Raises BudgetSpentError for anything else."""
    if isinstance(value, dt.date):
        return Fraction(value.toordinal())
    if isinstance(value, int | Decimal | Fraction) and not isinstance(value, bool):
        return Fraction(value)
    raise BudgetSpentError


def number_cells(fact: Fact, cuts: list[Fraction]) -> tuple[object, ...]:
    """A value on each cut, between each two, and beyond both ends, of the fact's own kind."""
    if not cuts:
        return (number_value(fact, Fraction(730_000 if fact.type == "date" else 0)),)
    if fact.type in ("int", "date"):
        whole: dict[int, None] = {}
        for cut in cuts:
            floor = cut.numerator // cut.denominator
            whole.update(dict.fromkeys((-(-cut.numerator // cut.denominator) - 1, floor, floor + 1)))
        return tuple(number_value(fact, Fraction(w)) for w in sorted(whole))
    found = [cuts[0] - 1]
    for cut, after in zip(cuts, [*cuts[1:], cuts[-1] + 2], strict=True):
        found += [cut, (cut + after) / 2]
    return tuple(number_value(fact, f) for f in found)


def number_value(fact: Fact, value: Fraction) -> object:
    if fact.type == "date":
        return dt.date.fromordinal(min(max(int(value), 1), dt.date.max.toordinal()))
    return int(value) if fact.type == "int" else value


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
