"""Made-up enterprises to try a rule on: one it fits, one it does not, one it leaves open, and two at each of its edges.

z3 finds them; the reference evaluator has the last word on each, and every fact the verdict does not hang on is left
out, so that a person can say from the rest what the law wants.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from eligibility.bands import STEPS
from eligibility.benefit import with_values
from eligibility.edges import DAY, Edge, comparisons, days_of, edges_of, judged
from eligibility.errors import FactsError
from eligibility.evaluate import Status
from eligibility.facts import Facts
from eligibility.lazily import lazily
from eligibility.residual import Problem, simplify
from eligibility.rule import Rule
from eligibility.size_standard import INPUTS
from eligibility.smt import Asking, Formula, UndecidedError, number
from eligibility.syntax import Literal, Node, names
from eligibility.unparse import to_cel

if TYPE_CHECKING:
    import z3
else:
    z3 = lazily("z3")

Found = TypeVar("Found")
QUESTION_MS = 2_000
"""One question's time; an edge without an answer by then is told as undecided."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """Facts on a day, and what the rule says of them."""

    facts: Facts
    day: dt.date
    status: Status


@dataclass(frozen=True, slots=True)
class Pair:
    """Two specimens that differ in what stands in one comparison, and are told apart by the rule."""

    fact: str
    condition: str
    one: Specimen
    other: Specimen


@dataclass(frozen=True, slots=True)
class Specimens:
    """Everything there is to try. `possible`: the verdicts the rule can come to, as far as that was settled.

    `edges`: the pair at each edge where one was found. `choices`: for each comparison of words or codes one inside and
    one outside. `undecided`: conditions there was no answer about in time.
    """

    kinds: Mapping[Status, Specimen]
    possible: frozenset[Status]
    edges: Mapping[Edge, Pair]
    choices: tuple[Pair, ...]
    undecided: tuple[str, ...]


def specimens(rule: Rule, starts: dt.date, ends: dt.date | None, seconds: float) -> Specimens:
    """Specimens of a rule that holds from `starts` to `ends`. Begins no question after `seconds`."""
    return Collector(rule, starts, ends, time.monotonic() + seconds).collected()


class Ground:
    """A rule on some days, each day and its parameters written in, as formulas over everything else.

    Values stand on the grid that facts are checked for.
    """

    def __init__(self, rule: Rule, *days: dt.date) -> None:
        self.words = rule.vocabulary
        trees = [self.on(day, rule.inlined) for day in days]
        self.asking = Asking(self.words, trees)
        self.solver = self.asking.solver
        self.solver.set("timeout", QUESTION_MS)
        self.world = self.asking.world
        self.truths: list[Formula] = [self.world.truth(tree) for tree in trees]
        self.solver.add(*self._grid())

    def on(self, day: dt.date, node: Node) -> Node:
        """A condition with the day and its parameters written in."""
        known: dict[str, object] = {DAY: day, **self.words.parameters_on(day)}
        left = simplify(node, Problem(self.words, known))
        return Literal(left) if isinstance(left, bool) else with_values(left, known, self.words)

    def _grid(self) -> Iterator[Formula]:
        for name, variable in self.world.variables.items():
            yield from self.on_grid(name, variable)

    def on_grid(self, name: str, variable: Formula) -> Iterator[Formula]:
        step = STEPS.get(self.words.facts[name].type, Fraction(1))
        if step != 1:
            yield variable * step.denominator == z3.ToReal(z3.Int(f"{variable} in steps"))

    def twin(self, leaf: Formula, moved: Iterable[str]) -> Twin:
        """The enterprise with these facts replaced; in both none of them is known to be none."""
        world = self.world
        fresh = {name: z3.Const(f"{name}'", world.variables[name].sort()) for name in moved}
        swap = [(world.variables[name], variable) for name, variable in fresh.items()]
        swap += [(world.none[name], z3.BoolVal(False)) for name in fresh if name in world.none]
        own = [z3.substitute(one, *swap) for one in world.domain]
        own += [one for name, variable in fresh.items() for one in self.on_grid(name, variable)]
        own += [z3.Not(world.none[name]) for name in fresh if name in world.none]
        return Twin(fresh, z3.substitute(self.truths[0], *swap), z3.substitute(leaf, *swap), tuple(own))

    def facts(
        self, *wanted: Formula, also: Mapping[str, Formula] | None = None
    ) -> tuple[dict[str, object], dict[str, object]] | None:
        """Facts of an enterprise that satisfies the formulas, and the values of the terms in `also`.

        None: there is none. Raises UndecidedError.
        """
        self.solver.push()
        try:
            self.solver.add(*wanted)
            answer = self.solver.check()
            if answer == z3.unknown:
                raise UndecidedError(f"no answer within {QUESTION_MS} ms")
            return None if answer == z3.unsat else self._read(self.solver.model(), also or {})
        finally:
            self.solver.pop()

    def _read(self, model: Any, given: Mapping[str, Formula]) -> tuple[dict[str, object], dict[str, object]]:
        read = {
            name: self.world.plain(name, model.eval(term, model_completion=True))
            for name, term in given.items()
        }
        return self.world.facts_of(model), read


@dataclass(frozen=True, slots=True)
class Twin:
    """The enterprise once more, with other values of some facts. `own`: what holds of these values."""

    variables: Mapping[str, Formula]
    whole: Formula
    leaf: Formula
    own: tuple[Formula, ...]


class Collector:
    """The questions about one rule, each asked on the days there are until one answers."""

    def __init__(self, rule: Rule, starts: dt.date, ends: dt.date | None, deadline: float) -> None:
        self.rule, self.starts, self.ends, self.deadline = rule, starts, ends, deadline
        self.grounds: dict[dt.date, Ground] = {}
        self.undecided: dict[str, None] = {}

    def collected(self) -> Specimens:
        kinds, possible = self.kinds()
        edges = {}
        for edge in edges_of(self.rule, self.starts, self.ends):
            found = self.first(
                edge.condition, partial(self.at_edge, edge), [self.starts] if edge.fact == DAY else None
            )
            if found is not None:
                edges[edge] = found
        choices = (self.first(to_cel(leaf), partial(self.at_choice, leaf)) for leaf in self.chosen())
        told = tuple(pair for pair in choices if pair is not None)
        return Specimens(kinds, possible, edges, told, tuple(self.undecided))

    def first(
        self, about: str, ask: Callable[[dt.date], Found | None], days: Sequence[dt.date] | None = None
    ) -> Found | None:
        """The first day's answer there is; what is left open goes to `undecided`."""
        for day in days or days_of(self.rule, self.starts, self.ends):
            try:
                if time.monotonic() > self.deadline:
                    raise UndecidedError("no time left")
                found = ask(day)
            except UndecidedError:
                self.undecided[about] = None
                return None
            if found is not None:
                return found
        return None

    def ground(self, day: dt.date) -> Ground:
        if day not in self.grounds:
            self.grounds[day] = Ground(self.rule, day)
        return self.grounds[day]

    def kinds(self) -> tuple[dict[Status, Specimen], frozenset[Status]]:
        """A specimen of each verdict, and the verdicts there can be."""
        found: dict[Status, Specimen] = {}
        for status in (Status.ELIGIBLE, Status.INELIGIBLE):
            specimen = self.first(status.value, partial(self.of_kind, status))
            if specimen is not None:
                found[status] = specimen
        opened = self.first(Status.UNDETERMINED.value, partial(self.left_open, found.get(Status.ELIGIBLE)))
        if opened is not None:
            found[Status.UNDETERMINED] = opened
        return found, frozenset(
            status for status in Status if status in found or status.value in self.undecided
        )

    def of_kind(self, wanted: Status, day: dt.date) -> Specimen | None:
        whole = self.ground(day).truths[0]
        found = self.ground(day).facts(whole if wanted is Status.ELIGIBLE else z3.Not(whole))
        return None if found is None else self.proven(found[0], {}, day, day)[0]

    def left_open(self, eligible: Specimen | None, day: dt.date) -> Specimen | None:
        """Somebody the rule fits with one answer missing, or else nothing known at all."""
        known = eligible.facts if eligible is not None and eligible.day == day else Facts()
        for facts in (*(known.without(name) for name in known), Facts()):
            if judged(self.rule, facts, day) is Status.UNDETERMINED:
                return Specimen(facts, day, Status.UNDETERMINED)
        return None

    def at_edge(self, edge: Edge, day: dt.date) -> Pair | None:
        """The same enterprise on both sides of an edge."""
        if edge.fact == DAY:
            return self.at_day(edge)
        ground = self.ground(day)
        if edge.fact not in ground.world.variables:
            return None  # decided on this day without it
        leaf = ground.world.truth(ground.on(day, edge.leaf))
        twin = ground.twin(leaf, [edge.fact])
        here, there = ground.world.variables[edge.fact], twin.variables[edge.fact]
        if edge.low is None:
            step = STEPS[self.rule.vocabulary.facts[edge.fact].type]
            place = (there == here + number(step), leaf != twin.leaf)
        else:
            place = (here == number(edge.low), there == number(edge.high))
        found = ground.facts(ground.truths[0] != twin.whole, *twin.own, *place, also=twin.variables)
        return None if found is None else self.pair(edge.fact, edge.condition, *found, day, day)

    def at_day(self, edge: Edge) -> Pair | None:
        """The same enterprise on two days."""
        assert isinstance(edge.low, dt.date)
        assert isinstance(edge.high, dt.date)
        ground = Ground(self.rule, edge.low, edge.high)
        before, after = ground.truths
        found = ground.facts(before != after)
        return None if found is None else self.pair(edge.fact, edge.condition, *found, edge.low, edge.high)

    def chosen(self) -> Iterator[Node]:
        """The comparisons of one fact with written words or codes, each once."""
        leaves = dict.fromkeys(comparisons(self.rule.inlined))
        for leaf in leaves:
            used = [self.rule.vocabulary.facts[name] for name in names(leaf)]
            if len(used) == 1 and used[0].type in ("enum", "code"):
                yield leaf

    def at_choice(self, leaf: Node, day: dt.date) -> Pair | None:
        """One enterprise with a value inside and one outside; a size class is moved by figures before the trade."""
        ground = self.ground(day)
        (name,) = names(leaf)
        ways = ([name],) if not self.rule.vocabulary.facts[name].computed else (INPUTS[1:], INPUTS)
        if not set(ways[0]) <= ground.world.variables.keys():
            return None
        formula = ground.world.truth(leaf)
        for moved in ways:
            twin = ground.twin(formula, moved)
            wanted = (ground.truths[0] != twin.whole, formula, z3.Not(twin.leaf))
            found = ground.facts(*wanted, *twin.own, also=twin.variables)
            if found is not None:
                return self.pair(name, to_cel(leaf), *found, day, day)
        return None

    def pair(
        self,
        fact: str,
        condition: str,
        found: Mapping[str, object],
        changed: Mapping[str, object],
        day: dt.date,
        other_day: dt.date,
    ) -> Pair:
        one, other = self.proven(found, changed, day, other_day)
        if one.status is other.status:
            raise UndecidedError(f"the engine does not tell the two sides of `{condition}` apart")
        return Pair(fact, condition, one, other)

    def proven(
        self, found: Mapping[str, object], changed: Mapping[str, object], day: dt.date, other_day: dt.date
    ) -> tuple[Specimen, Specimen]:
        """What the evaluator says of z3's facts, without those that neither verdict hangs on.

        Raises UndecidedError where these are no facts anybody can state or the evaluator leaves one open.
        """
        try:
            sides = [
                Facts.from_json(found, self.rule.vocabulary),
                Facts.from_json({**found, **changed}, self.rule.vocabulary),
            ]
        except FactsError as error:
            raise UndecidedError(str(error)) from error
        days = (day, other_day)
        said = [judged(self.rule, facts, when) for facts, when in zip(sides, days, strict=True)]
        if Status.UNDETERMINED in said:
            raise UndecidedError("the engine leaves open what z3 has settled")
        for name in list(sides[0]):
            fewer = [facts.without(name) for facts in sides]
            if name not in changed and said == [
                judged(self.rule, f, d) for f, d in zip(fewer, days, strict=True)
            ]:
                sides = fewer
        return Specimen(sides[0], day, said[0]), Specimen(sides[1], other_day, said[1])
