"""The next best question: the fact whose answer decides most, in verdicts or in yuan, over all open rules at once.

Each open rule is its normal form less what is known; for one fact every alternative is a mask over the pieces into
which all rules together cut the fact's values, so what each answer decides is a few operations on whole numbers.
Where alternatives can cover everything together the reference evaluator is asked; rules that are judged by their
tree get what three-valued logic says, which may leave open what the exact answer decides.
"""

from __future__ import annotations

import functools
import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, groupby

from eligibility.advise import Candidate, ease
from eligibility.bands import STEPS, as_value
from eligibility.benefit_range import amount_range
from eligibility.cells import NoCellsError
from eligibility.evaluate import Status, Verdict, evaluate
from eligibility.kleene import OneOf, fact_value, stated, truth
from eligibility.normal import Normal, Normaliser
from eligibility.pieces import Piece, holds, pieces, set_cuts, size_cuts, tree_cuts
from eligibility.residual import Problem, leaf_facts, leaves, simplify
from eligibility.rule import Rule
from eligibility.size_standard import INPUTS
from eligibility.values import Cut, Set
from eligibility.vocabulary import Fact, Vocabulary

MOST_CUTS = 120
"""Thresholds of one fact looked at; of more an even choice."""
MOST_RULES = 200
"""Open rules looked at; of more, those that wait for the fewest facts."""
MOST_SHOWN = 24
"""Codes of one answer that are listed; the others are counted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answers that decide the same: single values, or the numbers or days from `low` to `high` (None: no end).

    weight: the chance of it, all weights of a question summing to 1. `more`: further codes like those in `values`.
    eligible, ineligible: the ids it decides; yuan: what hangs on these.
    """

    values: tuple[object, ...]
    low: object
    high: object
    weight: Fraction
    eligible: tuple[str, ...]
    ineligible: tuple[str, ...]
    yuan: Decimal
    more: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A fact to ask for. `verdicts`, `yuan`: how many, and how much, an answer decides on average; `waiting`: open
    verdicts that depend on it."""

    fact: str
    verdicts: Fraction
    yuan: Fraction
    waiting: int
    answers: tuple[Answer, ...]


@dataclass(slots=True)
class OpenRule:
    """A rule without verdict, less what is known: alternatives of which each says something of unknown facts only.

    `covering`: the facts over which several alternatives can cover everything.
    """

    candidate: Candidate
    missing: frozenset[str]
    alternatives: list[Mapping[str, Set]]
    by_tree: bool
    covering: frozenset[str]
    stake: Decimal = Decimal(0)


def next_question(
    open_: Iterable[tuple[Candidate, Verdict]],
    facts: Mapping[str, object],
    vocabulary: Vocabulary,
    *,
    by: str = "verdicts",
) -> Question | None:
    """The best question; None when nothing is open. by: "verdicts" or "money"."""
    return next(iter(questions(open_, facts, vocabulary, by=by, most=1)), None)


def questions(
    open_: Iterable[tuple[Candidate, Verdict]],
    facts: Mapping[str, object],
    vocabulary: Vocabulary,
    *,
    by: str = "verdicts",
    most: int = 5,
) -> tuple[Question, ...]:
    """The best questions, best first: by what an answer decides on average, then by how many verdicts wait for it,
    then by how easy it is to know.

    open_: undetermined candidates with their verdicts on `facts`. In mode "money" each verdict counts for the yuan
    that hang on it: the least its benefit comes to where that is above zero, else the most, and nothing where that
    has no end or no amount is stated.
    """
    asker = Asker(open_, facts, vocabulary, with_stakes=by == "money")
    return asker.best(by, most)


class Asker:
    """The open rules of one enterprise."""

    def __init__(
        self,
        open_: Iterable[tuple[Candidate, Verdict]],
        facts: Mapping[str, object],
        vocabulary: Vocabulary,
        *,
        with_stakes: bool,
    ) -> None:
        self.vocabulary = vocabulary
        words = vocabulary.facts
        self.known = {n: stated(v, words[n].type) for n, v in facts.items() if n in words}
        self.problem = Problem(vocabulary, dict(self.known))
        pairs = [pair for pair in open_ if pair[1].missing]
        self.waiting = Counter(name for _, verdict in pairs for name in verdict.missing)
        if len(pairs) > MOST_RULES:
            pairs = heapq.nsmallest(MOST_RULES, pairs, key=lambda pair: len(pair[1].missing))
        self.rules = [self.opened(candidate, verdict) for candidate, verdict in pairs]
        if with_stakes:
            for rule in self.rules:
                rule.stake = stake(rule.candidate, facts)

    def opened(self, candidate: Candidate, verdict: Verdict) -> OpenRule:
        normal = normal_of(candidate.rule)
        kept: list[Mapping[str, Set]] = []
        for alternative in normal.alternatives:
            rest: dict[str, Set] = {}
            for name, values in alternative.items():
                inside = self.contains(values)
                if inside is None:
                    rest[name] = values
                elif not inside:
                    break
            else:
                kept.append(rest)
        sizes = [name for rest in kept for name in rest if self.is_size(name)]
        covering = set(normal.entangled) | (set(sizes) if len(sizes) > 1 else set())
        covering |= set(INPUTS) if "" in covering else set()
        missing = frozenset(verdict.missing)
        return OpenRule(candidate, missing, kept, normal.tree, frozenset(covering))

    def is_size(self, name: str) -> bool:
        return self.vocabulary.facts[name].computed is not None

    def contains(self, values: Set) -> bool | None:
        """Whether what is known of a fact lies in a set; None while it can be either."""
        fact = self.vocabulary.facts[values.fact]
        if fact.name in self.known:
            return holds(values, fact, self.known[fact.name])
        if fact.computed is None:
            return settled_by_all(self.vocabulary, values)
        return self.contains_size(values, self.known)

    def contains_size(self, values: Set, known: Mapping[str, object]) -> bool | None:
        fact = self.vocabulary.facts[values.fact]
        size = fact_value(fact.name, known, self.vocabulary)
        found = {holds(values, fact, v) for v in (size.values if isinstance(size, OneOf) else (size,))}
        return found.pop() if len(found) == 1 else None

    def best(self, by: str, most: int) -> tuple[Question, ...]:
        """The `most` best questions. An answer decides no more than what waits for it, so the facts for which most
        waits are worked out first, and the others only until they cannot come among the best any more."""
        affected: dict[str, list[OpenRule]] = {}
        for rule in self.rules:
            for name in rule.missing:
                if name in self.vocabulary.facts and not self.vocabulary.facts[name].context:
                    affected.setdefault(name, []).append(rule)
        ranks = ease(self.vocabulary)

        def bound(name: str) -> tuple[Fraction, ...]:
            yuan = sum((Fraction(rule.stake) for rule in affected[name]), Fraction(0))
            return (-yuan, Fraction(-len(affected[name])))[by != "money" :]

        def key(question: Question) -> tuple[object, ...]:
            decides = (-question.yuan, -question.verdicts)[by != "money" :]
            return (*decides, -question.waiting, *ranks[question.fact])

        found: list[Question] = []
        for name in sorted(affected, key=bound):
            if len(found) >= most and key(found[most - 1])[: len(bound(name))] < bound(name):
                break
            found.append(Prospect(self, self.vocabulary.facts[name], affected[name]).question())
            found.sort(key=key)
        return tuple(found[:most])


@dataclass(slots=True)
class Prospect:
    """What the answers to one question decide. `uncut`: rules the pieces do not follow; no answer decides them."""

    asker: Asker
    fact: Fact
    rules: Sequence[OpenRule]
    pieces: list[Piece] = field(default_factory=list)
    masks: dict[Set, tuple[int, int]] = field(default_factory=dict)
    uncut: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.pieces = pieces(self.fact, self.cuts(), self.asker.known)

    @property
    def moves_size(self) -> bool:
        """Whether the fact can move the size class."""
        return self.fact.name in INPUTS

    def cuts(self) -> list[Cut]:
        """Where some rule may come out differently, thinned out where there are too many."""
        found: set[Cut] = set()
        for rule in self.rules:
            found.update(set_cuts(self.fact.name, rule.alternatives))
            if rule.by_tree:
                rest = simplify(rule.candidate.rule.inlined, self.asker.problem)
                try:
                    found.update(
                        () if isinstance(rest, bool) else tree_cuts(self.fact, rest, self.asker.problem)
                    )
                except NoCellsError:
                    self.uncut.add(rule.candidate.id)
        named = (name for rule in self.rules for rest in rule.alternatives for name in rest)
        if self.moves_size and any(self.asker.is_size(name) for name in named):
            found.update(size_cuts(self.fact, self.asker.problem))
        ordered = sorted(found)
        return ordered[:: -(-len(ordered) // MOST_CUTS) or 1]

    def question(self) -> Question:
        decided = [0] * len(self.pieces)  # two bits a rule: eligible, ineligible
        for at, rule in enumerate(self.rules):
            for bits, way in zip(self.decided(rule), (1, 2), strict=True):
                for piece in ones(bits):
                    decided[piece] |= way << 2 * at
        answers = self.answers(decided)
        verdicts = sum((a.weight * (len(a.eligible) + len(a.ineligible)) for a in answers), Fraction(0))
        yuan = sum((a.weight * Fraction(a.yuan) for a in answers if a.yuan), Fraction(0))
        return Question(self.fact.name, verdicts, yuan, self.asker.waiting[self.fact.name], answers)

    def decided(self, rule: OpenRule) -> tuple[int, int]:
        """The pieces that make the rule hold, and those that make it fail, as bits."""
        every = (1 << len(self.pieces)) - 1
        if self.fact.name in self.asker.known:  # an industry stated by too short a code
            return self.asked(rule, every, Status.ELIGIBLE), self.asked(rule, every, Status.INELIGIBLE)
        held, fails, covering = 0, every, list[int]()
        for alternative in rule.alternatives:
            inside, outside, others = every, 0, set[str]()
            for name, values in alternative.items():
                if name == self.fact.name or (self.moves_size and self.asker.is_size(name)):
                    in_, out = self.mask(values)
                    inside &= in_
                    outside |= out
                if name != self.fact.name:
                    others.add(name)
            if self.moves_size:
                held |= 0 if any(not self.asker.is_size(name) for name in others) else inside
            elif not others:
                held |= inside
            if others <= rule.covering:
                covering.append(every & ~outside)
            fails &= outside
        if rule.by_tree:
            return self.by_tree(rule, every & ~fails, fails)
        together = functools.reduce(int.__or__, (a & b for a, b in combinations(covering, 2)), 0)
        return held | self.asked(rule, together & ~held & ~fails, Status.ELIGIBLE), fails

    def mask(self, values: Set) -> tuple[int, int]:
        """The pieces inside a set and those outside, as bits; neither where a size class stays open."""
        found = self.masks.get(values)
        if found is None:
            inside = outside = 0
            for at, piece in enumerate(self.pieces):
                if values.fact == self.fact.name:
                    held: bool | None = holds(values, self.fact, piece.value)
                else:
                    held = self.asker.contains_size(values, {**self.asker.known, self.fact.name: piece.value})
                inside |= (held is True) << at
                outside |= (held is False) << at
            found = self.masks[values] = inside, outside
        return found

    def asked(self, rule: OpenRule, among: int, status: Status) -> int:
        """The pieces of `among` for which the reference evaluator gives this status."""
        found = 0
        for at in ones(among):
            facts = {**self.asker.known, self.fact.name: self.pieces[at].value}
            found |= (evaluate(rule.candidate.rule, facts).status is status) << at
        return found

    def by_tree(self, rule: OpenRule, open_: int, fails: int) -> tuple[int, int]:
        """The same by three-valued logic, once for each way the rule's comparisons of the fact come out."""
        rest = simplify(rule.candidate.rule.inlined, self.asker.problem)
        if isinstance(rest, bool) or rule.candidate.id in self.uncut:
            return 0, fails
        mine = [leaf for leaf in leaves(rest) if self.fact.name in leaf_facts(leaf, self.asker.problem)]
        ways: dict[tuple[bool | None, ...], bool | None] = {}
        held = 0
        for at in ones(open_):
            facts = {**self.asker.known, self.fact.name: self.pieces[at].value}
            way = tuple(truth(leaf, facts, self.asker.vocabulary) for leaf in mine)
            if way not in ways:
                ways[way] = truth(rest, facts, self.asker.vocabulary)
            held |= (ways[way] is True) << at
            fails |= (ways[way] is False) << at
        return held, fails

    def answers(self, decided: Sequence[int]) -> tuple[Answer, ...]:
        """Pieces that decide the same put together: neighbours on a line, any values of a choice."""
        pairs = list(zip(self.pieces, decided, strict=True))
        if self.fact.type in STEPS:
            runs = [list(run) for _, run in groupby(pairs, key=lambda pair: (pair[1], pair[0].band is None))]
            groups = [([piece for piece, _ in run], run[0][1], Fraction(1)) for run in runs]
        else:
            alike: dict[int, list[Piece]] = {}
            for piece, outcome in pairs:
                alike.setdefault(outcome, []).append(piece)
            groups = [(same, way, sum((p.weight for p in same), Fraction(0))) for way, same in alike.items()]
        total = sum((weight for _, _, weight in groups), Fraction(0))
        return tuple(self.answer(same, outcome, weight / total) for same, outcome, weight in groups)

    def answer(self, same: Sequence[Piece], outcome: int, weight: Fraction) -> Answer:
        ways = [(rule, outcome >> 2 * at & 3) for at, rule in enumerate(self.rules) if outcome >> 2 * at & 3]
        codes = tuple(code for piece in same for code in piece.codes)
        first, last = same[0].band, same[-1].band
        return Answer(
            codes[:MOST_SHOWN] or tuple(p.value for p in same if p.band is None),
            None if first is None or first.low is None else as_value(self.fact, first.low),
            None if last is None or last.high is None else as_value(self.fact, last.high),
            weight,
            tuple(rule.candidate.id for rule, way in ways if way == 1),
            tuple(rule.candidate.id for rule, way in ways if way == 2),
            sum((rule.stake for rule, _ in ways), Decimal(0)),
            max(0, len(codes) - MOST_SHOWN),
        )


def ones(bits: int) -> Iterable[int]:
    """The places of the bits that are set."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def stake(candidate: Candidate, facts: Mapping[str, object]) -> Decimal:
    """The yuan that hang on a verdict."""
    if candidate.benefit is None or candidate.benefit.amount is None:
        return Decimal(0)
    found = amount_range(candidate.benefit.amount, facts, candidate.rule)
    return found.least if found.least is not None and found.least > 0 else found.most or Decimal(0)


@functools.lru_cache(maxsize=32_768)
def normal_of(rule: Rule) -> Normal:
    """A rule's normal form, worked out once."""
    return normaliser(rule.vocabulary).normal(rule)


@functools.lru_cache(maxsize=32_768)
def settled_by_all(vocabulary: Vocabulary, values: Set) -> bool | None:
    """Whether every value an unknown fact can turn out to have lies in a set, or none does; None otherwise."""
    return (False, None, True)[normaliser(vocabulary).unknown(values)]


@functools.lru_cache(maxsize=8)
def normaliser(vocabulary: Vocabulary) -> Normaliser:
    return Normaliser(vocabulary)
