"""What is wrong with a pack of rules before anybody meets it, each finding with a witness enterprise in plain facts.

A search over the cells that the rules' own constants cut out of each fact: it finds a witness or shows there is none,
within a bound of work; a pair past the bound is told as undecided rather than passed over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations

from eligibility.cells import NoCellsError, cells
from eligibility.errors import EligibilityError
from eligibility.explain import readable
from eligibility.residual import Problem, leaf_facts, leaves, simplify
from eligibility.rule import Rule
from eligibility.syntax import And, Node, Not
from eligibility.unparse import to_cel
from eligibility.vocabulary import Vocabulary

STEPS = 20_000
"""Assignments tried for one question before it counts as undecided."""
GUESSES = (0, 1, 10, 100)
"""Values for a number that is compared with another free number, so that the other one has cells of its own."""


class UndecidedError(EligibilityError):
    """The search met its bound before an answer."""


@dataclass(frozen=True, slots=True)
class PackRule:
    """A rule as a pack states it. `subject`: the tax or fee it is about; rules of one subject are compared.

    `related`: ids it names in any way (excludes, extends, stacks on, implements); `excludes`: those it excludes.
    """

    id: str
    rule: Rule
    starts: dt.date
    ends: dt.date | None
    subject: str | None = None
    excludes: frozenset[str] = frozenset()
    related: frozenset[str] = frozenset()

    def meets(self, other: PackRule) -> bool:
        """Whether both are in effect on some day."""
        return (self.ends is None or other.starts <= self.ends) and (
            other.ends is None or self.starts <= other.ends
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """kind: unsatisfiable, everybody, dead_clause, never_meet, contained, overlap or undecided."""

    kind: str
    rules: tuple[str, ...]
    witness: Mapping[str, object] = field(default_factory=dict)
    message: str = ""

    def to_json(self) -> dict[str, object]:
        """`{kind, rules, witness, message}`."""
        return {
            "kind": self.kind,
            "rules": list(self.rules),
            "witness": dict(self.witness),
            "message": self.message,
        }


def analyse(rules: Iterable[PackRule], progress: Callable[[int, int], None] | None = None) -> list[Finding]:
    """Every finding about a pack, single rules first, then pairs of one subject. `progress` is told (done, all)."""
    pack = list(rules)
    pairs = [(a, b) for a, b in combinations(pack, 2) if compared(a, b)]
    found: list[Finding] = []
    done, total = 0, len(pack) + len(pairs)
    for one in pack:
        found += asked((one.id,), about_one(one))
        done += 1
        if progress:
            progress(done, total)
    for a, b in pairs:
        found += asked((a.id, b.id), about_two(a, b))
        done += 1
        if progress:
            progress(done, total)
    return found


def compared(a: PackRule, b: PackRule) -> bool:
    """Pairs worth a question: of one subject and one time, or naming each other."""
    named = b.id in a.excludes or a.id in b.excludes
    return a.meets(b) and (named or (a.subject is not None and a.subject == b.subject))


def asked(ids: tuple[str, ...], findings: Iterator[Finding]) -> list[Finding]:
    """The findings of one question; the bound is told, not hidden."""
    found: list[Finding] = []
    try:
        found.extend(findings)
    except UndecidedError:
        found.append(Finding("undecided", ids, {}, "too many combinations to decide within the bound"))
    return found


def about_one(one: PackRule) -> Iterator[Finding]:
    """A rule nobody can satisfy, a rule everybody satisfies, and conditions that never matter."""
    root, words = one.rule.inlined, one.rule.vocabulary
    if witness(root, words) is None:
        yield Finding("unsatisfiable", (one.id,), {}, f"nobody can satisfy {one.id}")
        return
    if witness(Not(root), words) is None:
        yield Finding("everybody", (one.id,), {}, f"{one.id} applies to everybody")
        return
    if not isinstance(root, And):
        return
    for at, part in enumerate(root.operands):
        others = tuple(p for i, p in enumerate(root.operands) if i != at)
        rest: Node = others[0] if len(others) == 1 else And(others)
        if witness(And((rest, Not(part))), words) is None:
            found = witness(root, words) or {}
            text = f"in {one.id} the condition `{to_cel(part)}` never matters: the others imply it"
            yield Finding("dead_clause", (one.id,), found, text)


def about_two(a: PackRule, b: PackRule) -> Iterator[Finding]:
    """Exclusions that cannot happen, overlaps nobody declared, and a policy inside another."""
    words = a.rule.vocabulary
    ids = (a.id, b.id)
    excluded = b.id in a.excludes or a.id in b.excludes
    both = witness(And((a.rule.inlined, b.rule.inlined)), words)
    if both is None:
        if excluded:
            text = f"{a.id} and {b.id} exclude each other, but no enterprise satisfies both"
            yield Finding("never_meet", ids, {}, text)
        return
    if a.id in b.related or b.id in a.related or excluded:
        return
    yield Finding("overlap", ids, both, f"{a.id} and {b.id} can apply together and neither says so")
    for inner, outer in ((a, b), (b, a)):
        if witness(And((inner.rule.inlined, Not(outer.rule.inlined))), words) is None:
            yield Finding(
                "contained", (inner.id, outer.id), both, f"whoever gets {inner.id} gets {outer.id} too"
            )


def witness(node: Node, vocabulary: Vocabulary) -> dict[str, object] | None:
    """Plain facts (as JSON has them) that satisfy a condition, as few as settle it; None when there are none.

    Raises UndecidedError past STEPS.
    """
    problem = Problem(vocabulary, {})
    found = search(node, problem)
    if found is None:
        return None
    return {name: readable(value) for name, value in found.items()}


def search(node: Node, problem: Problem) -> dict[str, object] | None:
    """Depth first over the cells of one fact after another, simplifying as it goes."""
    rest = simplify(node, problem)
    if isinstance(rest, bool):
        return dict(problem.known) if rest else None
    problem.spent += 1
    if problem.spent > STEPS:
        raise UndecidedError("bound of work")
    name = next(name for leaf in leaves(rest) for name in leaf_facts(leaf, problem))
    for value in values_of(name, rest, problem):
        problem.known[name] = value
        found = search(rest, problem)
        del problem.known[name]
        if found is not None:
            return found
    return None


def values_of(name: str, tree: Node, problem: Problem) -> tuple[object, ...]:
    """One value a cell; a number compared with another free number gets a few guesses, which may miss a witness."""
    try:
        return cells(name, tree, problem)
    except NoCellsError:
        fact = problem.vocabulary.facts[name]
        if fact.type == "date":
            return tuple(dt.date(year, 1, 1) for year in (2019, 2020, 2021))
        return tuple(g if fact.type == "int" else Decimal(g) for g in GUESSES)
