"""Numbers and days of a rule as SQL, exactly: no float, and no division that rounds.

Dividing by a written number is kept as a scale and multiplied out where two sides meet, because PostgreSQL rounds a
quotient and DuckDB makes it a float.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm

from eligibility.errors import EligibilityError
from eligibility.syntax import Arith, Call, Literal, Negate, Node, Ref, Scalar
from eligibility.vocabulary import Vocabulary

MOST_DIGITS = 38
"""DuckDB has no longer decimals."""


class NotInSqlError(EligibilityError):
    """A part of a rule this compiler has no SQL for."""


@dataclass(frozen=True, slots=True)
class Term:
    """`text` times `scale`. `whole`: a whole number, which divides towards zero; None where it depends on the row."""

    text: str
    scale: Fraction = Fraction(1)
    whole: bool | None = False


class Parameters:
    """Written values as numbered, typed parameters; the same value is the same parameter."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.values: list[Scalar] = []
        self.number: dict[tuple[str, Scalar], int] = {}

    def typed(self, value: Scalar, kind: str) -> str:
        """`$n::kind`."""
        number = self.number.setdefault((kind, value), self.first + len(self.values))
        if number == self.first + len(self.values):
            self.values.append(value)
        return f"${number}::{kind}"

    def number_of(self, value: int | Decimal | Fraction) -> str:
        """An exact number, in just as many digits as it has. Raises NotInSqlError where they are too many."""
        exact = Fraction(value)
        places = places_of(exact)
        assert places is not None  # whoever comes with another fraction multiplies first
        digits = exact.numerator * 10**places // exact.denominator
        width = max(len(str(abs(digits))), places)
        if width > MOST_DIGITS:
            raise NotInSqlError(f"a number of more than {MOST_DIGITS} digits: {value}")
        return self.typed(Decimal(f"{digits}e-{places}"), f"numeric({width},{places})")

    def of(self, value: Scalar) -> str:
        """Any written value."""
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return self.number_of(value)
        return self.typed(value, {bool: "boolean", str: "text", dt.date: "date"}[type(value)])


def places_of(value: Fraction) -> int | None:
    """How many digits after the point a fraction has; None where they have no end."""
    twos = fives = 0
    rest = value.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def has_end(value: int | Fraction) -> bool:
    """Whether a number can be written out as a decimal."""
    return places_of(Fraction(value)) is not None


class Terms:
    """Parts that are compared or computed with. `column` gives a fact's column."""

    def __init__(self, vocabulary: Vocabulary, column: Callable[[str], str], parameters: Parameters) -> None:
        self.vocabulary, self.column, self.parameters = vocabulary, column, parameters

    def term(self, node: Node) -> Term:
        """One part. Raises NotInSqlError."""
        match node:
            case Literal(value=value):
                return Term(self.parameters.of(value), whole=type(value) is int)
            case Ref(name=name):
                return self.fact(name)
            case Negate(operand=part):
                found = self.term(part)
                return Term(f"(- {found.text})", found.scale, found.whole)
            case Arith(op="/", left=left, right=Literal(value=int() | Decimal() as by)):
                return self.divided(self.term(left), by)
            case Arith(op=op, left=left, right=right):
                return self.computed(op, self.term(left), self.term(right))
            case Call(name="months_between", args=(start, end)):
                return Term(months(self.term(start).text, self.term(end).text), whole=True)
            case Call(name=("min" | "max") as name, args=args):
                return self.extreme(name, [self.term(arg) for arg in args])
        raise NotInSqlError(f"no SQL for {type(node).__name__} among numbers")

    def fact(self, name: str) -> Term:
        fact = self.vocabulary.facts[name]
        if fact.is_derived:
            raise NotInSqlError(f"`{name}` is no column")
        if fact.type == "int":  # wide enough to be computed with
            return Term(f"{self.column(name)}::numeric(19,0)", whole=True)
        return Term(self.column(name))

    def times(self, text: str, by: int) -> str:
        return text if by == 1 else f"({text} * {self.parameters.number_of(by)})"

    def alike(self, *terms: Term) -> tuple[list[str], Fraction]:
        """Texts of one scale, and that scale."""
        bottom = lcm(*(term.scale.denominator for term in terms))
        return [self.times(term.text, int(term.scale * bottom)) for term in terms], Fraction(1, bottom)

    def computed(self, op: str, a: Term, b: Term) -> Term:
        whole = None if a.whole is None or b.whole is None else a.whole and b.whole
        if op == "*":
            return Term(f"({a.text} * {b.text})", a.scale * b.scale, whole)
        (left, right), scale = self.alike(a, b)
        return Term(f"({left} {op} {right})", scale, whole)

    def divided(self, a: Term, by: int | Decimal) -> Term:
        """Whole numbers are cut towards zero: what is left over is taken off first, so that nothing rounds."""
        if a.whole is None:
            raise NotInSqlError("a division that is whole in some rows only")
        if not a.whole or not isinstance(by, int):
            return Term(a.text, a.scale / Fraction(by), False)
        divisor = self.parameters.number_of(by)
        parts = f"((v - v % {divisor}) / {divisor})::numeric({MOST_DIGITS},0)"
        return Term(f"(SELECT {parts} FROM (SELECT {a.text} AS v) dividend)", whole=True)  # noqa: S608

    def extreme(self, name: str, terms: list[Term]) -> Term:
        """The least or greatest, unknown as soon as one of them is."""
        texts, scale = self.alike(*terms)
        rows = ", ".join(f"({text})" for text in texts)
        kinds = {term.whole for term in terms}
        text = f"(SELECT CASE WHEN count(v) = count(*) THEN {name}(v) END FROM (VALUES {rows}) parts(v))"  # noqa: S608
        return Term(text, scale, kinds.pop() if len(kinds) == 1 else None)


def months(start: str, end: str) -> str:
    """Whole months between two days, as people count them."""
    later, earlier = forward(start, end), forward(end, start)
    return f"(CASE WHEN {end} >= {start} THEN {later} WHEN {end} < {start} THEN - {earlier} END)"


def forward(start: str, end: str) -> str:
    """From a day to one not before it."""
    whole = (
        f"(extract(year FROM {end}) - extract(year FROM {start})) * 12"
        f" + extract(month FROM {end}) - extract(month FROM {start})"
    )
    short = f"CASE WHEN extract(day FROM {end}) < extract(day FROM {start}) THEN 1 ELSE 0 END"
    return f"({whole} - {short})"
