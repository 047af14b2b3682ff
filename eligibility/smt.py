"""A rule as a formula for z3: what every enterprise, or none, satisfies, exactly and with an enterprise to show for it.

Every fact becomes a variable over its own domain: truth values, places in an enumeration or in a list of codes, whole
numbers, reals, days. The size class is a formula over its four inputs. Slower than the index by many orders, and
complete where the others are bounded: the oracle of certain answers and the engine of the analysis.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from eligibility.cells import FILLER, bounds
from eligibility.errors import EligibilityError
from eligibility.explain import readable
from eligibility.facts import DAY_MAX, DAY_MIN
from eligibility.kleene import months_between
from eligibility.lazily import lazily
from eligibility.residual import inline
from eligibility.size_standard import CLASSES, INPUTS, NOT_COVERED, SizeGroup
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
from eligibility.vocabulary import Fact, Vocabulary, all_codes, has_shape

if TYPE_CHECKING:
    import z3
else:
    z3 = lazily("z3")

SECONDS = 5
"""A question z3 has not answered by then counts as undecided."""
Formula = Any
"""z3 is untyped: a boolean or arithmetic expression of its own."""

COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class UndecidedError(EligibilityError):
    """z3 gave no answer in time, or the rule has a part it has no formula for."""


class World:
    """The variables of one question about some conditions, and what holds of every enterprise.

    `real`: what the engine does not know but every real enterprise obeys holds too: a city lies in its province.
    """

    def __init__(self, vocabulary: Vocabulary, nodes: Iterable[Node], *, real: bool) -> None:
        self.vocabulary = vocabulary
        self.texts: dict[str, set[str]] = {}
        used: set[str] = set()
        for node in nodes:
            for part in walk(inline(node, vocabulary)):
                if isinstance(part, Ref):
                    used.add(part.name)
                names = [p.name for p in walk(part) if isinstance(p, Ref)] if part.children() else []
                for name in names:
                    found = self.texts.setdefault(name, set())
                    found.update(
                        str(p.value)
                        for p in walk(part)
                        if isinstance(p, Literal) and isinstance(p.value, str)
                    )
        self.sized = any(vocabulary.facts[name].computed for name in used)
        self.names = sorted(
            (used | set(INPUTS) if self.sized else used) - {n for n in used if vocabulary.facts[n].computed}
        )
        self.variables: dict[str, Any] = {}
        self.none: dict[str, Any] = {}
        self.lists: dict[str, tuple[str, ...]] = {}
        self.sizes: dict[frozenset[str], Formula] = {}
        self.domain: list[Formula] = []
        for name in self.names:
            self.declare(vocabulary.facts[name])
        if real and {"province_code", "city_code"} <= set(self.names):
            self.cities_lie_in_their_province()

    def declare(self, fact: Fact) -> None:
        """One fact's variable, its bounds, and whether it can be none."""
        name = fact.name
        if fact.nullable:
            self.none[name] = z3.Bool(f"{name} is none")
        if fact.type == "bool":
            self.variables[name] = z3.Bool(name)
            return
        if fact.type in ("enum", "code"):
            values = fact.allowed if fact.type == "enum" else self.codes(fact)
            self.lists[name] = values
            variable = self.variables[name] = z3.Int(name)
            self.domain += [variable >= 0, variable < len(values)]
            return
        variable = self.variables[name] = z3.Real(name) if fact.type in ("money", "decimal") else z3.Int(name)
        least, most = bounds(fact)
        if fact.type == "date":
            least, most = Fraction(DAY_MIN.toordinal()), Fraction(DAY_MAX.toordinal())
        if least is not None:
            self.domain.append(variable >= number(least))
        if most is not None:
            self.domain.append(variable <= number(most))

    def codes(self, fact: Fact) -> tuple[str, ...]:
        """The codes the fact can have: those of its list, or one behind every start the rules name."""
        listed = all_codes(fact.codes)
        if listed:
            return (
                self.vocabulary.size_standard.long_enough(listed)
                if self.sized and fact.name == INPUTS[0]
                else listed
            )
        texts = set(self.texts.get(fact.name, ()))
        if self.sized and fact.name == INPUTS[0]:
            texts.update(p for row in self.vocabulary.size_standard.groups for p in row.prefixes)
        return tuple(
            sorted({*(t for t in texts if has_shape(fact, t)), *(t + FILLER for t in texts), FILLER})
        )

    def cities_lie_in_their_province(self) -> None:
        province, city = self.variables["province_code"], self.variables["city_code"]
        for at, code in enumerate(self.lists["province_code"]):
            first, end = self.places("city_code", code[:2])
            self.domain.append(z3.Implies(province == at, z3.And(city >= first, city < end)))

    def places(self, name: str, prefix: str) -> tuple[int, int]:
        """The places of the codes with a prefix in their sorted list."""
        values = self.lists[name]
        return bisect_left(values, prefix), bisect_left(values, prefix + FILLER + FILLER)

    def known(self, name: str) -> Formula:
        return z3.Not(self.none[name]) if name in self.none else z3.BoolVal(True)

    def truth(self, node: Node) -> Formula:
        """The condition as a formula. Raises UndecidedError for a part that has none."""
        match node:
            case And(operands=parts):
                return z3.And(*map(self.truth, parts))
            case Or(operands=parts):
                return z3.Or(*map(self.truth, parts))
            case Not(operand=part):
                return z3.Not(self.truth(part))
            case Cond(test=test, then=then, otherwise=otherwise):
                return z3.If(self.truth(test), self.truth(then), self.truth(otherwise))
            case Call(name="at_least", args=(Literal(value=int(count)), ListOf(items=items))):
                return z3.AtLeast(*map(self.truth, items), count)
            case Literal(value=value):
                return z3.BoolVal(value is True)
            case Ref(name=name):
                return z3.And(self.known(name), self.variables[name])
            case Call(name=("within" | "startsWith"), args=(Ref(name=name), prefixes)):
                return self.starts(name, prefixes.items if isinstance(prefixes, ListOf) else (prefixes,))
            case In(left=left, right=ListOf(items=items)):
                return z3.Or(*(self.compared("==", left, item) for item in items))
            case Compare(op=op, left=left, right=right):
                return self.compared(op, left, right)
        raise UndecidedError(f"no formula for {type(node).__name__}")

    def starts(self, name: str, prefixes: Iterable[Node]) -> Formula:
        texts = [str(p.value) for p in prefixes if isinstance(p, Literal)]
        if name in self.lists and self.vocabulary.facts[name].type == "code":
            places = [self.places(name, text) for text in texts]
            inside = z3.Or(*(z3.And(self.variables[name] >= a, self.variables[name] < b) for a, b in places))
        else:
            inside = self.one_of(name, {v for v in self.values(name) if v.startswith(tuple(texts))})
        return z3.And(self.known(name), inside)

    def values(self, name: str) -> tuple[str, ...]:
        return self.lists.get(name) or self.vocabulary.facts[name].allowed

    def one_of(self, name: str, wanted: set[str]) -> Formula:
        """The fact is one of some words; for the size class a formula over its inputs."""
        if self.vocabulary.facts[name].computed:
            key = frozenset(wanted)
            if key not in self.sizes:
                self.sizes[key] = self.size_in(wanted)
            return self.sizes[key]
        return z3.Or(
            *(self.variables[name] == at for at, value in enumerate(self.lists[name]) if value in wanted)
        )

    def compared(self, op: str, left: Node, right: Node) -> Formula:
        flags = [
            self.known(p.name)
            for side in (left, right)
            for p in walk(side)
            if isinstance(p, Ref) and p.name in self.none
        ]
        return z3.And(*flags, self.bare(op, left, right))

    def bare(self, op: str, left: Node, right: Node) -> Formula:
        """A comparison of facts that are known not to be none."""
        if isinstance(left, Literal) and not isinstance(right, Literal):
            return self.bare({"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(op, op), right, left)
        if isinstance(left, Ref) and self.vocabulary.facts[left.name].type in ("enum", "code"):
            return self.words(op, left.name, right)
        if isinstance(left, Call) and left.name == "months_between":
            return self.months(op, left, right)
        if isinstance(left, Ref) and self.vocabulary.facts[left.name].type == "bool":
            other = self.variables[right.name] if isinstance(right, Ref) else self.truth(right)
            return COMPARE[op](self.variables[left.name], other)
        return COMPARE[op](self.term(left), self.term(right))

    def words(self, op: str, name: str, right: Node) -> Formula:
        if isinstance(right, Literal):
            found = self.one_of(name, {str(right.value)})
        elif isinstance(right, Ref):
            both = set(self.values(name)) & set(self.values(right.name))
            found = z3.Or(
                *(z3.And(self.one_of(name, {v}), self.one_of(right.name, {v})) for v in sorted(both))
            )
        else:
            raise UndecidedError("no formula for words worked out")
        return found if op == "==" else z3.Not(found)

    def months(self, op: str, call: Call, right: Node) -> Formula:
        """Months between a written day and a fact, or the reverse, against a written number: a range of days."""
        start, end = call.args
        free, fixed = (start, end) if isinstance(end, Literal) else (end, start)
        if not (isinstance(free, Ref) and isinstance(fixed, Literal) and isinstance(right, Literal)):
            raise UndecidedError("no formula for months between two facts")
        variable = self.variables[free.name]
        stretches = days_with(op, fixed.value, right.value, free is start)
        return z3.Or(*(z3.And(variable >= a, variable < b) for a, b in stretches))

    def term(self, node: Node) -> Formula:
        match node:
            case Literal(value=value):
                return number(value)
            case Ref(name=name):
                return self.variables[name]
            case Negate(operand=part):
                return -self.term(part)
            case Cond(test=test, then=then, otherwise=otherwise):
                return z3.If(self.truth(test), self.term(then), self.term(otherwise))
            case Arith(op=op, left=a, right=b):
                return self.arithmetic(op, self.term(a), self.term(b))
            case Call(name=("min" | "max") as name, args=args):
                less = name == "min"
                return reduce(lambda x, y: z3.If((x <= y) if less else (x >= y), x, y), map(self.term, args))
        raise UndecidedError(f"no formula for {type(node).__name__}")

    def arithmetic(self, op: str, a: Formula, b: Formula) -> Formula:
        if op != "/":
            return a + b if op == "+" else a - b if op == "-" else a * b
        if z3.is_int(a) and z3.is_int(b):  # CEL divides whole numbers towards zero, z3 towards minus infinity
            size = z3.If(a >= 0, a, -a) / z3.If(b >= 0, b, -b)
            return z3.If((a >= 0) == (b >= 0), size, -size)
        return z3.ToReal(a) / b if z3.is_int(a) else a / b

    def size_in(self, wanted: set[str]) -> Formula:
        """The size class lies in `wanted`. Source: 工信部联企业〔2011〕300号, as in size_standard.py."""
        code = self.variables[INPUTS[0]]
        rows, covered = [], []
        for row in self.vocabulary.size_standard.groups:
            places = [self.places(INPUTS[0], prefix) for prefix in row.prefixes]
            inside = z3.Or(*(z3.And(code >= a, code < b) for a, b in places))
            covered.append(inside)
            first = z3.And(inside, *(z3.Not(c) for c in covered[:-1]))
            rows.append(
                z3.And(
                    first, z3.Or(*(self.size_is(row, rank) for rank, c in enumerate(CLASSES) if c in wanted))
                )
            )
        known = self.known(INPUTS[0])
        outside = z3.Or(z3.Not(known), z3.Not(z3.Or(*covered)))
        return z3.Or(z3.And(known, z3.Or(*rows)), outside if NOT_COVERED in wanted else z3.BoolVal(False))

    def size_is(self, row: SizeGroup, rank: int) -> Formula:
        return z3.And(self.meets(row, rank), z3.Not(self.meets(row, rank - 1)))

    def meets(self, row: SizeGroup, rank: int) -> Formula:
        """Every dimension reaches the floor of class `rank` or better; always for micro, never above large."""
        if rank < 0 or rank >= len(CLASSES) - 1:
            return z3.BoolVal(rank >= 0)
        return z3.And(
            *(z3.And(self.known(d), self.variables[d] >= number(f[rank])) for d, f in row.floors.items())
        )

    def states(self, facts: Mapping[str, object]) -> list[Formula]:
        """The known facts as formulas; a code no list has, or one too short, raises UndecidedError."""
        found = []
        for name, value in facts.items():
            if name not in self.variables:
                continue
            if value is None:
                if name not in self.none:  # no completion has it, but somebody may state it
                    self.none[name] = z3.Bool(f"{name} is none")
                    self.sizes.clear()
                found.append(self.none[name])
                continue
            if name in self.none:
                found.append(z3.Not(self.none[name]))
            if name in self.lists:
                if value not in self.lists[name]:
                    raise UndecidedError(f"{name}: {value} is not on the list")
                found.append(self.variables[name] == self.lists[name].index(str(value)))
            elif isinstance(value, bool):
                found.append(self.variables[name] == value)
            else:
                found.append(self.variables[name] == number(value))
        return found

    def facts_of(self, model: Any) -> dict[str, object]:
        """A model as plain facts, as JSON has them."""
        found: dict[str, object] = {}
        for name in self.names:
            if name in self.none and z3.is_true(model.eval(self.none[name])):
                found[name] = None
            elif (value := model[self.variables[name]]) is not None:
                found[name] = self.plain(name, value)
        return found

    def plain(self, name: str, value: Any) -> object:
        """A value z3 gave a fact, as JSON has it."""
        fact = self.vocabulary.facts[name]
        if fact.type == "bool":
            return bool(z3.is_true(value))
        if name in self.lists:
            return self.lists[name][value.as_long()].rstrip(FILLER)
        if fact.type == "date":
            return dt.date.fromordinal(value.as_long()).isoformat()
        if z3.is_int_value(value):
            return value.as_long()
        return readable(Fraction(value.numerator_as_long(), value.denominator_as_long()))


@lru_cache(maxsize=256)
def days_with(op: str, fixed: Any, limit: Any, free_first: bool) -> tuple[tuple[int, int], ...]:
    """The stretches of days (as ordinals, the second one out) whose months to or from `fixed` compare so to `limit`."""
    first, last = DAY_MIN.toordinal(), DAY_MAX.toordinal()

    def holds(ordinal: int) -> bool:
        day = dt.date.fromordinal(ordinal)
        pair = (day, fixed) if free_first else (fixed, day)
        return bool(COMPARE[op](months_between(*pair), limit))

    cuts = [day for day in range(first + 1, last + 1) if holds(day) != holds(day - 1)]
    return tuple((a, b) for a, b in pairwise([first, *cuts, last + 1]) if holds(a))


def number(value: object) -> Formula:
    """A written number or day as z3 has it."""
    if isinstance(value, dt.date):
        return z3.IntVal(value.toordinal())
    if isinstance(value, int):
        return z3.IntVal(value)
    exact = Fraction(value) if isinstance(value, Decimal | Fraction) else None
    if exact is None:
        raise UndecidedError(f"no formula for {value!r}")
    return (
        z3.IntVal(exact.numerator)
        if exact.denominator == 1
        else z3.RealVal(f"{exact.numerator}/{exact.denominator}")
    )


class Asking:
    """Several questions about the facts some conditions name, with what they share worked out once."""

    def __init__(self, vocabulary: Vocabulary, about: Iterable[Node], *, real: bool = True) -> None:
        self.vocabulary = vocabulary
        self.world = World(vocabulary, about, real=real)
        self.solver = z3.Solver()
        self.solver.set("timeout", SECONDS * 1000)
        self.solver.add(*self.world.domain)

    def witness(self, *wanted: Node, facts: Mapping[str, object] | None = None) -> dict[str, object] | None:
        """Plain facts of an enterprise that satisfies every condition and agrees with `facts`; None: there is none.

        Raises UndecidedError past SECONDS.
        """
        known = self.world.states(facts or {})
        self.solver.push()
        try:
            self.solver.add(*known, *(self.world.truth(inline(node, self.vocabulary)) for node in wanted))
            answer = self.solver.check()
            if answer == z3.unknown:
                raise UndecidedError(f"no answer within {SECONDS} seconds")
            return self.world.facts_of(self.solver.model()) if answer == z3.sat else None
        finally:
            self.solver.pop()


def certain(root: Node, facts: Mapping[str, object], vocabulary: Vocabulary) -> bool | None:
    """What every completion of the known facts says of a condition: True, False, or None where they differ."""
    asking = Asking(vocabulary, [root], real=False)
    if asking.witness(root, facts=facts) is None:
        return False
    return True if asking.witness(Not(root), facts=facts) is None else None
