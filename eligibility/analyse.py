"""What is wrong with a pack of rules before anybody meets it, each finding with a witness enterprise in plain facts.

Every question is asked of z3, exactly, over all enterprises there can be; one it does not answer in time is told as
undecided rather than passed over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from eligibility.residual import rebuilt
from eligibility.rule import Rule
from eligibility.smt import Asking, UndecidedError
from eligibility.syntax import And, Compare, Literal, Node, Not, Or, Ref, walk
from eligibility.unparse import to_cel

DAY = "as_of_date"


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

    def on(self, day: dt.date) -> bool:
        """Whether it is in effect on a day."""
        return self.starts <= day and (self.ends is None or day <= self.ends)


@dataclass(frozen=True, slots=True)
class Family:
    """Policies of which exactly one applies to every enterprise that satisfies `among`, on every day of a period."""

    id: str
    members: tuple[str, ...]
    among: Rule
    starts: dt.date
    ends: dt.date


@dataclass(frozen=True, slots=True)
class Finding:
    """kind: unsatisfiable, everybody, dead_clause, never_meet, contained, overlap, gap, twice, gains, loses, undecided.

    `witness`: plain facts of an enterprise it happens to, as JSON has them; empty where there is none to show. `part`:
    the CEL of the clause it is about, where it is about one.
    """

    kind: str
    rules: tuple[str, ...]
    witness: Mapping[str, object] = field(default_factory=dict)
    message: str = ""
    part: str = ""

    def to_json(self) -> dict[str, object]:
        """`{kind, rules, witness, message}`."""
        return {
            "kind": self.kind,
            "rules": list(self.rules),
            "witness": dict(self.witness),
            "message": self.message,
        }


Question = tuple[tuple[str, ...], Callable[[], Iterator[Finding]]]


def analyse(
    rules: Iterable[PackRule],
    progress: Callable[[int, int], None] | None = None,
    families: Iterable[Family] = (),
) -> list[Finding]:
    """Every finding about a pack: single rules, then pairs of one subject, then families.

    `progress` is told (questions done, questions in all).
    """
    pack = list(rules)
    questions: list[Question] = [((one.id,), lambda one=one: about_one(one)) for one in pack]  # type: ignore[misc]
    questions += [
        ((a.id, b.id), lambda a=a, b=b: about_two(a, b))  # type: ignore[misc]
        for a, b in combinations(pack, 2)
        if compared(a, b)
    ]
    by_id = {one.id: one for one in pack}
    for family in families:
        members = [by_id[name] for name in family.members if name in by_id]
        questions.append((family.members, lambda f=family, m=members: about_family(f, m)))  # type: ignore[misc]
    found: list[Finding] = []
    for done, (ids, ask) in enumerate(questions, 1):
        found += asked(ids, ask())
        if progress:
            progress(done, len(questions))
    return found


def compared(a: PackRule, b: PackRule) -> bool:
    """Pairs worth a question: of one subject and one time, or naming each other."""
    named = b.id in a.excludes or a.id in b.excludes
    return a.meets(b) and (named or (a.subject is not None and a.subject == b.subject))


def asked(ids: tuple[str, ...], findings: Iterator[Finding]) -> list[Finding]:
    """The findings of one question; what z3 leaves open is told, not hidden."""
    found: list[Finding] = []
    try:
        found.extend(findings)
    except UndecidedError as error:
        found.append(Finding("undecided", ids, {}, f"not decided: {error}"))
    return found


def about_one(one: PackRule) -> Iterator[Finding]:
    """A rule nobody can satisfy, a rule everybody satisfies, and clauses that never matter."""
    root = one.rule.root
    ask = Asking(one.rule.vocabulary, [root])
    example = ask.witness(root)
    if example is None:
        yield Finding("unsatisfiable", (one.id,), {}, f"nobody can satisfy {one.id}")
        return
    if ask.witness(Not(root)) is None:
        yield Finding("everybody", (one.id,), {}, f"{one.id} applies to everybody")
        return
    for clause in clauses(root):
        without = left_out(root, clause)
        if ask.witness(Or((And((root, Not(without))), And((without, Not(root)))))) is None:
            text = f"in {one.id} the condition `{to_cel(clause)}` never matters: without it nothing changes"
            yield Finding("dead_clause", (one.id,), example, text, to_cel(clause))


def clauses(root: Node) -> list[Node]:
    """Every part of an "all" or "any", outer ones first; two parts that are equal count once each."""
    return [part for node in walk(root) if isinstance(node, And | Or) for part in node.operands]


def left_out(node: Node, clause: Node) -> Node:
    """The tree without one part (that very object) of an "all" or "any"."""
    if isinstance(node, And | Or):
        kept = tuple(left_out(part, clause) for part in node.operands if part is not clause)
        return kept[0] if len(kept) == 1 else type(node)(kept)
    return rebuilt(node, lambda child: left_out(child, clause))


def about_two(a: PackRule, b: PackRule) -> Iterator[Finding]:
    """Exclusions that cannot happen, overlaps nobody declared, and a policy inside another."""
    ids = (a.id, b.id)
    days = when((a, b), max(a.starts, b.starts), min(filter(None, (a.ends, b.ends)), default=None))
    excluded = b.id in a.excludes or a.id in b.excludes
    ask = Asking(a.rule.vocabulary, [a.rule.root, b.rule.root, *days])
    both = ask.witness(a.rule.root, b.rule.root, *days)
    if both is None:
        if excluded:
            text = f"{a.id} and {b.id} exclude each other, but no enterprise satisfies both"
            yield Finding("never_meet", ids, {}, text)
        return
    if a.id in b.related or b.id in a.related or excluded:
        return
    yield Finding("overlap", ids, both, f"{a.id} and {b.id} can apply together and neither says so")
    for inner, outer in ((a, b), (b, a)):
        if ask.witness(inner.rule.root, Not(outer.rule.root), *days) is None:
            text = f"whoever gets {inner.id} gets {outer.id} too"
            yield Finding("contained", (inner.id, outer.id), both, text)


def about_family(family: Family, members: list[PackRule]) -> Iterator[Finding]:
    """Enterprises that none of a family fits, or two of it, on any day of its period."""
    later = (end + dt.timedelta(days=1) for end in (m.ends for m in members) if end is not None)
    edges = sorted(
        {
            family.starts,
            *(d for d in (*(m.starts for m in members), *later) if family.starts < d <= family.ends),
        }
    )
    ask = Asking(family.among.vocabulary, [family.among.root, *(m.rule.root for m in members)])
    seen: set[tuple[str, ...]] = set()
    for first, end in zip(edges, [*edges[1:], family.ends + dt.timedelta(days=1)], strict=True):
        ruling = [member for member in members if member.on(first)]
        days = when(members, first, end - dt.timedelta(days=1))
        nobody = ask.witness(family.among.root, *(Not(m.rule.root) for m in ruling), *days)
        if nobody is not None:
            text = f"{family.id}: from {first} on, none of {', '.join(family.members)} applies to this enterprise"
            yield Finding("gap", family.members, nobody, text)
        for a, b in combinations(ruling, 2):
            twice = ask.witness(family.among.root, a.rule.root, b.rule.root, *days)
            if twice is not None and (a.id, b.id) not in seen:
                seen.add((a.id, b.id))
                yield Finding("twice", (a.id, b.id), twice, f"{family.id}: both {a.id} and {b.id} apply")


def differences(id: str, old: Rule, new: Rule) -> list[Finding]:
    """Who gains and who loses when a rule's text changes, one enterprise each; nothing when both mean the same."""

    def found() -> Iterator[Finding]:
        ask = Asking(new.vocabulary, [old.root, new.root])
        for kind, more, less in (("gains", new, old), ("loses", old, new)):
            example = ask.witness(more.root, Not(less.root))
            if example is not None:
                yield Finding(kind, (id,), example, f"with the new text of {id} this enterprise {kind} it")

    return asked((id,), found())


def when(rules: Iterable[PackRule], first: dt.date, last: dt.date | None) -> list[Node]:
    """The day of the question lies between two days; nothing where no rule speaks of the day."""
    if not any(DAY in one.rule.facts for one in rules):
        return []
    found: list[Node] = [Compare(">=", Ref(DAY), Literal(first))]
    return found if last is None else [*found, Compare("<=", Ref(DAY), Literal(last))]
