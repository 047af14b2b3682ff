"""Tree -> canonical CEL text. Parsing the text gives the same tree again.

One space around operators, no brackets that precedence does not need, decimals as written, text in double quotes.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

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
    Scalar,
)

# Binding strength; a part binding looser than its place demands gets brackets.
TERNARY, OR, AND, RELATION, SUM, PRODUCT, UNARY, PRIMARY = range(8)


def to_cel(node: Node) -> str:
    """Canonical CEL of a tree."""
    return _text(node)[0]


def _text(node: Node) -> tuple[str, int]:
    match node:
        case Literal(value=value):
            negative = isinstance(value, int | Decimal) and not isinstance(value, bool) and _minus(value)
            return scalar(value), UNARY if negative else PRIMARY
        case Ref(name=name):
            return name, PRIMARY
        case ListOf(items=items):
            return f"[{', '.join(to_cel(i) for i in items)}]", PRIMARY
        case Not(operand=operand):
            return f"!{_at(operand, UNARY)}", UNARY
        case Negate(operand=operand):
            # -(-5) must not become --5, which reads as the literal 5
            strength = PRIMARY if isinstance(operand, Literal) else UNARY
            return f"-{_at(operand, strength)}", UNARY
        case And(operands=operands):
            return " && ".join(_at(o, RELATION) for o in operands), AND
        case Or(operands=operands):
            return " || ".join(_at(o, AND) for o in operands), OR
        case Compare(op=op, left=left, right=right):
            return f"{_at(left, RELATION)} {op} {_at(right, SUM)}", RELATION
        case In(left=left, right=right):
            return f"{_at(left, RELATION)} in {_at(right, SUM)}", RELATION
        case Arith(op=op, left=left, right=right):
            own = SUM if op in "+-" else PRODUCT
            return f"{_at(left, own)} {op} {_at(right, own + 1)}", own
        case Cond(test=test, then=then, otherwise=otherwise):
            return f"{_at(test, OR)} ? {_at(then, OR)} : {_at(otherwise, TERNARY)}", TERNARY
        case Call(name="startsWith", args=(target, *rest)):
            return f"{_at(target, PRIMARY)}.startsWith({', '.join(to_cel(a) for a in rest)})", PRIMARY
        case Call(name=name, args=args):
            return f"{name}({', '.join(to_cel(a) for a in args)})", PRIMARY
    raise TypeError(f"no text for {type(node).__name__}")


def _at(node: Node, needed: int) -> str:
    text, strength = _text(node)
    return text if strength >= needed else f"({text})"


def _minus(value: int | Decimal) -> bool:
    return value < 0 or (isinstance(value, Decimal) and value.is_signed())


def scalar(value: Scalar) -> str:
    """A written value as CEL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text if "." in text else f"{text}.0"
    if isinstance(value, dt.date):
        return f'date("{value.isoformat()}")'
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\x7f")
