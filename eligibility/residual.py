"""What known facts leave of a rule: a smaller tree over the unknown ones, and which facts its comparisons name.

Used by the exact answer, by the analysis and by SQL; it decides nothing that three-valued logic does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from eligibility.kleene import truth
from eligibility.size_standard import ANY_INDUSTRY, INPUTS
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
from eligibility.vocabulary import Vocabulary

Part = bool | Node


@dataclass(slots=True)
class Problem:
    """One rule against one enterprise. `order`: the facts to run over their cells wherever they occur, if fixed."""

    vocabulary: Vocabulary
    known: dict[str, object]
    spent: int = 0
    order: tuple[str, ...] | None = None
    named: dict[int, tuple[Node, tuple[str, ...], bool]] = field(default_factory=dict)
    outcomes: dict[int, frozenset[bool]] = field(default_factory=dict)


def inline(node: Node, vocabulary: Vocabulary) -> Node:
    """The tree with facts derived by a rule replaced by that rule, unless stated outright."""
    if isinstance(node, Ref):
        derived = vocabulary.facts[node.name].derived
        return node if derived is None else inline(derived, vocabulary)
    if isinstance(node, Literal):
        return node
    found = rebuilt(node, lambda child: inline(child, vocabulary))
    return as_condition(found) if isinstance(found, Compare) else found


def as_condition(node: Compare) -> Node:
    """A derived yes-or-no fact compared with another or with true or false, as the condition that means."""
    one, other = (node.right, node.left) if isinstance(node.left, Ref | Literal) else (node.left, node.right)
    if not is_condition(one):
        return node
    if isinstance(other, Literal):
        return one if (other.value is True) == (node.op == "==") else Not(one)
    yes, no = (other, Not(other)) if is_condition(other) else (holds(other, True), holds(other, False))
    same = node.op == "=="
    return Or((And((yes, one if same else Not(one))), And((no, Not(one) if same else one))))


def is_condition(node: Node) -> bool:
    named = isinstance(node, Call) and node.name in ("within", "startsWith", "at_least")
    return named or isinstance(node, And | Or | Not | Compare | In)


def holds(node: Node, value: bool) -> Node:
    return Compare("==", node, Literal(value))


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with each child changed; the same object when none was."""
    match node:
        case And(operands=parts) | Or(operands=parts):
            found = changed(parts, change)
            return node if found is parts else type(node)(found, span=node.span)
        case Not(operand=part) | Negate(operand=part):
            now = change(part)
            return node if now is part else type(node)(now, span=node.span)
        case Compare(op=op, left=a, right=b) | Arith(op=op, left=a, right=b):
            one, other = change(a), change(b)
            return node if one is a and other is b else type(node)(op, one, other, span=node.span)
        case In(left=a, right=b):
            now = change(a)
            return node if now is a else In(now, b, span=node.span)
        case Cond(test=t, then=a, otherwise=b):
            parts = (t, a, b)
            found = changed(parts, change)
            return node if found is parts else Cond(*found, span=node.span)
        case Call(name="at_least", args=(count, ListOf(items=items) as inner)):
            found = changed(items, change)
            if found is items:
                return node
            return Call("at_least", (count, ListOf(found, span=inner.span)), span=node.span)
        case Call(name=name, args=args):
            found = changed(args, change)
            return node if found is args else Call(name, found, span=node.span)
    return node


def changed(nodes: tuple[Node, ...], change: Callable[[Node], Node]) -> tuple[Node, ...]:
    """The nodes changed; the same tuple when none was."""
    found = tuple(change(node) for node in nodes)
    return nodes if all(one is other for one, other in zip(found, nodes, strict=True)) else found


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
    sized = problem.vocabulary.size_standard.inputs_for(problem.known.get(INPUTS[0], ANY_INDUSTRY))
    for name in open_:
        inputs = sized if problem.vocabulary.facts[name].computed else (name,)
        found.update(dict.fromkeys(i for i in inputs if i not in problem.known))
    return tuple(found)


def open_facts(residual: Node, problem: Problem) -> frozenset[str]:
    """Every unknown fact the residual names."""
    return frozenset(name for leaf in leaves(residual) for name in leaf_facts(leaf, problem))


def mentions(leaf: Node, name: str) -> bool:
    return any(isinstance(n, Ref) and n.name == name for n in walk(leaf))
