"""Rivals the engine is measured against, as strong as they can honestly be made.

`compiled`: all rules as one Python function over a mapping, two-valued: no unknown facts, no explanation, the size
class worked out beforehand. It is the floor of what plain Python can do, not a replacement.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal

from eligibility import Rule
from eligibility.residual import inline
from eligibility.syntax import And, Arith, Call, Compare, In, ListOf, Literal, Node, Not, Or, Ref

Compiled = Callable[[Mapping[str, object]], list[bool]]


def compiled(rules: Mapping[str, Rule]) -> Compiled:
    """One function giving every rule's truth on complete facts."""
    lines = [f"  {python(inline(rule.root, rule.vocabulary))}," for rule in rules.values()]
    source = "def judge(f):\n return [\n" + "\n".join(lines) + "\n ]"
    scope: dict[str, object] = {"D": Decimal, "date": dt.date}
    exec(compile(source, "<rules>", "exec"), scope)
    found: Compiled = scope["judge"]  # type: ignore[assignment]
    return found


def python(node: Node) -> str:
    """A rule as a Python expression over `f`."""
    match node:
        case And(operands=parts):
            return "(" + " and ".join(map(python, parts)) + ")"
        case Or(operands=parts):
            return "(" + " or ".join(map(python, parts)) + ")"
        case Not(operand=part):
            return f"(not {python(part)})"
        case Compare(op=op, left=a, right=b) | Arith(op=op, left=a, right=b):
            guard = " and ".join(f"f[{n!r}] is not None" for n in _refs(node))
            text = f"({python(a)} {op} {python(b)})"
            return f"({guard} and {text})" if isinstance(node, Compare) and guard else text
        case In(left=a, right=ListOf(items=items)):
            return f"({python(a)} in ({', '.join(map(python, items))},))"
        case Call(name="within", args=(a, ListOf(items=items))):
            return f"{python(a)}.startswith(({', '.join(map(python, items))},))"
        case Ref(name=name):
            return f"f[{name!r}]"
        case Literal(value=value):
            if isinstance(value, Decimal):
                return f"D('{value}')"
            return (
                f"date({value.year},{value.month},{value.day})" if isinstance(value, dt.date) else repr(value)
            )
    raise TypeError(f"the rival does not speak {type(node).__name__}")


def _refs(node: Node) -> list[str]:
    found = [node.name] if isinstance(node, Ref) else []
    return found + [name for child in node.children() for name in _refs(child)]
