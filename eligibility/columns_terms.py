"""Comparisons of facts with each other over whole columns, in exact integers.

Only where every fact of the comparison is known or none; what does not fit here (conditions inside arithmetic, numbers
that leave 64 bits) is left to the reference evaluator, one row of each kind.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import numpy as np
import numpy.typing as npt

from eligibility.column import KNOWN, NONE, UNKNOWN, Column
from eligibility.syntax import Arith, Call, Compare, Literal, Negate, Node, Ref

MOST = 1 << 62
LEFT, NO, YES = 0, 1, 2
TESTS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class LeftError(Exception):
    """A part this arithmetic does not do; caught where the comparison is read."""


@dataclass(frozen=True, slots=True)
class Term:
    """`units` (an array, or one int for all rows) times `scale`; no unit is beyond `most` in size.

    `whole`: True for whole numbers, which divide towards zero; None where it depends on the row.
    """

    units: Any
    scale: Fraction
    most: int
    whole: bool | None


def compared(leaf: Node, columns: Mapping[str, Column], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """YES, NO, or LEFT where it is not for this arithmetic to say, of some rows."""
    found = np.full(len(rows), LEFT, np.int64)
    states = [c.states[rows] for c in columns.values() if c.states is not None]
    none = np.any([s == NONE for s in states], axis=0) if states else np.zeros(len(rows), bool)
    open_ = np.any([s == UNKNOWN for s in states], axis=0) if states else np.zeros(len(rows), bool)
    if not isinstance(leaf, Compare):
        return found
    try:
        a, b = term(leaf.left, columns, rows), term(leaf.right, columns, rows)
        a, b = alike(a, b)
    except LeftError:
        return found
    holds = np.broadcast_to(TESTS[leaf.op](a.units, b.units), (len(rows),))
    found[:] = np.where(holds, YES, NO)
    found[none] = NO  # every comparison with none is false
    found[open_] = LEFT
    return found


def term(node: Node, columns: Mapping[str, Column], rows: npt.NDArray[np.int64]) -> Term:
    """A number or day. Raises LeftError."""
    match node:
        case Literal(value=bool() | str()):
            raise LeftError
        case Literal(value=value):
            exact = Fraction(value.toordinal() if isinstance(value, dt.date) else value)
            return Term(
                exact.numerator,
                Fraction(1, exact.denominator),
                abs(exact.numerator),
                not isinstance(value, Decimal),
            )
        case Ref(name=name) if name in columns:
            return of_column(columns[name], rows)
        case Negate(operand=part):
            found = term(part, columns, rows)
            return Term(-found.units, found.scale, found.most, found.whole)
        case Arith(op=op, left=left, right=right):
            return computed(op, term(left, columns, rows), term(right, columns, rows))
        case Call(name=("min" | "max") as name, args=args):
            choose = np.minimum if name == "min" else np.maximum
            found = term(args[0], columns, rows)
            for other in args[1:]:
                a, b = alike(found, term(other, columns, rows))
                whole = a.whole if a.whole == b.whole else None
                found = Term(choose(a.units, b.units), a.scale, max(a.most, b.most), whole)
            return found
    raise LeftError


def of_column(column: Column, rows: npt.NDArray[np.int64]) -> Term:
    if column.words is not None:
        raise LeftError
    units = column.units[rows].astype(np.int64)
    if column.states is not None:
        units[column.states[rows] != KNOWN] = 0
    most = int(max(-units.min(initial=0), units.max(initial=0)))
    return Term(units, Fraction(1, 10**column.places), most, column.fact.type in ("int", "date"))


def alike(a: Term, b: Term) -> tuple[Term, Term]:
    """Both in units of one scale. Raises LeftError where they leave 64 bits."""
    scale = Fraction(gcd(a.scale.numerator, b.scale.numerator), lcm(a.scale.denominator, b.scale.denominator))
    return tuple(multiplied(t, int(t.scale / scale), scale) for t in (a, b))  # type: ignore[return-value]


def multiplied(found: Term, by: int, scale: Fraction) -> Term:
    if found.most * by > MOST:
        raise LeftError
    return Term(found.units * by, scale, found.most * by, found.whole)


def computed(op: str, a: Term, b: Term) -> Term:
    """Exact arithmetic. Raises LeftError where it leaves 64 bits."""
    whole = True if a.whole and b.whole else False if a.whole is not None and b.whole is not None else None
    if op in "+-":
        a, b = alike(a, b)
        if a.most + b.most > MOST:
            raise LeftError
        return Term(a.units + b.units if op == "+" else a.units - b.units, a.scale, a.most + b.most, whole)
    if op == "*":
        if a.most * b.most > MOST:
            raise LeftError
        return Term(a.units * b.units, a.scale * b.scale, a.most * b.most, whole)
    if whole is None or not isinstance(b.units, int):
        raise LeftError
    if not whole:
        sign = 1 if b.units > 0 else -1
        return Term(a.units * sign, a.scale / (b.scale * abs(b.units)), a.most, False)
    by, units = int(b.units * b.scale), a.units
    if a.scale != 1 or by == 0:
        raise LeftError
    quotient = np.abs(units) // abs(by) * np.sign(units) * (1 if by > 0 else -1)
    return Term(quotient if isinstance(units, np.ndarray) else int(quotient), Fraction(1), a.most, True)
